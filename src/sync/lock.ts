// The lock of the contract: not reentrant, without an owner, released by any thread.
//
// A lock is a cell of the heap {header, mutex word, asynchronous waiters, holder}; the `Lock` object is its wrapper. `holder` is the
// mark of the thread that acquired it last (src/sync/owner.ts), written plainly after the acquisition: a hint for reports, for those who wait
// for a thread that has died, and for `interruptible()`.
//
// Acquisition is a compare-exchange, release an exchange; see src/memory/mutex.ts for the states and the waiting.

import { adopted, adopting } from '../heap/adopt.js';
import { allocatePinned, classOf, fresh } from '../heap/allocate.js';
import { goneError } from '../heap/errors.js';
import type { Page } from '../heap/pages.js';
import { goneText } from '../heap/plain.js';
import { CELL, GONE, INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { H_GONE_LOCK } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import {
  type About,
  acquireBlocking,
  acquireEventually,
  afterRelease,
  FREE,
  HELD,
  passOn,
  release,
  tryAcquire,
  wanted,
} from '../memory/mutex.js';
import type { Wanted } from '../memory/park.js';
import { onAbort } from './aborts.js';
import { type AcquireOptions, blockingTimeout, timeoutOf } from './arguments.js';
import { LOCK, syncHeader } from './cell.js';
import { ThreadError } from './errors.js';
import { type HeldLock, heldLock, isThenable } from './held.js';
import { AGAIN, IS_HELD, type Monitor, SAVE } from './monitor.js';
import { thisThread } from './owner.js';
import { attentive, isGuarded, mask, noteAcquired, noteReleased, poll, unmask } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, origins, titleOf } from './titles.js';
import { due, wakeDue } from './wakes.js';

export type { AcquireOptions } from './arguments.js';
export type { HeldLock } from './held.js';

const WORD = 4;
const HOLDER = 12;
const HEADER = syncHeader(LOCK, 3, 0);
const SIZE_CLASS = classOf(16);

/**
 * A lock: at most one thread holds it. Any thread may release it, as with Python's `thread.allocate_lock()`.
 *
 * @example
 * const lock = new Lock();
 * lock.with(() => console.log('only one thread at a time is here'));
 */
export class Lock implements Monitor {
  /** Byte address. */
  #cell: number;
  /** Keeps the cell pinned. */
  #page: Page | undefined;

  /**
   * A new unlocked lock, the same as `allocate_lock()`.
   * @param options `name`: what reports call it.
   * @throws TypeError for anything else.
   */
  constructor(options?: Named);
  constructor(...given: unknown[]) {
    if (new.target !== Lock) {
      throw new TypeError("type 'thread.lock' is not an acceptable base type: hold a lock in a field instead");
    }
    if (adopting.cell !== 0) {
      this.#cell = adopting.cell * 4;
      this.#page = adopting.page;
      adopted();
    } else {
      const name = given.length === 0 ? undefined : nameIn(given, 'lock');
      const cell = newCell();
      this.#cell = cell * 4;
      this.#page = fresh.page;
      V.I32[cell] = HEADER;
      this.#page[(cell & 1023) >> 2] = this;
      if (name !== undefined) entitle(cell * 4, name);
      if (origins.made !== undefined) origins.made(cell * 4);
    }
    Object.preventExtensions(this);
  }

  /** @internal */
  [CELL](gone?: boolean): number {
    if (!(#cell in this)) return 0;
    if (gone === true) {
      this.#cell = H_GONE_LOCK;
      this.#page = undefined;
    }
    return this.#cell === H_GONE_LOCK ? GONE : this.#cell / 4;
  }

  /**
   * Acquires the lock. Waits until somebody releases it, unless told otherwise; the holder itself waits too.
   *
   * @param wait `true` or a non-zero integer waits, `false` or 0 only tries; or options. A number is Python's wait flag: `acquire(50)` waits
   * for ever.
   * @param timeout milliseconds to wait at most; -1 or none = for ever.
   * @returns whether the lock was acquired.
   * @throws TypeError, RangeError for wrong arguments, also when the lock is free.
   * @throws ThreadError when the thread that holds it has died; DeadlockError when no thread is left that could release it.
   * @throws KeyboardInterrupt in the main thread: if one was pending already, before anything is done; if one came while it waited, after
   * the lock was acquired, which is then held. `with` and `hold` leave it released in both cases.
   * @example
   * const lock = new Lock();
   * console.log(lock.acquire());
   * console.log(lock.acquire(false), lock.acquire({ timeout: 10 }));
   * lock.release();
   */
  acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    // Fast path: everything unusual makes one of the tests fail. It has its own compare-exchange, as `release` its own exchange,
    // because V8 inlines the kernel's into a method, but not through a function between.
    if (
      wait === true &&
      timeout === undefined &&
      arguments.length < 3 &&
      !attentive() &&
      atomic.compareExchange(this.#cell + WORD, FREE, HELD) === FREE
    ) {
      V.I32[(this.#cell + HOLDER) >>> 2] = thisThread.mark;
      return true;
    }
    return this.#acquireSlow(blockingTimeout(wait, timeout, arguments.length));
  }

  /** @throws ReferenceError when the scope in which the lock was first touched has ended. */
  #word(): number {
    if (this.#cell === H_GONE_LOCK) throw goneError();
    return this.#cell + WORD;
  }

  #acquireSlow(timeout: number): boolean {
    poll();
    const acquired = this.#acquire(timeout);
    poll();
    return acquired;
  }

  /** Acquires without delivering interrupts. */
  #acquire(timeout: number): boolean {
    const word = this.#word();
    mask();
    try {
      const acquired = tryAcquire(word) || (timeout > 0 && acquireBlocking(word, timeout, this.#about()));
      if (acquired) {
        V.I32[(this.#cell + HOLDER) >>> 2] = thisThread.mark;
        hooks.acquired(this, timeout > 0);
        if (isGuarded()) noteAcquired(this, () => this.#releaseIfMine());
      }
      return acquired;
    } finally {
      unmask();
    }
  }

  /** For reports, and for those who wait for a thread that will not come. */
  #about(): About {
    const cell = this.#cell;
    return {
      describe: () => `acquire() of lock ${titleOf(cell)}`,
      holder: () => atomic.load(cell + HOLDER),
    };
  }

  /**
   * As `acquire`, but waits without blocking this thread; the event loop stays alive meanwhile.
   *
   * @param options `timeout` in milliseconds; `signal` gives up when aborted.
   * @returns whether the lock was acquired.
   * @throws the signal's reason when it is aborted; the lock is not acquired then. TypeError, RangeError for wrong arguments.
   * @example
   * const lock = new Lock();
   * if (await lock.acquireAsync({ timeout: 1000 })) lock.release();
   */
  acquireAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timeout = timeoutOf(options);
      const { signal } = options;
      if (signal !== undefined && !(signal instanceof AbortSignal)) {
        throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`);
      }
      signal?.throwIfAborted();
      if (attentive()) poll();
      const word = this.#word();
      const acquired = () => {
        V.I32[(this.#cell + HOLDER) >>> 2] = thisThread.mark;
        hooks.acquired(this, timeout > 0);
        resolve(true);
      };
      if (tryAcquire(word)) return acquired();
      if (timeout <= 0) return resolve(false);
      const abort = () => {
        pending.cancel();
        reject(signal?.reason);
      };
      const ignore = onAbort(signal, abort);
      const settle = (success: boolean, error?: unknown): void => {
        ignore();
        if (success) acquired();
        else if (error !== undefined) reject(error);
        else resolve(false);
      };
      const pending = acquireEventually(word, timeout, settle, this.#about(), signal !== undefined);
    });
  }

  /**
   * Releases the lock; any thread may.
   * @throws ThreadError "release unlocked lock" when it is not held.
   * @example
   * const lock = new Lock();
   * lock.acquire();
   * startNewThread(() => lock.release(), []);
   * lock.acquire();
   */
  release(): void {
    if (arguments.length > 0) throw new TypeError(`release() takes no arguments (${arguments.length} given)`);
    if (attentive() || due.any) {
      this.#release();
      poll();
      return;
    }
    this.#forgetHolder();
    if (this.#cell === H_GONE_LOCK) throw goneError();
    const before = atomic.exchange(this.#cell + WORD, FREE);
    if (before !== HELD && !afterRelease(this.#cell + WORD, before)) throw notHeld();
  }

  /** Releases without delivering interrupts. */
  #release(): void {
    mask();
    hooks.releasing(this);
    this.#forgetHolder();
    const wasHeld = release(this.#word());
    wakeDue();
    if (isGuarded()) noteReleased(this);
    unmask();
    if (!wasHeld) throw notHeld();
  }

  /** Before the lock is freed: the mark must not outlive that, or an interrupt would free it from the next holder. */
  #forgetHolder(): void {
    V.I32[(this.#cell + HOLDER) >>> 2] = 0;
  }

  /**
   * Whether anybody holds the lock right now. It may have changed by the time you look at the answer.
   *
   * @throws TypeError for any argument.
   * @example
   * const lock = new Lock();
   * console.log(lock.locked());
   */
  locked(): boolean {
    if (arguments.length > 0) throw new TypeError(`locked() takes no arguments (${arguments.length} given)`);
    return atomic.load(this.#word()) !== FREE;
  }

  /**
   * Acquires the lock for a scope: `using held = lock.hold()`.
   *
   * @throws as `acquire`; TypeError for any argument.
   * @example
   * const lock = new Lock();
   * {
   *   using held = lock.hold();
   *   console.log(lock.locked());
   * }
   * console.log(lock.locked());
   */
  hold(): HeldLock {
    if (arguments.length > 0)
      throw new TypeError(`hold() takes no arguments (${arguments.length} given): it waits for ever`);
    if (attentive() || !this.#acquire(0)) this.#acquireWhole();
    return heldLock(this);
  }

  /**
   * As `hold`, without blocking this thread: `using held = await lock.holdAsync()`. Options as for `acquireAsync`, without a time-out.
   *
   * @example
   * const lock = new Lock();
   * {
   *   using held = await lock.holdAsync();
   *   console.log(lock.locked());
   * }
   */
  async holdAsync(options: { signal?: AbortSignal } = {}): Promise<HeldLock> {
    timeoutOf(options as AcquireOptions, ['signal']);
    await this.acquireAsync(options);
    return heldLock(this);
  }

  /**
   * Runs `fn` with the lock held and returns what it returns. Releases the lock when `fn` returns or throws; if it returns a promise,
   * when that settles.
   *
   * @throws as `acquire`; what `fn` throws; TypeError for what is no function.
   * @example
   * const lock = new Lock();
   * const sums = new Int32Array(new SharedArrayBuffer(4));
   * console.log(lock.with(() => (sums[0]! += 1)));
   */
  with<T>(fn: () => T): T {
    if (typeof fn !== 'function') throw new TypeError(`with() takes a function, not ${String(fn)}: lock.with(() => …)`);
    this.#acquireWhole();
    let result: T;
    try {
      result = fn();
      if (isThenable(result)) return result.then(...this.#releaseAfter()) as T;
    } catch (error) {
      this.#releaseQuietly();
      throw error;
    }
    this.release();
    return result;
  }

  /** Acquires the lock, or throws an interrupt and leaves it released. */
  #acquireWhole(): void {
    poll();
    this.#acquire(Infinity);
    try {
      poll();
    } catch (interrupt) {
      this.#releaseQuietly();
      throw interrupt;
    }
  }

  #releaseAfter(): [(value: unknown) => unknown, (error: unknown) => never] {
    return [
      (value) => {
        this.release();
        return value;
      },
      (error) => {
        this.#releaseQuietly();
        throw error;
      },
    ];
  }

  /** After an error that must not be hidden by a second one: the body may have released the lock itself. */
  #releaseQuietly(): void {
    if (this.#cell === H_GONE_LOCK) return;
    mask();
    hooks.releasing(this);
    this.#forgetHolder();
    release(this.#cell + WORD);
    wakeDue();
    if (isGuarded()) noteReleased(this);
    unmask();
  }

  /** @internal Nobody in particular holds it: that it is locked is all that can be said. */
  [IS_HELD](): boolean {
    return atomic.load(this.#word()) !== FREE;
  }

  /** @internal */
  [SAVE](): number {
    this.#forgetHolder();
    if (!release(this.#word())) throw notHeld();
    wakeDue();
    return 1;
  }

  /** @internal */
  [AGAIN](): Wanted | undefined {
    const word = this.#word();
    if (tryAcquire(word)) {
      V.I32[(this.#cell + HOLDER) >>> 2] = thisThread.mark;
      return undefined;
    }
    const { attempt, ...about } = wanted(word, this.#about());
    return {
      ...about,
      attempt: () => {
        const expected = attempt();
        if (expected === undefined) V.I32[(this.#cell + HOLDER) >>> 2] = thisThread.mark;
        return expected;
      },
    };
  }

  /** @throws TypeError: a lock cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError("cannot pickle 'lock' object: pass it to a thread as an argument, or capture it");
  }

  get [Symbol.toStringTag](): string {
    return 'lock';
  }

  toString(): string {
    return `<${this.locked() ? 'locked' : 'unlocked'} lock object ${addressText(this.#cell)}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }

  /** After an interrupt cut the thread short: frees the lock if this thread still holds it. */
  #releaseIfMine(): void {
    if (V.I32[(this.#cell + HOLDER) >>> 2] !== thisThread.mark) return;
    hooks.releasing(this);
    release(this.#cell + WORD);
    wakeDue();
  }
}

/** For the cell of a lock that a killed thread could reach: see `passOn`. */
export function wakeLock(cell: number): void {
  passOn(cell + WORD);
}

function newCell(): number {
  try {
    return allocatePinned(SIZE_CLASS);
  } catch (cause) {
    throw new ThreadError("can't allocate lock", { cause });
  }
}

function notHeld(): ThreadError {
  return new ThreadError('release unlocked lock');
}
