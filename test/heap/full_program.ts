// Every operation in a full heap: it throws MemoryError and has done nothing, or it needs no room and has done all; and when something was let
// go of it works. Prints a line of JSON: which operations found no room, and what was wrong.

import assert from 'node:assert/strict';
import {
  Barrier,
  Condition,
  collect,
  configureHeap,
  Event,
  Future,
  getIdent,
  globals,
  heapStatistics,
  LifoQueue,
  Lock,
  MemoryError,
  PriorityQueue,
  Queue,
  RLock,
  RWLock,
  Semaphore,
  SharedArray,
  SharedMap,
  SharedSet,
  SimpleQueue,
  shared,
  snapshot,
  startNewThread,
  struct,
  Thread,
  ThreadLocal,
  ThreadPoolExecutor,
  t,
  transfer,
} from 'heddle';

configureHeap({ maxHeap: 12 * 2 ** 20 });

/** No room for any of these when the heap is full. */
const big = 'x'.repeat(20_000);
const wide = 'ä'.repeat(10_000);
const plain = (): object => ({ text: big, list: [1, 2, 3] });

interface Operation {
  readonly name: string;
  /** What a program sees of what the operation works on; the same before and after if there was no room. */
  readonly state: () => unknown;
  readonly run: () => unknown;
  /** It must find no room. */
  readonly needsRoom: boolean;
}

const operations: Operation[] = [];

function add(name: string, state: () => unknown, run: () => unknown, needsRoom = true): void {
  operations.push({ name, state, run, needsRoom });
}

/** Values of which each is put by every way. */
const values: Readonly<Record<string, () => unknown>> = {
  text: () => big,
  'wide text': () => wide,
  bigint: () => 1n << 200_000n,
  'plain data': plain,
  buffer: () => Buffer.alloc(20_000, 'b'),
  error: () => new Error(big),
};

const queues = { Queue, LifoQueue, PriorityQueue, SimpleQueue };
for (const [kind, Class] of Object.entries(queues)) {
  for (const [sort, value] of Object.entries(values)) {
    const queue = new (Class as typeof Queue)<unknown>();
    const first = { priority: 1 } as object;
    queue.put('there', kind === 'PriorityQueue' ? first : undefined);
    const state = (): unknown => [queue.size, kind === 'SimpleQueue' ? 0 : (queue as Queue).unfinishedTasks];
    const options = (kind === 'PriorityQueue' ? { priority: 2 } : {}) as object;
    add(`${kind}.put(${sort})`, state, () => queue.put(value(), options));
    add(`${kind}.put(${sort}, { timeout })`, state, () => queue.put(value(), { ...options, timeout: 50 }));
    add(`${kind}.putAsync(${sort})`, state, () => queue.putAsync(value(), options));
  }
}
{
  const queue = new PriorityQueue();
  add(
    'PriorityQueue.put() by a long priority',
    () => queue.size,
    () => queue.put(1, { priority: big }),
  );
  const bytes = new Uint8Array(300_000);
  const carrier = new Queue<unknown>();
  add(
    'Queue.put() of a transferred buffer',
    () => [carrier.size, bytes.byteLength],
    () => carrier.put(transfer({ bytes, big }, [bytes.buffer])),
  );
  const many = new Queue<number>();
  for (let n = 0; n < 4096; n++) many.put(n);
  add(
    'Queue.put() that needs a larger queue',
    () => many.size,
    () => many.put(1),
  );
}
for (const [sort, value] of Object.entries(values)) {
  const future = new Future<unknown>();
  const state = (): unknown => [future.done(), future.running()];
  add(`Future.setResult(${sort})`, state, () => future.setResult(value()));
  const failing = new Future<unknown>();
  failing.catch(() => {});
  add(
    `Future.setException(${sort})`,
    () => failing.done(),
    () => failing.setException(Object.assign(new Error('e'), { value: value() })),
    false,
  );
}

const array = shared<unknown[]>([1, 'two', { three: 3 }]);
const map = new SharedMap<unknown, unknown>([
  ['a', 1],
  ['b', { n: 2 }],
]);
const set = new SharedSet<unknown>(['a', 'b']);
const record = shared({ text: 'a text', n: 1, value: null as unknown });
const Point = struct(
  'Point',
  { name: t.string, at: t.any },
  class {
    declare name: string;
    declare at: unknown;
  },
);
const point = new Point({ name: 'p' });
const local = new ThreadLocal<{ value?: unknown }>();
const stateOf = (): unknown => snapshot({ array, map, set, record, point: [point.name, point.at] } as never);
for (const [sort, value] of Object.entries(values)) {
  // The bytes of shared buffers lie outside.
  if (sort === 'buffer') continue;
  add(`array.push(${sort})`, stateOf, () => array.push(1, value(), 2));
  add(`array.unshift(${sort})`, stateOf, () => array.unshift(1, value()));
  add(`array.splice(${sort})`, stateOf, () => array.splice(1, 1, value(), value()));
  add(`array.set(${sort})`, stateOf, () => (array as unknown as SharedArray<unknown>).set(0, value()));
  add(`array.fill(${sort})`, stateOf, () => array.fill(value(), 0, 1));
  add(`map.set(${sort})`, stateOf, () => map.set('new', value()));
  add(`map.set() over another (${sort})`, stateOf, () => map.set('a', value()));
  add(`map.set() by key (${sort})`, stateOf, () =>
    map.set(sort === 'buffer' || sort === 'error' || sort === 'plain data' ? shared(value()) : value(), 1),
  );
  add(`map.update(${sort})`, stateOf, () => map.update('b', () => value()));
  add(`map.getOrInsert(${sort})`, stateOf, () => map.getOrInsert(`newer ${sort}`, value()));
  add(`map.getOrInsertComputed(${sort})`, stateOf, () => map.getOrInsertComputed(`newest ${sort}`, value));
  add(`set.add(${sort})`, stateOf, () => set.add(value()));
  add(`set.insert(${sort})`, stateOf, () => set.insert(value()));
  add(`record.value = ${sort}`, stateOf, () => Reflect.set(record, 'value', value()));
  add(`point.at = ${sort}`, stateOf, () => Reflect.set(point, 'at', value()));
  add(`new Point(${sort})`, stateOf, () => new Point({ name: 'q', at: value() }));
  add(
    `globals.get(${sort})`,
    () => globals.has(`full/${sort}`),
    () => globals.get(`full/${sort}`, () => ({ value: value() })),
  );
  if (typeof value() === 'object') add(`shared(${sort})`, stateOf, () => shared(value()));
}
add('array.length = more', stateOf, () => Reflect.set(array, 'length', 200_000));
add('new SharedArray(many)', stateOf, () => new SharedArray<number>().push(...new Array<number>(50_000).fill(1)));
add('new SharedMap(many)', stateOf, () => new SharedMap(Array.from({ length: 40_000 }, (_, n) => [n, n])));
add('map.delete()', stateOf, () => map.delete('b'), false);
add('set.delete()', stateOf, () => set.delete('b'), false);
add('array.pop()', stateOf, () => array.pop(), false);
add('map.get()', stateOf, () => map.get('a'), false);

const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
const identity = (value: unknown): unknown => value;
const length = (value: { length?: number } | string): number => (value as string).length ?? 0;
const worker = pool.submit(() => `${getIdent()}`).result();
const here = (): string => `${getIdent()}`;
// Known to be constant from the second time on.
for (let n = 0; n < 3; n++) {
  pool.submit(identity, n).result();
  pool.submit(length, 'text').result();
  pool.submit(here).result();
}
/** Whether the pool works: a task needs a little room itself, which is given to it where there is none. */
function poolState(): unknown {
  try {
    return pool.submit(here).result() === worker;
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
  }
  const largest = ballast.find((part) => part.length > 0)!;
  largest.length = 0;
  collect();
  const works = pool.submit(here).result() === worker;
  fill();
  return works;
}
const makers: Readonly<Record<string, () => unknown>> = {
  text: () => 'z'.repeat(20_000),
  'plain data': () => ({ text: 'z'.repeat(20_000) }),
  buffer: () => Buffer.alloc(20_000),
  error: () => new Error('z'.repeat(20_000)),
};
for (const make of Object.values(makers)) for (let n = 0; n < 3; n++) pool.submit(make).result();
for (const [sort, value] of Object.entries(values)) {
  add(`submit(fn, ${sort})`, poolState, () => pool.submit(length as (value: unknown) => number, value()));
  add(`map(fn, [${sort}])`, poolState, () => [...pool.map(length as (value: unknown) => number, [value()])]);
}
for (const [sort, make] of Object.entries(makers)) {
  add(`a result (${sort})`, poolState, () => pool.submit(make).result());
  add(`a result (${sort}), awaited`, poolState, async () => void (await pool.submit(make)));
}
{
  const future = new Future<unknown>();
  const thrower = (): never => {
    throw new Error('z'.repeat(20_000));
  };
  for (let n = 0; n < 3; n++) pool.submit(thrower).exception();
  add(
    'an error of a task',
    () => [poolState(), future.done()],
    () => {
      const error = pool.submit(thrower).exception();
      if (error instanceof MemoryError) throw error;
    },
    false,
  );
}

const lock = new Lock();
const rlock = new RLock();
const rwlock = new RWLock();
const event = new Event();
const semaphore = new Semaphore(1);
const condition = new Condition(lock);
for (const [name, run] of Object.entries({
  'lock.with()': () => lock.with(() => 1),
  'rlock.with()': () => rlock.with(() => 1),
  'rwlock.read': () => rwlock.read.with(() => 1),
  'rwlock.write': () => rwlock.write.with(() => 1),
  'event.set()': () => event.set(),
  'event.wait()': () => event.wait(1),
  'semaphore.with()': () => semaphore.with(() => 1),
  'condition.wait()': () => lock.with(() => condition.wait(1)),
  'condition.notify()': () => lock.with(() => condition.notify()),
  'condition.waitAsync()': async () => {
    await lock.acquireAsync();
    try {
      await condition.waitAsync({ timeout: 1 });
    } finally {
      lock.release();
    }
  },
  'new Lock()': () => new Lock(),
  'new Queue()': () => new Queue(),
  'new Barrier()': () => new Barrier(2),
  'new ThreadPoolExecutor()': () => new ThreadPoolExecutor(),
  'local.value': () => Reflect.set(local, 'value', { value: 1 }),
  'collect()': () => collect(),
} as Record<string, () => unknown>)) {
  add(name, () => [lock.locked(), rlock.locked(), semaphore.with(() => true)], run, false);
}
add(
  'startNewThread()',
  () => 1,
  () => {
    const done = new Queue<number>();
    startNewThread((done: Queue<number>) => done.put(1), [done]);
    assert.equal(done.get({ timeout: 60_000 }), 1);
  },
  false,
);
add(
  'Thread.start()',
  () => 1,
  () => {
    const thread = new Thread((array: SharedArray<unknown>) => array.length, { args: [array] });
    thread.start();
    thread.join();
  },
  false,
);

// These make room.
for (const Class of [Queue, LifoQueue, SimpleQueue]) {
  const queue = new Class<unknown>();
  for (let n = 0; n < 8; n++) queue.put(n % 2 === 0 ? `text ${n} ${'y'.repeat(5000)}` : { n });
  const gone: unknown[] = [];
  add(
    `${Class.name}.get()`,
    () => gone.length,
    () => gone.push(queue.get()),
    false,
  );
  add(
    `${Class.name}.getAsync()`,
    () => gone.length,
    async () => gone.push(await queue.getAsync()),
    false,
  );
}

const wrong: string[] = [];
const full: string[] = [];

const settled = async (run: () => unknown): Promise<unknown> => await run();

// Until nothing of any size finds room.
const ballast = new SharedArray<SharedArray<string>>();
function fill(): void {
  for (const size of [400_000, 20_000, 4_000, 1_900, 1_300, 900, 600, 400, 300, 200, 150, 100, 60, 40, 25, 10]) {
    for (;;) {
      try {
        const part = new SharedArray<string>();
        ballast.push(part);
        for (;;) part.push('f'.repeat(size));
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
        break;
      }
    }
  }
}
fill();
for (const { name, state, run, needsRoom } of operations) {
  const before = state();
  try {
    await settled(run);
    if (needsRoom) wrong.push(`${name}: there was room`);
  } catch (error) {
    if (!(error instanceof MemoryError)) {
      wrong.push(`${name}: ${(error as Error).stack}`);
      continue;
    }
    full.push(name);
    try {
      assert.deepEqual(state(), before);
    } catch (difference) {
      wrong.push(`${name}: it has done something: ${(difference as Error).message}`);
    }
  }
}
for (const part of ballast) part.length = 0;
ballast.length = 0;
for (const { name, run } of operations) {
  if (!full.includes(name)) continue;
  try {
    await settled(run);
    if (/Future.set/.test(name)) continue;
  } catch (error) {
    // Those that were meant for a future that is settled by now.
    wrong.push(`${name}, when there is room again: ${(error as Error).stack}`);
  }
}
pool.shutdown();
console.log(
  JSON.stringify(
    { full: full.length, of: operations.length, wrong, committed: heapStatistics().committedBytes },
    undefined,
    1,
  ),
);
