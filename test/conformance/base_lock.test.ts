// Section 2.2 of the contract: what holds for every lock type. One test for each line and type.
//
// Without a test: 2.2-14 [weakref_deleted], which needs a collection of garbage at a moment of the test's choosing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start_new_thread, TIMEOUT_MAX } from 'heddle/thread';
import { bunch, waitForFinished, waitForThreads } from '../support/bunch.ts';
import { counter, raise, reaches, value } from '../support/counter.ts';
import { isAbout, stopwatch } from '../support/stopwatch.ts';
import { type AnyLock, lockKinds } from './lock_types.ts';

/** What a try of another thread gives; a lock that it gets it gives back. */
function tryElsewhere(lock: AnyLock): boolean {
  const got = counter();
  const threads = bunch(1, () => {
    if (!lock.acquire(false)) return;
    raise(got);
    lock.release();
  });
  waitForFinished(threads);
  return value(got) === 1;
}

for (const { name, make, construct } of lockKinds) {
  test(`2.2-1 [constructor] ${name}: create and drop`, () => {
    make();
  });

  if (construct !== undefined) {
    test(`2.2-2 [constructor_noargs] ${name}: takes no arguments`, () => {
      assert.throws(() => construct(1), TypeError);
      assert.throws(() => construct({ blocking: true }), TypeError);
    });
  }

  test(`2.2-3 [repr] ${name}: a fresh one shows unlocked`, () => {
    assert.match(String(make()), /<unlocked .* object .*at 0x[0-9a-f]+>/);
  });

  test(`2.2-4 [locked_repr] ${name}: a held one shows locked`, () => {
    const lock = make();
    lock.acquire();
    assert.match(String(lock), /<locked .* object .*at 0x[0-9a-f]+>/);
  });

  test(`2.2-5 [acquire_destroy] ${name}: dropping a held lock is fine`, () => {
    assert.equal(make().acquire(), true);
  });

  test(`2.2-6 [acquire_release] ${name}: one cycle`, () => {
    const lock = make();
    assert.equal(lock.acquire(), true);
    lock.release();
  });

  test(`2.2-7 [try_acquire] ${name}: a try on a free lock is true`, () => {
    const lock = make();
    assert.equal(lock.acquire(false), true);
    lock.release();
  });

  test(`2.2-8 [try_acquire_contended] ${name}: a try on a lock held by another thread is false`, () => {
    const lock = make();
    lock.acquire();
    assert.equal(tryElsewhere(lock), false);
    lock.release();
    assert.equal(tryElsewhere(lock), true);
  });

  test(`2.2-9 [acquire_contended] ${name}: five threads block while it is held, and get through in turn`, () => {
    const lock = make();
    const inside = counter();
    const together = counter();
    lock.acquire();
    const threads = bunch(5, () => {
      lock.acquire();
      if (raise(inside) !== 1) raise(together);
      Atomics.sub(inside, 0, 1);
      lock.release();
    });
    // Nobody can finish, however long this thread looks.
    assert.equal(value(threads.finished), 0);
    lock.release();
    waitForFinished(threads);
    assert.equal(value(together), 0);
    assert.equal(lock.acquire(false), true);
  });

  test(`2.2-10 [with] ${name}: a body that returns or throws leaves it free, and the error comes out`, () => {
    const lock = make();
    const boom = new RangeError('boom');
    assert.equal(
      lock.with(() => 42),
      42,
    );
    assert.equal(tryElsewhere(lock), true);
    assert.throws(
      () =>
        lock.with(() => {
          throw boom;
        }),
      boom,
    );
    assert.equal(tryElsewhere(lock), true);
  });

  test(`2.2-11 [thread_leak] ${name}: 15 threads that used it leave no records behind`, () => {
    const lock = make();
    const threads = bunch(15, () => {
      lock.acquire();
      lock.release();
    });
    waitForFinished(threads);
    waitForThreads();
  });

  test(`2.2-12 [timeout] ${name}: wrong time-outs`, () => {
    const lock = make();
    for (const timeout of [0, 1, 1000]) {
      assert.throws(() => lock.acquire(false, timeout), {
        name: 'RangeError',
        message: /^can't specify a timeout for a non-blocking call/,
      });
    }
    assert.throws(() => lock.acquire(true, -100), {
      name: 'RangeError',
      message: /^timeout value must be a non-negative number/,
    });
    for (const timeout of [1e100, TIMEOUT_MAX + 1000]) {
      assert.throws(() => lock.acquire(true, timeout), {
        name: 'RangeError',
        message: /^timestamp out of range for platform time_t/,
      });
    }
    assert.equal(lock.acquire(false), true, 'none of them took the lock');
  });

  test(`2.2-12 [timeout] ${name}: on a free lock it is taken at once`, () => {
    const lock = make();
    assert.equal(lock.acquire(true, TIMEOUT_MAX), true);
    lock.release();
    const watch = stopwatch();
    assert.equal(lock.acquire({ timeout: 5000 }), true);
    assert.ok(watch.onFreeCores() < 5000);
    lock.release();
  });

  test(`2.2-12 [timeout] ${name}: on a held lock it is false, after about that time`, () => {
    const lock = make();
    const seen = counter();
    lock.acquire();
    start_new_thread(() => {
      const watch = stopwatch();
      if (!lock.acquire({ timeout: 200 })) raise(seen);
      if (isAbout(watch, 200)) raise(seen);
      raise(seen);
    }, []);
    reaches(seen, 3, 'the findings of the thread');
    lock.release();
  });

  test(`2.2-13 [weakref_exists] ${name}: a WeakRef finds it while it is alive`, () => {
    const lock = make();
    const reference = new WeakRef(lock);
    assert.equal(reference.deref(), lock);
    lock.acquire();
    assert.equal(reference.deref(), lock);
  });
}
