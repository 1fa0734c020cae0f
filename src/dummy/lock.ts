// The lock of `dummy_thread`: one flag. There is no other thread that could release it, so waiting would never end: acquire() does
// not wait, it takes the lock whether or not it is held.

import { ThreadError } from '../sync/errors.js';
import { type HeldLock, heldLock, isThenable } from '../sync/held.js';

/** Keyword form of the argument of `acquire`. */
export interface DummyAcquireOptions {
  /** False, 0 or '' = try; everything else takes the lock. */
  readonly waitflag?: unknown;
  /** Has no effect: nothing can happen while nobody runs. */
  readonly timeout?: number;
}

export interface DummyAcquireAsyncOptions {
  /** Has no effect. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * The lock of `heddle/dummy_thread`: one flag.
 *
 * @example
 * const lock = allocate_lock();
 * console.log(lock.acquire(), lock.locked());
 */
export class DummyLock {
  /** Whether the lock is held. A plain field, so that structuredClone() and JSON carry it. */
  locked_status = false;

  /**
   * Takes the lock, held or not, and returns true. With a false flag it is a try: false if the lock is held.
   *
   * @example
   * const lock = allocate_lock();
   * console.log(lock.acquire(), lock.acquire(false));
   */
  acquire(wait?: unknown, _timeout?: number): boolean {
    const flag = isOptions(wait) ? wait.waitflag : wait;
    const isTry = flag !== undefined && flag !== null && !flag;
    if (isTry && this.locked_status) return false;
    this.locked_status = true;
    return true;
  }

  /**
   * As acquire(): true. Rejects with the signal's reason, without taking the lock, if the signal is aborted already.
   *
   * @example
   * const lock = allocate_lock();
   * console.log(await lock.acquireAsync());
   */
  async acquireAsync(options: DummyAcquireAsyncOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    return this.acquire();
  }

  /**
   * Returns true, which the lock of real threads does not.
   *
   * @throws ThreadError when it is not held.
   * @example
   * const lock = allocate_lock();
   * lock.acquire();
   * lock.release();
   */
  release(): true {
    if (!this.locked_status) throw new ThreadError();
    this.locked_status = false;
    return true;
  }

  /**
   * Whether it is held.
   *
   * @example
   * console.log(allocate_lock().locked());
   */
  locked(): boolean {
    return this.locked_status;
  }

  /**
   * Acquires the lock for a scope: `using held = lock.hold()`.
   *
   * @example
   * const lock = allocate_lock();
   * {
   *   using held = lock.hold();
   *   console.log(lock.locked());
   * }
   */
  hold(): HeldLock {
    this.acquire();
    return heldLock(this);
  }

  /**
   * As `hold`, as a promise.
   * @throws the signal's reason, if it is aborted already.
   *
   * @example
   * const lock = allocate_lock();
   * {
   *   using held = await lock.holdAsync();
   *   console.log(lock.locked());
   * }
   */
  async holdAsync(options: Pick<DummyAcquireAsyncOptions, 'signal'> = {}): Promise<HeldLock> {
    await this.acquireAsync(options);
    return heldLock(this);
  }

  /**
   * Runs `body` with the lock held; releases it when the body returns or throws, or when its promise settles.
   *
   * @throws what `body` throws.
   * @example
   * const lock = allocate_lock();
   * console.log(lock.with(() => lock.locked()));
   */
  with<T>(body: () => T): T {
    this.acquire();
    let result: T;
    try {
      result = body();
    } catch (error) {
      // The body may have released the lock itself; its own error is the one to see.
      this.locked_status = false;
      throw error;
    }
    if (isThenable(result)) return Promise.resolve(result).finally(() => this.release()) as T;
    this.release();
    return result;
  }
}

function isOptions(value: unknown): value is DummyAcquireOptions {
  return typeof value === 'object' && value !== null;
}
