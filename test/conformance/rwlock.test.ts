// RWLock: Python has none, so these are this package's own promises.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RWLock, Semaphore, shared } from 'heddle';
import { bunch, waitForFinished } from '../support/bunch.ts';
import { becomes, counter, raise, reaches, value } from '../support/counter.ts';
import { parked, parkedAt, READERS, WRITERS } from '../support/parked.ts';
import { program } from '../support/program.ts';

const notHeld = { name: 'ThreadError', message: /^cannot release un-acquired lock: this thread does not hold/ };

/** What a try of another thread gives; what it gets it gives back. */
function tryElsewhere(side: { acquire(wait: boolean): boolean; release(): void }): boolean {
  const got = counter();
  waitForFinished(
    bunch(1, () => {
      if (!side.acquire(false)) return;
      raise(got);
      side.release();
    }),
  );
  return value(got) === 1;
}

/** A thread that acquires a side, says so, and releases when it is told to. */
function holdElsewhere(side: { acquire(): boolean; release(): void }): { until(): void; let(): void; over(): void } {
  const has = counter();
  const gate = new Semaphore(0);
  const threads = bunch(1, () => {
    side.acquire();
    raise(has);
    gate.acquire();
    side.release();
  });
  return {
    until: () => reaches(has, 1, 'that it has the lock'),
    let: () => gate.release(),
    over: () => waitForFinished(threads),
  };
}

test('readers share, a writer excludes', () => {
  const lock = new RWLock();
  lock.read.acquire();
  assert.equal(tryElsewhere(lock.read), true);
  assert.equal(tryElsewhere(lock.write), false);
  lock.read.release();
  lock.write.acquire();
  assert.equal(tryElsewhere(lock.read), false);
  assert.equal(tryElsewhere(lock.write), false);
  lock.write.release();
  assert.equal(tryElsewhere(lock.write), true);
});

test('many readers at once, and never with a writer: nothing is torn', () => {
  const lock = new RWLock();
  const pair = new Int32Array(new SharedArrayBuffer(8));
  const torn = counter();
  waitForFinished(
    bunch(6, (index) => {
      for (let n = 0; n < 3_000; n++) {
        if ((n + index) % 5 === 0) {
          lock.write.with(() => {
            pair[0]!++;
            pair[1]!++;
          });
        } else if (index < 3) {
          lock.read.with(() => {
            if (pair[0] !== pair[1]) raise(torn);
          });
        } else if (lock.read.acquire({ timeout: 1 })) {
          if (pair[0] !== pair[1]) raise(torn);
          lock.read.release();
        }
      }
    }),
  );
  assert.equal(value(torn), 0);
  assert.equal(pair[0], 3_600);
  assert.equal(lock.write.acquire(false), true);
  assert.equal(parkedAt(lock, WRITERS) + parkedAt(lock, READERS), 0);
});

test('a writer that waits holds off new readers; then they come', () => {
  const lock = new RWLock();
  lock.read.acquire();
  const order = shared({ list: [] as string[] });
  const writer = bunch(1, () => lock.write.with(() => void order.list.push('writer')));
  parked(lock, 1);
  assert.equal(tryElsewhere(lock.read), false);
  assert.equal(lock.read.locked(), true);
  const reader = bunch(1, () => lock.read.with(() => void order.list.push('reader')));
  parked(lock, 1, READERS);
  lock.read.release();
  waitForFinished(writer);
  waitForFinished(reader);
  assert.deepEqual([...order.list], ['writer', 'reader']);
});

test('a stream of writers lets a reader through', () => {
  const lock = new RWLock();
  const stop = counter();
  const writers = bunch(2, () => {
    while (value(stop) === 0) lock.write.with(() => {});
  });
  for (let n = 0; n < 50; n++) lock.read.with(() => {});
  raise(stop);
  waitForFinished(writers);
});

test('a stream of readers lets a writer through', () => {
  const lock = new RWLock();
  const stop = counter();
  // They overlap: there is always one in.
  const readers = bunch(3, () => {
    while (value(stop) === 0) lock.read.with(() => {});
  });
  for (let n = 0; n < 50; n++) lock.write.with(() => {});
  raise(stop);
  waitForFinished(readers);
});

test('a writer that gives up lets the readers in that it has held off', () => {
  const lock = new RWLock();
  lock.read.acquire();
  const writer = bunch(1, () => {
    if (lock.write.acquire({ timeout: 300 })) lock.write.release();
  });
  parked(lock, 1);
  const reader = bunch(1, () => {
    lock.read.acquire();
    lock.read.release();
  });
  waitForFinished(writer);
  waitForFinished(reader);
  lock.read.release();
});

test('acquire gives a boolean in all its forms, on both sides', () => {
  for (const side of [new RWLock().read, new RWLock().write]) {
    for (const take of [
      () => side.acquire(),
      () => side.acquire(1),
      () => side.acquire({ timeout: 1 }),
      () => side.acquire(false),
    ]) {
      assert.strictEqual(take(), true);
      assert.strictEqual(side.release(), undefined);
    }
    assert.throws(() => side.acquire(false, 5), { name: 'RangeError', message: /^can't specify a timeout/ });
    assert.throws(() => side.acquire(true, -5), { name: 'RangeError', message: /non-negative/ });
    assert.throws(() => (side.acquire as (...given: unknown[]) => unknown)(true, 1, 1), TypeError);
    assert.throws(() => (side.release as (...given: unknown[]) => unknown)(1), TypeError);
    assert.throws(() => (side.locked as (...given: unknown[]) => unknown)(1), TypeError);
  }
});

test('a time-out is false, after about that time, and leaves the lock usable', () => {
  const lock = new RWLock();
  const writer = holdElsewhere(lock.write);
  writer.until();
  const start = performance.now();
  assert.equal(lock.read.acquire({ timeout: 100 }), false);
  assert.equal(lock.write.acquire({ timeout: 100 }), false);
  assert.ok(performance.now() - start >= 120);
  writer.let();
  writer.over();
  const reader = holdElsewhere(lock.read);
  reader.until();
  assert.equal(lock.write.acquire({ timeout: 20 }), false);
  assert.equal(lock.read.acquire(), true);
  lock.read.release();
  reader.let();
  reader.over();
  assert.equal(lock.write.acquire(false), true);
});

test('release by a thread that does not hold it is an error', () => {
  const lock = new RWLock();
  assert.throws(() => lock.read.release(), notHeld);
  assert.throws(() => lock.write.release(), notHeld);
  const reader = holdElsewhere(lock.read);
  reader.until();
  assert.throws(() => lock.read.release(), notHeld);
  reader.let();
  reader.over();
  const writer = holdElsewhere(lock.write);
  writer.until();
  assert.throws(() => lock.write.release(), notHeld);
  assert.throws(() => lock.read.release(), notHeld);
  writer.let();
  writer.over();
  assert.throws(() => lock.write.with(() => lock.write.release()), notHeld);
  assert.equal(lock.write.locked(), false);
});

test('a thread that would wait for itself gets an error at once', () => {
  const lock = new RWLock();
  lock.read.acquire();
  assert.throws(() => lock.write.acquire(), { name: 'ThreadError', message: /would wait for this thread itself/ });
  assert.equal(lock.write.acquire(false), false);
  assert.equal(lock.write.acquire({ timeout: 5 }), false);
  lock.read.release();
  lock.write.acquire();
  assert.throws(() => lock.read.acquire(), { name: 'ThreadError', message: /would wait for this thread itself/ });
  assert.throws(() => lock.write.acquire(), { name: 'ThreadError', message: /would wait for this thread itself/ });
  assert.equal(lock.read.acquire(false), false);
  lock.write.release();
  assert.equal(tryElsewhere(lock.write), true);
});

test('a thread that reads may read again, also while a writer waits for it', () => {
  const lock = new RWLock();
  lock.read.acquire();
  const writer = bunch(1, () => lock.write.with(() => {}));
  parked(lock, 1);
  assert.equal(lock.read.acquire(), true);
  lock.read.release();
  assert.equal(value(writer.finished), 0);
  lock.read.release();
  waitForFinished(writer);
  assert.throws(() => lock.read.release(), notHeld);
});

test('locked() says whether one would wait', () => {
  const lock = new RWLock();
  const state = (): boolean[] => [lock.read.locked(), lock.write.locked()];
  assert.deepEqual(state(), [false, false]);
  lock.read.acquire();
  assert.deepEqual(state(), [false, true]);
  lock.read.release();
  lock.write.acquire();
  assert.deepEqual(state(), [true, true]);
  assert.match(String(lock.read), /^<locked ReadLock of RWLock at .*>$/);
  assert.match(String(lock), /^<RWLock at .*: written>$/);
  lock.write.release();
  lock.read.acquire();
  assert.match(String(lock.write), /^<locked WriteLock of RWLock at .*>$/);
  assert.match(String(lock), /^<RWLock at .*: read>$/);
  lock.read.release();
});

test('with and hold release, also after an error', async () => {
  const boom = new RangeError('boom');
  for (const side of ['read', 'write'] as const) {
    const lock = new RWLock();
    assert.equal(
      lock[side].with(() => 42),
      42,
    );
    assert.throws(
      () =>
        lock[side].with(() => {
          throw boom;
        }),
      boom,
    );
    const held = lock[side].hold();
    assert.equal(lock.write.locked(), true);
    held[Symbol.dispose]();
    held.release();
    assert.equal(lock.write.locked(), false);
    assert.equal(await lock[side].with(async () => lock.write.locked()), true);
    const later = await lock[side].holdAsync();
    later.release();
    assert.equal(lock.write.locked(), false);
  }
});

test('acquireAsync waits without blocking, with time-out and signal', async () => {
  const lock = new RWLock();
  const writer = holdElsewhere(lock.write);
  writer.until();
  assert.equal(await lock.read.acquireAsync({ timeout: 5 }), false);
  assert.equal(await lock.write.acquireAsync({ timeout: 5 }), false);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = lock.write.acquireAsync({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(aborted, reason);
  const reads = lock.read.acquireAsync();
  const writes = lock.write.acquireAsync();
  writer.let();
  assert.equal(await reads, true);
  lock.read.release();
  assert.equal(await writes, true);
  lock.write.release();
  writer.over();
  assert.equal(parkedAt(lock, WRITERS) + parkedAt(lock, READERS), 0);
});

test("a writer that waits on its event loop holds nobody off, and does not stand in its own thread's way", async () => {
  const lock = new RWLock();
  const reader = holdElsewhere(lock.read);
  reader.until();
  const writes = lock.write.acquireAsync();
  assert.equal(lock.read.acquire(), true);
  lock.read.release();
  assert.equal(tryElsewhere(lock.read), true);
  reader.let();
  assert.equal(await writes, true);
  lock.write.release();
});

test('async tasks of one thread read at once', async () => {
  const lock = new RWLock();
  let most = 0;
  let inside = 0;
  await Promise.all(
    Array.from({ length: 120 }, () =>
      lock.read.with(async () => {
        most = Math.max(most, ++inside);
        await null;
        inside--;
      }),
    ),
  );
  // More than have a place each in its table.
  assert.equal(most, 120);
  assert.equal(lock.write.acquire(false), true);
});

test('the lock and its sides are the same objects in a field and in a thread', () => {
  const lock = new RWLock();
  const world = shared({ lock, read: lock.read, write: lock.write });
  assert.equal(lock.read, lock.read);
  assert.equal(world.read, lock.read);
  assert.equal(world.write, world.lock.write);
  const { read } = lock;
  const seen = counter();
  waitForFinished(
    bunch(1, () => {
      if (read === lock.read && world.lock === lock && world.write === lock.write && world.lock instanceof RWLock)
        raise(seen);
      read.with(() => raise(seen));
    }),
  );
  assert.equal(value(seen), 2);
});

test('it takes no arguments, and it and its sides cannot be extended, made, copied or given properties', () => {
  class Mine extends RWLock {}
  assert.throws(() => new Mine(), { name: 'TypeError', message: /cannot be extended/ });
  assert.throws(() => new (RWLock as unknown as new (n: number) => RWLock)(1), {
    name: 'TypeError',
    message: /0 arguments/,
  });
  const lock = new RWLock();
  const Side = lock.read.constructor as new () => unknown;
  assert.throws(() => new Side(), { name: 'TypeError', message: /new RWLock\(\)\.read/ });
  for (const object of [lock, lock.read, lock.write]) {
    assert.throws(() => JSON.stringify(object), { name: 'TypeError', message: /cannot be written as JSON/ });
    assert.throws(() => {
      (object as unknown as { owner: string }).owner = 'me';
    }, TypeError);
  }
});

test('a thread that dies reading is named to the next writer', async () => {
  const { stdout, status } = await program(`
    import { RWLock, startNewThread } from 'heddle';
    const lock = new RWLock();
    startNewThread(function careless() { lock.read.acquire(); throw new Error('boom'); }, []);
    while (!lock.write.locked());
    console.log(lock.read.acquire());
    lock.read.release();
    for (let n = 0; n < 2; n++) {
      try { lock.write.acquire(); } catch (error) { console.log(error.name, error.message); }
    }
    await lock.write.acquireAsync().catch((error) => console.log(error.name, error.message));
    console.log(lock.read.acquire(false));
  `);
  const [first, ...rest] = stdout.trim().split('\n');
  assert.equal(first, 'true');
  assert.equal(rest.pop(), 'true', 'the writers that have failed hold no reader off');
  assert.equal(rest.length, 3);
  for (const line of rest) {
    assert.match(
      line,
      /^ThreadError write\.acquire\(\) of RWLock 0x\w+ will never succeed: thread .*careless.*died holding it$/,
    );
  }
  assert.equal(status, 0);
});

test('a thread that dies writing is named to readers and writers', async () => {
  const { stdout, status } = await program(`
    import { RWLock, startNewThread } from 'heddle';
    const lock = new RWLock();
    startNewThread(function careless() { lock.write.acquire(); throw new Error('boom'); }, []);
    while (!lock.write.locked());
    for (const side of [lock.read, lock.write]) {
      try { side.acquire(); } catch (error) { console.log(error.name, error.message); }
    }
  `);
  const lines = stdout.trim().split('\n');
  assert.match(
    lines[0]!,
    /^ThreadError read\.acquire\(\) of RWLock .* will never succeed: thread .*careless.*died holding it$/,
  );
  assert.match(
    lines[1]!,
    /^ThreadError write\.acquire\(\) of RWLock .* will never succeed: thread .*careless.*died holding it$/,
  );
  assert.equal(status, 0);
});

test('a thread that ends while it holds it is named as well: nobody else can release it', async () => {
  const { stdout } = await program(`
    import { RWLock, startNewThread } from 'heddle';
    const lock = new RWLock();
    startNewThread(function forgetful() { lock.read.acquire(); }, []);
    while (!lock.write.locked());
    try { lock.write.acquire(); } catch (error) { console.log(error.name, error.message); }
  `);
  assert.match(stdout, /^ThreadError write\.acquire\(\) .*forgetful.*ended holding it/);
});

test('the time-out of a reader whose turn it was does not keep writers waiting', () => {
  const lock = new RWLock();
  const stop = counter();
  const readers = bunch(2, () => {
    while (value(stop) === 0) if (lock.read.acquire({ timeout: Math.random() })) lock.read.release();
  });
  const start = performance.now();
  for (let n = 0; n < 2_000; n++) {
    lock.write.acquire();
    if (n % 50 === 0)
      becomes(() => parkedAt(lock, READERS) > 0 || performance.now() - start > 10_000, 'a reader that waits');
    lock.write.release();
  }
  raise(stop);
  waitForFinished(readers);
});
