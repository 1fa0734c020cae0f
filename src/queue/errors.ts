// The errors of queues: no item, no room, and the end of the queue. Plain classes, as in Python.

/**
 * There is no item, and there was none until the time was up.
 *
 * @example
 * try {
 *   new Queue().get({ timeout: 10 });
 * } catch (error) {
 *   console.log(error instanceof Empty);
 * }
 */
export class Empty extends Error {
  static {
    Empty.prototype.name = 'Empty';
  }
}

/**
 * There is no room for an item, and there was none until the time was up.
 *
 * @example
 * const jobs = new Queue<number>({ maxSize: 1 });
 * jobs.put(1);
 * try {
 *   jobs.putNowait(2);
 * } catch (error) {
 *   console.log(error instanceof Full);
 * }
 */
export class Full extends Error {
  static {
    Full.prototype.name = 'Full';
  }
}

/**
 * The queue was shut down: nothing can be put any more, and there is nothing left to get.
 *
 * @example
 * const jobs = new Queue<number>();
 * jobs.shutdown();
 * try {
 *   jobs.put(1);
 * } catch (error) {
 *   console.log(error instanceof ShutDown);
 * }
 */
export class ShutDown extends Error {
  static {
    ShutDown.prototype.name = 'ShutDown';
  }
}
