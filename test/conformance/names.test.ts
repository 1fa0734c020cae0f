// Names of locks and queues: given by an option, shown by the object and by reports.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  collect,
  Event,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  RLock,
  RWLock,
  Semaphore,
  SimpleQueue,
  scope,
  shared,
} from 'heddle';
import { program } from '../support/program.ts';

const name = 'ledger';
const makers: Readonly<Record<string, (options: { name: string }) => unknown>> = {
  Lock: (options) => new Lock(options),
  RLock: (options) => new RLock(options),
  Event: (options) => new Event(options),
  Semaphore: (options) => new Semaphore(1, options),
  BoundedSemaphore: (options) => new BoundedSemaphore(1, options),
  Condition: (options) => new Condition(new Lock(), options),
  Barrier: (options) => new Barrier(1, options),
  RWLock: (options) => new RWLock(options),
  Queue: (options) => new Queue(options),
  LifoQueue: (options) => new LifoQueue(options),
  PriorityQueue: (options) => new PriorityQueue(options),
  SimpleQueue: (options) => new SimpleQueue(options),
};

for (const [kind, make] of Object.entries(makers)) {
  test(`a ${kind} shows its name, and has none without`, () => {
    assert.match(String(make({ name })), /at 0x[0-9a-f]+ 'ledger'/);
    assert.doesNotMatch(String(make({ name: '' })), /'/);
  });

  test(`a ${kind} refuses wrong options`, () => {
    assert.throws(() => make({ name: 7 } as never), {
      name: 'TypeError',
      message: /^name must be a string.*not number/,
    });
    assert.throws(() => make({ nam: 'x' } as never), {
      name: 'TypeError',
      message: /^unknown option 'nam': known are .*name/,
    });
  });
}

test('a condition and its own lock have one name', () => {
  assert.match(String(new Condition(undefined, { name })), /<Condition\(<.*'ledger'>\) at 0x[0-9a-f]+ 'ledger'>/);
});

test('a name made in a scope is there behind it, and the cell of a lock that is gone gives no name on', () => {
  const kept = scope(() => shared({ lock: new Lock({ name }) }));
  assert.match(String(kept.lock), /'ledger'/);
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 1_000; count++) scope(() => void new Lock({ name: `gone ${count}` }));
    collect();
    for (let count = 0; count < 1_000; count++) assert.doesNotMatch(String(new Lock()), /'/);
  }
});

test('a deadlock report has the names', async () => {
  const { stderr } = await program(`
    import { Lock, Event, RWLock, Semaphore, Queue, Barrier, Condition, startNewThread } from 'heddle';
    const waits = [
      () => { const lock = new Lock({ name: 'one' }); lock.acquire(); lock.acquire(); },
      () => new Event({ name: 'two' }).wait(),
      () => new Semaphore(0, { name: 'three' }).acquire(),
      () => new Queue({ name: 'four' }).get(),
      () => new Barrier(2, { name: 'five' }).wait(),
      () => { const c = new Condition(undefined, { name: 'six' }); c.acquire(); c.wait(); },
      () => { const q = new Queue({ name: 'seven' }); q.put(1); q.join(); },
    ];
    for (const wait of waits) startNewThread(wait, []);
    new Event().wait();
  `);
  for (const text of [
    /acquire\(\) of lock 'one' 0x/,
    /wait\(\) on event 'two' 0x/,
    /acquire\(\) of a Semaphore at 'three' 0x/,
    /get\(\) of queue 'four' 0x/,
    /wait\(\) at a barrier for 2 threads, 'five' 0x/,
    /wait\(\) on condition 'six' 0x/,
    /join\(\) of queue 'seven' 0x/,
  ])
    assert.match(stderr, text);
});
