// Section 2.3 of the contract: what holds for the lock that is not reentrant, and its interface in this language.
//
// Without a test: 2.3-4 [at_fork_reinit] (no fork) and 2.3-7 [lock_or_none] (a union of types needs no run).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocate_lock, error, LockType, start_new_thread } from 'heddle/thread';
import { bunch, waitForFinished } from '../support/bunch.ts';
import { counter, raise, reaches, value } from '../support/counter.ts';

const UntypedLock = LockType as unknown as new (...args: unknown[]) => LockType;

test('2.3-1 [reacquire] a thread that acquires twice stops at the second until somebody releases', () => {
  const lock = allocate_lock();
  const phase = counter();
  start_new_thread(() => {
    lock.acquire();
    raise(phase);
    lock.acquire();
    raise(phase);
  }, []);
  reaches(phase, 1);
  assert.equal(lock.acquire(false), false);
  assert.equal(value(phase), 1);
  lock.release();
  reaches(phase, 2);
});

test('2.3-2 [different_thread] one acquires, another releases, the first can acquire again', () => {
  const lock = allocate_lock();
  lock.acquire();
  const threads = bunch(1, () => lock.release());
  waitForFinished(threads);
  assert.equal(lock.acquire(false), true);
  lock.release();
});

test('2.3-3 [state_after_timeout] a time-out leaves the lock usable', () => {
  const lock = allocate_lock();
  lock.acquire();
  assert.equal(lock.acquire({ timeout: 10 }), false);
  assert.equal(lock.acquire(true, 10), false);
  lock.release();
  assert.equal(lock.locked(), false);
  assert.equal(lock.acquire(false), true);
});

test('2.3-5 [lock_no_args] the type takes no arguments', () => {
  assert.throws(() => new UntypedLock(1), { name: 'TypeError', message: /^lock expected 0 arguments, got 1/ });
  assert.throws(() => new UntypedLock(1, 2), { name: 'TypeError', message: /^lock expected 0 arguments, got 2/ });
});

test('2.3-6 [lock_no_subclass] the type cannot be extended', () => {
  class Door extends UntypedLock {}
  assert.throws(() => new Door(), {
    name: 'TypeError',
    message: /^type 'thread\.lock' is not an acceptable base type/,
  });
});

// Section 1.5, as far as section 2 has no line for it.

test('1.5-4 a lock is an instance of LockType', () => {
  assert.ok(allocate_lock() instanceof LockType);
  assert.equal(allocate_lock().constructor, LockType);
  assert.ok(new LockType() instanceof LockType);
});

test('1.5-7 acquire gives a boolean in all its forms', () => {
  const lock = allocate_lock();
  for (const take of [() => lock.acquire(), () => lock.acquire(1), () => lock.acquire({ timeout: 1 })]) {
    assert.strictEqual(take(), true);
    assert.strictEqual(lock.acquire(0), false);
    assert.strictEqual(lock.acquire({ timeout: 0 }), false);
    lock.release();
  }
});

test('1.5-6 any number but 0 waits', () => {
  const lock = allocate_lock();
  for (const flag of [1, -1, 7]) {
    lock.acquire();
    const threads = bunch(1, () => lock.acquire(flag));
    assert.equal(value(threads.finished), 0);
    lock.release();
    waitForFinished(threads);
    lock.release();
  }
});

test('1.5-10 a time-out of -1 is for ever, also with a flag that does not wait', () => {
  const lock = allocate_lock();
  assert.equal(lock.acquire(true, -1), true);
  assert.equal(lock.acquire(false, -1), false);
  lock.release();
  assert.equal(lock.acquire({ timeout: -1 }), true);
});

test('1.5-21 releasing an unlocked lock is an error; so is it in a with whose body released', () => {
  const lock = allocate_lock();
  const unlocked = { name: 'ThreadError', message: /^release unlocked lock/ };
  assert.throws(() => lock.release(), unlocked);
  assert.throws(() => lock.with(() => lock.release()), unlocked);
  assert.ok(new error('x') instanceof Error);
});

test('1.5-22 release returns nothing', () => {
  const lock = allocate_lock();
  lock.acquire();
  assert.equal((lock.release as () => unknown).call(lock), undefined);
});

test('1.5-27 a lock is equal to itself only and takes no new properties', () => {
  const lock = allocate_lock();
  assert.notEqual(lock, allocate_lock());
  assert.throws(() => {
    (lock as unknown as { owner: string }).owner = 'me';
  }, TypeError);
});

test('1.5-29 a lock cannot be copied', () => {
  assert.throws(() => JSON.stringify({ lock: allocate_lock() }), {
    name: 'TypeError',
    message: /^cannot pickle .*lock/,
  });
});

test('hold releases once, at the end of its scope or before', () => {
  const lock = allocate_lock();
  const held = lock.hold();
  assert.equal(lock.locked(), true);
  held[Symbol.dispose]();
  assert.equal(lock.locked(), false);
  lock.acquire();
  held[Symbol.dispose]();
  assert.equal(lock.locked(), true, 'the second time it leaves the lock of somebody else alone');
});

test('with holds the lock until the promise of its body has settled', async () => {
  const lock = allocate_lock();
  const result = lock.with(async () => {
    await null;
    return lock.locked();
  });
  assert.equal(lock.locked(), true);
  assert.equal(await result, true);
  assert.equal(lock.locked(), false);
  const boom = new RangeError('boom');
  await assert.rejects(
    lock.with(() => Promise.reject(boom)),
    boom,
  );
  assert.equal(lock.locked(), false);
});

test('acquireAsync waits without blocking this thread', async () => {
  const lock = allocate_lock();
  assert.equal(await lock.acquireAsync(), true);
  const second = lock.acquireAsync();
  start_new_thread(() => lock.release(), []);
  assert.equal(await second, true);
  assert.equal(lock.locked(), true);
});

test('acquireAsync gives false after its time-out and rejects when its signal aborts', async () => {
  const lock = allocate_lock();
  lock.acquire();
  assert.equal(await lock.acquireAsync({ timeout: 5 }), false);
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = lock.acquireAsync({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(lock.acquireAsync({ signal: AbortSignal.abort(reason) }), reason);
  lock.release();
  assert.equal(lock.acquire(false), true, 'neither of them has the lock');
});

test('holdAsync releases at the end of its scope', async () => {
  const lock = allocate_lock();
  const held = await lock.holdAsync();
  assert.equal(lock.locked(), true);
  held[Symbol.dispose]();
  assert.equal(lock.locked(), false);
});
