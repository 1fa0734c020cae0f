// Python's LifoQueue: last in, first out.

import { Q_LIFO } from '../heap/types.js';
import { defineSyncClass, LIFO_QUEUE } from '../sync/cell.js';
import { defineOrder } from './channel.js';
import { Queue } from './queue.js';

/**
 * A `Queue` that gives out the item that was put last.
 *
 * @example
 * const stack = new LifoQueue<string>();
 * stack.put('a');
 * stack.put('b');
 * console.log(stack.get());
 */
export class LifoQueue<T = unknown> extends Queue<T> {}

defineOrder(LifoQueue, LIFO_QUEUE, Q_LIFO);
defineSyncClass(LIFO_QUEUE, LifoQueue);
