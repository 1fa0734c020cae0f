// Section 1.8 of the contract: interrupts of the main thread. Each test is a program of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, program, threadProgram } from '../support/program.ts';

const silent = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });

const NAMES = `import { allocateLock, interruptible, interruptMain, KeyboardInterrupt, startNewThread } from 'heddle';
const lock = allocateLock();
const ready = allocateLock();
ready.acquire();
function attempt(action) {
  try {
    return action();
  } catch (error) {
    return error.name;
  }
}
`;

test('1.8-2 the interrupt is raised at the next call into the library', async () => {
  const outcome = await program(`${NAMES}
    startNewThread(() => { interruptMain(); ready.release(); }, []);
    // The lock is free only after the call: the interrupt comes with it, or with the next call.
    const first = attempt(() => ready.acquire());
    const second = attempt(() => lock.acquire());
    console.log([first, second].filter((result) => result === 'KeyboardInterrupt').length);
  `);
  assert.deepEqual(outcome, silent('1\n'));
});

test('1.8-2 … or at the next turn of the event loop', async () => {
  const outcome = await program(`${NAMES}
    process.on('uncaughtException', (error) => { console.log(error.name); clearInterval(alive); });
    const alive = setInterval(() => {}, 1000);
    startNewThread(() => interruptMain(), []);
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\n'));
});

test('1.8-4 called in main itself it is raised almost at once', async () => {
  const outcome = await program(`${NAMES}
    console.log(attempt(() => { interruptMain(); lock.acquire(); return 'late'; }));
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\n'));
});

test('1.8-5 a tight loop in main is interrupted at once, under interruptible()', async () => {
  const outcome = await program(`${NAMES}
    startNewThread(() => { ready.acquire(); interruptMain(); }, []);
    console.log(attempt(() => interruptible(() => { ready.release(); for (;;); })));
    console.log(attempt(() => interruptible(() => 'the guard is gone')));
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\nthe guard is gone\n'));
});

test('1.8-5 a lock that the interrupted function held is free again', async () => {
  const outcome = await program(`${NAMES}
    startNewThread(() => { ready.acquire(); interruptMain(); }, []);
    console.log(attempt(() => interruptible(() => lock.with(() => { ready.release(); for (;;); }))));
    console.log(lock.locked());
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\nfalse\n'));
});

test('1.8-6 several calls before main reacts are one', async () => {
  const outcome = await program(`${NAMES}
    startNewThread(() => { for (let n = 0; n < 5; n++) interruptMain(); ready.release(); }, []);
    const results = [attempt(() => ready.acquire())];
    for (let n = 0; n < 5; n++) results.push(attempt(() => lock.acquire(false)));
    console.log(results.filter((result) => result === 'KeyboardInterrupt').length);
  `);
  assert.deepEqual(outcome, silent('1\n'));
});

test('1.8-7 a handler of the program runs instead, in the main thread', async () => {
  const outcome = await program(`${NAMES}
    import { isMainThread } from 'node:worker_threads';
    process.on('SIGINT', (signal) => { console.log('handler', signal, isMainThread); clearInterval(alive); });
    const alive = setInterval(() => {}, 1000);
    startNewThread(() => interruptMain(), []);
  `);
  assert.deepEqual(outcome, silent('handler SIGINT true\n'));
});

test('1.8-9 uncaught in main: a traceback and status 130', async () => {
  const outcome = await threadProgram(`
    interrupt_main();
    allocate_lock().acquire();
  `);
  assert.equal(outcome.status, 130);
  assert.match(outcome.stderr, /KeyboardInterrupt\n +at /);
});

test('1.8-9 uncaught at a turn of the event loop: the same', async () => {
  const outcome = await program(`${NAMES}
    setInterval(() => {}, 1000);
    startNewThread(() => interruptMain(), []);
  `);
  assert.equal(outcome.status, 130);
  assert.match(outcome.stderr, /KeyboardInterrupt/);
});

/** Sends Ctrl-C to a program that has started a thread, at the point READY: its first start has waited until the watch is on. */
function ctrlC(wait: string): Promise<Outcome> {
  const source = `${NAMES}
    startNewThread(() => ready.release(), []);
    ready.acquire();
    ${wait.replace('READY', "console.log('ready');")}
  `;
  let sent = false;
  return program(source, {
    onStdout: (text, kill) => {
      // Once: a second signal would meet a program that is ending, and has no handlers any more.
      if (sent || !text.includes('ready')) return;
      sent = true;
      kill('SIGINT');
    },
  });
}

for (const [where, wait] of [
  ['waits for its event loop', 'READY setInterval(() => {}, 1000);'],
  ['is in a busy loop under interruptible()', 'READY interruptible(() => { for (;;); });'],
] as const) {
  test(`Ctrl-C ends a program that ${where} with status 130 and a traceback`, async () => {
    const outcome = await ctrlC(wait);
    assert.equal(outcome.status, 130, outcome.stderr);
    assert.match(outcome.stderr, /KeyboardInterrupt/);
  });
}

test('Ctrl-C runs the handlers of a program that has some', async () => {
  const outcome = await ctrlC(`
    const alive = setInterval(() => {}, 1000);
    process.on('SIGINT', (signal) => { console.log('handler', signal); clearInterval(alive); });
    READY
  `);
  assert.deepEqual(outcome, silent('ready\nhandler SIGINT\n'));
});
