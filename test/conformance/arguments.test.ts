// The errors of wrong arguments, with Python's texts: sections 1.2 and 1.4 to 1.8 of the contract. What follows the text says what to
// do and is not pinned down here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as thread from 'heddle/thread';
import { counter, raise, reaches } from '../support/counter.ts';

type Untyped = (...args: unknown[]) => unknown;
const start = thread.start_new_thread as Untyped;
const stackSize = thread.stack_size as Untyped;

/** Asserts that a call throws an error of this class whose message begins with this text. */
function refuses(call: () => unknown, name: 'TypeError' | 'RangeError' | 'ThreadError', text: string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, name, error.message);
    assert.equal(error.message.slice(0, text.length), text);
    return true;
  });
}

test('1.2-1 arguments are positional only: an object with their names is one argument', () => {
  refuses(() => start({ function: () => {}, args: [] }), 'TypeError', 'start_new_thread expected at least 2 arguments');
});

test('1.2-2 too few, too many', () => {
  refuses(() => start(), 'TypeError', 'start_new_thread expected at least 2 arguments, got 0');
  refuses(() => start(() => {}), 'TypeError', 'start_new_thread expected at least 2 arguments, got 1');
  refuses(() => start(() => {}, [], {}, 1), 'TypeError', 'start_new_thread expected at most 3 arguments, got 4');
});

test('1.2-3 the checks come in order: count, function, args, kwargs', () => {
  refuses(() => start(1), 'TypeError', 'start_new_thread expected at least 2 arguments, got 1');
  refuses(() => start(1, 2, 3, 4), 'TypeError', 'start_new_thread expected at most 3 arguments, got 4');
  refuses(() => start(1, 2, 3), 'TypeError', 'first arg must be callable');
  refuses(() => start(() => {}, 2, 3), 'TypeError', '2nd arg must be a tuple');
  refuses(() => start(() => {}, [], 3), 'TypeError', 'optional 3rd arg must be a dictionary');
});

test('1.2-4 not callable', () => {
  for (const fn of [null, undefined, 1, 'f', {}, []]) {
    refuses(() => start(fn, []), 'TypeError', 'first arg must be callable');
  }
});

test('1.2-5 args that are no array', () => {
  for (const args of [null, undefined, 'ab', 1, {}, new Set(), new Int32Array(1)]) {
    refuses(() => start(() => {}, args), 'TypeError', '2nd arg must be a tuple');
  }
});

test('1.2-5 a subclass of Array is accepted', () => {
  class Tuple extends Array<number> {}
  const sum = counter();
  thread.start_new_thread(
    (a: number, b: number) => {
      if (a + b === 3) raise(sum);
    },
    Tuple.of(1, 2) as [number, number],
  );
  reaches(sum, 1);
});

test('1.2-6 kwargs that are no plain object, null included', () => {
  for (const kwargs of [null, 'ab', 1, [], () => {}]) {
    refuses(() => start(() => {}, [], kwargs), 'TypeError', 'optional 3rd arg must be a dictionary');
  }
});

test('1.4-1 exit takes no arguments', () => {
  for (const exit of [thread.exit, thread.exit_thread] as Untyped[]) {
    refuses(() => exit(1), 'TypeError', 'exit() takes no arguments (1 given)');
  }
});

test('1.4-1 exit throws SystemExit without a code', () => {
  assert.throws(
    () => thread.exit(),
    (error) => error instanceof thread.SystemExit && error.code === undefined && error.message === '',
  );
});

test('1.5-1 allocate_lock takes no arguments', () => {
  refuses(() => (thread.allocate_lock as Untyped)(1), 'TypeError', 'allocate_lock() takes no arguments (1 given)');
});

test('1.5-6 the wait flag', () => {
  const lock = thread.allocate_lock();
  const acquire = lock.acquire.bind(lock) as Untyped;
  refuses(() => acquire(1.5), 'TypeError', 'integer argument expected, got float');
  refuses(() => acquire('1'), 'TypeError', 'an integer is required');
  refuses(() => acquire(null), 'TypeError', 'an integer is required');
  assert.throws(() => acquire(2 ** 64), RangeError);
  assert.equal(lock.locked(), false);
});

test('1.5-11 a time-out for a call that does not wait, checked before its sign', () => {
  const lock = thread.allocate_lock();
  for (const timeout of [0, 5, -5]) {
    refuses(() => lock.acquire(false, timeout), 'RangeError', "can't specify a timeout for a non-blocking call");
  }
});

test('1.5-12 negative time-outs', () => {
  const lock = thread.allocate_lock();
  for (const timeout of [-2, -0.5, -100]) {
    refuses(() => lock.acquire({ timeout }), 'RangeError', 'timeout value must be a non-negative number');
  }
});

test('1.5-13 a time-out of 0 tries; a tiny one is accepted', () => {
  const lock = thread.allocate_lock();
  assert.equal(lock.acquire({ timeout: 0 }), true);
  assert.equal(lock.acquire({ timeout: 0 }), false);
  assert.equal(lock.acquire({ timeout: 1e-9 }), false);
});

test('1.5-14 time-outs that are no time', () => {
  const lock = thread.allocate_lock();
  refuses(() => lock.acquire({ timeout: Number.NaN }), 'RangeError', 'Invalid value NaN (not a number)');
  for (const timeout of [-Infinity, 1e100, thread.TIMEOUT_MAX * 2]) {
    refuses(() => lock.acquire({ timeout }), 'RangeError', 'timestamp out of range for platform time_t');
  }
});

test('1.5-15 time-outs that are no number', () => {
  const lock = thread.allocate_lock();
  const acquire = lock.acquire.bind(lock) as Untyped;
  for (const timeout of [null, '5', {}]) {
    assert.throws(() => acquire({ timeout }), {
      name: 'TypeError',
      message: /object cannot be interpreted as an integer or float/,
    });
  }
});

test('1.5-16 arguments are checked also when the lock is held or free', () => {
  const lock = thread.allocate_lock();
  refuses(() => lock.acquire(true, -2), 'RangeError', 'timeout value must be');
  lock.acquire();
  refuses(() => lock.acquire(true, -2), 'RangeError', 'timeout value must be');
  lock.release();
});

test('1.5-17 acquire takes at most two arguments', () => {
  const lock = thread.allocate_lock();
  const acquire = lock.acquire.bind(lock) as Untyped;
  refuses(() => acquire(true, 1, 2), 'TypeError', 'acquire() takes at most 2 arguments (3 given)');
});

test('1.5-22 release takes no arguments', () => {
  const lock = thread.allocate_lock();
  lock.acquire();
  refuses(() => (lock.release as Untyped).call(lock, 1), 'TypeError', 'release() takes no arguments (1 given)');
  assert.equal(lock.locked(), true);
});

test('1.6-1 get_ident takes no arguments', () => {
  refuses(() => (thread.get_ident as Untyped)(1), 'TypeError', 'get_ident() takes no arguments (1 given)');
});

test('1.7-3 stack sizes below the minimum', () => {
  for (const size of [1, 4096, 32_767]) refuses(() => stackSize(size), 'RangeError', `size not valid: ${size} bytes`);
  assert.equal(stackSize(32_768), 0);
  assert.equal(stackSize(32_769), 32_768);
  assert.equal(stackSize(0), 32_769);
});

test('1.7-4 negative stack sizes', () => {
  refuses(() => stackSize(-1), 'RangeError', 'size must be 0 or a positive value');
});

test('1.7-6 stack sizes that are no size', () => {
  assert.throws(() => stackSize(2 ** 63), RangeError);
  for (const size of [32_768.5, null, '65536', Number.NaN]) assert.throws(() => stackSize(size), TypeError);
});

test('1.7-7 on an error the setting is unchanged', () => {
  stackSize(65_536);
  for (const size of [1, -1, 1.5, null]) assert.throws(() => stackSize(size));
  assert.equal(stackSize(0), 65_536);
});

test('1.8-1 interrupt_main takes no arguments', () => {
  refuses(() => (thread.interrupt_main as Untyped)(2), 'TypeError', 'interrupt_main() takes no arguments (1 given)');
});
