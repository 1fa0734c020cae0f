// The one error of this layer.

/**
 * Something cannot travel to another thread. Thrown by a start, and in the thread by the first use of a captured value that stayed
 * behind. The message names the variable, its path and place, why, and what to do instead.
 */
export class CaptureError extends TypeError {
  static {
    Object.defineProperty(CaptureError.prototype, 'name', {
      value: 'CaptureError',
      writable: true,
      configurable: true,
    });
  }
  readonly code = 'ERR_CANNOT_CAPTURE';
}

/** The error, and if it says that something cannot travel, as it looks to the caller of `above`, a function of the public surface. */
export function seenFrom(error: unknown, above: (...args: never[]) => unknown): unknown {
  if (error instanceof CaptureError) Error.captureStackTrace(error, above);
  return error;
}
