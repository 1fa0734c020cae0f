// The errors of futures and executors.

import { ThreadError } from '../sync/errors.js';

/**
 * The future was cancelled: there is no result.
 *
 * @example
 * const future = new Future();
 * future.cancel();
 * await future.catch((error) => console.log(error instanceof CancelledError));
 */
export class CancelledError extends Error {
  static {
    CancelledError.prototype.name = 'CancelledError';
  }
}

/**
 * The time that a call was given has passed. What it waited for goes on.
 *
 * @example
 * try {
 *   new Future().result(10);
 * } catch (error) {
 *   console.log(error instanceof TimeoutError);
 * }
 */
export class TimeoutError extends Error {
  static {
    TimeoutError.prototype.name = 'TimeoutError';
  }
}

/**
 * The future's state does not allow that.
 *
 * @example
 * const future = new Future<number>();
 * future.setResult(1);
 * try {
 *   future.setResult(2);
 * } catch (error) {
 *   console.log(error instanceof InvalidStateError);
 * }
 */
export class InvalidStateError extends Error {
  static {
    InvalidStateError.prototype.name = 'InvalidStateError';
  }
}

/** The task could not be finished: its executor is not usable any more, or the thread that ran it has died. If an initializer has failed,
 * `cause` is its error.
 *
 * @example
 * const executor = new ThreadPoolExecutor({ initializer: () => { throw new Error('no database'); } });
 * await executor.submit(() => 1).catch((error) => console.log(error instanceof BrokenExecutor, error.cause));
 */
export class BrokenExecutor extends ThreadError {
  static {
    BrokenExecutor.prototype.name = 'BrokenExecutor';
  }
}
