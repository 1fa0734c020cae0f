// scope(): what was first touched inside is let go of at its end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  collect,
  Event,
  heapStatistics,
  indexed,
  isShared,
  Queue,
  Semaphore,
  type SharedMap,
  scope,
  shared,
  snapshot,
} from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';
import { program } from '../support/program.ts';

const GONE = { name: 'ReferenceError', message: /used after the scope\(\)/ };

/** Gone, or still what it was: a page that was known outside keeps what was put into it inside. */
function goneOr(value: unknown, use: () => unknown): void {
  try {
    assert.deepEqual(use(), value);
  } catch (error) {
    if ((error as Error).name !== GONE.name) throw error;
    assert.throws(use, GONE);
  }
}

test('what was made inside is gone afterwards, however it is used', () => {
  const made = scope(() => ({
    record: shared({ a: 1, b: 'x', c: null as unknown }),
    list: shared([1, 2]),
    map: shared(new Map([['k', 1]])),
    set: shared(new Set([1])),
  }));
  const { record, list, map, set } = made;
  const uses: (() => unknown)[] = [
    () => record.a,
    () => record.b,
    () => {
      record.a = 1;
    },
    () => {
      record.b = 'y';
    },
    () => {
      record.c = 5;
    },
    () => list.length,
    () => list.at(0),
    () => list.push(1),
    () => list.pop(),
    () => list.toArray(),
    () => list.set(0, 1),
    () => list.sort(),
    () => [...list],
    () => {
      list.length = 0;
    },
    () => map.size,
    () => map.get('k'),
    () => map.set('k', 1),
    () => map.delete('k'),
    () => map.clear(),
    () => [...map],
    () => set.has(1),
    () => set.add(1),
    () => isShared(record),
    () => shared(list),
    () => shared({ record }),
    () => snapshot(map),
    () => JSON.stringify(set),
  ];
  for (const use of uses) assert.throws(use, GONE, String(use));
  const outside = shared({ field: null as unknown, list: [] as unknown[] });
  for (const gone of [record, list, map, set]) {
    assert.throws(() => {
      outside.field = gone;
    }, GONE);
    assert.throws(() => outside.list.push(gone), GONE);
  }
  checkHeap();
  collectAll();
  checkHeap();
});

test('what was stored outside stays, and is found again', () => {
  const outside = shared({ first: null as unknown, list: [] as unknown[], map: new Map<unknown, unknown>() });
  scope(() => {
    const inside = shared({ n: 1, text: 'a text of more than a few characters' });
    outside.first = inside;
    outside.list.push(inside, 'text', 2n ** 80n);
    outside.map.set('k', inside);
    outside.map.set(inside, 'by object');
  });
  collectAll();
  const { first } = outside;
  assert.deepEqual(snapshot(first), { n: 1, text: 'a text of more than a few characters' });
  assert.equal(outside.list.at(0), first);
  assert.deepEqual(outside.list.toArray().slice(1), ['text', 2n ** 80n]);
  assert.equal(outside.map.get('k'), first);
  assert.equal(outside.map.get(first), 'by object');
  checkHeap();
});

test('what the function returns stays, and primitives and plain objects come through', () => {
  const kept = scope(() => {
    shared({ let: 'go' });
    return shared({ n: 1, list: [1] });
  });
  collectAll();
  assert.equal(kept.n, 1);
  assert.deepEqual(kept.list.toArray(), [1]);
  assert.equal(
    scope(() => 5),
    5,
  );
  assert.deepEqual(
    scope(() => [1]),
    [1],
  );
  assert.equal(
    scope(() => undefined),
    undefined,
  );
  checkHeap();
});

test('what was known before stays known, though it was touched inside', () => {
  const outside = shared({ inner: { n: 1 }, list: [{ n: 2 }] });
  const { inner } = outside;
  scope(() => {
    inner.n++;
    outside.list.push({ n: 3 });
    outside.list.at(0)!.n++;
  });
  assert.equal(outside.inner, inner);
  assert.equal(inner.n, 2);
  assert.deepEqual(snapshot(outside.list), [{ n: 3 }, { n: 3 }]);
  checkHeap();
});

test('an array and a map from outside that grow inside go on outside', () => {
  const list = shared([] as number[]);
  const map = shared(new Map<number, string>()) as SharedMap<number, string>;
  for (let round = 0; round < 20; round++) {
    scope(() => {
      for (let n = 0; n < 1000; n++) {
        list.push(list.length);
        map.set(map.size, `${map.size}`);
      }
    });
    assert.equal(list.at(-1), list.length - 1);
    assert.equal(map.get(map.size - 1), `${map.size - 1}`);
    list.push(list.length);
  }
  collectAll();
  assert.ok(list.every((value, at) => value === at));
  assert.equal(list.length, 20_020);
  assert.equal(map.size, 20_000);
  checkHeap();
});

test('scopes in scopes let go of their own', () => {
  const outer = scope(() => {
    const a = shared({ name: 'a', in: null as unknown });
    const b = scope(() => {
      a.in = { name: 'stored' };
      return shared({ name: 'b' });
    });
    const c = scope(() => ({ gone: shared({ name: 'c' }) }));
    goneOr('c', () => c.gone.name);
    assert.equal(b.name, 'b');
    assert.equal((a.in as { name: string }).name, 'stored');
    return { a, b };
  });
  goneOr('a', () => outer.a.name);
  goneOr('b', () => outer.b.name);
  checkHeap();
});

test('what is awaited stays, with the wait', async () => {
  const others: unknown[] = [];
  const allocate = (): void => {
    collect();
    for (let n = 0; n < 500; n++) others.push(new Queue(), new Event(), new Semaphore(5), shared({ n }));
  };
  const inside = (): { queue: Queue<number>; event: Event; waits: Promise<unknown>[] } => {
    const queue = new Queue<number>({ maxSize: 1 });
    const event = new Event();
    queue.put(1);
    return { queue, event, waits: [queue.putAsync(2), queue.joinAsync(), event.waitAsync()] };
  };
  const held: ReturnType<typeof inside>[] = [];
  for (let n = 0; n < 10; n++) scope(() => void held.push(inside()));
  // Nobody will end these.
  for (let n = 0; n < 10; n++) {
    scope(() => {
      void new Queue().getAsync({ timeout: 50 }).catch(() => {});
      void new Queue().getAsync({ timeout: 0 }).catch(() => {});
      void new Semaphore(0).acquireAsync({ timeout: 50 });
      const controller = new AbortController();
      void new Queue().getAsync({ signal: controller.signal }).catch(() => {});
      controller.abort();
    });
  }
  allocate();
  await setTimeout(100);
  allocate();
  for (const { queue, event, waits } of held) {
    assert.deepEqual([queue.get(), await queue.getAsync()], [1, 2]);
    queue.taskDone();
    queue.taskDone();
    event.set();
    await Promise.all(waits);
  }
  for (const other of others) {
    if (other instanceof Queue) assert.equal(other.size, 0);
    else if (other instanceof Event) assert.ok(!other.isSet());
    else if (other instanceof Semaphore) for (let n = 0; n < 5; n++) assert.ok(other.acquire(false));
  }
});

test('an error goes through, and the scope has ended', () => {
  let inside: { n: number } | undefined;
  assert.throws(
    () =>
      scope(() => {
        inside = shared({ n: 1 });
        throw new RangeError('no');
      }),
    { name: 'RangeError', message: 'no' },
  );
  goneOr(1, () => inside!.n);
  assert.equal(shared({ after: 1 }).after, 1);
});

test('only functions that are done when they return', () => {
  for (const wrong of [null, 1, {}, 'x'])
    assert.throws(() => scope(wrong as never), { name: 'TypeError', message: /takes a function/ });
  assert.throws(() => scope(() => Promise.resolve()), {
    name: 'TypeError',
    message: /does not take an async function/,
  });
  assert.throws(() => scope(async () => {}), TypeError);
});

test('dates, errors and typed arrays that were met inside go on as what they are', () => {
  const outside = shared({ at: null as unknown, error: null as unknown, view: null as unknown });
  const inside = scope(() => {
    outside.at = new Date(5);
    outside.error = new RangeError('x');
    outside.view = Uint8Array.of(1, 2);
    return [outside.at, outside.error, outside.view];
  }) as [Date, Error, Uint8Array];
  assert.equal(inside[0].getTime(), 5);
  assert.equal(inside[1].message, 'x');
  assert.equal(inside[2][1], 2);
  assert.equal((outside.at as Date).getTime(), 5);
  assert.equal((outside.error as Error).message, 'x');
  inside[2][0] = 9;
  assert.equal((outside.view as Uint8Array)[0], 9);
  checkHeap();
});

test('a view by index is gone with its array', () => {
  const view = scope(() => [indexed(shared([1]))])[0]!;
  goneOr(1, () => view[0]);
});

test('a loop that never returns to the event loop keeps its heap small by scopes', () => {
  const kept = shared({ last: null as unknown });
  for (let round = 0; round < 2000; round++) {
    scope(() => {
      for (let n = 0; n < 100; n++) kept.last = { round, n, list: [n], before: null };
    });
  }
  collectAll();
  assert.ok(heapStatistics().cells < 100_000, `${heapStatistics().cells} cells`);
  assert.deepEqual(snapshot(kept.last), { round: 1999, n: 99, list: [99], before: null });
  checkHeap();
});

test('scopes in another thread are its own', () => {
  const list = shared([] as unknown[]);
  const mine = shared({ n: 1 });
  list.push(mine);
  elsewhere((given) => {
    scope(() => {
      (given.at(0) as { n: number }).n++;
      given.push({ from: 'there' });
    });
    (given.at(0) as { n: number }).n++;
  }, list);
  assert.equal(mine.n, 3);
  assert.deepEqual(snapshot(list.at(1)), { from: 'there' });
  checkHeap();
});

test('a program whose first shared object is made in a scope can make others afterwards', async () => {
  const outcome = await program(`
    import { globals, scope, shared, struct, t } from 'heddle';
    scope(() => {
      shared({ a: 1 });
      globals.get('name', () => ({ kept: true }));
      const Point = struct('Point', { x: t.f64, y: t.f64 });
      new Point({ x: 1, y: 2 });
    });
    const Point = struct('Point', { x: t.f64, y: t.f64 });
    console.log(shared({ b: 2 }).b, shared({ a: 3 }).a, globals.get('name').kept, new Point({ x: 1, y: 2 }).y);
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '2 3 true 2\n', stderr: '' });
});
