// What all locks except the plain one have in common: the ways to acquire and to release. Each kind of lock defines only a single attempt.

import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { hooks } from '../memory/hooks.js';
import { awaitLater, blockUntil, type Wanted } from '../memory/park.js';
import { onAbort } from './aborts.js';
import { type AcquireOptions, blockingTimeout, timeoutOf } from './arguments.js';
import { SyncCell } from './cell.js';
import { type HeldLock, heldLock, isThenable } from './held.js';
import { isGuarded, mask, noteAcquired, noteReleased, poll, unmask } from './safepoint.js';

/** What `acquire` waits for; its attempt acquires. */
export const WANTED: unique symbol = Symbol('heddle.wanted');
/** Acquires if that needs no wait. */
export const TRY: unique symbol = Symbol('heddle.try');
/** Releases once: false = it was not this thread's to release, and nothing was done. */
export const LET_GO: unique symbol = Symbol('heddle.let-go');

/** Something that is acquired and released. */
export abstract class Acquirable extends SyncCell {
  /** @internal `timeout` is for how long this thread will be blocked; none = it waits on its event loop. */
  abstract [WANTED](timeout?: number): Wanted;
  /** @internal To be overridden where there is a quicker way. */
  [TRY](): boolean {
    return this[WANTED](0).attempt() === undefined;
  }
  /** @internal */
  abstract [LET_GO](): boolean;

  /** @internal What `release` throws when there is nothing to release. */
  protected abstract notHeld(): Error;

  /** Whether it can be acquired without waiting right now. It may have changed by the time you look at the answer. */
  abstract locked(): boolean;

  /**
   * Acquires it. Waits until that is possible, unless told otherwise.
   *
   * @param wait `true` or a non-zero integer waits, `false` or 0 only tries; or options. A number is Python's wait flag: `acquire(50)` waits
   * for ever.
   * @param timeout milliseconds to wait at most; -1 or none = for ever.
   * @returns whether it was acquired.
   * @throws TypeError, RangeError for wrong arguments, also when it is free.
   * @throws ThreadError when the thread that holds it is over; DeadlockError when no thread is left that could release it.
   * @throws KeyboardInterrupt in the main thread, as `Lock.acquire`.
   * @example
   * const permits = new Semaphore(1);
   * console.log(permits.acquire(), permits.acquire(false));
   */
  acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    const limit = blockingTimeout(wait, timeout, arguments.length);
    poll();
    const acquired = acquireWithin(this, limit);
    poll();
    return acquired;
  }

  /**
   * As `acquire`, but waits without blocking this thread; the event loop stays alive meanwhile.
   *
   * @param options `timeout` in milliseconds; `signal` gives up when aborted.
   * @throws the signal's reason when it is aborted; it is not acquired then. TypeError, RangeError for wrong arguments.
   * @example
   * const lock = new RLock();
   * if (await lock.acquireAsync({ timeout: 1000 })) lock.release();
   */
  acquireAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    return eventually(() => this[WANTED](), options, this);
  }

  /**
   * Releases it once.
   * @throws ThreadError, RangeError when there is nothing to release; nothing is done then.
   * @example
   * const lock = new RLock();
   * lock.acquire();
   * lock.release();
   */
  release(): void {
    if (arguments.length > 0) throw new TypeError(`release() takes no arguments (${arguments.length} given)`);
    if (!letGo(this)) throw this.notHeld();
    poll();
  }

  /**
   * Acquires it for a scope: `using held = lock.hold()`.
   *
   * @throws as `acquire`; TypeError for any argument.
   * @example
   * const lock = new RLock();
   * {
   *   using held = lock.hold();
   *   console.log('this thread has it');
   * }
   */
  hold(): HeldLock {
    if (arguments.length > 0) {
      throw new TypeError(`hold() takes no arguments (${arguments.length} given): it waits for ever`);
    }
    acquireWhole(this);
    return heldLock(this);
  }

  /**
   * As `hold`, without blocking this thread: `using held = await lock.holdAsync()`. Options as for `acquireAsync`, without a time-out.
   *
   * @example
   * const permits = new Semaphore(2);
   * {
   *   using held = await permits.holdAsync();
   *   console.log('one of at most two');
   * }
   */
  async holdAsync(options: { signal?: AbortSignal } = {}): Promise<HeldLock> {
    timeoutOf(options as AcquireOptions, ['signal']);
    await this.acquireAsync(options);
    return heldLock(this);
  }

  /**
   * Runs `fn` while it is held and returns what that returns. Releases when `fn` returns or throws; if it returns a promise, when that
   * settles.
   *
   * @throws as `acquire`; what `fn` throws; TypeError for what is no function.
   * @example
   * const permits = new Semaphore(2);
   * console.log(permits.with(() => 'one of at most two'));
   */
  with<T>(fn: () => T): T {
    if (typeof fn !== 'function') throw new TypeError(`with() takes a function, not ${String(fn)}: lock.with(() => …)`);
    acquireWhole(this);
    let result: T;
    try {
      result = fn();
      if (isThenable(result)) return result.then(...releaseAfter(this)) as T;
    } catch (error) {
      letGo(this);
      throw error;
    }
    this.release();
    return result;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

/** Acquires without delivering interrupts. */
export function acquireWithin(lock: Acquirable, timeout: number): boolean {
  mask();
  try {
    const acquired = lock[TRY]() || (timeout > 0 && blockUntil(lock[WANTED](timeout), timeout));
    if (acquired) hooks.acquired(lock, timeout > 0);
    if (acquired && isGuarded()) noteAcquired(lock, () => void lock[LET_GO]());
    return acquired;
  } finally {
    unmask();
  }
}

/** Releases without delivering interrupts. */
export function letGo(lock: Acquirable): boolean {
  mask();
  try {
    hooks.releasing(lock);
    const done = lock[LET_GO]();
    if (done && isGuarded()) noteReleased(lock);
    return done;
  } finally {
    unmask();
  }
}

/** Acquires, or throws an interrupt and leaves it released. */
function acquireWhole(lock: Acquirable): void {
  poll();
  acquireWithin(lock, Infinity);
  try {
    poll();
  } catch (interrupt) {
    letGo(lock);
    throw interrupt;
  }
}

function releaseAfter(lock: Acquirable): [(value: unknown) => unknown, (error: unknown) => never] {
  return [
    (value) => {
      lock.release();
      return value;
    },
    (error) => {
      letGo(lock);
      throw error;
    },
  ];
}

/**
 * Waits on the event loop for what `want` says, with a time-out and a signal; whether it was got. `lock` is what is acquired then, if it is one.
 * @throws as `acquireAsync`.
 */
export function eventually(
  want: () => Wanted,
  options: AcquireOptions & { signal?: AbortSignal | undefined },
  lock?: object,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timeout = timeoutOf(options);
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`);
    }
    signal?.throwIfAborted();
    poll();
    const wanted = want();
    const got = (): void => {
      if (lock !== undefined) hooks.acquired(lock, timeout > 0);
      resolve(true);
    };
    if (wanted.attempt() === undefined) return got();
    if (timeout <= 0) return resolve(false);
    const abort = (): void => {
      pending.cancel();
      reject(signal?.reason);
    };
    const ignore = onAbort(signal, abort);
    const settle = (success: boolean, error?: unknown): void => {
      ignore();
      if (error !== undefined) reject(error);
      else if (success) got();
      else resolve(false);
    };
    const pending = awaitLater(wanted, timeout, settle, signal !== undefined);
  });
}
