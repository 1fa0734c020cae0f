// Python's SimpleQueue: first in, first out, without a limit, without taskDone() and without shutdown().

import { Q_FIFO } from '../heap/types.js';
import { defineSyncClass, SIMPLE_QUEUE } from '../sync/cell.js';
import { Channel, defineOrder } from './channel.js';

/**
 * A queue without a limit: `put` never waits, and its options have no effect. It has no end, so iterations never end.
 *
 * @example
 * const results = new SimpleQueue<number>();
 * startNewThread(() => results.put(42), []);
 * console.log(results.get());
 */
export class SimpleQueue<T = unknown> extends Channel<T> {
  constructor(...none: never[]) {
    if (none.length > 0) throw new TypeError(`SimpleQueue() takes no arguments (${none.length} given)`);
    super(new.target, SimpleQueue);
  }
}

defineOrder(SimpleQueue, SIMPLE_QUEUE, Q_FIFO);
defineSyncClass(SIMPLE_QUEUE, SimpleQueue);
