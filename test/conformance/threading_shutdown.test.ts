// How the program ends when it has threads: lines of section 2.9, and 1.14-15 to 1.14-19. Each test is a program of its own.
//
// Without a test: 2.9-10 but for its exit status.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extent } from '../support/extent.ts';
import { type Outcome, type ProgramOptions, program } from '../support/program.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const counterModule = new URL(`../support/counter.${extension}`, import.meta.url).href;

const NAMES = `
import * as heddle from 'heddle';
import { becomes, counter, nap, raise, reaches } from '${counterModule}';
const { activeCount, allocateLock, currentThread, enumerate, Event, interruptMain, mainThread, RLock, startNewThread, SystemExit,
  Thread, ThreadLocal } = heddle;
/** Blocks until the main thread has ended. */
const mainEnds = () => mainThread().join();
/** The name of what it throws, or what it returns. */
const attempt = (action) => {
  try {
    return action();
  } catch (error) {
    return error.name + ': ' + error.message;
  }
};
`;

/** For those that look inside. */
const INSIDE = "import { atShutdown, ENDING, phase } from '#heddle/runtime/shutdown.js';";

const ending = (source: string, options: ProgramOptions = {}): Promise<Outcome> =>
  program(NAMES + (/\b(atShutdown|ENDING|phase)\b/.test(source) ? INSIDE : '') + source, options);
const silent = (stdout: string, status = 0): Outcome => ({ status, signal: null, stdout, stderr: '' });

test('2.9-10 [finalize_running_thread] the exit status is main’s while a daemon runs', async () => {
  const outcome = await ending(`
    const running = new Event();
    new Thread(() => { running.set(); for (;;); }, { daemon: true }).start();
    running.wait();
    process.exit(42);
  `);
  assert.deepEqual(outcome, silent('', 42));
});

test('2.9-12 [join_nondaemon_on_shutdown] main ends by SystemExit; a thread still ends what it does', async () => {
  const outcome = await ending(`
    new Thread(() => { mainEnds(); console.log('done'); }).start();
    throw new SystemExit(3);
  `);
  assert.deepEqual(outcome, silent('done\n', 3));
});

for (const [how, source, status] of [
  ['its event loop has run dry', '', 0],
  ['process.exitCode is set', 'process.exitCode = 5;', 5],
  ['SystemExit', 'throw new SystemExit(7);', 7],
  ['a timer', "setTimeout(() => console.log('timer'), 5);", 0],
] as const) {
  test(`1.14-15 main has ended: ${how}. Callbacks, then threads, then exit handlers`, async () => {
    const outcome = await ending(`
      const gate = new Event();
      process.on('exit', (code) => console.log('exit handler', code));
      atShutdown(() => console.log('first registered'));
      atShutdown(() => { console.log('last registered'); gate.set(); });
      new Thread(() => { gate.wait(); console.log('thread'); }).start();
      ${source}
    `);
    const timer = how === 'a timer' ? 'timer\n' : '';
    assert.deepEqual(
      outcome,
      silent(`${timer}last registered\nfirst registered\nthread\nexit handler ${status}\n`, status),
    );
  });
}

test('process.exit() ends the process at once: threads are not waited for, whatever they do', async () => {
  for (const thread of ['for (;;);', 'new Event().wait();', 'return new Promise(() => setInterval(() => {}, 1000));']) {
    const outcome = await ending(`
      const running = new Event();
      process.on('exit', (code) => console.log('exit handler', code));
      atShutdown(() => console.log('callback'));
      new Thread(() => { running.set(); ${thread} }).start();
      running.wait();
      process.exit(7);
    `);
    assert.deepEqual(outcome, silent('callback\nexit handler 7\n', 7));
  }
});

for (const how of [
  'setTimeout(() => process.exit(7), 1);',
  'Promise.resolve().then(() => process.exit(7));',
  "process.on('beforeExit', () => process.exit(7));",
  "process.on('uncaughtException', () => process.exit(7)); throw new Error('main fails');",
]) {
  test(`… and so it is wherever it is called: ${how}`, async () => {
    const outcome = await ending(`
      new Thread(() => { for (;;); }).start();
      ${how}
    `);
    assert.deepEqual(outcome, silent('', 7));
  });
}

test('… tasks of executors neither', async () => {
  const outcome = await ending(`
    import { run } from 'heddle';
    const running = new Event();
    run((running) => { running.set(); for (;;); }, running);
    running.wait();
    process.exit(7);
  `);
  assert.deepEqual(outcome, silent('', 7));
});

test('1.14-15 main has ended by an error: it is printed first, and the status is 1', async () => {
  const outcome = await ending(`
    process.on('exit', (code) => console.error('exit handler', code));
    new Thread(() => { mainEnds(); console.error('thread'); }).start();
    throw new RangeError('main failed');
  `);
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /^RangeError: main failed\n +at file:[\s\S]*\nthread\nexit handler 1\n$/);
});

test('1.14-15 a rejection that nobody handles ends main in the same way', async () => {
  const outcome = await ending(`
    new Thread(() => { mainEnds(); console.error('thread'); }).start();
    await Promise.reject(new RangeError('main failed'));
  `);
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /RangeError: main failed\n[\s\S]*\nthread\n$/);
});

test('2.9-22 [main_thread_during_shutdown] who is who is still right at the exit', async () => {
  const outcome = await ending(`
    new Thread(() => {}).start();
    process.on('exit', () => {
      console.log(currentThread() === mainThread(), enumerate().includes(mainThread()), enumerate().length, String(mainThread()));
    });
  `);
  assert.deepEqual(outcome, silent('true true 1 <Thread(MainThread, stopped 1)>\n'));
});

test('2.9-22 … also in a program that has never had a thread', async () => {
  const outcome = await ending(`
    process.on('exit', () => console.log(currentThread() === mainThread(), enumerate().length, mainThread().isAlive));
  `);
  assert.deepEqual(outcome, silent('true 1 false\n'));
});

test('2.9-23 [finalization_shutdown] the exit waits for what a thread does at its end', async () => {
  const outcome = await ending(`
    const local = new ThreadLocal(() => ({ log: [] }));
    new Thread(() => {
      try {
        local.value.log.push(1);
      } finally {
        mainEnds();
        for (const end = performance.now() + 100; performance.now() < end; );
        console.log('cleaned up', local.value.log);
      }
    }).start();
  `);
  assert.deepEqual(outcome, silent('cleaned up [ 1 ]\n'));
});

test('2.9-26 [locals_at_exit] values of the main thread can be read at the exit', async () => {
  const outcome = await ending(`
    const local = new ThreadLocal(() => 'not set');
    local.value = 'set by main';
    new Thread(() => { local.value = 'set by a thread'; }).start();
    process.on('exit', () => console.log(local.value));
  `);
  assert.deepEqual(outcome, silent('set by main\n'));
});

test('2.9-30 [start_new_thread_at_finalization] nothing is started at the exit', async () => {
  const outcome = await ending(`
    new Thread(() => {}).start();
    process.on('exit', () => {
      const thread = new Thread(() => console.log('never'));
      console.log(attempt(() => thread.start()));
      console.log(attempt(() => startNewThread(() => console.log('never'), [])));
      console.log(String(thread).replace(/Thread-\\d+/, 'N'));
    });
  `);
  const refusal = "ThreadError: can't create new thread at interpreter shutdown\n";
  assert.deepEqual(outcome, silent(`${refusal}${refusal}<Thread(N, initial)>\n`));
});

test('2.9-30 … nor by main in callbacks, while others can', async () => {
  const outcome = await ending(`
    atShutdown(() => console.log(attempt(() => new Thread(() => {}).start())));
    new Thread(() => { mainEnds(); new Thread(() => console.log('grandchild')).start(); }).start();
  `);
  assert.deepEqual(outcome, silent("ThreadError: can't create new thread at interpreter shutdown\ngrandchild\n"));
});

test('2.9-31 [join_daemon_thread_in_finalization] a join of a live daemon throws rather than hangs', async () => {
  const outcome = await ending(`
    const running = new Event();
    const thread = new Thread(() => { running.set(); for (;;); }, { name: 'spinner', daemon: true });
    thread.start();
    running.wait();
    process.on('exit', () => {
      console.log(attempt(() => thread.join()));
      console.log(attempt(() => thread.join(3_600_000)));
      console.log(thread.join(0));
    });
  `);
  assert.match(
    outcome.stdout,
    /^(ThreadError: join\(\) of thread 'spinner' would wait for ever while the program ends, for .*\n){2}false\n$/,
  );
  assert.equal(outcome.status, 0);
});

test('2.9-32 [join_finished_daemon_thread_in_finalization] a join of one that has ended returns', async () => {
  const outcome = await ending(`
    const thread = new Thread(() => {}, { daemon: true });
    thread.start();
    thread.join();
    process.on('exit', () => console.log(thread.join(), thread.join(10)));
  `);
  assert.deepEqual(outcome, silent('true true\n'));
});

test('2.9-33 [acquire_daemon_thread_lock_in_finalization] free locks can be taken, those of a daemon not', async () => {
  const outcome = await ending(`
    const locks = { lock: allocateLock(), rlock: new RLock(), free: allocateLock(), freeR: new RLock() };
    const ready = new Event();
    new Thread(({ lock, rlock }) => {
      lock.acquire();
      rlock.acquire();
      ready.set();
      new Event().wait();
    }, { args: [locks], daemon: true }).start();
    ready.wait();
    process.on('exit', () => {
      console.log(locks.free.acquire(), locks.freeR.acquire());
      for (const lock of [locks.lock, locks.rlock]) console.log(attempt(() => lock.acquire()));
    });
  `);
  assert.match(
    outcome.stdout,
    /^true true\n(ThreadError: acquire\(\) .* would wait for ever while the program ends, .*\n){2}$/,
  );
});

test('2.9-38 [1_join_on_shutdown] a thread that joins main goes on after main’s last line', async () => {
  const outcome = await ending(`
    new Thread(function joiner(main) { main.join(); console.log('end of thread'); }, { args: [currentThread()] }).start();
    console.log('end of main');
  `);
  assert.deepEqual(outcome, silent('end of main\nend of thread\n'));
});

const MANY = extent(10, 40);

test('2.9-40 [4_daemon_threads] many daemons that write while the program ends: no word of it', async () => {
  const outcome = await ending(
    `
    const running = counter();
    for (let n = 0; n < ${MANY}; n++) {
      new Thread(async () => {
        const { openSync, writeSync } = await import('node:fs');
        const file = openSync('/dev/null', 'w');
        raise(running);
        for (;;) {
          writeSync(file, 'x'.repeat(1000));
          nap(3);
        }
      }, { daemon: true }).start();
    }
    reaches(running, ${MANY});
  `,
  );
  assert.deepEqual(outcome, silent(''));
});

test('2.9-41 [thread_from_thread] what a thread starts is waited for as well', async () => {
  const outcome = await ending(`
    new Thread(() => {
      mainEnds();
      new Thread(() => {
        new Thread(() => console.log('grandchild')).start();
        console.log('child');
      }).start();
      console.log('parent');
    }).start();
  `);
  assert.equal(outcome.status, 0);
  assert.deepEqual(outcome.stdout.trim().split('\n').sort(), ['child', 'grandchild', 'parent']);
});

test('2.9 [threads_join_with_no_main] a callback that lets a waited-for thread go on runs before the wait', async () => {
  const outcome = await ending(`
    const gate = allocateLock();
    gate.acquire();
    atShutdown(() => gate.release());
    new Thread(() => { gate.acquire(); console.log('let go'); }).start();
  `);
  assert.deepEqual(outcome, silent('let go\n'));
});

test('1.14-15 what a thread leaves behind just before it ends is waited for', async () => {
  const outcome = await ending(`
    import { H_QUIET } from '#heddle/memory/layout.js';
    import { waitAtEnd } from '#heddle/runtime/shutdown.js';
    const [looked, left, done] = [new Event(), new Event(), new Event()];
    const leaving = new Thread(() => { looked.wait(500); left.set(); });
    leaving.start();
    // As the tasks of executors: the first looks while there is none, then the thread leaves one and ends.
    const task = { word: H_QUIET, attempt: () => { console.log('waited'); done.set(); }, describe: () => 'a task' };
    waitAtEnd(() => (left.isSet() && !done.isSet() ? task : undefined));
    waitAtEnd(() => { looked.set(); leaving.join(); });
    throw new SystemExit();
  `);
  assert.deepEqual(outcome, silent('waited\n'));
});

test('1.14-15 … also a thread that a task has started by then', async () => {
  const outcome = await ending(`
    import { waitAtEnd } from '#heddle/runtime/shutdown.js';
    const [looked, started] = [new Event(), new Event()];
    startNewThread(() => {
      looked.wait();
      new Thread(() => { nap(50); console.log('waited for'); }, { daemon: false }).start();
      started.set();
    }, []);
    waitAtEnd(() => { looked.set(); started.wait(); });
    throw new SystemExit();
  `);
  assert.deepEqual(outcome, silent('waited for\n'));
});

test('2.9-54 [dummy_thread_on_interpreter_shutdown] a live dummy at the end is no trouble', async () => {
  const outcome = await ending(`
    const ready = new Event();
    startNewThread(() => { currentThread(); ready.set(); new Event().wait(); }, []);
    ready.wait();
    console.log(activeCount());
  `);
  assert.deepEqual(outcome, silent('2\n'));
});

for (const [how, source] of [
  ['on its event loop', ''],
  ['in the exit event', 'process.exitCode = 0; throw new SystemExit(0);'],
] as const) {
  test(`2.9-55 [keyboard_interrupt_during_threading_shutdown] Ctrl-C while main waits ${how}`, async () => {
    const outcome = await ending(
      `
      process.on('exit', () => console.log('exit handler'));
      new Thread(() => { mainEnds(); console.log('waiting'); new Event().wait(); }).start();
      ${source}
    `,
      { onStdout: (text, kill) => text === 'waiting\n' && kill('SIGINT') },
    );
    assert.deepEqual({ ...outcome, stderr: '' }, silent('waiting\nexit handler\n'));
    assert.match(outcome.stderr, /^(Exception ignored at shutdown:\n)?KeyboardInterrupt/m);
  });
}

test('1.14-19 interruptMain() means the same while main waits', async () => {
  const outcome = await ending(`
    new Thread(() => { mainEnds(); console.log('waiting'); interruptMain(); new Event().wait(); }).start();
  `);
  assert.deepEqual({ ...outcome, stderr: '' }, silent('waiting\n'));
  assert.match(outcome.stderr, /KeyboardInterrupt/);
});

test('a program whose own handler has Ctrl-C ends by it when main waits in the exit event', async () => {
  const outcome = await ending(
    `
    process.on('SIGINT', () => console.log('never'));
    new Thread(() => {
      mainEnds();
      becomes(() => phase() === ENDING, 'the wait');
      setTimeout(() => { console.log('waiting'); new Event().wait(); }, 200);
      return new Promise(() => {});
    }).start();
    throw new SystemExit();
  `,
    { onStdout: (text, kill) => text === 'waiting\n' && kill('SIGINT') },
  );
  assert.deepEqual(outcome, { status: null, signal: 'SIGINT', stdout: 'waiting\n', stderr: '' });
});

test('1.14-18 daemons and threads of the low-level module are abandoned', async () => {
  const outcome = await ending(`
    const running = counter();
    const forever = () => { try { raise(running); new Event().wait(); } finally { console.log('never'); } };
    new Thread(forever, { daemon: true }).start();
    startNewThread(forever, []);
    reaches(running, 2);
  `);
  assert.deepEqual(outcome, silent(''));
});

test('a thread that dies while main waits for it does not hold up the end', async () => {
  const outcome = await ending(`
    const thread = new Thread(async () => { mainEnds(); process.reallyExit(1); }, { name: 'doomed' });
    thread.start();
  `);
  assert.equal(outcome.status, 0);
  assert.match(outcome.stderr, /^Exception in thread doomed:\nError: the thread was terminated from outside/);
});

test('2.9-72 [output] and 2.9-73 [called_once] callbacks are called once, the last first; one that throws stops no other', async () => {
  const outcome = await ending(`
    atShutdown(() => console.log('one'));
    atShutdown(() => { throw new Error('two'); });
    atShutdown(() => console.log('three'));
  `);
  assert.equal(outcome.stdout, 'three\none\n');
  assert.match(outcome.stderr, /^Exception ignored at shutdown:\nError: two\n/);
  assert.equal(outcome.status, 0);
});

test('2.9-74 [after_shutdown] it is too late for callbacks then', async () => {
  const outcome = await ending(`
    atShutdown(() => console.log(attempt(() => atShutdown(() => {}))));
    process.on('exit', () => console.log(attempt(() => atShutdown(() => {}))));
  `);
  const refusal = "ThreadError: can't register atexit after shutdown\n";
  assert.deepEqual(outcome, silent(refusal + refusal));
});
