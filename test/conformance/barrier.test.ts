// Barrier: 1.14-24 of the contract, its table for `threading`, and what CPython's lock_tests hold it to. Python's tests count on a second
// barrier or on sleeps where these look at who waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Barrier, BrokenBarrierError, Semaphore, shared, startNewThread, ThreadError } from 'heddle';
import { bunch, waitForFinished } from '../support/bunch.ts';
import { becomes, counter, NEVER, raise, reaches, value } from '../support/counter.ts';
import { program } from '../support/program.ts';

const N = 5;
const untyped = Barrier as unknown as new (...args: unknown[]) => Barrier;

/** Blocks until so many threads wait at it. */
function waiting(barrier: Barrier, threads: number): void {
  becomes(() => barrier.nWaiting === threads, `that ${threads} threads wait`);
}

/** What each of some threads gets from `wait`: its number, or the name of its error. */
function results(): { readonly results: { push(value: unknown): void; toSorted(): unknown[] } } {
  return shared({ results: [] as unknown[] }) as never;
}

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof BrokenBarrierError ? 'broken' : String(error);
  }
}

const broken = { name: 'BrokenBarrierError', message: /^the barrier is broken/ };

test('1.14-24 [constructor] fewer than one party is an error', () => {
  for (const parties of [0, -1, -(2 ** 40)]) {
    assert.throws(() => new Barrier(parties), { name: 'RangeError', message: /^parties must be >= 1/ });
  }
  assert.throws(() => new Barrier(8192), { name: 'RangeError', message: /^parties must be at most 8191/ });
});

test('[constructor] wrong arguments', () => {
  for (const args of [[], ['2'], [null], [1.5], [2, null], [2, 'x'], [2, { action: 5 }], [2, { timeOut: 5 }]]) {
    assert.throws(() => new untyped(...args), { name: 'TypeError' }, JSON.stringify(args));
  }
  assert.throws(() => new Barrier(2, { timeout: Number.NaN }), { name: 'RangeError' });
  assert.equal(new Barrier(3).parties, 3);
});

test('[constructor] an action that cannot travel is refused where the barrier is made', () => {
  let total = 0;
  assert.throws(() => new Barrier(2, { action: () => total++ }), { name: 'CaptureError', message: /'total'/ });
  assert.equal(total, 0);
});

for (const passes of [1, 10]) {
  test(`[barrier] all come before any goes on, ${passes} times`, () => {
    const barrier = new Barrier(N);
    const arrived = counter();
    const early = counter();
    const threads = bunch(N, () => {
      for (let pass = 1; pass <= passes; pass++) {
        raise(arrived);
        barrier.wait();
        if (value(arrived) < pass * N) raise(early);
        barrier.wait();
      }
    });
    waitForFinished(threads);
    assert.equal(value(early), 0);
    assert.equal(value(arrived), passes * N);
    assert.equal(barrier.nWaiting, 0);
    assert.equal(barrier.broken, false);
  });
}

test('[wait_return] each gets another number from 0 on', () => {
  const barrier = new Barrier(N);
  const world = results();
  waitForFinished(bunch(N, () => world.results.push(barrier.wait())));
  assert.deepEqual(world.results.toSorted(), [0, 1, 2, 3, 4]);
});

test('[action] is run once, by one thread, before any goes on', () => {
  const ran = shared(counter());
  const before = counter();
  const barrier = new Barrier(N, { action: () => raise(ran) });
  waitForFinished(
    bunch(N, () => {
      barrier.wait();
      if (value(ran) !== 1) raise(before);
    }),
  );
  assert.equal(value(ran), 1);
  assert.equal(value(before), 0);
});

test('[action] runs for each cycle, whichever thread completes it', () => {
  const ran = shared(counter());
  const barrier = new Barrier(2, { action: () => raise(ran) });
  const threads = bunch(1, () => {
    for (let n = 0; n < 50; n++) barrier.wait();
  });
  for (let n = 0; n < 50; n++) barrier.wait();
  waitForFinished(threads);
  assert.equal(value(ran), 50);
});

test('1.14-24 [action] one that throws: that thread gets the error, the others a broken barrier', () => {
  const barrier = new Barrier(N, {
    action: () => {
      throw new RangeError('boom');
    },
  });
  const world = results();
  waitForFinished(bunch(N, () => world.results.push(attempt(() => barrier.wait()))));
  assert.deepEqual(world.results.toSorted(), ['RangeError: boom', 'broken', 'broken', 'broken', 'broken']);
  assert.equal(barrier.broken, true);
  barrier.reset();
  assert.equal(barrier.broken, false);
});

test('[action] who comes while it runs waits for the next cycle, and a reset does nothing', () => {
  const started = shared(counter());
  const go = shared(counter());
  const barrier = new Barrier(2, {
    action: () => {
      raise(started);
      reaches(go, 1);
    },
  });
  const world = results();
  const threads = bunch(3, () => world.results.push(attempt(() => barrier.wait())));
  reaches(started, 1);
  assert.equal(value(threads.finished), 0);
  assert.equal(barrier.nWaiting, 2);
  barrier.reset();
  assert.equal(barrier.nWaiting, 2, 'it is being passed: there is nothing to reset');
  raise(go);
  waiting(barrier, 1);
  becomes(() => world.results.toSorted().length === 2, 'the numbers of the two that have passed');
  assert.deepEqual(world.results.toSorted(), [0, 1]);
  assert.equal(barrier.wait(), 1);
  waitForFinished(threads);
  const again = bunch(2, () => world.results.push(attempt(() => barrier.wait())));
  waitForFinished(again);
});

test('[action] an abort while it runs breaks the cycle, for the thread that runs it too', () => {
  const started = shared(counter());
  const go = shared(counter());
  const barrier = new Barrier(2, {
    action: () => {
      raise(started);
      reaches(go, 1);
    },
  });
  const world = results();
  const threads = bunch(2, () => world.results.push(attempt(() => barrier.wait())));
  reaches(started, 1);
  barrier.abort();
  raise(go);
  waitForFinished(threads);
  assert.deepEqual(world.results.toSorted(), ['broken', 'broken']);
  assert.equal(barrier.broken, true);
});

test('[abort] breaks it for who waits and who comes', () => {
  const barrier = new Barrier(N);
  const world = results();
  const threads = bunch(N - 1, () => world.results.push(attempt(() => barrier.wait())));
  waiting(barrier, N - 1);
  barrier.abort();
  barrier.abort();
  waitForFinished(threads);
  assert.deepEqual(world.results.toSorted(), Array(N - 1).fill('broken'));
  assert.equal(barrier.broken, true);
  assert.equal(barrier.nWaiting, 0);
  assert.throws(() => barrier.wait(), broken);
});

test('[reset] with threads that wait: they get a broken barrier, and it is as new', () => {
  const barrier = new Barrier(N);
  const world = results();
  const threads = bunch(N - 1, () => {
    world.results.push(attempt(() => barrier.wait()));
    // Used again at once by the same threads.
    world.results.push(barrier.wait());
  });
  waiting(barrier, N - 1);
  barrier.reset();
  assert.equal(barrier.broken, false);
  world.results.push(barrier.wait());
  waitForFinished(threads);
  assert.deepEqual(world.results.toSorted(), [0, 1, 2, 3, 4, ...Array(N - 1).fill('broken')]);
});

test('[reset] with nobody there does nothing', () => {
  const barrier = new Barrier(1);
  barrier.reset();
  barrier.reset();
  assert.equal(barrier.wait(), 0);
});

test('[reset] who has been let go is not called back, however late it looks', () => {
  const barrier = new Barrier(2);
  const called = counter();
  const next = new Semaphore(0);
  const threads = bunch(1, () => {
    for (let n = 0; n < 300; n++) {
      if (attempt(() => barrier.wait()) === 'broken') raise(called);
      next.acquire();
    }
  });
  for (let n = 0; n < 300; n++) {
    waiting(barrier, 1);
    assert.equal(barrier.wait(), 1);
    // Its partner is not back before the semaphore says so, but may not have looked yet.
    barrier.reset();
    barrier.abort();
    barrier.reset();
    next.release();
  }
  waitForFinished(threads);
  assert.equal(value(called), 0);
});

test('[abort_and_reset] after an abort a reset makes it usable again', () => {
  const barrier = new Barrier(N);
  const world = results();
  const again = new Semaphore(0);
  const threads = bunch(N - 1, () => {
    world.results.push(attempt(() => barrier.wait()));
    again.acquire();
    world.results.push(barrier.wait());
  });
  waiting(barrier, N - 1);
  barrier.abort();
  becomes(() => world.results.toSorted().length === N - 1, 'the errors');
  assert.equal(barrier.broken, true);
  barrier.reset();
  assert.equal(barrier.broken, false);
  again.release(N - 1);
  world.results.push(barrier.wait());
  waitForFinished(threads);
  assert.deepEqual(world.results.toSorted(), [0, 1, 2, 3, 4, ...Array(N - 1).fill('broken')]);
});

test('[timeout] who waits too long breaks it for all', () => {
  const barrier = new Barrier(N);
  const world = results();
  const threads = bunch(N - 2, () => world.results.push(attempt(() => barrier.wait())));
  waiting(barrier, N - 2);
  const start = performance.now();
  assert.throws(() => barrier.wait(100), { name: 'BrokenBarrierError', message: /time to wait at it has passed/ });
  assert.ok(performance.now() - start >= 60);
  waitForFinished(threads);
  assert.deepEqual(world.results.toSorted(), Array(N - 2).fill('broken'));
  assert.equal(barrier.broken, true);
});

test('[timeout] 0 or less does not wait, but completes it', () => {
  for (const timeout of [0, -1, -0.5]) {
    assert.throws(() => new Barrier(2).wait(timeout), broken);
    assert.equal(new Barrier(1).wait(timeout), 0);
  }
  assert.throws(() => new Barrier(1).wait('1' as never), TypeError);
  assert.throws(() => new Barrier(1).wait(Number.NaN), RangeError);
  assert.throws(() => (new Barrier(1).wait as (...given: unknown[]) => unknown)(1, 2), TypeError);
});

test("[default_timeout] is the barrier's own where wait has none", () => {
  const barrier = new Barrier(N, { timeout: 100 });
  const world = results();
  waitForFinished(bunch(N - 1, () => world.results.push(attempt(() => barrier.wait()))));
  assert.deepEqual(world.results.toSorted(), Array(N - 1).fill('broken'));
  const patient = new Barrier(2, { timeout: 1 });
  const threads = bunch(1, () => patient.wait(NEVER));
  waiting(patient, 1);
  assert.equal(patient.wait(), 1);
  waitForFinished(threads);
});

test('[single_thread] a barrier for one is passed at once, again and again', () => {
  const ran = shared(counter());
  const barrier = new Barrier(1, { action: () => raise(ran) });
  for (let n = 0; n < 3; n++) assert.equal(barrier.wait(), 0);
  assert.equal(value(ran), 3);
});

test('[repr] shows how many wait, and that it is broken', () => {
  const barrier = new Barrier(3);
  assert.match(String(barrier), /^<Barrier at .*: waiters=0\/3>$/);
  barrier.abort();
  assert.match(String(barrier), /^<Barrier at .*: broken>$/);
});

test('[BrokenBarrierError] is a ThreadError, and stays one when it is shared or travels', () => {
  const error = new BrokenBarrierError('x');
  assert.ok(error instanceof ThreadError);
  const world = shared({ error });
  assert.ok(world.error instanceof BrokenBarrierError);
  const seen = counter();
  waitForFinished(
    bunch(1, () => {
      if (error instanceof BrokenBarrierError && world.error instanceof BrokenBarrierError) raise(seen);
    }),
  );
  assert.equal(value(seen), 1);
});

test('[shared] is the same object in a field and in a thread', () => {
  const barrier = new Barrier(2, { timeout: NEVER });
  const world = shared({ barrier });
  assert.equal(world.barrier, barrier);
  const seen = counter();
  const threads = bunch(1, () => {
    if (world.barrier === barrier && barrier instanceof Barrier && barrier.parties === 2) raise(seen);
    barrier.wait();
  });
  barrier.wait();
  waitForFinished(threads);
  assert.equal(value(seen), 1);
  class Mine extends Barrier {}
  assert.throws(() => new Mine(2), { name: 'TypeError', message: /cannot be extended/ });
  assert.throws(() => JSON.stringify(barrier), { name: 'TypeError', message: /cannot be written as JSON/ });
});

test('waitAsync waits without blocking, beside a thread that blocks', async () => {
  const ran = shared(counter());
  const barrier = new Barrier(3, { action: () => raise(ran) });
  startNewThread(() => void barrier.wait(), []);
  const numbers = await Promise.all([barrier.waitAsync(), barrier.waitAsync()]);
  assert.equal(new Set(numbers).size, 2);
  assert.equal(value(ran), 1);
});

test('waitAsync: time-out, signal and abort break it', async () => {
  const barrier = new Barrier(2);
  await assert.rejects(barrier.waitAsync({ timeout: 5 }), broken);
  assert.equal(barrier.broken, true);
  barrier.reset();
  const controller = new AbortController();
  const reason = new Error('enough');
  const waits = barrier.waitAsync({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waits, reason);
  assert.equal(barrier.broken, true);
  barrier.reset();
  await assert.rejects(barrier.waitAsync({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(barrier.broken, false, 'it had not come');
  const aborted = barrier.waitAsync();
  barrier.abort();
  await assert.rejects(aborted, broken);
});

test('resets, aborts and passes at random: every cycle is passed by all of its threads or by none', () => {
  const barrier = new Barrier(3);
  const passed = counter();
  const failed = counter();
  const threads = bunch(3, (index) => {
    for (let n = 0; n < 300; n++) {
      if (attempt(() => barrier.wait()) === 'broken') {
        raise(failed);
        if (barrier.broken) barrier.reset();
      } else {
        raise(passed);
        if (index === 0 && n % 7 === 0) barrier.reset();
        if (index === 1 && n % 11 === 0) barrier.abort();
      }
    }
    barrier.abort();
  });
  becomes(() => {
    if (value(threads.finished) > 0) barrier.abort();
    return value(threads.finished) === 3;
  }, 'their end');
  assert.equal(value(passed) % 3, 0, `${value(passed)} passed, ${value(failed)} failed`);
});

test('a thread that dies waiting at it breaks it, and is named to the others', async () => {
  const { stdout, status } = await program(`
    import { Barrier, Semaphore, startNewThread } from 'heddle';
    const said = new Semaphore(0);
    // The fourth never comes.
    const barrier = new Barrier(4);
    startNewThread(async function victim() { barrier.waitAsync(); await null; throw new Error('boom'); }, []);
    startNewThread(() => {
      try { barrier.wait(); } catch (error) { console.log(error.name, error.message); }
      said.release();
    }, []);
    while (barrier.nWaiting < 2 && !barrier.broken);
    try { barrier.wait(); } catch (error) { console.log(error.name, error.message); }
    said.acquire();
    console.log(barrier.broken);
    barrier.reset();
    for (let n = 0; n < 3; n++) startNewThread(() => { barrier.wait(); }, []);
    console.log(barrier.wait() >= 0);
  `);
  const lines = stdout.trim().split('\n');
  const named = lines.filter((line) =>
    /^BrokenBarrierError the barrier is broken: thread .*victim.*, died waiting at it/.test(line),
  );
  assert.equal(named.length, 2, stdout);
  assert.deepEqual(lines.slice(-1), ['true']);
  assert.equal(status, 0);
});

test('a thread that dies in the action breaks it too', async () => {
  const { stdout, status } = await program(`
    import { Barrier, startNewThread } from 'heddle';
    const barrier = new Barrier(2, { action: () => { process.reallyExit(1); } });
    startNewThread(function killed() {
      while (barrier.nWaiting === 0);
      barrier.wait();
    }, []);
    try { barrier.wait(); } catch (error) { console.log(error.name, error.message); }
  `);
  assert.match(stdout, /^BrokenBarrierError the barrier is broken: thread .*, died waiting at it/);
  assert.equal(status, 0);
});
