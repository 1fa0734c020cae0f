// Section 2.6 of the contract. Sections 2.2 and 2.4 run for conditions in base_lock.test.ts and rlock.test.ts.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  allocateLock,
  Condition,
  DeadlockError,
  interruptMain,
  isShared,
  KeyboardInterrupt,
  Lock,
  RLock,
  shared,
  startNewThread,
} from 'heddle';
import { careForWaits } from '#heddle/memory/park.js';
import { recursionCount } from '#heddle/sync/rlock.js';
import { runtimeProgram } from '../runtime/prelude.ts';
import { type Bunch, bunch, waitForFinished } from '../support/bunch.ts';
import { becomes, counter, raise, reaches, value } from '../support/counter.ts';
import { elsewhere } from '../support/heap.ts';
import { isAbout, stopwatch } from '../support/stopwatch.ts';
import { waitersIn } from '../support/waiters.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const waitersModule = new URL(`../support/waiters.${extension}`, import.meta.url).href;

const cannotWait = { name: 'ThreadError', message: /^cannot wait on un-acquired lock/ };
const cannotNotify = { name: 'ThreadError', message: /^cannot notify on un-acquired lock/ };

/** The lines of 2.6 hold with either kind of lock. */
const kinds: readonly { readonly name: string; readonly make: () => Condition }[] = [
  { name: 'Condition()', make: () => new Condition() },
  { name: 'Condition(Lock)', make: () => new Condition(allocateLock()) },
];

test('2.6-1 [acquire] its own lock is recursive; a lock that it is given is the one that it acquires', () => {
  const recursive = new Condition();
  recursive.acquire();
  assert.equal(recursive.acquire(false), true);
  recursive.release();
  recursive.release();

  const lock = new Lock();
  const condition = new Condition(lock);
  condition.acquire();
  assert.equal(lock.acquire(false), false);
  assert.equal(condition.acquire(false), false);
  condition.release();
  assert.equal(lock.acquire(false), true);
  assert.equal(condition.acquire(false), false);
  assert.equal(condition.locked(), true);
  lock.release();
  condition.with(() => assert.equal(lock.acquire(false), false));
  assert.equal(lock.locked(), false);
});

for (const { name, make } of kinds) {
  test(`2.6-2 [unacquired_wait] ${name}: only who holds the lock can wait`, async () => {
    const condition = make();
    assert.throws(() => condition.wait(), cannotWait);
    assert.throws(() => condition.wait(0), cannotWait);
    assert.throws(() => condition.waitFor(() => true), cannotWait);
    await assert.rejects(condition.waitAsync(), cannotWait);
    await assert.rejects(
      condition.waitForAsync(() => true),
      cannotWait,
    );
    assert.equal(condition.locked(), false);
  });

  test(`2.6-3 [unacquired_notify] ${name}: only who holds the lock can notify`, () => {
    const condition = make();
    assert.throws(() => condition.notify(), cannotNotify);
    assert.throws(() => condition.notify(0), cannotNotify);
    assert.throws(() => condition.notifyAll(), cannotNotify);
  });

  test(`2.6-4 [notify] ${name}: exactly so many, those that wait longest; twice on one object`, () => {
    const condition = make();
    for (let round = 0; round < 2; round++) notifies(condition);
  });

  test(`2.6-5 [timeout] ${name}: five threads get false after about the time`, () => {
    const TIMEOUT = 250;
    const condition = make();
    const [sane, falses] = [counter(), counter()];
    const threads = bunch(5, () => {
      condition.with(() => {
        const watch = stopwatch();
        if (!condition.wait(TIMEOUT)) raise(falses);
        if (isAbout(watch, TIMEOUT)) raise(sane);
        if (!condition.locked()) throw new Error('the lock is not held after the wait');
      });
    });
    waitForFinished(threads);
    assert.deepEqual([value(falses), value(sane)], [5, 5]);
    assert.equal(waitersIn(condition), 0);
  });

  test(`2.6-6 [waitfor] ${name}: waits until the predicate holds`, () => {
    const { condition, state, threads, answers } = waitingForFour(make(), undefined);
    for (let n = 0; n < 4; n++) {
      condition.with(() => {
        state.value++;
        condition.notify();
      });
    }
    waitForFinished(threads);
    assert.equal(value(answers), 1);
  });

  test(`2.6-7 [waitfor_timeout] ${name}: is false when the time runs out before`, () => {
    const { condition, state, threads, answers, sane } = waitingForFour(make(), 100);
    for (let n = 0; n < 3; n++) {
      condition.with(() => {
        state.value++;
        condition.notify();
      });
    }
    waitForFinished(threads);
    assert.equal(value(answers), 0);
    assert.equal(value(sane), 1, 'after about its time');
  });
}

/** Five threads wait twice each; who passes in which phase is exact. */
function notifies(condition: Condition): void {
  const phase = counter();
  const first = new Int32Array(new SharedArrayBuffer(16));
  const second = new Int32Array(new SharedArrayBuffer(16));
  const passed = counter();
  const spurious = counter();
  const threads = bunch(5, () => {
    condition.with(() => {
      if (!condition.wait()) raise(spurious);
      first[value(phase)]!++;
      raise(passed);
      if (!condition.wait()) raise(spurious);
      second[value(phase)]!++;
      raise(passed);
    });
  });
  const nextPhase = (notify: () => void, passedBy: number, waiting: number): void => {
    condition.with(() => {
      raise(phase);
      notify();
    });
    reaches(passed, passedBy, 'waits passed');
    // Those that wait again do, and nobody else has come through.
    becomes(() => waitersIn(condition) === waiting, `${waiting} waiters`);
    assert.equal(value(passed), passedBy);
  };
  becomes(() => waitersIn(condition) === 5, 'five waiters');
  nextPhase(() => condition.notify(3), 3, 5);
  nextPhase(() => condition.notify(5), 8, 2);
  nextPhase(() => condition.notifyAll(), 10, 0);
  waitForFinished(threads);
  assert.deepEqual([...first], [0, 3, 2, 0]);
  assert.deepEqual([...second], [0, 0, 3, 2]);
  assert.equal(value(spurious), 0);
}

/** Threads that queue up one behind the other, and then do this with the lock held. */
function oneByOne(condition: Condition, size: number, work: (index: number) => void): Bunch[] {
  const turn = counter();
  // All are there before the first waits: its time, if it has one, is not spent on starts.
  const all = Array.from({ length: size }, (_, index) =>
    bunch(1, () => {
      reaches(turn, index + 1);
      condition.with(() => work(index));
    }),
  );
  for (let index = 0; index < size; index++) {
    raise(turn);
    becomes(() => waitersIn(condition) === index + 1, `${index + 1} waiters`);
  }
  return all;
}

/** A thread that waits until the state is 4. */
function waitingForFour(condition: Condition, timeout: number | undefined) {
  const state = shared({ value: 0 });
  const answers = counter();
  const sane = counter();
  const threads: Bunch = bunch(1, () => {
    condition.with(() => {
      const watch = stopwatch();
      if (condition.waitFor(() => state.value === 4, timeout)) raise(answers);
      if (isAbout(watch, 100)) raise(sane);
    });
  });
  return { condition, state, threads, answers, sane };
}

suite('order', () => {
  test('1.14-22 waiters are notified in the order in which they came', () => {
    const condition = new Condition();
    const order = shared([] as number[]);
    const threads = oneByOne(condition, 4, (index) => {
      condition.wait();
      order.push(index);
    });
    for (let n = 1; n <= 4; n++) {
      condition.with(() => condition.notify());
      becomes(() => order.length === n, 'one more');
    }
    threads.forEach(waitForFinished);
    assert.deepEqual([...order], [0, 1, 2, 3]);
  });

  test('1.14-22 notify(0) and less do nothing; n must be an integer', () => {
    const condition = new Condition();
    const threads = bunch(1, () => condition.with(() => void condition.wait()));
    becomes(() => waitersIn(condition) === 1, 'a waiter');
    condition.with(() => {
      condition.notify(0);
      condition.notify(-3);
      for (const wrong of [1.5, '1', null, Number.NaN, Infinity]) {
        assert.throws(() => condition.notify(wrong as number), {
          name: 'TypeError',
          message: /^notify\(\) takes how many/,
        });
      }
    });
    assert.equal(waitersIn(condition), 1);
    condition.with(() => condition.notify(1000));
    waitForFinished(threads);
  });

  test('one in the middle of the queue and one at its end run out of time; the others are notified', () => {
    const condition = new Condition();
    const [trues, falses] = [counter(), counter()];
    const threads = oneByOne(condition, 4, (index) => {
      raise(condition.wait(index % 2 === 1 ? 1500 : undefined) ? trues : falses);
    });
    reaches(falses, 2, 'those with a time-out');
    assert.equal(waitersIn(condition), 2);
    // Behind the end of the queue there is a place for the next.
    const later = bunch(1, () => condition.with(() => raise(condition.wait() ? trues : falses)));
    becomes(() => waitersIn(condition) === 3, 'three waiters');
    condition.with(() => condition.notify(3));
    [...threads, later].forEach(waitForFinished);
    assert.deepEqual([value(trues), value(falses)], [3, 2]);
  });

  test('who is notified before it has the lock again has been notified, although its time has run out', () => {
    const condition = new Condition();
    const [trues, waits] = [counter(), counter()];
    const threads = bunch(1, () =>
      condition.with(() => {
        raise(waits);
        if (condition.wait(20)) raise(trues);
      }),
    );
    reaches(waits, 1);
    condition.with(() => {
      // It is parked, or already waits for the lock: its time runs out here.
      const end = performance.now() + 60;
      while (performance.now() < end);
      condition.notify();
    });
    waitForFinished(threads);
    assert.equal(value(trues), 1);
  });
});

suite('lock', () => {
  test('a wait gives the lock back as often as it was acquired', () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    for (let n = 0; n < 3; n++) condition.acquire();
    startNewThread(() => condition.with(() => condition.notify()), []);
    assert.equal(condition.wait(), true);
    assert.equal(recursionCount(lock), 3);
    assert.equal(condition.wait(1), false);
    assert.equal(condition.wait(0), false);
    assert.equal(condition.wait(-1), false, 'a time that is over is no error');
    assert.equal(recursionCount(lock), 3);
  });

  test('two conditions share one lock', () => {
    const lock = new RLock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    const state = shared({ item: 0, sum: 0 });
    const threads = bunch(1, () => {
      for (let n = 0; n < 100; n++) {
        full.with(() => {
          full.waitFor(() => state.item > 0);
          state.sum += state.item;
          state.item = 0;
          empty.notify();
        });
      }
    });
    for (let n = 1; n <= 100; n++) {
      lock.with(() => {
        empty.waitFor(() => state.item === 0);
        state.item = n;
        full.notify();
      });
    }
    waitForFinished(threads);
    assert.equal(state.sum, 5050);
  });

  test('when the owner of the lock has ended, a wait says so', () => {
    const condition = new Condition();
    condition.acquire();
    // It gets the lock when this thread waits.
    const ended = bunch(1, () => {
      condition.acquire();
      condition.notify();
    });
    assert.throws(() => condition.wait(), {
      name: 'ThreadError',
      message: /^acquire\(\) of rlock .* ended holding it$/,
    });
    waitForFinished(ended);
    assert.throws(() => condition.notify(), cannotNotify);
  });

  test('it takes a Lock, an RLock, or nothing', () => {
    const Untyped = Condition as unknown as new (...args: unknown[]) => Condition;
    for (const wrong of [1, null, {}, new Condition(), () => {}]) {
      assert.throws(() => new Untyped(wrong), {
        name: 'TypeError',
        message: /^a condition's lock must be a Lock or an RLock/,
      });
    }
    assert.throws(() => new (class extends Untyped {})(), {
      name: 'TypeError',
      message: /^Condition cannot be extended/,
    });
    assert.throws(() => JSON.stringify(new Condition()), {
      name: 'TypeError',
      message: /^Condition cannot be written as JSON/,
    });
  });

  test('hold, holdAsync and acquireAsync are the lock’s', async () => {
    const lock = new Lock();
    const condition = new Condition(lock);
    condition.hold().release();
    (await condition.holdAsync()).release();
    assert.equal(await condition.acquireAsync(), true);
    assert.equal(await condition.acquireAsync({ timeout: 1 }), false);
    assert.equal(lock.locked(), true);
    assert.throws(() => (condition.release as (...args: unknown[]) => unknown).call(condition, 1), TypeError);
    condition.release();
    assert.throws(() => condition.release(), { name: 'ThreadError', message: /^release unlocked lock/ });
  });
});

suite('a wait that ends by an error', () => {
  test('has the lock again, as often as before, and is in the queue no more', () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    condition.acquire();
    condition.acquire();
    const deadlock = new DeadlockError('nobody is left');
    const before = careForWaits({
      look() {
        throw deadlock;
      },
    });
    try {
      assert.throws(() => condition.wait(), deadlock);
    } finally {
      careForWaits(before);
    }
    assert.equal(recursionCount(lock), 2);
    condition.release();
    condition.release();
    assert.equal(waitersIn(condition), 0);
  });

  test('an interrupt that is pending comes first, and leaves the lock alone', () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    condition.with(() => {
      waitForFinished(bunch(1, () => interruptMain()));
      assert.throws(() => condition.wait(), KeyboardInterrupt);
      assert.equal(recursionCount(lock), 1);
    });
    assert.equal(waitersIn(condition), 0);
  });
});

suite('waitFor', () => {
  test('returns what the predicate returned last', async () => {
    const condition = new Condition();
    condition.acquire();
    assert.equal(
      condition.waitFor(() => 'yes'),
      'yes',
    );
    assert.strictEqual(
      condition.waitFor(() => 0, 5),
      0,
    );
    assert.strictEqual(await condition.waitForAsync(() => '', { timeout: 5 }), '');
    assert.strictEqual(
      condition.waitFor(() => undefined, 0),
      undefined,
    );
  });

  test('refuses what is no predicate, and one that is async', async () => {
    const condition = new Condition();
    condition.acquire();
    assert.throws(() => condition.waitFor(true as unknown as () => boolean), TypeError);
    assert.throws(() => condition.waitFor(async () => true), /must answer at once/);
    await assert.rejects(
      condition.waitForAsync(async () => true),
      /must answer at once/,
    );
    assert.throws(() => condition.waitFor(() => true, Number.NaN), RangeError);
    const boom = new Error('boom');
    assert.throws(
      () =>
        condition.waitFor(() => {
          throw boom;
        }),
      boom,
    );
    assert.equal(condition.locked(), true);
  });
});

suite('waitAsync', () => {
  for (const { name, make } of kinds) {
    test(`${name}: waits without blocking this thread, and has the lock when it is done`, async () => {
      const condition = make();
      condition.acquire();
      const waiting = condition.waitAsync();
      startNewThread(() => condition.with(() => condition.notify()), []);
      assert.equal(await waiting, true);
      assert.equal(condition.locked(), true);
      assert.equal(await condition.waitAsync({ timeout: 5 }), false);
      assert.equal(await condition.waitAsync({ timeout: -1 }), false);
      assert.equal(condition.locked(), true);
      condition.release();
      assert.equal(waitersIn(condition), 0);
    });

    test(`${name}: an abort gives up, with the lock held`, async () => {
      const condition = make();
      const reason = new Error('enough');
      condition.acquire();
      const controller = new AbortController();
      const waiting = condition.waitAsync({ signal: controller.signal });
      assert.equal(condition.locked(), false);
      controller.abort(reason);
      await assert.rejects(waiting, reason);
      assert.equal(condition.locked(), true);
      await assert.rejects(condition.waitAsync({ signal: AbortSignal.abort(reason) }), reason);
      assert.equal(condition.locked(), true);
      condition.release();
      assert.equal(waitersIn(condition), 0);
    });

    test(`${name}: an abort after the notification is too late`, async () => {
      const condition = make();
      condition.acquire();
      const controller = new AbortController();
      const waiting = condition.waitAsync({ signal: controller.signal });
      condition.acquire();
      condition.notify();
      controller.abort(new Error('enough'));
      condition.release();
      assert.equal(await waiting, true);
    });
  }

  test('wrong options are refused with the lock still held', async () => {
    const condition = new Condition();
    condition.acquire();
    await assert.rejects(condition.waitAsync({ timeOut: 5 } as object), TypeError);
    await assert.rejects(condition.waitAsync({ timeout: Number.NaN }), RangeError);
    await assert.rejects(condition.waitAsync({ signal: 1 } as unknown as { signal: AbortSignal }), TypeError);
    condition.release();
    assert.equal(waitersIn(condition), 0);
  });

  test('waiters on event loops and blocked ones stand in one queue', async () => {
    const condition = new Condition();
    condition.acquire();
    const first = condition.waitAsync();
    const seen = counter();
    const threads = bunch(1, () =>
      condition.with(() => {
        if (condition.wait()) raise(seen);
      }),
    );
    becomes(() => waitersIn(condition) === 2, 'two waiters');
    condition.with(() => condition.notify());
    assert.equal(await first, true);
    assert.equal(value(seen), 0);
    condition.notify();
    condition.release();
    waitForFinished(threads);
    assert.equal(value(seen), 1);
  });

  test('waitForAsync', async () => {
    const condition = new Condition();
    const state = shared({ value: 0 });
    condition.acquire();
    const waiting = condition.waitForAsync(() => state.value === 4);
    startNewThread(() => {
      for (let n = 0; n < 4; n++) {
        condition.with(() => {
          state.value++;
          condition.notify();
        });
      }
    }, []);
    assert.equal(await waiting, true);
    assert.equal(condition.locked(), true);
  });
});

test('it is one condition with its lock in a field, a capture and an argument', () => {
  const lock = new RLock();
  const condition = new Condition(lock);
  const box = shared({ condition, lock, list: [condition] });
  assert.equal(isShared(condition), true);
  elsewhere(
    (given: Condition, text: string) => {
      assert.ok(given === condition && box.condition === condition && box.list.at(0) === condition);
      given.acquire();
      assert.equal(recursionCount(box.lock), 1);
      given.release();
      assert.equal(String(given), text);
    },
    condition,
    String(condition),
  );
});

for (const [how, wait] of [
  [
    'while it is blocked',
    'careForWaits({ look: () => process.reallyExit(1) }); condition.with(() => condition.wait());',
  ],
  [
    'while it waits on its event loop',
    'condition.acquire(); condition.waitAsync(); setTimeout(() => process.reallyExit(1), 50);',
  ],
] as const) {
  test(`a waiter that is killed ${how} takes no notification`, async () => {
    // Interleaving: A waits longest and dies, B waits behind it; one notification, when A's death is known.
    const outcome = await runtimeProgram(`
      import { Condition } from 'heddle';
      import { careForWaits } from '#heddle/memory/park.js';
import { waitersIn } from '${waitersModule}';
      const condition = new Condition();
      const seen = counter();
      start_new_thread(async () => { ${wait} await new Promise(() => {}); }, []);
      becomes(() => waitersIn(condition) === 1, 'A waits');
      start_new_thread(() => condition.with(() => { if (condition.wait()) raise(seen); }), []);
      becomes(() => waitersIn(condition) === 2, 'B waits');
      becomes(() => _count() === 1, 'the death of A');
      condition.with(() => condition.notify());
      reaches(seen, 1, 'the notification of B');
      console.log(waitersIn(condition));
    `);
    assert.deepEqual([outcome.status, outcome.stdout], [0, '0\n']);
    assert.match(outcome.stderr, /terminated from outside/);
  });
}
