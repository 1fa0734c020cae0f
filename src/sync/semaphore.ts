// Counting semaphores: permits that any thread takes and any thread gives (E. W. Dijkstra, "Cooperating sequential processes", 1965).
//
// Cell {header, value, asynchronous waiters, waiters, limit, holder}
//
//   value     the permits that are free: 0 ≤ value ≤ limit. A thread that finds 0 parks on this word.
//             acquire: v > 0 → v - 1, one compare-exchange.  release(n): v ≤ limit - n → v + n, one compare-exchange
//   waiters   how many threads may be parked, counted before the look at `value` after which they park. So a thread that releases and reads
//             0 here has released before that look, and nobody needs to be woken. A thread that is killed while it waits leaves its
//             count behind: that costs needless wake-ups and nothing else.
//   limit     constant: what a BoundedSemaphore started with; the largest integer for a Semaphore
//   holder    mark of the thread that acquired last, a plain store. It says something only where there is one permit at most.
//
// release(n) wakes n of those that wait, the longest waiting first. Not fair: a thread that runs may take a permit before one that is
// waking up, which then waits on behind the others; so a thread can wait for long while others come and go, but not while nobody takes
// the permits. Releasing synchronizes with the acquisition of the permit.

import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { V } from '../memory/memory.js';
import { type Wanted, wake } from '../memory/park.js';
import { Acquirable, acquireWithin, eventually, LET_GO, TRY, WANTED } from './acquirable.js';
import { type AcquireOptions, blockingTimeout, isWaiting, waitOptions } from './arguments.js';
import { BOUNDED_SEMAPHORE, isAdopting, ownAddress, refuseSubclass, SEMAPHORE, syncHeader } from './cell.js';
import { thisThread } from './owner.js';
import { attentive, isGuarded, mask, noteReleased, poll, unmask } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, titleOf } from './titles.js';

const VALUE = 4;
const WAITERS = 12;
const LIMIT = 16;
const HOLDER = 20;
const HEADER = syncHeader(SEMAPHORE, 5, 0);
const BOUNDED_HEADER = syncHeader(BOUNDED_SEMAPHORE, 5, 0);

/** The most permits that a semaphore can have. */
const MOST = 2 ** 31 - 1;

/** Takes a permit if there is one. */
function take(cell: number): boolean {
  for (let value = atomic.load(cell + VALUE); value > 0; ) {
    const before = atomic.compareExchange(cell + VALUE, value, value - 1);
    if (before === value) {
      V.I32[(cell + HOLDER) >>> 2] = thisThread.mark;
      return true;
    }
    value = before;
  }
  return false;
}

/** Gives `count` permits back, and wakes as many; false = that would be more than the limit, and nothing was done. */
function give(cell: number, count: number): boolean {
  const most = V.I32[(cell + LIMIT) >>> 2]! - count;
  // Before the permit is free: the mark must not be taken for that of the next thread.
  V.I32[(cell + HOLDER) >>> 2] = 0;
  for (let value = atomic.load(cell + VALUE); value <= most; ) {
    const before = atomic.compareExchange(cell + VALUE, value, value + count);
    if (before === value) {
      if (atomic.load(cell + WAITERS) !== 0) wake(cell + VALUE, count);
      return true;
    }
    value = before;
  }
  return false;
}

/**
 * A number of permits. `acquire` takes one, and waits while there is none; `release` gives them. Any thread may do either.
 *
 * @example
 * const pool = new Semaphore(2);
 * pool.with(() => console.log('one of at most two'));
 */
export class Semaphore extends Acquirable {
  /**
   * @param value permits to start with.
   * @param options `name`: what reports call it.
   * @throws RangeError when it is below 0.
   */
  constructor(value = 1, options?: Named) {
    const fresh = !isAdopting();
    const bounded = new.target === BoundedSemaphore;
    let name: string | undefined;
    if (fresh) {
      if (!bounded) refuseSubclass(new.target, Semaphore);
      checkStart(value);
      if (options !== undefined) name = nameIn([options], bounded ? 'BoundedSemaphore' : 'Semaphore');
    }
    super(bounded ? BOUNDED_HEADER : HEADER);
    if (fresh) {
      const cell = ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE);
      entitle(cell, name);
      V.I32[(cell + VALUE) >>> 2] = value;
      V.I32[(cell + LIMIT) >>> 2] = bounded ? value : MOST;
    }
    Object.preventExtensions(this);
  }

  /** The permits that are free right now. It may have changed by the time you look at the answer. */
  get value(): number {
    return atomic.load(ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE) + VALUE);
  }

  /**
   * Whether no permit is free right now. It may have changed by the time you look at the answer.
   *
   * @throws TypeError for any argument.
   * @example
   * console.log(new Semaphore(0).locked());
   */
  override locked(): boolean {
    if (arguments.length > 0) throw new TypeError(`locked() takes no arguments (${arguments.length} given)`);
    return this.value === 0;
  }

  /**
   * Takes a permit. Waits until there is one, unless told otherwise.
   *
   * @param wait `true` or a non-zero integer waits, `false` or 0 only tries; or options. A number is Python's wait flag: `acquire(50)`
   * waits for ever.
   * @param timeout milliseconds to wait at most; none = for ever. As in Python, and other than a lock's, it may be below 0, also -1: the
   * time is over already, and it only tries.
   * @returns whether a permit was taken.
   * @throws TypeError, RangeError for wrong arguments.
   * @throws DeadlockError when no thread is left that could release.
   * @throws KeyboardInterrupt in the main thread, as `Lock.acquire`.
   * @example
   * const permits = new Semaphore(1);
   * console.log(permits.acquire(), permits.acquire({ timeout: 10 }));
   */
  override acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    // Fast path: a guess at the value, which the exchange checks. Written out, because V8 inlines the kernel's steps into a method, but
    // not through a function between.
    if (wait === true && timeout === undefined && arguments.length < 3 && !attentive()) {
      const cell = ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE);
      const value = V.I32[(cell + VALUE) >>> 2]!;
      if (value > 0 && atomic.compareExchange(cell + VALUE, value, value - 1) === value) {
        V.I32[(cell + HOLDER) >>> 2] = thisThread.mark;
        return true;
      }
    }
    const limit = permitTimeout(wait, timeout, arguments.length);
    poll();
    const acquired = acquireWithin(this, limit);
    poll();
    return acquired;
  }

  /**
   * As `acquire`, but waits without blocking this thread. Options as `Lock.acquireAsync`; a time-out below 0 only tries.
   *
   * @example
   * const permits = new Semaphore(1);
   * if (await permits.acquireAsync({ timeout: 1000 })) permits.release();
   */
  override acquireAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    return eventually(() => this[WANTED](), waitOptions(options), this);
  }

  /**
   * Gives permits, and wakes as many threads that wait.
   *
   * @throws RangeError when `count` is below 1, and when there would be too many permits; none is given then.
   * @example
   * const permits = new Semaphore(0);
   * startNewThread(() => permits.release(2), []);
   * permits.acquire();
   * permits.acquire();
   */
  override release(count = 1): void {
    if (arguments.length > 1) throw new TypeError(`release() takes at most 1 argument (${arguments.length} given)`);
    const cell = ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE);
    if (count === 1 && !attentive()) {
      // Fast path, as in `acquire`.
      const value = V.I32[(cell + VALUE) >>> 2]!;
      if (value < V.I32[(cell + LIMIT) >>> 2]!) {
        V.I32[(cell + HOLDER) >>> 2] = 0;
        if (atomic.compareExchange(cell + VALUE, value, value + 1) === value) {
          if (atomic.load(cell + WAITERS) !== 0) wake(cell + VALUE, 1);
          return;
        }
      }
    }
    checkCount(count);
    mask();
    hooks.releasing(this);
    const given = give(cell, count);
    // More permits than were noted are given as well: what is not noted is not found.
    if (given && isGuarded()) for (let note = Math.min(count, NOTES); note > 0; note--) noteReleased(this);
    unmask();
    if (!given) throw this.notHeld();
    poll();
  }

  /** @internal */
  override [WANTED](): Wanted {
    const cell = ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE);
    return {
      word: cell + VALUE,
      attempt: () => (take(cell) ? undefined : 0),
      describe: () => `acquire() of a ${this[Symbol.toStringTag]} at ${titleOf(cell)}`,
      holder: () => (V.I32[(cell + LIMIT) >>> 2] === 1 ? atomic.load(cell + HOLDER) : 0),
      enter: () => void atomic.add(cell + WAITERS, 1),
      leave: () => void atomic.add(cell + WAITERS, -1),
    };
  }

  /** @internal */
  override [TRY](): boolean {
    return take(ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE));
  }

  /** @internal */
  override [LET_GO](): boolean {
    return give(ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE), 1);
  }

  /** @internal */
  protected override notHeld(): Error {
    return new RangeError(`a semaphore has ${MOST} permits at most: release() fewer, or acquire() some first`);
  }

  /** @throws TypeError: it cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError(
      `${this[Symbol.toStringTag]} cannot be written as JSON: pass it to a thread as an argument, or capture it`,
    );
  }

  get [Symbol.toStringTag](): string {
    return 'Semaphore';
  }

  override toString(): string {
    return `<Semaphore ${addressText(ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE))}: value=${this.value}>`;
  }
}

/**
 * A semaphore that never has more permits than it started with: a release too many is an error.
 *
 * @example
 * const pool = new BoundedSemaphore(2);
 * pool.acquire();
 * pool.release();
 */
export class BoundedSemaphore extends Semaphore {
  /**
   * @param value permits to start with, and the most that there may be.
   * @param options `name`: what reports call it.
   * @throws RangeError when it is below 0.
   */
  constructor(value = 1, options?: Named) {
    if (!isAdopting()) refuseSubclass(new.target, BoundedSemaphore);
    super(value, options);
  }

  /** @internal */
  protected override notHeld(): Error {
    return new RangeError('Semaphore released too many times: every release() needs an acquire() before it');
  }

  override get [Symbol.toStringTag](): string {
    return 'BoundedSemaphore';
  }

  override toString(): string {
    const cell = ownAddress(this, SEMAPHORE, BOUNDED_SEMAPHORE);
    return `<BoundedSemaphore ${addressText(cell)}: value=${this.value}/${V.I32[(cell + LIMIT) >>> 2]}>`;
  }
}

/** Under `interruptible()`: notes that one release takes back at most. */
const NOTES = 1_000;

function checkStart(value: unknown): void {
  checkInteger(value, 'semaphore initial value');
  if ((value as number) < 0) throw new RangeError(`semaphore initial value must be >= 0, not ${String(value)}`);
}

function checkCount(count: unknown): void {
  checkInteger(count, 'n');
  if ((count as number) < 1) throw new RangeError(`n must be one or more, not ${String(count)}`);
}

function checkInteger(value: unknown, what: string): void {
  if (typeof value !== 'number')
    throw new TypeError(`${what} must be an integer, not ${value === null ? 'null' : typeof value}`);
  if (!Number.isInteger(value)) throw new TypeError(`${what} must be an integer, not ${value}`);
  if (value > MOST) throw new RangeError(`${what} must be at most ${MOST}, not ${value}`);
}

/** The milliseconds that `acquire(wait, timeout)` may wait, with Python's rules for semaphores. */
function permitTimeout(wait: unknown, timeout: unknown, given: number): number {
  if (typeof wait === 'object' && wait !== null) {
    return blockingTimeout(waitOptions(wait as AcquireOptions), timeout, given);
  }
  if (timeout === undefined) return blockingTimeout(wait, timeout, given);
  if (!isWaiting(wait)) {
    throw new RangeError("can't specify timeout for non-blocking acquire: leave it out, or wait");
  }
  return blockingTimeout(waitOptions({ timeout: timeout as number }), undefined, given);
}
