// Section 2.1 of the contract, and what section 1.2 says of a start that works. One test for each line.
//
// Lines that need Thread (not in this module):
//
//   2.1-7  join_thread                 2.1-13  join_with_timeout
//   2.1-8  join_thread_already_exited  2.1-14  join_unstarted
//   2.1-9  join_several_times          2.1-15  set_done_unstarted
//   2.1-10 joinable_not_joined         2.1-16  start_duplicate_handle
//   2.1-11 join_from_self              2.1-17  start_with_none_handle
//   2.1-12 join_then_self_join

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { _count, allocate_lock, exit, get_ident, LockType, stack_size, start_new_thread } from 'heddle/thread';
import { bunch, waitForFinished, waitForThreads } from '../support/bunch.ts';
import { type Counter, counter, nap, raise, reaches, value } from '../support/counter.ts';
import { program } from '../support/program.ts';

/** Starts `tasks` threads that each nap for a moment; the last one out releases a lock that the caller waits for. */
function runTasks(tasks: number): void {
  const lock = allocate_lock();
  const done = allocate_lock();
  const left = counter();
  done.acquire();
  for (let n = 0; n < tasks; n++) {
    start_new_thread(() => {
      nap(0.1);
      if (lock.with(() => raise(left)) === tasks) done.release();
    }, []);
  }
  assert.equal(done.acquire(), true);
  waitForThreads();
}

test('2.1-1 [starting_threads] ten tasks; the last one out releases a lock', () => runTasks(10));

test('2.1-2 [stack_size] 0 at first; setting 0 keeps 0', () => {
  assert.equal(stack_size(), 0);
  assert.equal(stack_size(0), 0);
  assert.equal(stack_size(), 0);
});

test('2.1-3 [nt_and_posix_stack_size] sizes are set and read back, 4096 is refused, tasks run at each', () => {
  assert.throws(() => stack_size(4096), { name: 'RangeError', message: /^size not valid: 4096 bytes/ });
  for (const size of [262_144, 1_048_576, 0]) {
    stack_size(size);
    assert.equal(stack_size(size), size);
    runTasks(10);
    assert.equal(stack_size(0), size);
  }
});

test('2.1-3 a larger stack is deeper', () => {
  const depths = [1_048_576, 16 * 1_048_576].map((size) => {
    stack_size(size);
    const depth = new Int32Array(new SharedArrayBuffer(4));
    const end = counter();
    start_new_thread(() => {
      const dive = (): void => {
        depth[0]!++;
        dive();
      };
      try {
        dive();
      } catch {}
      raise(end);
    }, []);
    stack_size(0);
    reaches(end, 1);
    return depth[0]!;
  });
  assert.ok(depths[1]! > 4 * depths[0]!, `depths: ${depths}`);
});

test('2.1-4 [_count] a blocked thread counts as one, and as none after it has ended', () => {
  waitForThreads();
  const lock = allocate_lock();
  lock.acquire();
  const threads = bunch(1, () => lock.acquire());
  assert.equal(_count(), 1);
  lock.release();
  waitForFinished(threads);
  waitForThreads();
});

test('2.1-5 [save_exception_state_on_error] a stderr.write that throws does not lose the report', async () => {
  const outcome = await program(`
    import { allocate_lock, start_new_thread, _count } from 'heddle/thread';
    start_new_thread(function task() {
      process.stderr.write = () => { throw new RangeError('the stream is broken'); };
      throw new SyntaxError('the error of the task');
    }, []);
    const timer = setInterval(() => { if (_count() === 0) clearInterval(timer); }, 1);
  `);
  assert.match(outcome.stderr, /SyntaxError: the error of the task/);
  assert.equal(outcome.status, 0);
});

test('2.1-6 [unraisable_exception] a failing task is reported once: its name, the error, where', async () => {
  const outcome = await program(`import { start_new_thread, _count } from 'heddle/thread';
    function task() {
      throw new TypeError('task failed');
    }
    start_new_thread(task, []);
    const timer = setInterval(() => { if (_count() === 0) clearInterval(timer); }, 1);
  `);
  assert.equal(outcome.stderr.split('task failed').length, 2, outcome.stderr);
  assert.match(outcome.stderr, /^Unhandled exception in thread started by .*task/);
  assert.match(outcome.stderr, /TypeError: task failed/);
  assert.match(outcome.stderr, /[0-9a-f]{16}\.mjs:3:13/);
  assert.equal(outcome.status, 0);
});

/** A barrier of two locks, as one builds it by hand: the lock that is held keeps the other half of the tasks out. */
function barrier(tasks: number): () => void {
  const arriving = allocate_lock();
  const leaving = allocate_lock();
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  leaving.acquire();
  return () => {
    arriving.acquire();
    waiting[0]!++;
    if (waiting[0]! < tasks) arriving.release();
    else leaving.release();
    leaving.acquire();
    waiting[0]!--;
    if (waiting[0]! > 0) leaving.release();
    else arriving.release();
  };
}

test('2.1-18 [barrier] ten tasks pass a barrier of two raw locks three times', () => {
  const pass = barrier(10);
  const passed: Counter = counter();
  const early = counter();
  const threads = bunch(10, () => {
    for (let round = 1; round <= 3; round++) {
      nap(0.2);
      pass();
      if (raise(passed) <= (round - 1) * 10) raise(early);
    }
  });
  waitForFinished(threads);
  assert.equal(value(passed), 30);
  assert.equal(value(early), 0);
});

// Section 1.2.

test('1.2-8 what kwargs and args refer to in shared memory is the same in the thread', () => {
  const lock = allocate_lock();
  const seen = counter();
  lock.acquire();
  start_new_thread(
    (given: LockType, { count }: { count: Counter }) => {
      if (given instanceof LockType && given.locked()) given.release();
      raise(count);
    },
    [lock],
    { count: seen },
  );
  reaches(seen, 1);
  assert.equal(lock.locked(), false);
});

test('1.2-9 a start returns the identifier that get_ident() gives inside', () => {
  const inside = new Float64Array(new SharedArrayBuffer(8));
  const end = counter();
  const ident = start_new_thread(() => {
    inside[0] = get_ident();
    raise(end);
  }, []);
  reaches(end, 1);
  assert.ok(Number.isInteger(ident) && ident !== 0);
  assert.equal(inside[0], ident);
  assert.notEqual(ident, get_ident());
});

test('1.2-10 a start does not wait for the thread to get on', () => {
  const lock = allocate_lock();
  const end = counter();
  lock.acquire();
  start_new_thread(() => {
    lock.acquire();
    raise(end);
  }, []);
  assert.equal(value(end), 0);
  lock.release();
  reaches(end, 1);
});

test('1.2-14 threads start threads, three deep, and outlive those who started them', () => {
  waitForThreads();
  const end = counter();
  const outlive = allocate_lock();
  outlive.acquire();
  start_new_thread(() => {
    start_new_thread(() => {
      start_new_thread(() => {
        outlive.acquire();
        raise(end);
      }, []);
    }, []);
  }, []);
  waitForThreads(1);
  outlive.release();
  reaches(end, 1);
  waitForThreads();
});

// Section 1.6.

test('1.6-1 an identifier is constant for the life of a thread and differs among the living', () => {
  const idents = new Float64Array(new SharedArrayBuffer(4 * 8));
  const changed = counter();
  const gate = allocate_lock();
  const written = counter();
  gate.acquire();
  const threads = bunch(4, (index) => {
    idents[index] = get_ident();
    raise(written);
    gate.acquire();
    if (idents[index] !== get_ident()) raise(changed);
    gate.release();
  });
  reaches(written, 4);
  gate.release();
  waitForFinished(threads);
  assert.equal(new Set([...idents, get_ident()]).size, 5);
  assert.equal(value(changed), 0);
});

test('an async function is a thread until its promise has settled', () => {
  waitForThreads();
  const lock = allocate_lock();
  const end = counter();
  lock.acquire();
  start_new_thread(async () => {
    await lock.acquireAsync();
    await new Promise((resolve) => setTimeout(resolve, 1));
    raise(end);
    exit();
  }, []);
  assert.equal(_count(), 1);
  lock.release();
  reaches(end, 1);
  waitForThreads();
});
