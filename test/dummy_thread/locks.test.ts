// Section 3 of the contract: the locks of `dummy_thread`. One test for each numbered line, by its number.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocate_lock, error, LockType, start_new_thread, TIMEOUT_MAX } from 'heddle/dummy_thread';
import { deferred } from '../support/deferred.ts';

function heldLock(): LockType {
  const lock = allocate_lock();
  lock.acquire();
  return lock;
}

test('3-15 allocate_lock makes a LockType, which can be constructed and extended too', () => {
  assert.ok(allocate_lock() instanceof LockType);
  assert.equal(new LockType().locked(), false);
  class Named extends LockType {
    readonly name = 'door';
  }
  const door = new Named();
  assert.equal(door.acquire(), true);
  assert.equal(door.locked(), true);
  assert.equal(door.name, 'door');
});

test('3-16 a new lock is unlocked; its field locked_status is public', () => {
  const lock = allocate_lock();
  assert.equal(lock.locked_status, false);
  lock.acquire();
  assert.equal(lock.locked_status, true);
});

test('3-17 acquire() and acquire(true) are always true and never block, even if held', () => {
  const lock = allocate_lock();
  for (let n = 0; n < 3; n++) {
    assert.equal(lock.acquire(), true);
    assert.equal(lock.acquire(true), true);
    assert.equal(lock.acquire(1), true);
    assert.equal(lock.acquire(-1), true);
  }
});

test('3-18 a false flag tries: true if free, false if held', () => {
  for (const flag of [0, false, '']) {
    const lock = allocate_lock();
    assert.equal(lock.acquire(flag), true);
    assert.equal(lock.acquire(flag), false);
    assert.equal(lock.locked(), true);
  }
});

test('3-18 null counts as no argument', () => {
  const lock = heldLock();
  assert.equal(lock.acquire(null), true);
  assert.equal(lock.acquire(undefined), true);
});

test('3-18 the flag can be given by name', () => {
  const lock = heldLock();
  assert.equal(lock.acquire({ waitflag: 0 }), false);
  assert.equal(lock.acquire({ waitflag: 1 }), true);
  assert.equal(lock.acquire({}), true);
});

test('3-19 release returns true; of an unlocked lock it throws error without a message', () => {
  const lock = heldLock();
  assert.equal(lock.release(), true);
  assert.throws(
    () => lock.release(),
    (thrown) => thrown instanceof error && thrown.message === '',
  );
});

test('3-20 locked is a boolean; the obsolete lock methods do not exist', () => {
  const lock = allocate_lock();
  assert.equal(lock.locked(), false);
  lock.acquire();
  assert.equal(lock.locked(), true);
  for (const name of ['acquire_lock', 'release_lock', 'locked_lock']) assert.equal(name in lock, false);
});

test('3-21 with: the lock is held in the body and free after it, also after a throw', () => {
  const lock = allocate_lock();
  const inside = lock.with(() => lock.locked());
  assert.equal(inside, true);
  assert.equal(lock.locked(), false);
  const boom = new Error('boom');
  assert.throws(
    () =>
      lock.with(() => {
        throw boom;
      }),
    boom,
  );
  assert.equal(lock.locked(), false);
});

test('3-21 with waits for a promise', async () => {
  const lock = allocate_lock();
  const gate = deferred<number>();
  const result = lock.with(() => gate.promise);
  assert.equal(lock.locked(), true);
  gate.resolve(7);
  assert.equal(await result, 7);
  assert.equal(lock.locked(), false);
  await assert.rejects(
    lock.with(() => Promise.reject(new Error('boom'))),
    /boom/,
  );
  assert.equal(lock.locked(), false);
});

test('3-21 hold binds a hold, not the lock, and releases once', () => {
  const lock = allocate_lock();
  const held = lock.hold();
  assert.notEqual(held, lock as unknown);
  assert.equal(lock.locked(), true);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  held.release();
  assert.equal(lock.locked(), false);
});

test('3-21 a body that released the lock itself gets the error of release', () => {
  const lock = allocate_lock();
  assert.throws(() => lock.with(() => lock.release()), error);
});

test('3-22 a lock can be copied with its state', () => {
  const lock = heldLock();
  assert.deepEqual(structuredClone(lock), { locked_status: true });
  assert.equal(JSON.stringify(allocate_lock()), '{"locked_status":false}');
});

test('3-23 time-outs are accepted and change nothing: blocking is true, a try is a try', async () => {
  const lock = heldLock();
  assert.equal(TIMEOUT_MAX, 2 ** 31);
  assert.equal(lock.acquire({ timeout: 5 }), true);
  assert.equal(lock.acquire(true, 5), true);
  assert.equal(lock.acquire(false, 5), false);
  assert.equal(await lock.acquireAsync({ timeout: 5 }), true);
});

test('3 the asynchronous twins: always true; an aborted signal rejects and leaves the lock alone', async () => {
  const lock = allocate_lock();
  assert.equal(await lock.acquireAsync(), true);
  assert.equal(await lock.acquireAsync(), true);
  lock.release();
  const reason = new Error('enough');
  await assert.rejects(lock.acquireAsync({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(lock.locked(), false);
  const held = await lock.holdAsync();
  assert.equal(lock.locked(), true);
  held[Symbol.dispose]();
  assert.equal(lock.locked(), false);
});

// The tests of Python's own suite for this module.

test('3 [initlock] starts unlocked', () => {
  assert.equal(allocate_lock().locked(), false);
});

test('3 [release]', () => {
  const lock = heldLock();
  lock.release();
  assert.equal(lock.locked(), false);
});

test('3 [improper_release] error', () => {
  assert.throws(() => allocate_lock().release(), error);
});

test('3 [cond_acquire_success] a try on a free lock is true', () => {
  assert.equal(allocate_lock().acquire(0), true);
});

test('3 [cond_acquire_fail] a try on a held lock is false', () => {
  assert.equal(heldLock().acquire(0), false);
});

test('3 [uncond_acquire_success] leaves the lock held', () => {
  assert.equal(heldLock().locked(), true);
});

test('3 [uncond_acquire_return_val] returns exactly true', () => {
  assert.strictEqual(allocate_lock().acquire(1), true);
  assert.strictEqual(allocate_lock().acquire(), true);
});

test('3 [uncond_acquire_blocking] a held lock whose release a "thread" has scheduled', async () => {
  const lock = heldLock();
  const released = deferred();
  start_new_thread(() => {
    setImmediate(() => {
      lock.release();
      released.resolve();
    });
  }, []);
  assert.equal(lock.acquire(1), true);
  await released.promise;
  assert.equal(lock.locked(), false);
});

test('3 [LockType] allocate gives one', () => {
  assert.ok(allocate_lock() instanceof LockType);
});
