// Python's LifoQueue: last in, first out.

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
