// The errors of futures and executors.

import { ThreadError } from '../sync/errors.js';

/** The future was cancelled: there is no result. */
export class CancelledError extends Error {
  static {
    CancelledError.prototype.name = 'CancelledError';
  }
}

/** The time that a call was given has passed. What it waited for goes on. */
export class TimeoutError extends Error {
  static {
    TimeoutError.prototype.name = 'TimeoutError';
  }
}

/** The future's state does not allow that. */
export class InvalidStateError extends Error {
  static {
    InvalidStateError.prototype.name = 'InvalidStateError';
  }
}

/** The task could not be finished: its executor is not usable any more, or the thread that ran it has died. If an initializer has failed,
 * `cause` is its error. */
export class BrokenExecutor extends ThreadError {
  static {
    BrokenExecutor.prototype.name = 'BrokenExecutor';
  }
}
