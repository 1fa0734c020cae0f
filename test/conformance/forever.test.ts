// `Infinity` as a time-out means for ever, as none does, wherever a time-out is taken: in options and as an argument.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  allocateLock,
  asCompleted,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Future,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  RLock,
  RWLock,
  run,
  Semaphore,
  SimpleQueue,
  Thread,
  ThreadPoolExecutor,
  Timer,
  wait,
  waitAsync,
} from 'heddle';
import * as dummy from 'heddle/dummy_thread';
import * as thread from 'heddle/thread';

/** Calls `use` when what it waits for is not there yet: `come`, in another thread, brings it once this one waits. */
function brought(come: () => void): void {
  const timer = new Timer(20, come);
  timer.start();
}

const options = { timeout: Infinity };

suite('Infinity is for ever', () => {
  const locks: Record<
    string,
    () => { acquire(...args: never[]): boolean; acquireAsync(options: object): Promise<boolean>; release(): void }
  > = {
    Lock: () => new Lock(),
    allocateLock: () => allocateLock(),
    'allocate_lock of heddle/thread': () => thread.allocate_lock(),
    'allocate_lock of heddle/dummy_thread': () => dummy.allocate_lock() as never,
    RLock: () => new RLock(),
    Semaphore: () => new Semaphore(1),
    BoundedSemaphore: () => new BoundedSemaphore(1),
    'RWLock.read': () => new RWLock().read as never,
    'RWLock.write': () => new RWLock().write as never,
    Condition: () => new Condition() as never,
  };
  for (const [name, make] of Object.entries(locks)) {
    test(name, async () => {
      const lock = make();
      for (const args of [[options], [true, Infinity]]) {
        assert.equal(lock.acquire(...(args as never[])), true);
        lock.release();
      }
      if ('acquireAsync' in lock) {
        assert.equal(await lock.acquireAsync(options), true);
        lock.release();
      }
    });
  }

  for (const [name, args] of [
    ['as an option', [options]],
    ['as an argument', [true, Infinity]],
  ] as const) {
    test(`a lock that is held is waited for: ${name}`, () => {
      const lock = new Lock();
      lock.acquire();
      brought(() => lock.release());
      assert.equal(lock.acquire(...(args as unknown as [])), true);
    });
  }

  test('a try has no time-out, not this one either', () => {
    assert.throws(() => new Lock().acquire(false, Infinity), /can't specify a timeout for a non-blocking call/);
  });

  test('Event', async () => {
    const event = new Event();
    brought(() => event.set());
    assert.equal(event.wait(Infinity), true);
    assert.equal(await event.waitAsync(options), true);
  });

  test('Condition', async () => {
    const condition = new Condition();
    condition.acquire();
    brought(() => condition.with(() => condition.notifyAll()));
    assert.equal(condition.wait(Infinity), true);
    assert.equal(
      condition.waitFor(() => true, Infinity),
      true,
    );
    assert.equal(await condition.waitForAsync(() => true, options), true);
    brought(() => condition.with(() => condition.notifyAll()));
    assert.equal(await condition.waitAsync(options), true);
    condition.release();
  });

  test('Barrier', async () => {
    const barrier = new Barrier(1, options);
    assert.equal(barrier.wait(), 0);
    assert.equal(barrier.wait(Infinity), 0);
    assert.equal(await barrier.waitAsync(options), 0);
  });

  for (const [name, make] of Object.entries({
    Queue: () => new Queue<number>(),
    LifoQueue: () => new LifoQueue<number>(),
    PriorityQueue: () => new PriorityQueue<number>(),
    SimpleQueue: () => new SimpleQueue<number>(),
  })) {
    test(name, async () => {
      const queue = make();
      queue.put(1, options);
      assert.equal(queue.get(options), 1);
      await queue.putAsync(2, options);
      assert.equal(await queue.getAsync(options), 2);
      brought(() => queue.put(3));
      assert.equal(queue.get(options), 3);
      if ('join' in queue) {
        for (let n = 0; n < 3; n++) queue.taskDone();
        assert.equal(queue.join(Infinity), true);
        assert.equal(await queue.joinAsync(options), true);
      }
    });
  }

  test('Thread', async () => {
    const work = new Thread(() => {});
    work.start();
    assert.equal(work.join(Infinity), true);
    assert.equal(await work.joinAsync(options), true);
  });

  test('Timer', () => {
    const never = new Timer(Infinity, () => {});
    never.start();
    never.cancel();
    assert.equal(never.join(Infinity), true);
  });

  test('futures and executors', async () => {
    const settled = new Future<number>();
    settled.setResult(5);
    assert.deepEqual(
      [settled.result(Infinity), settled.result(options), settled.exception(Infinity)],
      [5, 5, undefined],
    );
    assert.equal(run((n: number) => n, 6).result(Infinity), 6);
    assert.equal(run((n: number) => n, 7).exception(options), undefined);
    assert.equal(wait([run(() => 1)], options).done.size, 1);
    assert.equal((await waitAsync([run(() => 1)], options)).done.size, 1);
    for (const future of asCompleted([run(() => 8)], options)) assert.equal(future.result(), 8);
    for await (const value of asCompleted([run(() => 9)], options)) assert.equal(value, 9);
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    assert.deepEqual([...executor.map((n: number) => n + 1, [1, 2], options)], [2, 3]);
    for (const timeout of [Infinity, 2 ** 40]) {
      const values: number[] = [];
      for await (const value of executor.map((n: number) => n + 1, [1, 2], { timeout })) values.push(value);
      assert.deepEqual(values, [2, 3]);
    }
    executor.shutdown();
  });
});
