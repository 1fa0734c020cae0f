// Section 2.9 of the contract: broken rules, errors of threads, and the hook that is told of them.

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { allocateLock, currentThread, Event, excepthook, RLock, setExcepthook, shared, Thread } from 'heddle';
import { type Outcome, type ProgramOptions, program } from '../support/program.ts';

const NAMES = `
import { currentThread, excepthook, Event, setExcepthook, shared, startNewThread, SystemExit, Thread } from 'heddle';
/** Runs a function in a thread. */
const run = (target, options) => {
  const thread = new Thread(target, options);
  thread.start();
  thread.join();
  return thread;
};
`;

const threads = (source: string, options?: ProgramOptions): Promise<Outcome> => program(NAMES + source, options);

test('2.9-42 [start_thread_again] a thread can be started once', () => {
  const thread = new Thread(() => {});
  thread.start();
  assert.throws(() => thread.start(), { name: 'ThreadError', message: 'threads can only be started once' });
  thread.join();
  assert.throws(() => thread.start(), { name: 'ThreadError', message: 'threads can only be started once' });
});

test('2.9-43 [joining_current_thread] a thread cannot join itself', async () => {
  const refusal = { name: 'ThreadError', message: 'cannot join current thread' };
  assert.throws(() => currentThread().join(), refusal);
  await assert.rejects(currentThread().joinAsync(), refusal);
  const seen = shared({ message: '' });
  const thread = new Thread(() => {
    try {
      currentThread().join();
    } catch (error) {
      seen.message = (error as Error).message;
    }
  });
  thread.start();
  thread.join();
  assert.equal(seen.message, refusal.message);
});

test('2.9-44 [joining_inactive_thread] nor one that was not started', async () => {
  const refusal = { name: 'ThreadError', message: 'cannot join thread before it is started' };
  assert.throws(() => new Thread().join(), refusal);
  await assert.rejects(new Thread().joinAsync(), refusal);
});

test('2.9-45 [daemonize_active_thread] a thread that was started stays what it is', () => {
  const gate = new Event();
  const thread = new Thread(() => void gate.wait());
  thread.daemon = true;
  thread.daemon = false;
  thread.start();
  assert.throws(
    () => {
      thread.daemon = true;
    },
    { name: 'ThreadError', message: 'cannot set daemon status of active thread' },
  );
  gate.set();
  thread.join();
  assert.equal(thread.daemon, false);
});

test('2.9-46 [releasing_unacquired_lock] what nobody has cannot be released', () => {
  assert.throws(() => allocateLock().release(), { name: 'ThreadError' });
  assert.throws(() => new RLock().release(), { name: 'ThreadError' });
});

test('2.9-47 [recursion_limit] a stack that overflows is an error that can be caught, and main goes on', async () => {
  const outcome = await threads(`
    run(function outer() {
      const deep = () => deep() + 1;
      try {
        deep();
      } catch (error) {
        console.log(error.name);
      }
    });
    console.log('end of main');
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'RangeError\nend of main\n', stderr: '' });
});

test('2.9-48 [print_exception] the report has the thread’s name, the error and its stack', async () => {
  const outcome = await program(`import { Thread } from 'heddle';
function work(n) {
  inner(n);
}
function inner(n) {
  throw new RangeError('boom ' + n);
}
const thread = new Thread(work, { args: [1] });
thread.start();
thread.join();`);
  assert.equal(outcome.status, 0);
  assert.match(
    outcome.stderr,
    /^Exception in thread Thread-1 \(work\):\nRangeError: boom 1\n +at inner .*\.mjs:6:9.*\n +at work .*\.mjs:3:3.*\n$/,
  );
});

test('2.9-48 … of an async function, of a timer, of a class with run()', async () => {
  const outcome = await threads(`
    run(async () => { await null; throw new RangeError('boom 1'); }, { name: 'first' });
    run(async () => {
      setTimeout(() => { throw new RangeError('boom 2'); }, 1);
      await new Promise(() => {});
    }, { name: 'second' });
    class Worker extends Thread { run() { throw new RangeError('boom 3'); } }
    const worker = new Worker(null, { name: 'third' });
    worker.start();
    worker.join();
  `);
  const heads = [...outcome.stderr.matchAll(/^Exception in thread (.*):\n(.*)$/gm)].map(([, name, error]) => [
    name,
    error,
  ]);
  assert.deepEqual(heads, [
    ['first', 'RangeError: boom 1'],
    ['second', 'RangeError: boom 2'],
    ['third', 'RangeError: boom 3'],
  ]);
  assert.match(outcome.stderr, /boom 3\n +at .*run .*\n(Exception|$)/, 'no frame of Heddle’s');
});

test('2.9-48 … of what a thread has left on its event loop', async () => {
  const outcome = await threads(`
    const done = new Event();
    run(() => {
      setTimeout(() => { throw new RangeError('late'); }, 1);
      setTimeout(() => done.set(), 5);
    }, { name: 'gone' });
    done.wait();
  `);
  assert.match(outcome.stderr, /^Exception in thread gone:\nRangeError: late\n/);
});

test('2.9-48 … and the low-level module keeps its own', async () => {
  const outcome = await threads(`
    const done = new Event();
    startNewThread(function raw() { currentThread(); setTimeout(() => done.set(), 5); throw new RangeError('boom'); }, []);
    done.wait();
  `);
  assert.match(outcome.stderr, /^Unhandled exception in thread started by <function raw .*>\nRangeError: boom\n/);
});

test('2.9-48 … of a thread that was killed by its memory', async () => {
  const outcome = await threads(
    `
    run(function hoard() { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)); }, { name: 'hoarder' });
    console.log('end of main');
  `,
    { nodeOptions: ['--max-old-space-size=128'] },
  );
  assert.match(outcome.stderr, /^Exception in thread hoarder:\n.*memory/m);
  assert.equal(outcome.stdout, 'end of main\n');
});

test('2.9-49 [print_exception_stderr_is_none_1] a stderr that was replaced after the thread was made: still printed', async () => {
  const outcome = await threads(`
    const thread = new Thread(() => { process.stderr.write = () => true; throw new RangeError('boom'); });
    process.stderr.write = () => true;
    thread.start();
    thread.join();
  `);
  assert.match(outcome.stderr, /^Exception in thread .*\nRangeError: boom/);
});

test('2.9-50 [print_exception_stderr_is_none_2] nobody who reads it: silent, and no further error', async () => {
  const outcome = await threads(`
    import { spawn } from 'node:child_process';
    if (process.argv[2] === 'child') {
      run(() => { throw new RangeError('boom'); });
      console.log('end of main');
    } else {
      const child = spawn(process.execPath, [process.argv[1], 'child'], { stdio: ['ignore', 'inherit', 'pipe'] });
      child.stderr.destroy();
      child.on('exit', (status, signal) => console.log(status, signal));
    }
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'end of main\n0 null\n', stderr: '' });
});

test('2.9-53 [multithread_modify_file_noerror] a hundred threads, one after the other, write to a file', async () => {
  const file = join(tmpdir(), `heddle-${process.pid}.txt`);
  try {
    for (let n = 0; n < 100; n++) {
      const thread = new Thread(
        async (name: string, line: string) => {
          const { appendFileSync } = await import('node:fs');
          appendFileSync(name, line);
        },
        { args: [file, `${n}\n`] },
      );
      thread.start();
      assert.equal(thread.join(), true);
    }
    assert.equal(readFileSync(file, 'utf8'), Array.from({ length: 100 }, (_, n) => `${n}\n`).join(''));
  } finally {
    rmSync(file, { force: true });
  }
});

test('2.9-56 [excepthook] called by a program it prints what a thread’s end does', async () => {
  const outcome = await threads(`
    const error = new RangeError('boom');
    excepthook({ error, thread: currentThread() });
    run(() => { throw new RangeError('boom'); }, { name: 'MainThread' });
  `);
  const reports = outcome.stderr.match(/^Exception in thread MainThread:\nRangeError: boom\n +at .*/gm);
  assert.equal(reports?.length, 2, outcome.stderr);
});

test('2.9-57 [excepthook_thread_None] without a thread, its identifier', async () => {
  const outcome = await threads(`excepthook({ error: new RangeError('boom'), thread: undefined });`);
  assert.match(outcome.stderr, /^Exception in thread 1:\nRangeError: boom\n/);
});

test('1.14-14 the hook takes what a hook is told', () => {
  assert.throws(() => excepthook(3 as never), { name: 'TypeError', message: /argument type must be ExceptHookArgs/ });
  assert.throws(() => setExcepthook(3 as never), { name: 'TypeError', message: /takes a function, or null/ });
});

test('2.9-58 [system_exit] SystemExit is silent; what extends it is printed, but by the low-level module', async () => {
  const outcome = await threads(`
    run(() => { throw new SystemExit(1); });
    run(() => process.exit(1));
    run(() => {
      class Exit extends SystemExit {}
      throw new Exit(1);
    }, { name: 'extended' });
    const done = new Event();
    startNewThread(() => {
      class Exit extends SystemExit {}
      setTimeout(() => done.set(), 5);
      throw new Exit(1);
    }, []);
    done.wait();
  `);
  assert.equal(outcome.status, 0);
  assert.equal(outcome.stderr.match(/^(Exception|Unhandled)/gm)?.length, 1, outcome.stderr);
  assert.match(outcome.stderr, /^Exception in thread extended:\n/);
});

test('2.9-59 [custom_excepthook] a hook is told the error, its text and the thread, in that thread', async () => {
  const outcome = await threads(`
    const seen = shared([]);
    setExcepthook(({ error, stack, thread }) => {
      seen.push(error.name, error.message, stack.includes('at failing'), thread.name, thread === currentThread(), thread.isAlive);
    });
    run(function failing() { throw new RangeError('boom'); }, { name: 'one' });
    console.log(...seen);
    run(() => { throw new SystemExit(); }, { name: 'two' });
    console.log(seen.at(6), seen.at(9));
  `);
  assert.equal(
    outcome.stderr.replace(/^.*/s, (text) => (text.includes('Exception in threading.excepthook') ? '' : text)),
    '',
  );
  assert.equal(outcome.stdout, 'RangeError boom true one true true\nSystemExit two\n');
  assert.equal(outcome.stderr, '');
});

test('2.9-59 … also one that a thread sets, and one that needs modules', async () => {
  const outcome = await threads(`
    import { basename } from 'node:path';
    run(() => setExcepthook(({ error }) => console.log(basename('/a/' + error.message))));
    run(() => { throw new Error('from a thread'); });
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'from a thread\n', stderr: '' });
});

test('2.9-60 [custom_excepthook_fail] a hook that fails is reported itself', async () => {
  const outcome = await threads(`
    setExcepthook(() => { throw new TypeError('the hook fails'); });
    run(() => { throw new RangeError('boom'); });
    console.log('end of main');
  `);
  assert.match(outcome.stderr, /^Exception in threading\.excepthook:\nTypeError: the hook fails\n/);
  assert.equal(outcome.stdout, 'end of main\n');
});

test('2.9-61 [original_excepthook] the default hook is back when it is set again', async () => {
  const failing = `run(() => { throw new RangeError('boom'); }, { name: 'same' });`;
  const reports = await Promise.all(
    [
      '',
      'setExcepthook(() => {}); setExcepthook(excepthook);',
      'setExcepthook(() => {}); setExcepthook(null);',
      'setExcepthook((args) => excepthook(args));',
    ].map(async (source) => (await threads(`${source}\n${failing}`)).stderr.replaceAll(/^ +at .*\n/gm, '')),
  );
  assert.deepEqual(new Set(reports), new Set(['Exception in thread same:\nRangeError: boom\n']));
});
