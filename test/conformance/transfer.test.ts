// transfer() with threads and tasks; with queues, queue_items.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Future, Queue, run, shared, startNewThread, Thread, ThreadPoolExecutor, Timer, transfer } from 'heddle';
import { start_new_thread } from 'heddle/thread';
import { waitForThreads } from '../support/bunch.ts';

const bytes = (): Uint8Array<ArrayBuffer> => new Uint8Array([1, 2, 3]);
const seen = shared([] as string[]);
/** What threads have got since the last call. */
const taken = (): string[] => {
  const all = [...seen];
  while (seen.length > 0) seen.pop();
  return all;
};

test('an argument of a thread is moved, also within an object, and with a parked worker', async () => {
  for (let round = 0; round < 4; round++) {
    const [view, part, named] = [bytes(), bytes(), bytes()];
    startNewThread(
      (a: Uint8Array, { part }: { part: Uint8Array }, { named }: { named: Uint8Array }) => {
        seen.push([a, part, named].join('|'));
      },
      [transfer(view), transfer({ part }, [part.buffer])],
      transfer({ named }, [named.buffer, named.buffer]),
    );
    assert.deepEqual([view.length, part.length, named.length], [0, 0, 0]);
    await waitForThreads();
    assert.deepEqual(taken(), ['1,2,3|1,2,3|1,2,3']);
  }
});

test('the same for a Thread, and for one of a class of its own', () => {
  class Taker extends Thread<[Uint8Array]> {}
  for (const Class of [Thread<[Uint8Array]>, Taker]) {
    const view = bytes();
    const thread = new Class((a: Uint8Array) => void seen.push(String(a)), { args: [transfer(view)] });
    assert.equal(view.length, 3);
    thread.start();
    assert.equal(view.length, 0);
    thread.join();
    assert.deepEqual(taken(), ['1,2,3']);
  }
});

test('an argument of a task is moved, the first time and later, and its result', async () => {
  const sum = (a: Uint8Array): number => a.reduce((x, y) => x + y, 0);
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (let round = 0; round < 4; round++) {
    const view = bytes();
    const future = executor.submit(sum, transfer(view));
    assert.equal(view.length, 0);
    assert.equal(await future, 6);
  }
  const views = [bytes(), bytes()];
  assert.deepEqual(
    [
      ...executor.map(
        sum,
        views.map((view) => transfer(view)),
      ),
    ],
    [6, 6],
  );
  assert.deepEqual(
    views.map((view) => view.length),
    [0, 0],
  );
  assert.deepEqual(await run(() => transfer(new Uint8Array([4]))), new Uint8Array([4]));
  executor.shutdown();
});

test('a start that fails for another reason moves nothing', () => {
  const view = bytes();
  assert.throws(() => startNewThread((..._: unknown[]) => {}, [transfer(view), new WeakMap()]), TypeError);
  assert.equal(view.length, 3);
});

test('the mark holds for one call, also if that fails: nothing is taken from a later one', () => {
  const view = bytes();
  const bad = new WeakMap();
  class Taker extends Thread<[Uint8Array, unknown]> {}
  const calls = [
    () => new Taker(() => {}, { args: [transfer(view), bad] }).start(),
    () => run((_a: Uint8Array, _b: unknown) => 1, transfer(view), bad).result(),
    () => startNewThread((_a: Uint8Array, _b: unknown) => {}, [transfer(view), bad]),
    () => new Queue<unknown>().put(transfer([view, bad], [view.buffer])),
    () => new Future<unknown>().setResult(transfer([view, bad], [view.buffer])),
  ];
  for (const call of calls) {
    assert.throws(call, { name: 'CaptureError' });
    assert.equal(run((a: Uint8Array) => a.length, view).result(), 3);
    assert.equal(view.length, 3);
  }
});

test('the mark is off after a call that fails before it looks at what it was given', async () => {
  const put = (queue: Queue<unknown>, options: object) => (item: unknown) => queue.put(item, options);
  const full = new Queue<unknown>({ maxSize: 1 });
  full.put(1);
  const shut = new Queue<unknown>();
  shut.shutdown();
  const closed = new ThreadPoolExecutor();
  closed.shutdown();
  const done = new Future<unknown>();
  done.setResult(1);
  const cancelled = new Future<unknown>();
  cancelled.cancel();
  const none = 5 as never;
  const calls: readonly ((item: Uint8Array) => unknown)[] = [
    put(full, { timeouts: 3 }),
    put(full, { timeout: -1 }),
    put(full, { wait: false }),
    put(full, 5 as never),
    put(shut, {}),
    (item) => full.putAsync(item, { timeouts: 3 } as never),
    (item) => full.putAsync(item, { timeout: 1 }),
    (item) => full.putAsync(item, { signal: AbortSignal.abort() }),
    (item) => startNewThread(none, [item]),
    (item) => startNewThread(none, item as never),
    (item) => startNewThread(() => {}, [item] as never, none),
    (item) => start_new_thread(none, [item]),
    (item) => new Thread(() => {}, { args: [item], names: 1 } as never),
    (item) => new Thread({ target: none, args: [item] } as never),
    (item) => new Timer(none as never as number, none, [item]),
    (item) => new Timer('x' as never, () => {}, [item] as never),
    (item) => closed.submit((_: unknown) => 1, item),
    (item) => closed.withOptions({ interruptible: true }).submit((_: unknown) => 1, item),
    (item) => run(none, item as never).result(),
    (item) => new ThreadPoolExecutor({ maxWorkers: -1, initializer: () => {}, initargs: [item] } as never),
    (item) => new ThreadPoolExecutor({ initializer: none, initargs: [item] }),
    (item) => new ThreadPoolExecutor({ initializer: () => {}, initargs: [item, new WeakMap()] } as never),
    (item) => done.setResult(item),
    (item) => cancelled.setResult(item),
  ];
  for (const call of calls) {
    const view = bytes();
    await assert.rejects(async () => call(transfer(view)), Error, String(call));
    assert.equal(view.length, 3, `${call} has taken it`);
    new Queue<unknown>().put(view);
    assert.equal(view.length, 3, `${call} has left the mark`);
  }
});

test('map: items that were not taken are not marked any more, however it ends', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const closed = new ThreadPoolExecutor();
  closed.shutdown();
  const size = (view: Uint8Array): number => view.length;
  const two = (_n: number, view: Uint8Array): number => view.length;
  type Call = (items: readonly Uint8Array[]) => unknown;
  /** What is done with items, and how many of them are taken. */
  const calls: readonly (readonly [Call, number])[] = [
    [(items) => executor.map(size, items, { bufferSize: -1 }), 0],
    [(items) => executor.map(size, items, { signals: 1 } as never), 0],
    [(items) => executor.map(size, items, { timeout: 'x' as never }), 0],
    [(items) => executor.map(size, items, { signal: AbortSignal.abort() }), 0],
    [(items) => (executor.map as (...rest: unknown[]) => unknown).call(executor, two, [1], 5, items), 0],
    [(items) => closed.map(size, items), 1],
    [(items) => executor.map(size, items, { bufferSize: 1 }).cancel(), 1],
    [(items) => executor.map(size, new Set(items), { bufferSize: 1 }).cancel(), 1],
    [(items) => [...executor.map(two, [1], items)], 1],
    [(items) => [...executor.map((view: Uint8Array, _n: number) => view.length, items, [1])], 1],
    [
      async (items) => {
        for await (const _ of executor.map(size, items, { bufferSize: 1 })) break;
      },
      1,
    ],
    [
      (items) => {
        for (const _ of executor.map(size, items, { bufferSize: 2 })) break;
      },
      2,
    ],
  ];
  for (const [call, taken] of calls) {
    const views = [bytes(), bytes(), bytes(), bytes()];
    try {
      await call(views.map((view) => transfer(view)));
    } catch {
      // Some are wrong.
    }
    for (const [at, view] of views.entries()) {
      if (at < taken) continue;
      assert.equal(view.length, 3, `${call}: item ${at} was taken`);
      new Queue<unknown>().put(view);
      assert.equal(view.length, 3, `${call}: item ${at} is still marked`);
    }
  }
  executor.shutdown();
});

test('the arguments of a Timer and of an initializer are moved', () => {
  const [late, first] = [bytes(), bytes()];
  const timer = new Timer(1, (a: Uint8Array) => void seen.push(String(a)), [transfer(late)]);
  assert.equal(late.length, 3);
  timer.start();
  assert.equal(late.length, 0);
  timer.join();
  const executor = new ThreadPoolExecutor({
    initializer: (a: Uint8Array) => void seen.push(String(a)),
    initargs: [transfer(first)],
  });
  assert.equal(first.length, 0);
  executor.submit(() => 1).result();
  executor.shutdown();
  assert.deepEqual(taken(), ['1,2,3', '1,2,3']);
});

test('a task that is cancelled before it begins has taken nothing', () => {
  const view = bytes();
  const executor = new ThreadPoolExecutor();
  const future = executor.withOptions({ signal: AbortSignal.abort() }).submit((a: Uint8Array) => a, transfer(view));
  assert.ok(future.cancelled());
  assert.equal(view.length, 3);
  executor.shutdown();
});

test('what the platform does not give away is copied', () => {
  const queue = new Queue<Uint8Array>();
  const { Memory } = (globalThis as never as { WebAssembly: { Memory: new (size: object) => { buffer: ArrayBuffer } } })
    .WebAssembly;
  for (const make of [() => Buffer.from('abc'), () => new Uint8Array(new Memory({ initial: 1 }).buffer)]) {
    const length = make().length;
    queue.put(transfer(make() as Uint8Array));
    assert.equal(queue.size, 1);
    assert.equal(queue.get().length, length);
    assert.equal(run((a: Uint8Array) => a.length, transfer(make() as Uint8Array)).result(), length);
  }
});
