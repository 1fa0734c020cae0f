// Methods that are called on objects of another class.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Future,
  PriorityQueue,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
} from 'heddle';
import { checkHeap } from '#heddle/heap/check.js';

type Method = (...args: unknown[]) => unknown;

const calls: readonly (readonly [name: string, method: unknown, args: readonly unknown[]])[] = [
  ['Queue.put', Queue.prototype.put, [1]],
  ['Queue.get', Queue.prototype.get, [{ wait: false }]],
  ['Queue.shutdown', Queue.prototype.shutdown, []],
  ['PriorityQueue.put', PriorityQueue.prototype.put, [1]],
  ['SimpleQueue.put', SimpleQueue.prototype.put, [1]],
  ['Semaphore.release', Semaphore.prototype.release, []],
  ['BoundedSemaphore.release', BoundedSemaphore.prototype.release, []],
  ['RLock.release', RLock.prototype.release, []],
  ['Event.set', Event.prototype.set, []],
  ['Event.clear', Event.prototype.clear, []],
  ['Barrier.abort', Barrier.prototype.abort, []],
  ['Barrier.reset', Barrier.prototype.reset, []],
  ['Future.cancel', Future.prototype.cancel, []],
];

const things = (): readonly object[] => [
  new Event(),
  new Semaphore(),
  new RLock(),
  new Condition(),
  new Barrier(2),
  new Queue(),
  new Future(),
];

for (const [name, method, args] of calls) {
  test(`${name} is refused by what is of another class, and writes nothing`, () => {
    const own = name.slice(0, name.indexOf('.'));
    for (const thing of things()) {
      // Queues are of one family, as are semaphores: what one can, the others can.
      if (own.endsWith('Semaphore') && thing instanceof Semaphore) continue;
      if (own.endsWith('Queue') && thing instanceof Queue) continue;
      if (thing.constructor.name === own) continue;
      assert.throws(() => (method as Method).call(thing, ...args), TypeError, `${name} on ${String(thing)}`);
    }
    checkHeap();
  });
}
