// How threads end, and how the program does: sections 1.3, 1.4 and 1.10 of the contract. Each test is a program of its own, since the
// report on stderr and the exit status are what counts.
//
// Without a test here: 1.3-6 to 1.3-10 (hooks that this module does not have; the text is that of 1.3-4), 1.3-11 (it is 2.1-5), 1.10-1
// (it is 1.16-9) and 1.10-3 (no thread but the main one can end a Node process with a status).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, program, threadProgram } from '../support/program.ts';

const silent = (stdout = '', status = 0): Outcome => ({ status, signal: null, stdout, stderr: '' });

/** Asserts that stderr is one report about the thread function `name`, with these texts in this order. */
function reports({ stderr, status }: Outcome, name: string, ...texts: (string | RegExp)[]): void {
  assert.equal(status, 0, stderr);
  assert.equal(stderr.split('Unhandled exception in thread started by').length, 2, stderr);
  assert.match(stderr, new RegExp(`^Unhandled exception in thread started by .*${name}`));
  let rest = stderr;
  for (const text of texts) {
    const at = typeof text === 'string' ? rest.indexOf(text) : rest.search(text);
    assert.ok(at >= 0, `${text} is not in\n${stderr}`);
    rest = rest.slice(at);
  }
}

test('1.3-1 a return is silent', async () => {
  assert.deepEqual(await threadProgram('start_new_thread(() => 42, []);'), silent());
  assert.deepEqual(await threadProgram('start_new_thread(async () => 42, []);'), silent());
});

test('1.3-2 SystemExit is silent, runs finally, and leaves the exit status alone', async () => {
  const outcome = await threadProgram(`
    start_new_thread(() => {
      try {
        exit();
      } finally {
        console.log('finally');
      }
    }, []);
  `);
  assert.deepEqual(outcome, silent('finally\n'));
});

test('1.3-2 SystemExit can be caught; the thread goes on', async () => {
  const outcome = await threadProgram(`
    start_new_thread(() => {
      try {
        exit();
      } catch (error) {
        console.log(error instanceof thread.SystemExit, error.name);
      }
      console.log('goes on');
    }, []);
  `);
  assert.deepEqual(outcome, silent('true SystemExit\ngoes on\n'));
});

test('1.3-3 any other error is reported and ends that thread alone', async () => {
  const outcome = await threadProgram(`
    const lock = allocate_lock();
    lock.acquire();
    start_new_thread(function other() { lock.acquire(); console.log('the other thread goes on'); }, []);
    start_new_thread(function failing() { throw new RangeError('boom 1'); }, []);
    while (thread._count() > 1) lock.acquire({ timeout: 1 });
    console.log('main goes on');
    lock.release();
  `);
  assert.equal(outcome.stdout, 'main goes on\nthe other thread goes on\n');
  reports(outcome, 'failing', 'RangeError: boom 1');
});

test('1.3-3 KeyboardInterrupt is reported as well', async () => {
  const outcome = await threadProgram(`
    start_new_thread(function failing() { throw new thread.KeyboardInterrupt(); }, []);
  `);
  reports(outcome, 'failing', 'KeyboardInterrupt');
});

test('1.3-4 the report: the function, then the error with its stack, from the user’s own lines', async () => {
  const outcome = await threadProgram(`function task(n) {
  inner(n);
}
function inner(n) {
  throw new RangeError('boom ' + n);
}
start_new_thread(task, [1]);`);
  reports(outcome, 'task', 'RangeError: boom 1', /inner .*\.mjs:6:9/, /task .*\.mjs:3:3/);
});

test('1.3-4 an error keeps its class, its properties and its cause', async () => {
  const outcome = await threadProgram(`
    class Bankrupt extends Error {
      name = 'Bankrupt';
      owed = 1234;
    }
    start_new_thread(function pay() {
      throw new Bankrupt('no money', { cause: new Error('the bank is closed') });
    }, []);
  `);
  reports(outcome, 'pay', 'Bankrupt', 'no money', /owed: 1234|the bank is closed/);
  assert.match(outcome.stderr, /owed: 1234/);
  assert.match(outcome.stderr, /the bank is closed/);
});

test('1.3-4 what is thrown need not be an error', async () => {
  reports(await threadProgram(`start_new_thread(function task() { throw 'a text'; }, []);`), 'task', 'a text');
  reports(await threadProgram(`start_new_thread(function task() { throw undefined; }, []);`), 'task', 'undefined');
});

test('1.3-4 the rejection of an async function is reported in the same way', async () => {
  const outcome = await threadProgram(`
    start_new_thread(async function task() {
      await null;
      throw new RangeError('boom 2');
    }, []);
  `);
  reports(outcome, 'task', 'RangeError: boom 2');
});

test('1.3-4 an error in a timer of a thread is reported and ends that thread', async () => {
  const outcome = await threadProgram(`
    start_new_thread(async function task() {
      setTimeout(() => { throw new RangeError('boom 3'); }, 1);
      await new Promise(() => {});
    }, []);
  `);
  reports(outcome, 'task', 'RangeError: boom 3');
});

test('1.3-4 a rejection that nobody handles is reported and ends that thread', async () => {
  const outcome = await threadProgram(`
    start_new_thread(async function task() {
      Promise.reject(new RangeError('boom 4'));
      await new Promise(() => {});
    }, []);
  `);
  reports(outcome, 'task', 'RangeError: boom 4');
});

test('1.3-4 what a thread leaves on its event loop runs on after its end; an error there is reported too', async () => {
  const outcome = await program(`
    import { allocate_lock, start_new_thread } from 'heddle/thread';
    const later = allocate_lock();
    later.acquire();
    start_new_thread(function task() {
      setTimeout(() => { throw new RangeError('boom 5'); }, 1);
      setTimeout(() => later.release(), 5);
    }, []);
    later.acquire();
  `);
  reports(outcome, 'task', 'RangeError: boom 5');
});

test('1.3-4 a stack that overflows is reported and ends that thread', async () => {
  const outcome = await threadProgram('start_new_thread(function task() { task(); }, []);');
  reports(outcome, 'task', 'RangeError: Maximum call stack size exceeded');
});

test('1.3-4 memory that runs out is reported and ends that thread', async () => {
  const outcome = await threadProgram(
    `
    start_new_thread(function task() {
      const hoard = [];
      for (;;) hoard.push(new Array(100_000).fill(hoard.length));
    }, []);
  `,
    { nodeOptions: ['--max-old-space-size=128'] },
  );
  reports(outcome, 'task', /memory/);
});

test('1.3-5 a failure before the function runs has no frame of it', async () => {
  const outcome = await threadProgram(`
    class Task { constructor() { this.done = true; } }
    start_new_thread(Task, []);
  `);
  reports(outcome, 'Task', "TypeError: Class constructor Task cannot be invoked without 'new'");
});

test('1.4-2 exit() in the main thread ends the program with status 0', async () => {
  const outcome = await program(`
    import { exit } from 'heddle/thread';
    process.on('exit', () => console.log('exit handlers run'));
    exit();
  `);
  assert.deepEqual(outcome, silent('exit handlers run\n'));
});

test('1.10-2 main ends by an error: status 1 and a traceback', async () => {
  const outcome = await program(`
    import { allocate_lock, start_new_thread } from 'heddle/thread';
    const lock = allocate_lock();
    lock.acquire();
    start_new_thread(() => { lock.acquire(); }, []);
    throw new RangeError('main failed');
  `);
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /RangeError: main failed\n +at file:.*\.mjs:6:11/);
  assert.doesNotMatch(outcome.stderr, /Unhandled exception in thread/);
});

test('1.10-2 main ends by SystemExit: its code is the status, a text is printed', async () => {
  const ending = (code: string) =>
    program(`
      import { allocate_lock, start_new_thread, SystemExit } from 'heddle/thread';
      const lock = allocate_lock();
      lock.acquire();
      start_new_thread(() => { lock.acquire(); }, []);
      throw new SystemExit(${code});
    `);
  assert.deepEqual(await ending('3'), silent('', 3));
  assert.deepEqual(await ending(''), silent());
  assert.deepEqual(await ending('"no config"'), { status: 1, signal: null, stdout: '', stderr: 'no config\n' });
});

test('1.10 the program ends by itself when its threads have ended', async () => {
  const outcome = await program(`
    import { start_new_thread } from 'heddle/thread';
    start_new_thread(() => {}, []);
    setTimeout(() => console.log('timer'), 1);
  `);
  assert.deepEqual(outcome, silent('timer\n'));
});

test('console.log in a thread appears while main is blocked, and whole', async () => {
  const outcome = await threadProgram(`
    const line = 'x'.repeat(5000);
    for (let n = 0; n < 4; n++) start_new_thread((mark) => {
      for (let i = 0; i < 20; i++) console.log(mark + line);
    }, [n]);
  `);
  assert.equal(outcome.status, 0);
  const lines = outcome.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 80);
  assert.ok(lines.every((text) => /^[0-3]x{5000}$/.test(text)));
});

test('console.log in a thread is not lost when main ends right after', async () => {
  const outcome = await program(`
    import { allocate_lock, start_new_thread } from 'heddle/thread';
    const printed = allocate_lock();
    printed.acquire();
    start_new_thread(() => {
      console.log('out');
      console.error('err');
      printed.release();
    }, []);
    printed.acquire();
    process.exit();
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'out\n', stderr: 'err\n' });
});
