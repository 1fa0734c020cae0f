// The kinds of queues: which cells are theirs, and in which order each gives out.

import { Q_FIFO, Q_LIFO, Q_PRIORITY } from '../heap/types.js';
import { defineSyncClass, KEYED, LIFO_QUEUE, PRIORITY_QUEUE, QUEUE, SIMPLE_QUEUE } from '../sync/cell.js';
import { defineOrder } from './channel.js';
import { Keyed } from './keyed.js';
import { LifoQueue } from './lifo.js';
import { PriorityQueue } from './priority.js';
import { Queue } from './queue.js';
import { SimpleQueue } from './simple.js';

/** Once in each thread, before it has a queue. */
export function defineQueueKinds(): void {
  const kinds = [
    [Queue, QUEUE, Q_FIFO],
    [LifoQueue, LIFO_QUEUE, Q_LIFO],
    [PriorityQueue, PRIORITY_QUEUE, Q_PRIORITY],
    [SimpleQueue, SIMPLE_QUEUE, Q_FIFO],
  ] as const;
  for (const [Class, kind, order] of kinds) {
    defineOrder(Class, kind, order);
    defineSyncClass(kind, Class);
  }
  // What an item of a priority queue is kept in.
  defineSyncClass(KEYED, Keyed);
}
