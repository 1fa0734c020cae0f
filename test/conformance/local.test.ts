// Section 2.10 of the contract: ThreadLocal. Python's attributes are the fields of its value.
//
// Without a test: 2.10-3, 8 and 9 (they make no sense here).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateLock, Event, shared, startNewThread, Thread, ThreadLocal } from 'heddle';
import { counter, nap, raise, reaches } from '../support/counter.ts';
import { program } from '../support/program.ts';

function ran(target: () => unknown): void {
  const thread = new Thread(target);
  thread.start();
  assert.equal(thread.join(), true);
}

test('2.10-1 [local_refs] what threads have had goes with them', async () => {
  const outcome = await program(`
    import { shared, Thread, ThreadLocal } from 'heddle';
    import { localCount } from '#heddle/threading/local.js';
    const counts = shared([]);
    const local = new ThreadLocal(() => ({}));
    for (let n = 0; n < 20; n++) {
      const thread = new Thread(() => {
        const before = localCount();
        local.value.n = n;
        counts.push(before, localCount());
      });
      thread.start();
      thread.join();
    }
    console.log(new Set(counts.map((count, at) => count === at % 2)), localCount());
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'Set(1) { true } 0\n', stderr: '' });
});

test('2.10-2 [derived] ten threads whose first value takes a while to make: each sees its own', () => {
  const made = shared({ count: 0, lock: allocateLock() });
  const local = new ThreadLocal(() => {
    nap(10);
    return { number: made.lock.with(() => ++made.count), twice: 0 };
  });
  const numbers = shared([] as number[]);
  const threads = Array.from(
    { length: 10 },
    () =>
      new Thread(() => {
        const { number } = local.value;
        local.value.twice = number * 2;
        nap(5);
        assert.equal(local.value.twice, number * 2);
        numbers.push(local.value.number);
      }),
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) thread.join();
  assert.deepEqual(
    [...numbers].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
});

test('2.10-4 [arguments] what makes the value may take arguments; there are none without it', () => {
  const Untyped = ThreadLocal as unknown as new (...args: unknown[]) => ThreadLocal<unknown>;
  const refusal = { name: 'TypeError', message: /^Initialization arguments are not supported/ };
  assert.throws(() => new Untyped(1), refusal);
  assert.throws(() => new Untyped({ a: 1 }), refusal);
  const local = new ThreadLocal((a: number, b: string) => `${a}${b}`, 1, 'x');
  assert.equal(local.value, '1x');
  const seen = shared({ value: '' });
  ran(() => {
    seen.value = local.value;
  });
  assert.equal(seen.value, '1x');
});

test('2.10-5 [threading_local] a value that one thread sets is not another’s', () => {
  const local = new ThreadLocal<{ x?: number }>(() => ({}));
  const seen = shared([] as unknown[]);
  const [set, checked] = [new Event(), new Event()];
  const first = new Thread(() => {
    local.value.x = 42;
    set.set();
    checked.wait();
    seen.push(local.value.x);
  });
  const second = new Thread(() => {
    set.wait();
    seen.push(local.value.x);
    local.value = { x: 1 };
    checked.set();
  });
  first.start();
  second.start();
  first.join();
  second.join();
  assert.deepEqual([...seen], [undefined, 42]);
  assert.equal(local.value.x, undefined);
});

test('2.10-6 [threading_local_subclass] the same with a class that extends it', () => {
  class Counter extends ThreadLocal<number> {
    constructor() {
      super(() => 0);
    }
    next(): number {
      this.value++;
      return this.value;
    }
  }
  const local = new Counter();
  local.next();
  const seen = shared([] as unknown[]);
  ran(() => {
    seen.push(local.next(), local.next(), local instanceof Counter);
  });
  assert.deepEqual([...seen], [1, 2, true]);
  assert.equal(local.next(), 2);
});

test('2.10-7 [dict_attribute] the value has the fields that were set; `value` itself cannot be taken away', () => {
  const local = new ThreadLocal<{ x: number }>(() => ({ x: 5 }));
  assert.deepEqual(local.value, { x: 5 });
  assert.equal(Reflect.deleteProperty(local, 'value'), true);
  assert.deepEqual(local.value, { x: 5 });
});

test('1.11-3 what makes the value runs once in a thread, and again if it has thrown', () => {
  const calls = shared({ count: 0 });
  const local = new ThreadLocal(() => {
    if (++calls.count === 1) throw new RangeError('not yet');
    return 'made';
  });
  assert.throws(() => local.value, { name: 'RangeError' });
  assert.equal(local.value, 'made');
  assert.equal(local.value, 'made');
  assert.equal(calls.count, 2);
});

test('without a function the first value is undefined; delete() forgets', () => {
  const local = new ThreadLocal<number>();
  assert.equal(local.value, undefined);
  local.value = 3;
  assert.equal(local.value, 3);
  assert.equal(local.delete(), true);
  assert.equal(local.value, undefined);
  local.delete();
  assert.equal(local.delete(), false);
});

test('it can be found in a shared object', () => {
  const box = shared({ local: new ThreadLocal(() => 'first'), seen: [] as unknown[] });
  box.local.value = 'of main';
  const done = counter();
  startNewThread(() => {
    const { local } = box;
    box.seen.push(local.value, local === box.local);
    raise(done);
  }, []);
  reaches(done, 1);
  assert.deepEqual([...box.seen], ['first', true]);
  assert.equal(box.local.value, 'of main');
});

test('what a thread leaves on its event loop has not the next one’s values', () => {
  const local = new ThreadLocal(() => 'fresh');
  const seen = shared([] as string[]);
  const later = new Event();
  ran(() => {
    local.value = 'of the thread';
    setTimeout(() => {
      seen.push(local.value);
      local.value = 'of what is left';
      later.set();
    }, 5);
  });
  later.wait();
  ran(() => {
    seen.push(local.value);
  });
  assert.deepEqual([...seen], ['fresh', 'fresh']);
});
