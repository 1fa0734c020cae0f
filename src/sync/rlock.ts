// The reentrant lock: it has an owner, who may acquire it again and releases it as often.
//
// Cell {header, word, asynchronous waiters, extra}
//
//   word    FREE           nobody owns it
//           mark           owned by the thread of this mark (src/sync/owner.ts), once, and nobody is parked on it
//           mark | UNEVEN  owned; it was acquired more than once, or somebody may be parked on it: the release must look, and the one
//                          frees it must wake
//   extra   how often the owner has acquired it beyond the first time; 0 whenever the word is FREE. Written by the owner only
//
// The word is that of src/memory/mutex.ts, with the owner's mark in place of HELD: to own it and to be known as its owner are one step,
// so there is no moment at which a thread could die with the lock and nobody could say whose it was. UNEVEN is set by a thread that parks, by
// one that acquires after having parked, since others may still be there, and by the owner that acquires it again; only the freeing
// clears it. A thread finds its own mark in the word if and only if it owns the lock: nobody else writes that mark.
//
// The owner is a thread: two async functions of one thread do not shut each other out.

import { atomic } from '../memory/atomics.js';
import { FREE } from '../memory/mutex.js';
import { type Wanted, wake } from '../memory/park.js';
import { Acquirable, acquireWithin, LET_GO, WANTED } from './acquirable.js';
import { type AcquireOptions, blockingTimeout } from './arguments.js';
import { addressOf, isAdopting, ownAddress, RLOCK, refuseSubclass, syncHeader } from './cell.js';
import { ThreadError } from './errors.js';
import { AGAIN, IS_HELD, type Monitor, SAVE } from './monitor.js';
import { NO_MARK_BIT, slotOf, thisThread } from './owner.js';
import { attentive, poll } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, titleOf } from './titles.js';
import { due, wakeDue } from './wakes.js';

const WORD = 4;
const EXTRA = 12;
const HEADER = syncHeader(RLOCK, 3, 0);

const UNEVEN = NO_MARK_BIT;
const MOST = 0x7fff_ffff;

/** The owner in a word; 0 = nobody. */
const ownerIn = (word: number): number => word & ~UNEVEN;

/**
 * A lock with an owner: the thread that holds it may acquire it again, and has to release it as often before another can. Only the owner
 * may release it.
 *
 * @example
 * const lock = new RLock();
 * lock.with(() => lock.with(() => console.log('twice')));
 */
export class RLock extends Acquirable implements Monitor {
  /**
   * A new unlocked lock.
   * @param options `name`: what reports call it.
   * @throws TypeError for anything else.
   */
  constructor(options?: Named);
  constructor(...given: unknown[]) {
    let name: string | undefined;
    if (!isAdopting()) {
      refuseSubclass(new.target, RLock);
      name = nameIn(given, 'RLock');
    }
    super(HEADER);
    entitle(addressOf(this), name);
    Object.preventExtensions(this);
  }

  /**
   * Acquires the lock. If this thread holds it already, it holds it once more. If another thread holds it, waits until that releases it, unless
   * the arguments say otherwise.
   *
   * @param wait `true` or a non-zero integer waits, `false` or 0 only tries; or options. A number is Python's wait flag: `acquire(50)` waits
   * for ever.
   * @param timeout milliseconds to wait at most; -1 or none = for ever.
   * @returns whether it was acquired.
   * @throws TypeError, RangeError for wrong arguments, also when it is free or this thread's. RangeError after 2**31 times.
   * @throws ThreadError when its owner is over; DeadlockError when no thread is left that could release it.
   * @throws KeyboardInterrupt in the main thread, as `Lock.acquire`.
   * @example
   * const lock = new RLock();
   * lock.acquire();
   * lock.acquire();
   * lock.release();
   * lock.release();
   */
  override acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    // Fast path: everything unusual makes one of the tests fail. The kernel's steps are called here for the reason that lock.ts gives.
    if (wait === true && timeout === undefined && arguments.length < 3 && !attentive()) {
      const cell = ownAddress(this, RLOCK);
      const before = atomic.compareExchange(cell + WORD, FREE, thisThread.mark);
      if (before === FREE) return true;
      if (ownerIn(before) === thisThread.mark) {
        acquireMore(cell, 1);
        return true;
      }
    }
    const limit = blockingTimeout(wait, timeout, arguments.length);
    poll();
    const acquired = acquireWithin(this, limit);
    poll();
    return acquired;
  }

  /**
   * Releases the lock once.
   * @throws ThreadError "cannot release un-acquired lock" when this thread does not own it.
   * @example
   * const lock = new RLock();
   * lock.acquire();
   * lock.release();
   */
  override release(): void {
    if (arguments.length > 0 || attentive() || due.any) {
      super.release(...(arguments as unknown as []));
      return;
    }
    const cell = ownAddress(this, RLOCK);
    if (atomic.compareExchange(cell + WORD, thisThread.mark, FREE) !== thisThread.mark && !releaseOnce(cell))
      throw this.notHeld();
  }

  /**
   * Whether any thread owns the lock right now. It may have changed by the time you look at the answer.
   *
   * @throws TypeError for any argument.
   * @example
   * const lock = new RLock();
   * console.log(lock.with(() => lock.locked()));
   */
  locked(): boolean {
    if (arguments.length > 0) throw new TypeError(`locked() takes no arguments (${arguments.length} given)`);
    return atomic.load(ownAddress(this, RLOCK) + WORD) !== FREE;
  }

  /** @internal */
  [WANTED](): Wanted {
    return this.#wanted(1);
  }

  /** @internal */
  [LET_GO](): boolean {
    return releaseOnce(ownAddress(this, RLOCK));
  }

  /** @internal */
  [IS_HELD](): boolean {
    return ownerIn(atomic.load(ownAddress(this, RLOCK) + WORD)) === thisThread.mark;
  }

  /** @internal */
  [SAVE](): number {
    if (!this[IS_HELD]()) throw this.notHeld();
    const cell = ownAddress(this, RLOCK);
    const count = atomic.load(cell + EXTRA) + 1;
    if (count > 1) atomic.store(cell + EXTRA, 0);
    free(cell);
    return count;
  }

  /** @internal */
  [AGAIN](count: number): Wanted | undefined {
    const cell = ownAddress(this, RLOCK);
    if (atomic.compareExchange(cell + WORD, FREE, count > 1 ? thisThread.mark | UNEVEN : thisThread.mark) !== FREE)
      return this.#wanted(count);
    if (count > 1) atomic.store(cell + EXTRA, count - 1);
    return undefined;
  }

  #wanted(count: number): Wanted {
    const cell = ownAddress(this, RLOCK);
    const word = cell + WORD;
    // A thread that has not parked yet need not reckon with others that have.
    let bit = count > 1 ? UNEVEN : 0;
    return {
      word,
      attempt: () => {
        for (;;) {
          const before = atomic.compareExchange(word, FREE, thisThread.mark | bit);
          if (before === FREE) {
            if (count > 1) atomic.store(cell + EXTRA, count - 1);
            return undefined;
          }
          // Also after a wait on the event loop: another function of this thread may have it.
          if (ownerIn(before) === thisThread.mark) {
            acquireMore(cell, count);
            return undefined;
          }
          bit = UNEVEN;
          const uneven = before | UNEVEN;
          if (before === uneven || atomic.compareExchange(word, before, uneven) === before) return uneven;
        }
      },
      describe: () => `acquire() of ${nameOf(this)}`,
      holder: () => ownerIn(atomic.load(word)),
      owned: true,
    };
  }

  /** @internal */
  protected override notHeld(): Error {
    const owner = ownerIn(atomic.load(ownAddress(this, RLOCK) + WORD));
    return new ThreadError(
      `cannot release un-acquired lock: ${nameOf(this)} is ${owner === 0 ? 'free' : `held by thread ${slotOf(owner) + 1}, and only that thread may release it`}`,
    );
  }

  /** @throws TypeError: a lock cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('RLock cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'RLock';
  }

  override toString(): string {
    const cell = ownAddress(this, RLOCK);
    const owner = ownerIn(atomic.load(cell + WORD));
    const count = owner === 0 ? 0 : atomic.load(cell + EXTRA) + 1;
    return `<${owner === 0 ? 'unlocked' : 'locked'} RLock object owner=${owner === 0 ? 0 : slotOf(owner) + 1} count=${count} ${addressText(cell)}>`;
  }
}

/** How often this thread has acquired the lock and not released it. */
export function recursionCount(lock: RLock): number {
  return lock[IS_HELD]() ? atomic.load(addressOf(lock) + EXTRA) + 1 : 0;
}

const nameOf = (lock: RLock): string => `rlock ${titleOf(addressOf(lock))}`;

/** By the owner. @throws RangeError, Python's OverflowError. */
function acquireMore(cell: number, times: number): void {
  const extra = atomic.load(cell + EXTRA);
  if (extra > MOST - times) throw new RangeError('Internal lock count overflowed: it is acquired and never released');
  atomic.store(cell + EXTRA, extra + times);
  if ((atomic.load(cell + WORD) & UNEVEN) === 0) atomic.or(cell + WORD, UNEVEN);
}

/** Whether it was this thread's to release. */
function releaseOnce(cell: number): boolean {
  if (ownerIn(atomic.load(cell + WORD)) !== thisThread.mark) return false;
  const extra = atomic.load(cell + EXTRA);
  if (extra > 0) atomic.store(cell + EXTRA, extra - 1);
  else free(cell);
  return true;
}

/** By the owner, who has acquired it once. */
function free(cell: number): void {
  if (atomic.exchange(cell + WORD, FREE) !== thisThread.mark) wake(cell + WORD, 1);
  wakeDue();
}
