// Reports and output: whatever a thread throws and wherever it is printed to, the thread ends and nobody waits for the reader.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { program } from '../support/program.ts';
import { reported, runtimeProgram } from './prelude.ts';

test('an error that throws when it is looked at is reported, and ends its thread alone', async () => {
  // Interleaving: none; what reports the error fails itself, once in each of the ways that a value can fight back.
  const outcome = await runtimeProgram(`
    for (const hostile of [
      function inspected() {
        const error = new Error('original');
        error[Symbol.for('nodejs.util.inspect.custom')] = () => { throw new Error('inspect broke'); };
        throw error;
      },
      function revoked() {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      },
      function stack() {
        const error = new Error('stack');
        Object.defineProperty(error, 'stack', { get() { throw new Error('hostile stack'); } });
        throw error;
      },
      function getter() { return { get then() { throw new Error('then getter'); } }; },
      async function nothing() { throw null; },
    ]) {
      start_new_thread(hostile, []);
      becomes(() => _count() === 0, 'the end of the thread');
    }
    console.log('end');
  `);
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.equal(outcome.stdout, 'end\n');
  assert.deepEqual(reported(outcome.stderr), ['inspected', 'revoked', 'stack', 'getter', 'nothing']);
});

test('a promise that was kept and broken is kept: one end, no report', async () => {
  // Interleaving: none; the thenable calls both of its callbacks.
  const outcome = await runtimeProgram(`
    start_new_thread(() => ({ then(resolve, reject) { resolve(); reject(new Error('after resolve')); } }), []);
    quiet();
    console.log(_count());
  `);
  assert.deepEqual([outcome.stdout, outcome.stderr, outcome.status], ['0\n', '', 0]);
});

test('a thread that ends its worker from a leftover timer is reported', async () => {
  // Interleaving: A's function has returned; a timer of it ends the worker under Heddle's feet while main waits.
  const outcome = await runtimeProgram(`
    const before = start_new_thread(function leftover() { setTimeout(() => process.reallyExit(3), 1); }, []);
    becomes(() => stateOf(before - 1) === FREE, 'the end of the worker');
    console.log(_count());
  `);
  assert.equal(outcome.stdout, '0\n');
  assert.deepEqual(reported(outcome.stderr), ['leftover']);
});

const devFull = { skip: !existsSync('/dev/full') && 'there is no /dev/full' };

test('standard error that cannot be written to keeps no thread alive', devFull, async () => {
  // Interleaving: none; every write to the descriptor fails with ENOSPC, also that of the report.
  const outcome = await runtimeProgram(`
    const { closeSync, openSync } = await import('node:fs');
    closeSync(2);
    // The lowest free number: it is standard error now.
    if (openSync('/dev/full', 'w') !== 2) throw new Error('not standard error');
    start_new_thread(function failing() { throw new Error('boom'); }, []);
    start_new_thread(function killed() { process.reallyExit(1); }, []);
    becomes(() => _count() === 0, 'the end of the threads');
    const again = counter();
    start_new_thread(() => raise(again), []);
    reaches(again, 1);
    console.log('main goes on');
  `);
  assert.deepEqual([outcome.stdout, outcome.status], ['main goes on\n', 0]);
});

const posix = { skip: process.platform === 'win32' && 'there are no named pipes' };

test('a reader of standard error that is behind does not hold up starts', posix, async () => {
  // Interleaving: A fills the pipe and waits for its reader inside the output lock; B ends its worker, so that the supervisor has to
  // report it, and must neither wait for A nor for the reader; main starts a thread that needs a new worker of the supervisor.
  const outcome = await runtimeProgram(`
    const { closeSync, constants, openSync, rmSync } = await import('node:fs');
    const { execFileSync } = await import('node:child_process');
    const pipe = \`\${process.argv[1]}.\${process.pid}.pipe\`;
    execFileSync('mkfifo', [pipe]);
    closeSync(2);
    // Open at both ends and read by nobody.
    const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    rmSync(pipe);
    if (descriptor !== 2) throw new Error('not standard error');
    const lines = counter();
    start_new_thread(function filling() { for (;;) { process.stderr.write('x'.repeat(4096)); raise(lines); } }, []);
    // It holds 64 KiB; the thread is in the write that does not fit when it counts no more and is in a wait.
    becomes(() => value(lines) >= 15, 'a full pipe');
    const killed = start_new_thread(function killed() { process.reallyExit(1); }, []);
    const gate = allocate_lock();
    gate.acquire();
    const started = counter();
    for (let n = 0; n < 6; n++) start_new_thread(() => { raise(started); gate.acquire(); gate.release(); }, []);
    reaches(started, 6);
    becomes(() => _count() === 7, 'the end of the one that was killed');
    console.log('all');
    process.exit();
  `);
  assert.deepEqual([outcome.stdout, outcome.status], ['all\n', 0], outcome.stderr);
});

test('lines that four threads print into a pipe at once are whole, and none is lost', async () => {
  // Interleaving: four threads in write() at the same time; main, which prints too, has put the pipe into non-blocking mode.
  const LINES = 100;
  const outcome = await runtimeProgram(`
    const gate = allocate_lock();
    gate.acquire();
    const ready = counter();
    console.log('main');
    for (let n = 0; n < 4; n++) {
      start_new_thread((mark) => {
        raise(ready);
        gate.acquire();
        gate.release();
        for (let line = 0; line < ${LINES}; line++) console.log(String(mark).repeat(199));
      }, [n]);
    }
    reaches(ready, 4);
    gate.release();
    quiet();
  `);
  assert.deepEqual([outcome.stderr, outcome.status], ['', 0]);
  const [main, ...lines] = outcome.stdout.trimEnd().split('\n');
  assert.equal(main, 'main');
  assert.deepEqual(
    lines.filter((line) => !/^(\d)\1{198}$/.test(line)),
    [],
  );
  for (const mark of '0123') assert.equal(lines.filter((line) => line.startsWith(mark)).length, LINES, mark);
});

test('an error whose message has four megabytes is reported, comes out of run(), and travels on', async () => {
  // Interleaving: none; in quadratic time, any of these ways would take hours.
  const outcome = await program(`
    import { run, Thread } from 'heddle';
    const LONG = 4 * 1024 * 1024;
    const texts = ['a'.repeat(LONG), '/a:1'.repeat(LONG / 4), '\\n    at f (/a.js:1:1)'.repeat(LONG / 21)];
    const fails = (text) => { throw new Error(text, { cause: new Error(text) }); };
    for (const text of texts) {
      const first = await run(fails, text).catch((error) => error);
      const second = await run((error) => { throw error; }, first).catch((error) => error);
      for (const error of [first, second, first.cause, second.cause])
        if (error.message !== text || !error.stack.startsWith('Error: ' + text + '\\n    at fails ')) console.log('wrong', error.stack.slice(0, 99));
      const thread = new Thread(fails, { args: [text] });
      thread.start();
      thread.join();
    }
  `);
  assert.equal(outcome.stdout, '');
  assert.equal(outcome.stderr.split('Exception in thread').length, 4);
  assert.ok(outcome.stderr.includes(`Error: ${'a'.repeat(4 * 1024 * 1024)}\n    at fails (`));
});
