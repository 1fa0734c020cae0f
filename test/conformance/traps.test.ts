// Section 1.16 of the contract: the traps, each with a test, by its number.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dummy from 'heddle/dummy_thread';
import { allocate_lock, get_ident, LockType, stack_size, start_new_thread } from 'heddle/thread';
import { bunch, waitForFinished, waitForThreads } from '../support/bunch.ts';
import { counter, raise, reaches, value } from '../support/counter.ts';
import { program, threadProgram } from '../support/program.ts';

test('1.16-1 a bare stack_size() resets the setting', () => {
  assert.equal(stack_size(262_144), 0);
  assert.equal(stack_size(), 262_144);
  assert.equal(stack_size(), 0);
});

test('1.16-2 an explicit null for kwargs is a TypeError', () => {
  assert.throws(() => start_new_thread(() => {}, [], null as unknown as object), {
    name: 'TypeError',
    message: /^optional 3rd arg must be a dictionary/,
  });
});

test('1.16-3 what a with statement binds is not the lock', () => {
  const lock = allocate_lock();
  const held: unknown = lock.hold();
  assert.equal(held instanceof LockType, false);
  lock.release();
  lock.with((...given: unknown[]) => assert.deepEqual(given, []));
});

test('1.16-4 acquire(false, 0) is a RangeError', () => {
  const lock = allocate_lock();
  assert.throws(() => lock.acquire(false, 0), RangeError);
  assert.equal(lock.locked(), false);
});

test('1.16-5 only -1 means for ever', () => {
  const lock = allocate_lock();
  assert.equal(lock.acquire(true, -1), true);
  lock.release();
  for (const timeout of [-1.5, -2, -0.001, -Infinity]) assert.throws(() => lock.acquire(true, timeout), RangeError);
});

test('1.16-6 any thread may release', () => {
  const lock = allocate_lock();
  lock.acquire();
  waitForFinished(bunch(1, () => lock.release()));
  assert.equal(lock.locked(), false);
});

test('1.16-7 identifiers are used again', () => {
  const seen = new Set<number>();
  const ident = new Float64Array(new SharedArrayBuffer(8));
  for (let n = 0; n < 20; n++) {
    const end = counter();
    start_new_thread(() => {
      ident[0] = get_ident();
      raise(end);
    }, []);
    reaches(end, 1);
    waitForThreads();
    seen.add(ident[0]!);
  }
  assert.ok(seen.size < 20, `${seen.size} different identifiers`);
});

test('1.16-8 interrupt_main does not wake a blocked main, and the lock that main waited for is held then', async () => {
  // The interrupt may come before main has blocked; then it is raised at once, and the experiment is made again.
  const outcome = await threadProgram(`
    const released = new Int32Array(new SharedArrayBuffer(4));
    function experiment() {
      const lock = allocate_lock();
      lock.acquire();
      start_new_thread(() => {
        lock.acquire({ timeout: 20 });
        interrupt_main();
        lock.acquire({ timeout: 20 });
        released[0]++;
        lock.release();
      }, []);
      const before = released[0];
      try {
        lock.acquire();
        return 'was not interrupted';
      } catch (error) {
        return released[0] > before ? error.name + ', released, ' + (lock.locked() ? 'held' : 'free') : undefined;
      }
    }
    let result;
    while (result === undefined) result = experiment();
    console.log(result);
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'KeyboardInterrupt, released, held\n', stderr: '' });
});

for (const [how, wait] of [
  ['blocked in a lock', 'lock.acquire();'],
  ['asleep', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'],
  ['in a busy loop', 'for (;;);'],
] as const) {
  test(`1.16-9, 1.10-1 the end of main kills a thread that is ${how}, without its finally`, async () => {
    const outcome = await program(`
      import { allocate_lock, start_new_thread } from 'heddle/thread';
      const lock = allocate_lock();
      const running = allocate_lock();
      lock.acquire();
      running.acquire();
      start_new_thread(() => {
        try {
          running.release();
          ${wait}
        } finally {
          console.log('finally');
        }
      }, []);
      running.acquire();
      process.exitCode = 7;
      console.log('main ends');
    `);
    assert.deepEqual(outcome, { status: 7, signal: null, stdout: 'main ends\n', stderr: '' });
  });
}

test('1.16-10 SystemExit with any code is silent and never sets the exit status', async () => {
  const outcome = await threadProgram(`
    start_new_thread(() => { exit(); }, []);
    start_new_thread(() => { throw new thread.SystemExit(3); }, []);
    start_new_thread(() => { throw new thread.SystemExit('text'); }, []);
    start_new_thread(() => { process.exit(4); }, []);
    start_new_thread(async () => { await null; exit(); }, []);
    start_new_thread(() => { class Quiet extends thread.SystemExit {} throw new Quiet(5); }, []);
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '', stderr: '' });
});

test('1.16-11 a call that fails before the function runs fails in the thread', async () => {
  const outcome = await threadProgram(`
    class Task {}
    start_new_thread(Task, []);
    console.log('started');
  `);
  assert.equal(outcome.status, 0);
  assert.equal(outcome.stdout, 'started\n');
  assert.match(outcome.stderr, /^Unhandled exception in thread started by .*Task/);
  assert.match(outcome.stderr, /TypeError: Class constructor Task cannot be invoked without 'new'/);
});

test('1.16-12 kwargs: shared memory in it is shared; plain data is a copy, unlike in Python', () => {
  const options = { shared: counter(), plain: [1] };
  const end = counter();
  start_new_thread(
    (given: typeof options) => {
      raise(given.shared);
      given.plain.push(2);
      raise(end);
    },
    [],
    options,
  );
  reaches(end, 1);
  assert.equal(value(options.shared), 1);
  assert.deepEqual(options.plain, [1]);
});

test('1.16-13 dummy_thread: release returns true, a start undefined, a second blocking acquire succeeds', () => {
  const lock = dummy.allocate_lock();
  assert.equal(lock.acquire(), true);
  assert.equal(lock.acquire(), true);
  assert.equal(lock.release(), true);
  assert.equal(
    dummy.start_new_thread(() => 1, []),
    undefined,
  );
});
