// Python's SimpleQueue: first in, first out, without a limit, without taskDone() and without shutdown().

import { type Named, nameIn } from '../sync/titles.js';
import { Channel } from './channel.js';

/**
 * A queue without a limit: `put` never waits, and its options have no effect. It has no end, so iterations never end.
 *
 * @example
 * const results = new SimpleQueue<number>();
 * startNewThread(() => results.put(42), []);
 * console.log(results.get());
 */
export class SimpleQueue<T = unknown> extends Channel<T> {
  /**
   * A new queue.
   * @param options `name`: what reports call it.
   * @throws TypeError for anything else.
   */
  constructor(...given: [options?: Named]) {
    super(new.target, SimpleQueue, 0, nameIn(given, 'SimpleQueue'));
  }
}
