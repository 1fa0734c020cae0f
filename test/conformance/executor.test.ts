// Section 4 of the contract, concurrent.futures: ThreadPoolExecutor, map, run.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import {
  allocateLock,
  BrokenExecutor,
  CancelledError,
  currentThread,
  enumerate,
  type Future,
  getIdent,
  type Lock,
  Queue,
  run,
  shared,
  startNewThread,
  ThreadError,
  ThreadPoolExecutor,
  TimeoutError,
  transfer,
} from 'heddle';
import { counter, NEVER, raise, reaches, value } from '../support/counter.ts';
import { program } from '../support/program.ts';

/** Waits for a gate such that no wait lasts, so that the executor does not take it for blocked. */
function stay(gate: Lock): boolean {
  while (!gate.acquire({ timeout: 5 }));
  return true;
}

test('submit: a function with its arguments, from any thread', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  assert.equal(executor.submit((a: number, b: string) => `${a}${b}`, 1, 'x').result(), '1x');
  assert.equal(executor.submit((...all: number[]) => all.length, 1, 2, 3, 4, 5, 6, 7).result(), 7);
  const done = counter();
  for (let n = 0; n < 3; n++) {
    startNewThread(
      (n: number) => {
        for (let i = 0; i < 50; i++)
          if (executor.submit((x: number) => x + 1, n + i).result() === n + i + 1) raise(done);
      },
      [n],
    );
  }
  reaches(done, 150);
  executor.shutdown();
});

test('submit: arguments, captures and results of all kinds', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  class Point {
    readonly x: number;
    readonly y: number;
    constructor(x: number, y: number) {
      this.x = x;
      this.y = y;
    }
    sum() {
      return this.x + this.y;
    }
  }
  const sum = (point: Point, more: Map<string, number>) =>
    point instanceof Point ? point.sum() + more.get('a')! : Number.NaN;
  // The third time the function is kept.
  for (let n = 0; n < 4; n++) {
    assert.equal(executor.submit(sum, new Point(1, n), new Map([['a', 10]])).result(), 11 + n);
    const back = executor.submit((n: number) => new Point(n, n), n).result();
    assert.equal(back instanceof Point, true);
    assert.equal(back.sum(), 2 * n);
    assert.deepEqual(
      executor.submit((bytes: Uint8Array) => bytes.map((b) => b + 1), new Uint8Array([n, 2])).result(),
      new Uint8Array([n + 1, 3]),
    );
  }
  const bytes = new Int32Array(new SharedArrayBuffer(8));
  executor.submit(() => void Atomics.add(bytes, 0, 5)).result();
  executor.submit((given: Int32Array) => void Atomics.add(given, 1, 6), bytes).result();
  assert.deepEqual([...bytes], [5, 6]);
  const world = shared({ count: 1 });
  executor.submit((given: { count: number }) => void given.count++, world).result();
  executor.submit(() => void world.count++).result();
  assert.equal(world.count, 3);
  executor.shutdown();
});

test('submit: a function whose captures change is captured anew each time', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  let n = 0;
  const read = () => n;
  for (; n < 5; n++) assert.equal(executor.submit(read).result(), n);
  executor.shutdown();
});

test('submit: fn is not checked for callability; the future has the TypeError', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = executor.submit(1 as unknown as () => void);
  assert.throws(() => future.result(), {
    name: 'TypeError',
    message: /^1 is not a function: give the function itself/,
  });
  executor.shutdown();
});

test('submit: what cannot travel fails the future, which says where it was submitted; nothing is thrown past it', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  let assigned = 0;
  const calls: Record<string, () => Future<unknown>> = {
    argument: () => executor.submit((map: object) => map, new WeakMap()),
    nested: () => executor.submit((map: object) => map, { deep: [new WeakRef({})] }),
    symbol: () => executor.submit((symbol: symbol) => symbol, Symbol('mine')),
    'port that is gone': () => {
      const { port1 } = new MessageChannel();
      structuredClone(port1, { transfer: [port1] });
      return executor.submit((port: unknown) => typeof port, port1);
    },
    'function that assigns': () => executor.submit(() => assigned++),
    'proxy of a function': () => executor.submit(new Proxy(() => 1, {})),
    'through options': () => executor.withOptions({ interruptible: true }).submit((map: object) => map, new WeakMap()),
    run: () => run((map: object) => map, new WeakMap()),
  };
  for (const [name, call] of Object.entries(calls)) {
    const future = call();
    const error = (await future.then(
      () => assert.fail(name),
      (error: unknown) => error,
    )) as Error;
    assert.ok(error instanceof TypeError, name);
    assert.equal(future.exception(), error, name);
    assert.match(String(error.stack), /executor\.test\.[jt]s/, name);
    assert.doesNotMatch(String(error.stack), /dist\/|src\/futures|submitted from/, name);
  }
  assert.equal(assigned, 0);
  // By promise, by callback, by map: in the place where errors of the call are looked for.
  const caught: unknown[] = [];
  await run((map: object) => map, new WeakMap()).catch((error: unknown) => caught.push(error));
  await Promise.allSettled([run((map: object) => map, new WeakMap())]).then(([{ status }]) => caught.push(status));
  const results = executor.map((item: unknown) => typeof item, [1, new WeakMap(), 2]);
  const seen: unknown[] = [];
  assert.throws(
    () => {
      for (const result of results) seen.push(result);
    },
    { name: 'CaptureError', message: /WeakMap/ },
  );
  assert.deepEqual(seen, ['number']);
  assert.equal((caught[0] as Error).name, 'CaptureError');
  assert.equal(caught[1], 'rejected');
  assert.equal(executor.submit(() => 1).result(), 1);
  executor.shutdown();
});

test('submit: what was marked to be moved stays, unmarked, when the call cannot travel', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const bytes = new Uint8Array(64).fill(7);
  const size = (given: Uint8Array): number => given.length;
  assert.ok(
    executor.submit((_given, map: object) => map, transfer(bytes), new WeakMap()).exception() instanceof TypeError,
  );
  assert.equal(executor.submit(size, bytes).result(), 64);
  assert.equal(bytes[63], 7);
  assert.ok(executor.submit(1 as unknown as typeof size, transfer(bytes)).exception() instanceof TypeError);
  assert.equal(executor.submit(size, bytes).result(), 64);
  assert.equal(bytes[63], 7);
  executor.shutdown();
  assert.throws(() => executor.submit(size, transfer(bytes)), ThreadError);
  assert.equal(run(size, bytes).result(), 64);
  assert.equal(bytes[63], 7);
});

test('submit: after shutdown it is refused; shutdown may be repeated', () => {
  const executor = new ThreadPoolExecutor();
  assert.equal(executor.submit(() => 1).result(), 1);
  executor.shutdown();
  executor.shutdown();
  executor.shutdown({ wait: false, cancelFutures: true });
  assert.throws(() => executor.submit(() => 1), {
    name: 'ThreadError',
    message: 'cannot schedule new futures after shutdown',
  });
  assert.throws(() => executor.map((n: number) => n, [1]), ThreadError);
});

test('shutdown: waits for what runs and for what waits', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const done = counter();
  const futures = Array.from({ length: 300 }, () => executor.submit(() => void raise(done)));
  executor.shutdown();
  assert.equal(value(done), 300);
  assert.ok(futures.every((future) => future.done()));
});

test('shutdown({ cancelFutures }): what waits is cancelled, what runs is finished', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = allocateLock();
  gate.acquire();
  const begun = counter();
  const first = executor.submit(() => {
    raise(begun);
    stay(gate);
    return 'done';
  });
  reaches(begun, 1);
  const others = Array.from({ length: 200 }, () => executor.submit(() => 1));
  executor.shutdown({ wait: false, cancelFutures: true });
  assert.ok(others.every((future) => future.cancelled()));
  assert.equal(first.done(), false);
  gate.release();
  executor.shutdown();
  assert.equal(first.result(), 'done');
});

test('shutdown: from one of its own tasks it can be called, but not waited for', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const error = executor.submit(() => executor.shutdown()).exception() as Error;
  assert.equal(error.name, 'ThreadError');
  assert.match(error.message, /^cannot join current thread/);
  executor.shutdown();
});

test('shutdown: `using`, and without blocking', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const future = executor.submit(() => 1);
  await executor.shutdownAsync();
  assert.equal(future.done(), true);
  let ended: Future<number>;
  {
    const inner = new ThreadPoolExecutor();
    ended = inner.submit(() => 2);
    inner[Symbol.dispose]();
  }
  assert.equal(ended.done(), true);
});

test('default maxWorkers: min(32, cores + 4)', () => {
  const executor = new ThreadPoolExecutor();
  const gate = allocateLock();
  gate.acquire();
  const begun = counter();
  const most = Math.min(32, availableParallelism() + 4);
  const futures = Array.from({ length: most + 2 }, () =>
    executor.submit(() => {
      raise(begun);
      stay(gate);
      gate.release();
    }),
  );
  reaches(begun, most);
  assert.equal(futures.filter((future) => future.running()).length, most);
  gate.release();
  executor.shutdown();
});

test('threads are made on demand, and reused if idle', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 8 });
  const idents = new Set(Array.from({ length: 20 }, () => executor.submit(getIdent).result()));
  assert.ok(idents.size <= 2, `${idents.size} threads for one task at a time`);
  executor.shutdown();
});

test('options are checked', () => {
  const Untyped = ThreadPoolExecutor as unknown as new (options: unknown) => unknown;
  for (const maxWorkers of [0, -1]) {
    assert.throws(() => new Untyped({ maxWorkers }), {
      name: 'RangeError',
      message: /^maxWorkers must be greater than 0/,
    });
  }
  assert.throws(() => new Untyped({ maxWorkers: 1.5 }), TypeError);
  assert.throws(() => new Untyped({ max: 1 }), /unknown option 'max'/);
  assert.throws(() => new Untyped({ initializer: 1 }), {
    name: 'TypeError',
    message: /^initializer must be a function/,
  });
  assert.throws(() => new Untyped({ threadNamePrefix: 1 }), TypeError);
  assert.throws(() => new Untyped(null), TypeError);
});

test('initializer: runs once in each thread, before its first task', () => {
  const inits = counter();
  const executor = new ThreadPoolExecutor({
    maxWorkers: 2,
    initializer: (by: string) => {
      raise(inits);
      (globalThis as { prepared?: string }).prepared = by;
    },
    initargs: ['me'],
  });
  const futures = Array.from({ length: 50 }, () =>
    executor.submit(() => (globalThis as { prepared?: string }).prepared),
  );
  assert.ok(futures.every((future) => future.result() === 'me'));
  executor.shutdown();
  assert.ok(value(inits) >= 1 && value(inits) <= 2);
});

test('initializer: also a thread that comes after the shutdown is prepared before what waited for it', () => {
  for (let round = 0; round < 10; round++) {
    const executor = new ThreadPoolExecutor({
      maxWorkers: 2,
      initializer: () => {
        (globalThis as { ready?: boolean }).ready = true;
      },
    });
    const futures = Array.from({ length: 4 }, () =>
      executor.submit(() => (globalThis as { ready?: boolean }).ready === true),
    );
    executor.shutdown({ wait: false });
    assert.deepEqual(
      futures.map((future) => future.result()),
      [true, true, true, true],
    );
    executor.shutdown();
  }
});

test('initializer that throws: the executor is broken, for what waits and for what comes', async () => {
  const { stdout, stderr, status } = await program(`
import { BrokenExecutor, ThreadPoolExecutor } from 'heddle';
for (let round = 0; round < 20; round++) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2, initializer: () => { throw new Error('not today'); } });
  const futures = [];
  try {
    for (let n = 0; n < 5; n++) futures.push(executor.submit(() => 1));
  } catch (error) {
    if (!(error instanceof BrokenExecutor)) throw error;
  }
  for (const future of futures) {
    const error = future.exception();
    if (!(error instanceof BrokenExecutor)) throw new Error('a task was run');
    if (error.message !== 'A thread initializer failed, the thread pool is not usable anymore') throw error;
    if (!(error.cause instanceof Error) || error.cause.message !== 'not today') throw error;
  }
  try {
    executor.submit(() => 1);
  } catch (error) {
    if (round === 19) console.log(error.cause.message, error.name, error.message);
  }
  executor.shutdown();
}
`);
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /not today BrokenExecutor A thread initializer failed, the thread pool is not usable anymore\n$/,
  );
  assert.match(stderr, /Exception in initializer:\nError: not today/);
});

test('map: results in the order of the items, of several iterables to the end of the shortest', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  assert.deepEqual([...executor.map((n: number) => n * n, [1, 2, 3, 4])], [1, 4, 9, 16]);
  assert.deepEqual([...executor.map((a: number, b: string) => a + b, [1, 2, 3], ['a', 'b'])], ['1a', '2b']);
  assert.deepEqual([...executor.map((c: string) => c.toUpperCase(), 'abc')], ['A', 'B', 'C']);
  assert.deepEqual([...executor.map((n: number) => n, [])], []);
  executor.shutdown();
});

test('map: without a bufferSize all items are taken at once', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  let taken = 0;
  function* items() {
    for (; taken < 10; taken++) yield taken;
  }
  const results = executor.map((n: number) => n, items());
  assert.equal(taken, 10);
  assert.deepEqual([...results].length, 10);
  executor.shutdown();
});

test('map({ bufferSize }): lazy, also for inputs without an end', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  let taken = 0;
  let closed = false;
  function* naturals() {
    try {
      for (;;) yield taken++;
    } finally {
      closed = true;
    }
  }
  const seen: number[] = [];
  for (const result of executor.map((n: number) => n * 2, naturals(), { bufferSize: 3 })) {
    seen.push(result);
    assert.ok(taken <= seen.length + 3, `${taken} taken for ${seen.length}`);
    if (seen.length === 20) break;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, n) => n * 2),
  );
  assert.equal(closed, true);
  executor.shutdown();
});

test('map: an error surfaces at its place, and what waits is cancelled', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const seen: number[] = [];
  assert.throws(
    () => {
      for (const n of executor.map(
        (n: number) => {
          if (n === 2) throw new RangeError('two');
          return n;
        },
        [0, 1, 2, 3],
      )) {
        seen.push(n);
      }
    },
    { name: 'RangeError', message: 'two' },
  );
  assert.deepEqual(seen, [0, 1]);
  executor.shutdown();
});

test('map({ timeout }): TimeoutError when the time is over', () => {
  const findings = (timeout: number): number[] => {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const gate = allocateLock();
    gate.acquire();
    const task = (n: number): number => {
      if (n > 0 && gate.acquire()) gate.release();
      return n;
    };
    executor.submit(task, 0).result();
    const results = executor.map(task, [0, 1, 2], { timeout });
    const seen: number[] = [];
    assert.throws(() => {
      for (const n of results) seen.push(n);
    }, TimeoutError);
    gate.release();
    executor.shutdown();
    return seen;
  };
  // On a busy machine the time can be over before the first is done.
  let seen: number[] = [];
  for (let timeout = 200; seen.length === 0 && timeout < NEVER; timeout *= 4) seen = findings(timeout);
  assert.deepEqual(seen, [0]);
});

test('map: over a queue, blocking or not as the results are taken', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const filled = (): Queue<number> => {
    const queue = new Queue<number>();
    for (const n of [1, 2, 3]) queue.put(n);
    queue.shutdown();
    return queue;
  };
  assert.deepEqual([...executor.map((n: number) => n * 7, filled())], [7, 14, 21]);
  const results: number[] = [];
  for await (const result of executor.map((n: number) => n * 7, filled())) results.push(result);
  assert.deepEqual(results, [7, 14, 21]);
  const queue = filled();
  executor.map((n: number) => n * 7, queue);
  while (queue.size > 0) await new Promise((resolve) => setImmediate(resolve));
  await executor.shutdownAsync();
});

test('map: async iteration, of sync and async inputs, with progress', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const seen: number[] = [];
  const progress: number[] = [];
  for await (const n of executor.map((n: number) => n + 1, [1, 2, 3], {
    onProgress: ({ done, submitted }) => progress.push(done, submitted),
  })) {
    seen.push(n);
  }
  assert.deepEqual(seen, [2, 3, 4]);
  assert.deepEqual(progress, [1, 3, 2, 3, 3, 3]);
  async function* later() {
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      yield n;
    }
  }
  const doubled: number[] = [];
  for await (const n of executor.map((n: number) => n * 2, later(), { bufferSize: 2 })) doubled.push(n);
  assert.deepEqual(doubled, [0, 2, 4, 6, 8]);
  const all: number[] = [];
  for await (const n of executor.map((n: number) => n * 3, later())) all.push(n);
  assert.deepEqual(all, [0, 3, 6, 9, 12]);
  assert.throws(() => [...executor.map((n: number) => n, later())], /async iterable/);
  executor.shutdown();
});

test('map({ signal }): cancels, and throws its reason', async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = allocateLock();
  gate.acquire();
  const controller = new AbortController();
  const results = executor.map(() => gate.acquire(), [0, 1, 2], { signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await assert.rejects(async () => {
    for await (const _ of results);
  }, /enough/);
  gate.release();
  executor.shutdown();
  assert.throws(
    () => executor.map((n: number) => n, [1], { signal: AbortSignal.abort(new Error('before')) }),
    /before/,
  );
});

test('withOptions({ signal }): cancels what has not begun', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = allocateLock();
  gate.acquire();
  const begun = counter();
  const first = executor.submit(() => {
    raise(begun);
    return stay(gate);
  });
  reaches(begun, 1);
  const controller = new AbortController();
  const through = executor.withOptions({ signal: controller.signal });
  const second = through.submit((n: number) => n, 1);
  controller.abort();
  assert.throws(() => second.result(), CancelledError);
  assert.equal(through.submit(() => 1).cancelled(), true);
  gate.release();
  assert.equal(first.result(), true);
  executor.shutdown();
});

test('an executor grows when its threads wait for each other’s futures', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  function depth(n: number): number {
    return n === 0 ? 0 : 1 + executor.submit(depth, n - 1).result();
  }
  assert.equal(executor.submit(depth, 6).result(), 6);
  async function depthAsync(n: number): Promise<number> {
    return n === 0 ? 0 : 1 + (await executor.submit(depthAsync, n - 1));
  }
  assert.equal(executor.submit(depthAsync, 6).result(), 6);
  executor.shutdown();
});

test('an executor grows when its threads wait for a lock that another task releases', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = allocateLock();
  gate.acquire();
  const waits = executor.submit(() => gate.acquire());
  const opens = executor.submit(() => gate.release());
  opens.result();
  assert.equal(waits.result(), true);
  executor.shutdown();
});

test('its threads are threads: currentThread and enumerate give them, by name', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'crew' });
  const [name, daemon, alive] = executor
    .submit(() => {
      const { name, daemon, isAlive } = currentThread();
      return [name, daemon, isAlive];
    })
    .result() as [string, boolean, boolean];
  assert.deepEqual([name, daemon, alive], ['crew_0', false, true]);
  const thread = enumerate().find(({ name }) => name === 'crew_0');
  assert.ok(thread?.isAlive);
  executor.shutdown();
  assert.equal(thread.join(), true);
  assert.ok(!enumerate().includes(thread));
});

test('run: an executor for the whole process', async () => {
  assert.equal(await run((a: number, b: number) => a * b, 6, 7), 42);
  assert.equal(run(() => run(() => 'inner').result()).result(), 'inner');
});

test('BrokenExecutor is a ThreadError', () => {
  assert.ok(new BrokenExecutor('x') instanceof ThreadError);
});
