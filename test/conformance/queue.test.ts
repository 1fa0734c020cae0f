// Section 4 of the contract, queue: what is said of Queue, LifoQueue and PriorityQueue, and what CPython's test_queue tests. Each test for
// each of the three.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Empty, Full, LifoQueue, PriorityQueue, Queue, ShutDown, SimpleQueue } from 'heddle';
import { start_new_thread } from 'heddle/thread';
import { bunch, waitForFinished, waitForThreads } from '../support/bunch.ts';
import { counter, raise, reaches, value } from '../support/counter.ts';
import { program } from '../support/program.ts';
import { gettersAre, joinersAre, putters, puttersAre } from '../support/queues.ts';

const classes: Readonly<Record<string, { make: (maxSize?: number) => Queue<number>; order: readonly number[] }>> = {
  Queue: { make: (maxSize = 0) => new Queue({ maxSize }), order: [111, 333, 222] },
  LifoQueue: { make: (maxSize = 0) => new LifoQueue({ maxSize }), order: [222, 333, 111] },
  PriorityQueue: { make: (maxSize = 0) => new PriorityQueue({ maxSize }), order: [111, 222, 333] },
};

/** Milliseconds for waits that are to end without success. */
const SHORT = 20;

/** A thread that calls `action` and notes how it ended: 1 = it returned, 2 = Empty, 3 = Full, 4 = ShutDown. */
function inThread(action: () => unknown): Int32Array<SharedArrayBuffer> {
  const outcome = counter();
  start_new_thread(() => {
    const names = ['', 'returned', 'Empty', 'Full', 'ShutDown'];
    let name = 'returned';
    try {
      action();
    } catch (error) {
      name = (error as Error).name;
    }
    Atomics.store(outcome, 0, names.indexOf(name));
    Atomics.notify(outcome, 0);
  }, []);
  return outcome;
}

const RETURNED = 1;
const SHUT_DOWN = 4;

function ends(outcome: Int32Array<SharedArrayBuffer>, how: number): void {
  reaches(outcome, 1, 'the outcome');
  assert.equal(value(outcome), how);
}

for (const [name, { make, order }] of Object.entries(classes)) {
  suite(name, () => {
    test('the order in which items come out', () => {
      const queue = make();
      for (const item of [111, 333, 222]) queue.put(item);
      assert.deepEqual([queue.get(), queue.get(), queue.get()], order);
    });

    test('empty(), full(), size, maxSize', () => {
      const queue = make(2);
      assert.deepEqual([queue.empty(), queue.full(), queue.size, queue.maxSize], [true, false, 0, 2]);
      queue.put(1);
      assert.deepEqual([queue.empty(), queue.full(), queue.size], [false, false, 1]);
      queue.put(2);
      assert.deepEqual([queue.empty(), queue.full(), queue.size], [false, true, 2]);
      queue.get();
      assert.deepEqual([queue.empty(), queue.full(), queue.size], [false, false, 1]);
    });

    test('maxSize <= 0 is unbounded', () => {
      for (const maxSize of [0, -1]) {
        const queue = make(maxSize);
        for (let n = 0; n < 1000; n++) queue.putNowait(n);
        assert.equal(queue.full(), false);
        assert.equal(queue.size, 1000);
      }
    });

    test('put_nowait and put(block=False) of a full queue: Full', () => {
      const queue = make(1);
      queue.put(1);
      assert.throws(() => queue.putNowait(2), Full);
      assert.throws(() => queue.put(2, { wait: false }), { name: 'Full' });
      assert.equal(queue.size, 1);
    });

    test('put(timeout) of a full queue: Full, not before its time', () => {
      const queue = make(1);
      queue.put(1);
      const begin = performance.now();
      assert.throws(() => queue.put(2, { timeout: SHORT }), Full);
      assert.ok(performance.now() - begin >= SHORT);
    });

    test('get_nowait and get(block=False) of an empty queue: Empty', () => {
      const queue = make();
      assert.throws(() => queue.getNowait(), Empty);
      assert.throws(() => queue.get({ wait: false }), { name: 'Empty' });
    });

    test('get(timeout) of an empty queue: Empty, not before its time', () => {
      const queue = make();
      const begin = performance.now();
      assert.throws(() => queue.get({ timeout: SHORT }), Empty);
      assert.ok(performance.now() - begin >= SHORT);
    });

    test('a blocked get gets what is put', () => {
      const queue = make();
      const got = counter();
      start_new_thread(() => {
        got[0] = queue.get();
        Atomics.notify(got, 0);
      }, []);
      gettersAre(queue, 1);
      queue.put(7);
      reaches(got, 7);
      assert.equal(queue.size, 0);
    });

    test('a blocked put goes on when there is room', () => {
      const queue = make(1);
      queue.put(1);
      const outcome = inThread(() => queue.put(2));
      puttersAre(queue, 1);
      assert.equal(queue.get(), 1);
      ends(outcome, RETURNED);
      assert.equal(queue.get(), 2);
    });

    test('a blocked put with a time-out goes on when there is room', () => {
      const queue = make(1);
      queue.put(1);
      const outcome = inThread(() => queue.put(2, { timeout: 3_600_000 }));
      puttersAre(queue, 1);
      queue.get();
      ends(outcome, RETURNED);
    });

    test('a blocked get with a time-out gets what is put', () => {
      const queue = make();
      const outcome = inThread(() => queue.get({ timeout: 3_600_000 }));
      gettersAre(queue, 1);
      queue.put(1);
      ends(outcome, RETURNED);
    });

    test('a wait that is given up is not waited for any more', () => {
      const queue = make(1);
      assert.throws(() => queue.get({ timeout: 1 }), Empty);
      queue.put(1);
      assert.throws(() => queue.put(1, { timeout: 1 }), Full);
      gettersAre(queue, 0);
      puttersAre(queue, 0);
    });

    test("a negative time-out: RangeError 'timeout' must be a non-negative number, only where it is waited", () => {
      const wrong = { name: 'RangeError', message: /^'timeout' must be a non-negative number/ };
      const unbounded = make();
      unbounded.put(1, { timeout: -1 });
      assert.throws(() => unbounded.get({ timeout: -1 }), wrong);
      assert.equal(unbounded.get(), 1);
      assert.throws(() => unbounded.get({ timeout: -1 }), wrong);
      assert.throws(() => unbounded.get({ wait: false, timeout: -1 }), Empty);
      const bounded = make(1);
      assert.throws(() => bounded.put(1, { timeout: -1 }), wrong);
      bounded.put(1, { wait: false, timeout: -1 });
      assert.throws(() => bounded.put(1, { wait: false, timeout: -1 }), Full);
    });

    test('task_done too often: RangeError task_done() called too many times', () => {
      const queue = make();
      const wrong = { name: 'RangeError', message: /^task_done\(\) called too many times/ };
      assert.throws(() => queue.taskDone(), wrong);
      queue.put(1);
      queue.get();
      queue.taskDone();
      assert.throws(() => queue.taskDone(), wrong);
    });

    test('unfinished_tasks counts what was put and not said to be done', () => {
      const queue = make();
      assert.equal(queue.unfinishedTasks, 0);
      queue.put(1);
      queue.put(2);
      queue.get();
      assert.equal(queue.unfinishedTasks, 2);
      queue.taskDone();
      assert.equal(queue.unfinishedTasks, 1);
    });

    test('join returns when all is done, twice', () => {
      const queue = make();
      const sum = counter();
      const workers = bunch(2, () => {
        for (;;) {
          const item = queue.get();
          if (item < 0) return queue.taskDone();
          Atomics.add(sum, 0, item);
          queue.taskDone();
        }
      });
      for (const round of [1, 2]) {
        for (let n = 0; n < 100; n++) queue.put(n);
        assert.equal(queue.join(), true);
        assert.equal(value(sum), 4950 * round);
      }
      queue.put(-1);
      queue.put(-1);
      queue.join();
      waitForFinished(workers);
    });

    test('join with a time-out: whether all is done', () => {
      const queue = make();
      assert.equal(queue.join(0), true);
      queue.put(1);
      assert.equal(queue.join(0), false);
      assert.equal(queue.join(SHORT), false);
    });

    test('all joiners go on', () => {
      const queue = make();
      queue.put(1);
      const outcomes = [1, 2, 3].map(() => inThread(() => queue.join()));
      joinersAre(queue, 3);
      queue.taskDone();
      for (const outcome of outcomes) ends(outcome, RETURNED);
    });

    test('shutdown: what is in the queue can be taken, then ShutDown; put is ShutDown at once', () => {
      const queue = make(3);
      queue.put(1);
      queue.put(2);
      assert.equal(queue.isShutdown, false);
      queue.shutdown();
      assert.equal(queue.isShutdown, true);
      assert.throws(() => queue.put(3), ShutDown);
      assert.throws(() => queue.putNowait(3), ShutDown);
      assert.throws(() => queue.put(3, { timeout: 10 }), ShutDown);
      queue.get();
      queue.getNowait();
      assert.throws(() => queue.get(), ShutDown);
      assert.throws(() => queue.getNowait(), ShutDown);
      assert.throws(() => queue.get({ timeout: 10 }), ShutDown);
      assert.equal(queue.unfinishedTasks, 2);
    });

    test('shutdown of a full queue: put is ShutDown, not Full', () => {
      const queue = make(1);
      queue.put(1);
      queue.shutdown();
      assert.throws(() => queue.putNowait(2), ShutDown);
      assert.throws(() => queue.put(2, { timeout: -1 }), ShutDown);
    });

    test('shutdown wakes all getters and all putters', () => {
      const empty = make(1);
      const getting = [1, 2, 3].map(() => inThread(() => empty.get()));
      gettersAre(empty, 3);
      empty.shutdown();
      for (const outcome of getting) ends(outcome, SHUT_DOWN);
      gettersAre(empty, 0);
      const full = make(1);
      full.put(1);
      const putting = [1, 2, 3].map(() => inThread(() => full.put(2)));
      puttersAre(full, 3);
      full.shutdown();
      for (const outcome of putting) ends(outcome, SHUT_DOWN);
      puttersAre(full, 0);
      assert.equal(full.size, 1);
    });

    test('shutdown without immediate does not end join; taskDone does', () => {
      const queue = make();
      queue.put(1);
      const outcome = inThread(() => queue.join());
      joinersAre(queue, 1);
      queue.shutdown();
      assert.equal(queue.join(SHORT), false);
      queue.get();
      queue.taskDone();
      ends(outcome, RETURNED);
    });

    test('shutdown(immediate) empties the queue, and get is ShutDown', () => {
      const queue = make();
      queue.put(1);
      queue.put(2);
      queue.shutdown({ immediate: true });
      assert.equal(queue.size, 0);
      assert.equal(queue.empty(), true);
      assert.throws(() => queue.get(), ShutDown);
      assert.throws(() => queue.put(1), ShutDown);
    });

    test('shutdown(immediate) lowers unfinished by what it empties, and wakes joiners', () => {
      const queue = make();
      queue.put(1);
      queue.put(2);
      const outcome = inThread(() => queue.join());
      joinersAre(queue, 1);
      queue.shutdown({ immediate: true });
      assert.equal(queue.unfinishedTasks, 0);
      ends(outcome, RETURNED);
    });

    test('shutdown(immediate) with an item that was taken and is not done: unfinished stays 1, joiners wait', () => {
      const queue = make();
      queue.put(1);
      queue.put(2);
      queue.get();
      queue.shutdown({ immediate: true });
      assert.equal(queue.unfinishedTasks, 1);
      assert.equal(queue.join(SHORT), false);
      queue.taskDone();
      assert.equal(queue.join(), true);
    });

    test('shutdown(immediate) wakes putters of a full queue', () => {
      const queue = make(1);
      queue.put(1);
      const outcome = inThread(() => queue.put(2));
      puttersAre(queue, 1);
      queue.shutdown({ immediate: true });
      ends(outcome, SHUT_DOWN);
    });

    test('shutdown may be repeated, and made immediate later', () => {
      const queue = make();
      queue.put(1);
      queue.shutdown();
      queue.shutdown();
      assert.equal(queue.size, 1);
      queue.shutdown({ immediate: true });
      assert.equal(queue.size, 0);
      assert.equal(queue.unfinishedTasks, 0);
    });

    test('many getters, one item: one gets it', () => {
      const queue = make();
      const outcomes = [1, 2, 3].map(() => inThread(() => queue.get()));
      gettersAre(queue, 3);
      queue.put(1);
      gettersAre(queue, 2);
      queue.shutdown();
      for (const outcome of outcomes) reaches(outcome, 1);
      assert.deepEqual(outcomes.map(value).sort(), [RETURNED, SHUT_DOWN, SHUT_DOWN]);
    });

    test('many producers and consumers: all arrives once', () => {
      const queue = make(5);
      const [sum, count, gone] = [counter(), counter(), counter()];
      const consumers = bunch(3, () => {
        for (const item of queue) {
          Atomics.add(sum, 0, item);
          raise(count);
        }
      });
      const producers = bunch(3, (index) => {
        for (let n = 0; n < 300; n++) queue.put(index * 300 + n);
        raise(gone);
      });
      waitForFinished(producers);
      reaches(count, 900);
      queue.shutdown();
      waitForFinished(consumers);
      assert.equal(value(sum), (899 * 900) / 2);
      waitForThreads();
    });

    test('getAsync, putAsync, joinAsync', async () => {
      const queue = make(1);
      await queue.putAsync(1);
      const second = queue.putAsync(2);
      assert.equal(await queue.getAsync(), 1);
      await second;
      assert.equal(await queue.joinAsync({ timeout: 1 }), false);
      assert.equal(await queue.getAsync(), 2);
      const third = queue.getAsync();
      start_new_thread(() => queue.put(3), []);
      assert.equal(await third, 3);
      const joined = queue.joinAsync();
      for (let n = 0; n < 3; n++) queue.taskDone();
      assert.equal(await joined, true);
    });

    test('getAsync, putAsync with a time-out: Empty, Full', async () => {
      const queue = make(1);
      await assert.rejects(queue.getAsync({ timeout: SHORT }), Empty);
      await assert.rejects(queue.getAsync({ timeout: 0 }), Empty);
      queue.put(1);
      await assert.rejects(queue.putAsync(2, { timeout: SHORT }), Full);
      await assert.rejects(queue.putAsync(2, { timeout: -1 }), RangeError);
      gettersAre(queue, 0);
      puttersAre(queue, 0);
    });

    test('getAsync that is aborted takes nothing', async () => {
      const queue = make();
      const controller = new AbortController();
      const getting = queue.getAsync({ signal: controller.signal });
      const reason = new Error('no more');
      controller.abort(reason);
      await assert.rejects(getting, reason);
      gettersAre(queue, 0);
      queue.put(1);
      assert.equal(await queue.getAsync(), 1);
      await assert.rejects(queue.getAsync({ signal: AbortSignal.abort(reason) }), reason);
    });

    test('an aborted getAsync hands on what it was called for', async () => {
      const queue = make();
      const controller = new AbortController();
      const first = queue.getAsync({ signal: controller.signal });
      const second = queue.getAsync();
      queue.put(1);
      controller.abort();
      await first.then(
        () => queue.put(1),
        () => {},
      );
      assert.equal(await second, 1);
    });

    test('shutdown ends getAsync and putAsync', async () => {
      const queue = make(1);
      const getting = queue.getAsync();
      queue.shutdown();
      await assert.rejects(getting, ShutDown);
      await assert.rejects(queue.putAsync(1), ShutDown);
    });

    test('for await: until the queue is shut down and empty', async () => {
      const queue = make();
      start_new_thread(() => {
        for (let n = 1; n <= 5; n++) queue.put(n);
        queue.shutdown();
      }, []);
      let sum = 0;
      for await (const item of queue) sum += item;
      assert.equal(sum, 15);
    });

    test('for: blocks, until the queue is shut down and empty', () => {
      const queue = make();
      start_new_thread(() => {
        for (let n = 1; n <= 5; n++) queue.put(n);
        queue.shutdown();
      }, []);
      let sum = 0;
      for (const item of queue) sum += item;
      assert.equal(sum, 15);
    });

    test('is the same object in every thread, also as an item', () => {
      const queue = make();
      const results = new Queue<unknown>();
      start_new_thread(
        (given) => {
          results.put(given === queue);
          results.put(given);
        },
        [queue],
      );
      assert.equal(results.get(), true);
      assert.equal(results.get(), queue);
    });

    test('wrong options: TypeError, RangeError', () => {
      const queue = make();
      const Class = queue.constructor as new (options: unknown) => unknown;
      assert.throws(() => new Class(5), { name: 'TypeError', message: /options must be an object/ });
      assert.throws(() => new Class({ maxsize: 5 }), { name: 'TypeError', message: /unknown option 'maxsize'/ });
      assert.throws(() => new Class({ maxSize: '5' }), TypeError);
      assert.throws(() => new Class({ maxSize: 1.5 }), RangeError);
      assert.throws(() => queue.get(true as never), TypeError);
      assert.throws(() => queue.get({ block: false } as never), { message: /unknown option 'block'/ });
      assert.throws(() => queue.get({ timeout: '1' } as never), TypeError);
      assert.throws(() => queue.get({ timeout: Number.NaN }), RangeError);
      assert.throws(() => queue.get({ wait: 1 } as never), TypeError);
      assert.throws(() => queue.shutdown(true as never), TypeError);
      assert.throws(() => JSON.stringify(queue), TypeError);
      assert.throws(() => new (class Own extends (Class as typeof Queue) {})(), {
        name: 'TypeError',
        message: /cannot be extended/,
      });
    });
  });
}

suite('PriorityQueue, its priorities', () => {
  test('tuples by their first element; equal ones as they were put', () => {
    const queue = new PriorityQueue<[number, string]>();
    for (const item of ['c', 'a', 'b', 'd'].entries()) queue.put([item[0] % 2, item[1]]);
    const items = [queue.get(), queue.get(), queue.get(), queue.get()];
    assert.deepEqual(items, [
      [0, 'c'],
      [0, 'b'],
      [1, 'a'],
      [1, 'd'],
    ]);
  });

  test('strings by their units, bigints by their value, also large and negative', () => {
    const texts = ['b', 'a', '', 'ab', 'żółć', 'é', '\u{1f600}', 'z'.repeat(100), 'z'.repeat(99)];
    const strings = new PriorityQueue<string>();
    for (const text of texts) strings.put(text);
    assert.deepEqual(
      texts.map(() => strings.get()),
      [...texts].sort(),
    );
    const numbers = [5n, -7n, 2n ** 200n, -(2n ** 200n), 0n, 2n ** 64n, 2n ** 64n - 1n, -1n];
    const bigints = new PriorityQueue<bigint>();
    for (const number of numbers) bigints.put(number);
    assert.deepEqual(
      numbers.map(() => bigints.get()),
      [...numbers].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });

  test('numbers of all sizes', () => {
    const numbers = [1e308, -1e308, Infinity, -Infinity, 0.5, 2 ** 1000 * 1.5, 2 ** 31, -(2 ** 31), Number.MIN_VALUE];
    const queue = new PriorityQueue<number>();
    for (const number of numbers) queue.put(number);
    assert.deepEqual(
      numbers.map(() => queue.get()),
      [...numbers].sort((a, b) => a - b),
    );
  });

  test('the option priority is before all', () => {
    const queue = new PriorityQueue<{ name: string } | number>();
    queue.put({ name: 'late' }, { priority: 9 });
    queue.put(100, { priority: 1 });
    queue.put({ name: 'middle' }, { priority: 5 });
    assert.deepEqual([queue.get(), queue.get(), queue.get()], [100, { name: 'middle' }, { name: 'late' }]);
  });

  test('the option priority of the asynchronous put, and a text', async () => {
    const queue = new PriorityQueue<string>();
    await queue.putAsync('x', { priority: 'b' });
    queue.putNowait('y', { priority: 'a' });
    assert.deepEqual([await queue.getAsync(), queue.getNowait()], ['y', 'x']);
  });

  test("what has no order: TypeError '<' not supported", () => {
    const queue = new PriorityQueue<unknown>();
    const wrong = { name: 'TypeError', message: /^'<' not supported between instances of/ };
    for (const item of [{}, null, undefined, true, [], [{}], new Date()]) assert.throws(() => queue.put(item), wrong);
    assert.throws(() => queue.put(Number.NaN), RangeError);
    queue.put(1);
    assert.throws(() => queue.put('a'), wrong);
    queue.get();
    queue.put('a');
    assert.throws(() => queue.put(1), wrong);
    assert.equal(queue.size, 1);
  });

  test('one that waited for room and is of another sort then is not waited for any more', async () => {
    const queue = new PriorityQueue<number | string>({ maxSize: 2 });
    queue.put(1);
    queue.put(2);
    const late = queue.putAsync('text');
    const done = counter();
    start_new_thread(() => {
      try {
        queue.put('text');
      } catch {
        raise(done);
      }
    }, []);
    puttersAre(queue, 2);
    queue.get();
    await assert.rejects(late, TypeError);
    reaches(done, 1, 'the other one has failed too');
    assert.equal(putters(queue), 0);
  });

  test('thousands, at random', () => {
    const queue = new PriorityQueue<number>();
    const sorted: number[] = [];
    for (let n = 0; n < 5000; n++) {
      const item = Math.floor(Math.random() * 1000);
      queue.put(item);
      sorted.push(item);
      if (n % 3 !== 2) continue;
      sorted.sort((a, b) => a - b);
      assert.equal(queue.get(), sorted.shift());
    }
    sorted.sort((a, b) => a - b);
    for (const item of sorted) assert.equal(queue.get(), item);
  });
});

suite('SimpleQueue', () => {
  test('SimpleQueue(1): TypeError', () => {
    assert.throws(() => new SimpleQueue(...([1] as never[])), TypeError);
  });

  test('has no task_done, join, maxsize, shutdown', () => {
    for (const name of ['taskDone', 'join', 'maxSize', 'shutdown', 'full'])
      assert.ok(!(name in new SimpleQueue()), name);
  });

  test('first in, first out; empty, size', () => {
    const queue = new SimpleQueue<number>();
    assert.equal(queue.empty(), true);
    for (let n = 0; n < 10_000; n++) queue.put(n);
    assert.equal(queue.size, 10_000);
    for (let n = 0; n < 10_000; n++) assert.equal(queue.get(), n);
    assert.equal(queue.empty(), true);
  });

  test('put ignores block and timeout', () => {
    const queue = new SimpleQueue<number>();
    queue.put(1, { wait: false });
    queue.put(2, { timeout: -1 });
    queue.putNowait(3);
    assert.equal(queue.size, 3);
  });

  test('get(timeout=-1): RangeError; get_nowait: Empty', () => {
    const queue = new SimpleQueue<number>();
    assert.throws(() => queue.get({ timeout: -1 }), { name: 'RangeError', message: /must be a non-negative number/ });
    assert.throws(() => queue.getNowait(), Empty);
    assert.throws(() => queue.get({ timeout: SHORT }), Empty);
    assert.throws(() => queue.get({ wait: false, timeout: -1 }), Empty);
  });

  test('many threads put and get', () => {
    const queue = new SimpleQueue<number>();
    const sum = counter();
    const getting = bunch(3, () => {
      for (let item = queue.get(); item >= 0; item = queue.get()) Atomics.add(sum, 0, item);
    });
    waitForFinished(
      bunch(3, () => {
        for (let n = 0; n < 1000; n++) queue.put(n);
      }),
    );
    for (let n = 0; n < 3; n++) queue.put(-1);
    waitForFinished(getting);
    assert.equal(value(sum), 3 * 499_500);
  });

  test('items that refer to the queue are let go of with it', async () => {
    const queue = new SimpleQueue<unknown>();
    queue.put(queue);
    queue.put({ queue });
    assert.equal(queue.get(), queue);
    assert.equal((queue.get() as { queue: unknown }).queue, queue);
  });
});

test('an item that comes with an interrupt stays in the queue', async () => {
  for (const name of ['Queue', 'LifoQueue', 'PriorityQueue']) {
    const outcome = await program(`
      import { ${name}, interruptible, interruptMain, startNewThread } from 'heddle';
      const queue = new ${name}();
      const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      startNewThread(() => {
        nap();
        interruptMain();
        nap();
        queue.put(1);
      }, []);
      try {
        interruptible(() => queue.get());
      } catch (error) {
        console.log(error.name);
      }
      console.log(queue.get(), queue.unfinishedTasks);
    `);
    assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'KeyboardInterrupt\n1 1\n', stderr: '' });
  }
});

suite('Empty, Full, ShutDown', () => {
  test('are errors of their own, that arrive as such', () => {
    for (const Class of [Empty, Full, ShutDown]) {
      assert.ok(new Class() instanceof Error);
      assert.equal(new Class().message, '');
      assert.equal(String(new Class('why')), `${Class.name}: why`);
      const queue = new Queue<Error>();
      start_new_thread(() => queue.put(new Class('from there')), []);
      const error = queue.get();
      assert.ok(error instanceof Class);
      assert.equal(error.message, 'from there');
    }
  });
});
