// Section 2.4 of the contract: the reentrant lock, and a condition used as one, since its own lock is reentrant. Section 2.2 runs for both
// in base_lock.test.ts.
//
// Without a test: 2.4-10 [at_fork_reinit] (no fork).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Condition, getIdent, isShared, RLock, shared, startNewThread, ThreadError } from 'heddle';
import { atomic } from '#heddle/memory/atomics.js';
import { addressOf } from '#heddle/sync/cell.js';
import { acquireAgain, IS_HELD, SAVE } from '#heddle/sync/monitor.js';
import { recursionCount } from '#heddle/sync/rlock.js';
import { bunch, waitForFinished, waitForThreads } from '../support/bunch.ts';
import { counter, raise, reaches, value } from '../support/counter.ts';
import { elsewhere } from '../support/heap.ts';

const notOwned = { name: 'ThreadError', message: /^cannot release un-acquired lock/ };

/** Runs `body` in a thread that stays alive until `meanwhile` has been called here. */
function whileAlive(body: () => void, meanwhile: () => void): void {
  const ready = counter();
  const leave = counter();
  const threads = bunch(1, () => {
    body();
    raise(ready);
    reaches(leave, 1);
  });
  try {
    reaches(ready, 1, 'the body');
    meanwhile();
  } finally {
    raise(leave);
    waitForFinished(threads);
  }
}

/** A lock that programs see, and the reentrant lock behind it. */
const kinds = [
  {
    name: 'RLock',
    make: () => {
      const lock = new RLock();
      return { lock, inner: lock };
    },
  },
  {
    name: 'Condition',
    make: () => {
      const inner = new RLock();
      return { lock: new Condition(inner), inner };
    },
  },
];

for (const { name, make } of kinds) {
  test(`2.4-1 [reacquire] ${name}: acquired twice, released as often`, () => {
    const { lock } = make();
    assert.strictEqual(lock.acquire(), true);
    assert.strictEqual(lock.acquire(), true);
    lock.release();
    assert.strictEqual(lock.acquire(false), true);
    lock.release();
    lock.release();
    elsewhere((lock: RLock | Condition) => assert.equal(lock.acquire(false), true), lock as RLock | Condition);
  });

  test(`2.4-2 [release_unacquired] ${name}: releasing what nobody has is an error, also after it was in use`, () => {
    const { lock } = make();
    assert.throws(() => lock.release(), notOwned);
    lock.acquire();
    lock.acquire();
    lock.release();
    lock.acquire();
    lock.release();
    lock.release();
    assert.throws(() => lock.release(), notOwned);
  });

  test(`2.4-3 [release_save_unacquired] ${name}: so is letting go of all of it`, () => {
    const { lock, inner } = make();
    assert.throws(() => inner[SAVE](), notOwned);
    lock.acquire();
    lock.acquire();
    assert.equal(inner[SAVE](), 2);
    assert.equal(lock.locked(), false);
    assert.throws(() => inner[SAVE](), notOwned);
    acquireAgain(inner, 2);
    lock.release();
    lock.release();
    assert.throws(() => inner[SAVE](), notOwned);
  });

  test(`2.4-5 [different_thread] ${name}: who does not own it cannot release it`, () => {
    const { lock } = make();
    lock.acquire();
    elsewhere((lock: RLock | Condition) => assert.throws(() => lock.release(), notOwned), lock as RLock | Condition);
    lock.release();
    whileAlive(
      () => void lock.acquire(),
      () => assert.throws(() => lock.release(), notOwned),
    );
  });

  test(`2.4-6 [is_owned] ${name}: says whether this thread has it`, () => {
    const { lock, inner } = make();
    const owned = (): boolean => inner[IS_HELD]();
    const ownedElsewhere = (): boolean => {
      const answers = counter();
      const threads = bunch(1, () => {
        try {
          // It asks the same.
          new Condition(inner).notify();
          raise(answers);
        } catch (error) {
          if (!(error instanceof ThreadError)) return;
        }
        raise(answers);
      });
      waitForFinished(threads);
      assert.notEqual(value(answers), 0);
      return value(answers) === 2;
    };
    assert.equal(owned(), false);
    lock.acquire();
    assert.equal(owned(), true);
    lock.acquire();
    assert.equal(owned(), true);
    assert.equal(ownedElsewhere(), false);
    lock.release();
    assert.equal(owned(), true);
    lock.release();
    assert.equal(owned(), false);
  });

  test(`2.4-7 [locked] ${name}: is so from the first acquire to the last release`, () => {
    const { lock } = make();
    const seen = [lock.locked()];
    for (const step of [() => lock.acquire(), () => lock.acquire(), () => lock.release(), () => lock.release()]) {
      step();
      seen.push(lock.locked());
    }
    assert.deepEqual(seen, [false, true, true, true, false]);
  });

  test(`2.4-8 [locked_with_2threads] ${name}: stays locked when its owner ends, and says so`, () => {
    const { lock } = make();
    waitForFinished(bunch(1, () => void lock.acquire()));
    waitForThreads();
    assert.equal(lock.locked(), true);
    assert.equal(lock.acquire(false), false);
    // Beyond the contract: who waits for it is told, at once.
    assert.throws(() => lock.acquire(), {
      name: 'ThreadError',
      message: /^acquire\(\) of rlock 0x[0-9a-f]+ will never succeed: thread \d+, .*, ended holding it$/,
    });
  });

  test(`2.4-9 [repr_count] ${name}: its text shows owner and count, in every thread`, () => {
    const { lock } = make();
    assert.match(String(lock), /<unlocked RLock object owner=0 count=0 at 0x[0-9a-f]+>/);
    lock.acquire();
    lock.acquire();
    const text = new RegExp(`<locked RLock object owner=${getIdent()} count=2 at 0x[0-9a-f]+>`);
    assert.match(String(lock), text);
    elsewhere((lock: RLock | Condition) => assert.match(String(lock), text), lock as RLock | Condition);
  });
}

test('2.4-4 [recursion_count] counts for the owner, and is 0 for everybody else', () => {
  const lock = new RLock();
  const seen = [recursionCount(lock)];
  const note = (times: number, step: () => void): void => {
    for (let n = 0; n < times; n++) step();
    seen.push(recursionCount(lock));
  };
  note(1, () => lock.acquire());
  note(2, () => lock.acquire());
  note(1, () => lock.release());
  note(2, () => lock.release());
  assert.deepEqual(seen, [0, 1, 3, 2, 0]);
  whileAlive(
    () => void lock.acquire(),
    () => assert.equal(recursionCount(lock), 0),
  );
  assert.equal(recursionCount(lock), 0);
});

test('2.4-11 [signature] ~ arguments are an error, as in Python 3.15; it cannot be extended, since other threads have their own class', () => {
  const Untyped = RLock as unknown as new (...args: unknown[]) => RLock;
  for (const args of [[1], [undefined], [1, 2]]) {
    assert.throws(() => new Untyped(...args), { name: 'TypeError', message: /^RLock expected 0 arguments, got \d/ });
  }
  class Door extends Untyped {}
  assert.throws(() => new Door(), { name: 'TypeError', message: /^RLock cannot be extended/ });
});

// Section 1.12, as far as section 2 has no line for it.

test('1.12-1 the owner gets it again in every way', async () => {
  const lock = new RLock();
  lock.acquire();
  assert.strictEqual(lock.acquire(false), true);
  assert.strictEqual(lock.acquire({ timeout: 0 }), true);
  assert.strictEqual(lock.acquire(true, 5), true);
  assert.strictEqual(await lock.acquireAsync(), true);
  lock.hold().release();
  assert.equal(
    lock.with(() => recursionCount(lock)),
    6,
  );
  assert.equal(recursionCount(lock), 5);
});

test('1.12-2 arguments are checked also when the owner acquires again', () => {
  const lock = new RLock();
  lock.acquire();
  assert.throws(() => lock.acquire(false, 1), {
    name: 'RangeError',
    message: /^can't specify a timeout for a non-blocking call/,
  });
  assert.throws(() => lock.acquire(true, -100), RangeError);
  assert.throws(() => lock.acquire(1.5), TypeError);
  assert.throws(() => (lock.acquire as (...args: unknown[]) => unknown).call(lock, true, 1, 2), TypeError);
  assert.throws(() => (lock.release as (...args: unknown[]) => unknown).call(lock, 1), TypeError);
  assert.equal(recursionCount(lock), 1);
});

test('1.12-3 the error is a ThreadError and names the owner', () => {
  const lock = new RLock();
  assert.throws(() => lock.release(), ThreadError);
  whileAlive(
    () => void lock.acquire(),
    () =>
      assert.throws(() => lock.release(), {
        message: /^cannot release un-acquired lock: rlock 0x\w+ is held by thread \d+, and only that/,
      }),
  );
});

test('1.12-6 the count does not overflow', () => {
  const lock = new RLock();
  lock.acquire();
  // {header, word, asynchronous waiters, extra}
  atomic.store(addressOf(lock) + 12, 2 ** 31 - 1);
  assert.throws(() => lock.acquire(), { name: 'RangeError', message: /^Internal lock count overflowed/ });
});

test('1.12-9 it cannot be copied, and takes no properties', () => {
  const lock = new RLock();
  assert.throws(() => JSON.stringify({ lock }), { name: 'TypeError', message: /^RLock cannot be written as JSON/ });
  assert.throws(() => {
    (lock as unknown as { owner: string }).owner = 'me';
  }, TypeError);
});

test('it is one lock in a field, an element, a capture and an argument', () => {
  const lock = new RLock();
  const box = shared({ lock, list: [lock] });
  assert.equal(isShared(lock), true);
  lock.acquire();
  const seen = counter();
  startNewThread(
    (given: RLock) => {
      if (given === lock && box.lock === lock && box.list.at(0) === lock) raise(seen);
      if (!given.acquire(false)) raise(seen);
      raise(seen);
    },
    [lock],
  );
  reaches(seen, 3, 'the findings of the thread');
});

test('threads that nest it keep each other out', () => {
  const lock = new RLock();
  const state = shared({ count: 0 });
  const threads = bunch(3, () => {
    for (let n = 0; n < 2000; n++) {
      lock.with(() => {
        const before = state.count;
        lock.with(() => {
          state.count = before + 1;
        });
      });
    }
  });
  waitForFinished(threads);
  assert.equal(state.count, 6000);
  assert.equal(lock.locked(), false);
});

test('acquireAsync waits for the owner without blocking this thread', async () => {
  const lock = new RLock();
  const held = counter();
  const leave = counter();
  startNewThread(() => {
    lock.with(() => {
      raise(held);
      reaches(leave, 1);
    });
  }, []);
  reaches(held, 1);
  assert.equal(await lock.acquireAsync({ timeout: 5 }), false);
  const reason = new Error('enough');
  const controller = new AbortController();
  const given = lock.acquireAsync({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(given, reason);
  const waiting = lock.acquireAsync();
  raise(leave);
  assert.equal(await waiting, true);
  assert.equal(recursionCount(lock), 1);
});
