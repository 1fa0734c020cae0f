// Semaphore and BoundedSemaphore: 1.14-23 of the contract, its table for `threading`, and what CPython's lock_tests hold them to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedSemaphore, Semaphore, shared, startNewThread } from 'heddle';
import { bunch, waitForFinished } from '../support/bunch.ts';
import { becomes, counter, NEVER, raise, reaches, value } from '../support/counter.ts';
import { parked, parkedAt, WRITERS } from '../support/parked.ts';
import { program } from '../support/program.ts';
import { isAbout, stopwatch } from '../support/stopwatch.ts';

const kinds = [
  { name: 'Semaphore', Class: Semaphore },
  { name: 'BoundedSemaphore', Class: BoundedSemaphore },
] as const;

for (const { name, Class } of kinds) {
  const make = (permits?: number): Semaphore => new Class(permits);
  const untyped = Class as unknown as new (...args: unknown[]) => Semaphore;

  test(`1.14-23 [constructor] ${name}: a start below 0 is an error`, () => {
    for (const start of [-1, -(2 ** 31), Number.MIN_SAFE_INTEGER]) {
      assert.throws(() => make(start), { name: 'RangeError', message: /^semaphore initial value must be >= 0/ });
    }
    assert.equal(make(0).value, 0);
  });

  test(`[constructor] ${name}: what is no integer, or too large, is an error`, () => {
    for (const start of ['1', null, 1.5, Number.NaN, {}])
      assert.throws(() => new untyped(start), { name: 'TypeError' });
    assert.throws(() => make(2 ** 31), { name: 'RangeError', message: /at most 2147483647/ });
  });

  test(`[acquire] ${name}: as many times as there are permits`, () => {
    for (const permits of [1, 2, 5]) {
      const semaphore = make(permits);
      for (let left = permits; left > 0; left--) {
        assert.equal(semaphore.value, left);
        assert.strictEqual(semaphore.acquire(), true);
      }
      assert.equal(semaphore.value, 0);
      for (let n = 0; n < permits; n++)
        assert.strictEqual((semaphore.release as () => unknown).call(semaphore), undefined);
      assert.equal(semaphore.value, permits);
    }
  });

  test(`[acquire_destroy] ${name}: dropping one whose permit is taken is fine`, () => {
    assert.equal(make().acquire(), true);
  });

  test(`[acquire_contended] ${name}: ten threads acquire twice each, as many get through as there are permits`, () => {
    const semaphore = make(7);
    semaphore.acquire();
    const passed = counter();
    const threads = bunch(10, () => {
      semaphore.acquire();
      raise(passed);
      semaphore.acquire();
      raise(passed);
    });
    let expected = 6;
    for (const more of [7, 6]) {
      reaches(passed, expected);
      parkedThreads(semaphore, 10, passed, expected);
      for (let n = 0; n < more; n++) semaphore.release();
      expected += more;
    }
    reaches(passed, expected);
    parked(semaphore, 1);
    assert.equal(value(passed), 19);
    assert.equal(semaphore.acquire(false), false);
    semaphore.release();
    waitForFinished(threads);
    assert.equal(value(passed), 20);
    assert.equal(semaphore.value, 0);
  });

  test(`[multirelease] ${name}: release(n) lets n of them through`, () => {
    const semaphore = make(7);
    semaphore.acquire();
    const passed = counter();
    const threads = bunch(10, () => {
      semaphore.acquire();
      raise(passed);
      semaphore.acquire();
      raise(passed);
    });
    let expected = 6;
    for (const more of [7, 6, 1]) {
      reaches(passed, expected);
      parkedThreads(semaphore, 10, passed, expected);
      assert.equal(semaphore.acquire(false), false);
      semaphore.release(more);
      expected += more;
    }
    waitForFinished(threads);
    assert.equal(value(passed), 20);
    assert.equal(semaphore.value, 0);
  });

  test(`1.14-23 [multirelease] ${name}: n must be one or more`, () => {
    const semaphore = make(3);
    semaphore.acquire();
    for (const n of [0, -1, -(2 ** 31)]) {
      assert.throws(() => semaphore.release(n), { name: 'RangeError', message: /^n must be one or more/ });
    }
    for (const n of ['1', null, 0.5]) assert.throws(() => semaphore.release(n as number), { name: 'TypeError' });
    assert.throws(() => (semaphore.release as (...given: unknown[]) => void)(1, 1), { name: 'TypeError' });
    assert.equal(semaphore.value, 2);
  });

  test(`[try_acquire] ${name}: a try takes what is there`, () => {
    const semaphore = make(2);
    assert.strictEqual(semaphore.acquire(false), true);
    assert.strictEqual(semaphore.acquire(0), true);
    assert.strictEqual(semaphore.acquire(false), false);
    semaphore.release();
    assert.strictEqual(semaphore.acquire({ timeout: 0 }), true);
  });

  test(`[try_acquire_contended] ${name}: ten tries of five threads get the three permits`, () => {
    const semaphore = make(4);
    semaphore.acquire();
    const got = counter();
    waitForFinished(
      bunch(5, () => {
        for (let n = 0; n < 2; n++) if (semaphore.acquire(false)) raise(got);
      }),
    );
    assert.equal(value(got), 3);
  });

  test(`1.14-23 [acquire_timeout] ${name}: a time-out for a try is an error`, () => {
    const semaphore = make(2);
    for (const timeout of [1000, 0, -1]) {
      assert.throws(() => semaphore.acquire(false, timeout), {
        name: 'RangeError',
        message: /^can't specify timeout for non-blocking acquire/,
      });
    }
    assert.equal(semaphore.value, 2);
  });

  test(`1.14-23 [acquire_timeout] ${name}: a time-out below 0 is over`, () => {
    const semaphore = make(1);
    assert.equal(semaphore.acquire(true, -5), true, 'it takes what is there');
    for (const timeout of [-1, -0.5, -1000]) {
      assert.strictEqual(semaphore.acquire(true, timeout), false);
      assert.strictEqual(semaphore.acquire({ timeout }), false);
    }
  });

  test(`[acquire_timeout] ${name}: true while there are permits; false after about that time`, () => {
    const semaphore = make(2);
    assert.equal(semaphore.acquire({ timeout: 5 }), true);
    assert.equal(semaphore.acquire(true, 5), true);
    assert.equal(semaphore.acquire({ timeout: 5 }), false);
    semaphore.release();
    assert.equal(semaphore.acquire({ timeout: 5 }), true);
    const watch = stopwatch();
    assert.equal(semaphore.acquire({ timeout: 200 }), false);
    assert.ok(isAbout(watch, 200), `${watch.passed()} ms, on free cores ${watch.onFreeCores()}`);
    assert.throws(() => semaphore.acquire(true, 1e100), { name: 'RangeError', message: /^timestamp out of range/ });
    assert.throws(() => semaphore.acquire(true, Number.NaN), { name: 'RangeError', message: /NaN/ });
    assert.throws(() => semaphore.acquire('yes' as never), { name: 'TypeError' });
  });

  test(`[acquire_timeout] ${name}: a timed wait gets what is released meanwhile`, () => {
    const semaphore = make(1);
    semaphore.acquire();
    const got = counter();
    const threads = bunch(1, () => {
      if (semaphore.acquire({ timeout: NEVER })) raise(got);
    });
    parked(semaphore, 1);
    semaphore.release();
    waitForFinished(threads);
    assert.equal(value(got), 1);
    assert.equal(parkedAt(semaphore, WRITERS), 0);
  });

  test(`[default_value] ${name}: one permit`, () => {
    const semaphore = make();
    assert.equal(semaphore.value, 1);
    semaphore.acquire();
    const threads = bunch(1, () => {
      semaphore.acquire();
      semaphore.release();
    });
    parked(semaphore, 1);
    assert.equal(value(threads.finished), 0);
    semaphore.release();
    waitForFinished(threads);
  });

  test(`[with] ${name}: takes one and gives it back, also when the body throws`, () => {
    const semaphore = make(2);
    const boom = new TypeError('boom');
    const nested = (error?: Error): void =>
      semaphore.with(() => {
        assert.equal(semaphore.value, 1);
        semaphore.with(() => {
          assert.equal(semaphore.acquire(false), false);
          if (error !== undefined) throw error;
        });
      });
    nested();
    assert.equal(semaphore.value, 2);
    assert.throws(() => nested(boom), boom);
    assert.equal(semaphore.value, 2);
  });

  test(`[with] ${name}: hold gives one back, once; async bodies keep it until they have settled`, async () => {
    const semaphore = make(1);
    const held = semaphore.hold();
    assert.equal(semaphore.locked(), true);
    held[Symbol.dispose]();
    held.release();
    assert.equal(semaphore.value, 1);
    assert.equal(await semaphore.with(async () => semaphore.locked()), true);
    const later = await semaphore.holdAsync();
    assert.equal(semaphore.value, 0);
    later.release();
    assert.equal(semaphore.locked(), false);
  });

  test(`[different_thread] ${name}: any thread may release`, () => {
    const semaphore = make(1);
    semaphore.acquire();
    waitForFinished(bunch(1, () => semaphore.release()));
    assert.equal(semaphore.acquire(false), true);
  });

  test(`[acquireAsync] ${name}: waits without blocking, with time-out and signal`, async () => {
    const semaphore = make(1);
    assert.equal(await semaphore.acquireAsync(), true);
    assert.equal(await semaphore.acquireAsync({ timeout: 5 }), false);
    assert.equal(await semaphore.acquireAsync({ timeout: -1 }), false);
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = semaphore.acquireAsync({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(aborted, reason);
    const waiting = semaphore.acquireAsync();
    startNewThread(() => semaphore.release(), []);
    assert.equal(await waiting, true);
    assert.equal(semaphore.value, 0);
    assert.equal(parkedAt(semaphore, WRITERS), 0);
  });

  test(`[shared] ${name}: is the same object in a field and in a thread, and of its class`, () => {
    const semaphore = make(1);
    const world = shared({ semaphore, list: [semaphore] });
    assert.equal(world.semaphore, semaphore);
    assert.equal(world.list.at(0), semaphore);
    const seen = counter();
    waitForFinished(
      bunch(1, () => {
        if (world.semaphore === semaphore && semaphore instanceof Class && semaphore.value === 1) raise(seen);
        semaphore.acquire();
      }),
    );
    assert.equal(value(seen), 1);
    assert.equal(semaphore.value, 0);
  });

  test(`[subclass] ${name}: cannot be extended, copied or given properties`, () => {
    class Mine extends Class {}
    assert.throws(() => new Mine(), { name: 'TypeError', message: /cannot be extended/ });
    assert.throws(() => JSON.stringify(make()), { name: 'TypeError', message: /cannot be written as JSON/ });
    assert.throws(() => {
      (make() as unknown as { owner: string }).owner = 'me';
    }, TypeError);
  });
}

/** Blocks until those of so many threads wait that have not got both of their permits. */
function parkedThreads(
  semaphore: Semaphore,
  threads: number,
  passed: ReturnType<typeof counter>,
  expected: number,
): void {
  becomes(() => {
    const waiting = parkedAt(semaphore, WRITERS);
    // Each has passed 0, 1 or 2 times; those who have passed twice do not wait.
    return waiting >= threads - Math.floor(expected / 2) && waiting <= threads && value(passed) === expected;
  }, 'that the others wait');
}

test('[release_unacquired] Semaphore: a release that nobody has acquired for is one permit more', () => {
  const semaphore = new Semaphore(1);
  semaphore.release();
  semaphore.acquire();
  semaphore.acquire();
  semaphore.release();
  assert.equal(semaphore.value, 1);
});

test('[release_unacquired] Semaphore: not beyond the largest integer, and nothing is released then', () => {
  const semaphore = new Semaphore(2 ** 31 - 1);
  assert.throws(() => semaphore.release(), { name: 'RangeError', message: /2147483647 permits at most/ });
  semaphore.acquire();
  assert.throws(() => semaphore.release(2), RangeError);
  assert.equal(semaphore.value, 2 ** 31 - 2);
});

test('1.14-23 [release_unacquired] BoundedSemaphore: a release too many is an error, and nothing is released', () => {
  const tooMany = { name: 'RangeError', message: /^Semaphore released too many times/ };
  const semaphore = new BoundedSemaphore(2);
  assert.throws(() => semaphore.release(), tooMany);
  semaphore.acquire();
  assert.throws(() => semaphore.release(2), tooMany);
  assert.equal(semaphore.value, 1);
  semaphore.release();
  assert.throws(() => semaphore.release(), tooMany);
  assert.throws(() => semaphore.with(() => semaphore.release()), tooMany);
});

test('[repr] Semaphore shows its value, BoundedSemaphore also its bound', () => {
  const semaphore = new Semaphore(4);
  assert.match(String(semaphore), /^<Semaphore at .*: value=4>$/);
  semaphore.acquire();
  assert.match(String(semaphore), /: value=3>$/);
  const bounded = new BoundedSemaphore(4);
  bounded.acquire();
  assert.match(String(bounded), /^<BoundedSemaphore at .*: value=3\/4>$/);
  assert.ok(bounded instanceof Semaphore);
});

test('no permit is lost or doubled: threads pass 3 permits on, with time-outs and releases of more than one', () => {
  const semaphore = new Semaphore(3);
  const inside = counter();
  const most = counter();
  waitForFinished(
    bunch(6, (index) => {
      for (let n = 0; n < 2_000; n++) {
        if (!semaphore.acquire({ timeout: index < 3 ? NEVER : 1 })) continue;
        const now = raise(inside);
        if (now > 3) raise(most);
        const second = n % 3 === 0 && semaphore.acquire(false);
        Atomics.sub(inside, 0, 1);
        semaphore.release(second ? 2 : 1);
      }
    }),
  );
  assert.equal(value(most), 0);
  assert.equal(semaphore.value, 3);
  assert.equal(parkedAt(semaphore, WRITERS), 0);
});

test('a thread that dies with the only permit of a BoundedSemaphore is named to who needs it', async () => {
  const { stdout, status } = await program(`
    import { BoundedSemaphore, Semaphore, startNewThread } from 'heddle';
    const bounded = new BoundedSemaphore();
    startNewThread(function careless() { bounded.acquire(); throw new Error('boom'); }, []);
    while (!bounded.locked());
    try { bounded.acquire(); } catch (error) { console.log(error.name, error.message); }
    // Any thread may release: of the two permits the other comes back.
    const two = new BoundedSemaphore(2);
    two.acquire();
    startNewThread(function second() { two.acquire(); throw new Error('boom'); }, []);
    while (!two.locked());
    startNewThread(function third() { two.release(); }, []);
    console.log(two.acquire());
  `);
  assert.match(
    stdout,
    /^ThreadError acquire\(\) of a BoundedSemaphore at .* will never succeed: thread .*careless.*died/,
  );
  assert.match(stdout, /\ntrue\n$/);
  assert.equal(status, 0);
});
