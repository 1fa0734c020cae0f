// The errors and signals of the contract. They are plain classes without any shared memory behind them, so that `dummy_thread` can
// have them too.

/**
 * A broken rule of a thread or a lock: Python's `thread.error`, later `RuntimeError`.
 *
 * @example
 * try {
 *   new Lock().release();
 * } catch (error) {
 *   if (error instanceof ThreadError) console.log(error.message);
 * }
 */
export class ThreadError extends Error {
  static {
    ThreadError.prototype.name = 'ThreadError';
  }
}

/**
 * A waiting call throws this if every thread that could go on waits for ever for another one. The message says what the call waited for.
 *
 * @example
 * const lock = allocateLock();
 * lock.acquire();
 * try {
 *   lock.acquire();
 * } catch (error) {
 *   if (error instanceof DeadlockError) console.log(error.report);
 * }
 */
export class DeadlockError extends ThreadError {
  /** What was printed on stderr: who waits for what, who has it, and what to do. It is no enumerable property. */
  declare readonly report: string | undefined;

  static {
    DeadlockError.prototype.name = 'DeadlockError';
  }
}

/**
 * A barrier was broken or reset while a thread waited at it, or was broken before: Python's `threading.BrokenBarrierError`.
 *
 * @example
 * const barrier = new Barrier(2);
 * barrier.abort();
 * try {
 *   barrier.wait();
 * } catch (error) {
 *   console.log(error instanceof BrokenBarrierError);
 * }
 */
export class BrokenBarrierError extends ThreadError {
  static {
    BrokenBarrierError.prototype.name = 'BrokenBarrierError';
  }
}

/**
 * Ends the thread that throws it, silently; in the main thread it ends the program with status `code`. A normal exception otherwise:
 * `finally` runs, and a `catch` that keeps it lets the thread go on.
 *
 * @example
 * const thread = new Thread(() => { throw new SystemExit(); });
 * thread.start();
 * thread.join();
 */
export class SystemExit extends Error {
  static {
    SystemExit.prototype.name = 'SystemExit';
  }
  /** Exit status for the program when the main thread throws it; a thread's is ignored. */
  readonly code: number | string | null | undefined;
  constructor(code?: number | string | null) {
    super(code === undefined || code === null ? '' : String(code));
    this.code = code;
  }
}

/** Whether something that was thrown is a SystemExit. It may be anything, also an object that throws when it is looked at. */
export function isExit(thrown: unknown): thrown is SystemExit {
  try {
    return thrown instanceof SystemExit;
  } catch {
    return false;
  }
}

/**
 * Raised in the main thread by Ctrl-C and by `interrupt_main()`. Uncaught, it ends the program with status 130.
 *
 * @example
 * try {
 *   interruptMain();
 * } catch (error) {
 *   console.log(error instanceof KeyboardInterrupt);
 * }
 */
export class KeyboardInterrupt extends Error {
  static {
    KeyboardInterrupt.prototype.name = 'KeyboardInterrupt';
  }
}
