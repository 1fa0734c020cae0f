// The condition. A thread that holds its lock can wait for a notification, and releases the lock during the wait.
//
// Cell {header, lock, head, tail}: the lock, and the queue of those that wait (src/sync/waiters.ts has the states).
//
//   wait      queue up → let go of the lock, however often it was acquired → park on the waiter's own word
//             → have the lock back, so often → leave the queue; was I notified?
//   notify    of those that wait longest, n: WAITING → NOTIFIED, out of the queue; woken when the lock is let go of (src/sync/wakes.ts)
//
// Both use the queue with the lock held, and nothing else uses it. For an RLock this is checked: only its owner gets this far. A plain lock has no
// owner; it only knows whether it is locked. If a thread calls without holding the lock while another thread holds it, it breaks the rule of
// every condition variable, and a waiter may lose its place in the queue. Memory stays whole.
//
// Each waiter parks on its own word, which only a notification changes. So notify(n) wakes exactly those n, in their order, and there are no
// spurious wake-ups: a wait ends by a notification, its time-out, its signal, or an error. If a waiter is notified before it has the lock back,
// it counts as notified, even after its time-out. Otherwise the notification would be lost.
//
// A thread that was killed while it waits gets no notification once its death is known. If it was notified before, the notification is lost, as
// if the thread had been killed a moment later.

import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { awaitLater, blockUntil, type Wanted } from '../memory/park.js';
import { eventually } from './acquirable.js';
import { waitOptions, waitTimeout } from './arguments.js';
import {
  addressOf,
  CONDITION,
  isAdopting,
  loadValue,
  ownAddress,
  refuseSubclass,
  SyncCell,
  storeValue,
  syncHeader,
} from './cell.js';
import { ThreadError } from './errors.js';
import type { WaitOptions } from './event.js';
import { type HeldLock, isThenable } from './held.js';
import { Lock } from './lock.js';
import { AGAIN, acquireAgain, IS_HELD, letGoWhole, noteAgain } from './monitor.js';
import { RLock } from './rlock.js';
import { mask, poll, unmask } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, titleOf } from './titles.js';
import { abandon, append, ground, leave, notification, notifyFirst, type Waiter } from './waiters.js';

const LOCK = 4;
const QUEUE = 8;
const HEADER = syncHeader(CONDITION, 0, 3);

type ConditionLock = Lock | RLock;

/**
 * A lock together with what its holder waits for. Several conditions may share one lock.
 *
 * @example
 * const state = shared({ ready: false });
 * const changed = new Condition();
 * startNewThread(() => changed.with(() => { state.ready = true; changed.notifyAll(); }), []);
 * changed.with(() => changed.waitFor(() => state.ready));
 */
export class Condition extends SyncCell {
  /**
   * @param lock a `Lock` or an `RLock`; none = a new `RLock`.
   * @param options `name`: what reports call it.
   * @throws TypeError when it is neither.
   */
  constructor(lock?: Lock | RLock, options?: Named) {
    const fresh = !isAdopting();
    let name: string | undefined;
    if (fresh) {
      refuseSubclass(new.target, Condition);
      if (options !== undefined) name = nameIn([options], 'Condition');
      if (lock !== undefined && !(lock instanceof Lock) && !(lock instanceof RLock)) {
        throw new TypeError(`a condition's lock must be a Lock or an RLock, not ${String(lock)}`);
      }
    }
    super(HEADER);
    if (fresh) {
      entitle(addressOf(this), name);
      storeValue(
        ownAddress(this, CONDITION) + LOCK,
        lock ?? new RLock(name === undefined ? {} : { name }),
        'a condition',
      );
    }
    Object.preventExtensions(this);
  }

  /**
   * Acquires the lock: see `acquire` of `Lock` and `RLock`.
   *
   * @example
   * const changed = new Condition();
   * changed.acquire();
   * changed.release();
   */
  acquire(...given: Parameters<Lock['acquire']>): boolean {
    return lockOf(this).acquire(...given);
  }

  /**
   * Acquires the lock without blocking this thread.
   *
   * @example
   * const changed = new Condition();
   * if (await changed.acquireAsync({ timeout: 1000 })) changed.release();
   */
  acquireAsync(...given: Parameters<Lock['acquireAsync']>): Promise<boolean> {
    return lockOf(this).acquireAsync(...given);
  }

  /**
   * Releases the lock once.
   * @throws ThreadError when it is not this thread's to release.
   * @example
   * const changed = new Condition();
   * changed.acquire();
   * changed.release();
   */
  release(...given: Parameters<Lock['release']>): void {
    lockOf(this).release(...given);
  }

  /**
   * Whether anybody holds the lock right now.
   *
   * @example
   * console.log(new Condition().locked());
   */
  locked(...given: Parameters<Lock['locked']>): boolean {
    return lockOf(this).locked(...given);
  }

  /**
   * Acquires the lock for a scope: `using held = condition.hold()`.
   *
   * @example
   * const changed = new Condition();
   * {
   *   using held = changed.hold();
   *   changed.notify();
   * }
   */
  hold(...given: Parameters<Lock['hold']>): HeldLock {
    return lockOf(this).hold(...given);
  }

  /**
   * As `hold`, without blocking this thread.
   *
   * @example
   * const changed = new Condition();
   * {
   *   using held = await changed.holdAsync();
   *   changed.notifyAll();
   * }
   */
  holdAsync(...given: Parameters<Lock['holdAsync']>): Promise<HeldLock> {
    return lockOf(this).holdAsync(...given);
  }

  /**
   * Runs `fn` with the lock held and returns what it returns; releases as `Lock.with` does.
   *
   * @example
   * const changed = new Condition();
   * changed.with(() => changed.notifyAll());
   */
  with<T>(fn: () => T): T {
    return lockOf(this).with(fn);
  }

  /**
   * Releases the lock, waits for a notification, and acquires the lock again, as often as it was acquired. The lock is held after the wait, no
   * matter how that ends: after a time-out too, and after the errors below except the last one.
   *
   * @param timeout milliseconds to wait at most; none = for ever. 0 or less lets others have the lock, and does not wait.
   * @returns whether it was notified: false = the time ran out before.
   * @throws ThreadError "cannot wait on un-acquired lock" when this thread does not hold it.
   * @throws TypeError, RangeError for a wrong time-out.
   * @throws DeadlockError when no thread is left that could notify.
   * @throws KeyboardInterrupt in the main thread, when one is pending before or after.
   * @throws ThreadError when the lock cannot be acquired again, because the thread that has it is over.
   * @example
   * const changed = new Condition();
   * console.log(changed.with(() => changed.wait(10)));
   */
  wait(timeout?: number): boolean {
    if (arguments.length > 1) throw new TypeError(`wait() takes at most 1 argument (${arguments.length} given)`);
    const limit = waitTimeout(timeout);
    const lock = lockOf(this);
    if (!lock[IS_HELD]()) throw notAcquired('wait');
    poll();
    mask();
    let notified: boolean;
    try {
      notified = this.#wait(lock, limit);
    } finally {
      unmask();
    }
    poll();
    return notified;
  }

  #wait(lock: ConditionLock, limit: number): boolean {
    const queue = ownAddress(this, CONDITION) + QUEUE;
    const waiter = append(queue);
    const count = letGoWhole(lock);
    let failure: { readonly error: unknown } | undefined;
    try {
      if (limit > 0) blockUntil(this.#notification(waiter), limit);
    } catch (error) {
      failure = { error };
    }
    try {
      acquireAgain(lock, count);
    } catch (error) {
      abandon(waiter);
      throw error;
    }
    const notified = leave(queue, waiter);
    ground.give(waiter);
    if (!notified && failure !== undefined) throw failure.error;
    return notified;
  }

  /**
   * As `wait`, without blocking this thread; the event loop stays alive meanwhile. The lock is held when the promise has settled, also when
   * it was rejected by the signal.
   *
   * An `RLock` belongs to the thread, so it does not keep two async functions of one thread apart: if another of them has it by then, it is
   * theirs together, acquired that many times more.
   *
   * @throws as `wait`; and the signal's reason when it is aborted before a notification.
   * @example
   * const changed = new Condition();
   * console.log(await changed.with(() => changed.waitAsync({ timeout: 10 })));
   */
  async waitAsync(options: WaitOptions = {}): Promise<boolean> {
    const lock = lockOf(this);
    const queue = ownAddress(this, CONDITION) + QUEUE;
    if (!lock[IS_HELD]()) throw notAcquired('wait');
    let waiter: Waiter | undefined;
    let count = 0;
    let failure: { readonly error: unknown } | undefined;
    try {
      // The lock is let go of only when the options are known to be right, and no interrupt is due.
      await eventually(() => {
        waiter = append(queue);
        count = letGoWhole(lock);
        return this.#notification(waiter);
      }, waitOptions(options));
    } catch (error) {
      failure = { error };
    }
    if (waiter === undefined) throw failure?.error;
    try {
      await acquired(lock[AGAIN](count));
      noteAgain(lock, count);
    } catch (error) {
      abandon(waiter);
      throw error;
    }
    const notified = leave(queue, waiter);
    if (!notified && failure !== undefined) throw failure.error;
    return notified;
  }

  /**
   * Waits until `predicate` returns something true; it is called with the lock held, at first and after each notification.
   *
   * @param timeout milliseconds to wait at most; none = for ever.
   * @returns what it returned last: something false if the time ran out.
   * @throws as `wait`, and what the predicate throws; the lock is held then.
   * @example
   * const state = shared({ ready: false });
   * const changed = new Condition();
   * startNewThread(() => changed.with(() => { state.ready = true; changed.notifyAll(); }), []);
   * console.log(changed.with(() => changed.waitFor(() => state.ready)));
   */
  waitFor<T>(predicate: () => T, timeout?: number): T {
    checkPredicate(predicate);
    const limit = waitTimeout(timeout);
    if (!lockOf(this)[IS_HELD]()) throw notAcquired('wait');
    const deadline = atomic.now() + limit;
    for (;;) {
      const result = answerOf(predicate);
      if (result) return result;
      const left = deadline - atomic.now();
      if (left <= 0) return result;
      this.wait(left === Infinity ? undefined : left);
    }
  }

  /**
   * As `waitFor`, without blocking this thread.
   * @throws as `waitAsync`.
   * @example
   * const state = shared({ ready: false });
   * const changed = new Condition();
   * startNewThread(() => changed.with(() => { state.ready = true; changed.notifyAll(); }), []);
   * console.log(await changed.with(() => changed.waitForAsync(() => state.ready)));
   */
  async waitForAsync<T>(predicate: () => T, options: WaitOptions = {}): Promise<T> {
    checkPredicate(predicate);
    const limit = waitTimeout(options?.timeout);
    if (!lockOf(this)[IS_HELD]()) throw notAcquired('wait');
    const deadline = atomic.now() + limit;
    for (;;) {
      const result = answerOf(predicate);
      if (result) return result;
      const left = deadline - atomic.now();
      if (left <= 0) return result;
      await this.waitAsync(left === Infinity ? options : { ...options, timeout: left });
    }
  }

  /**
   * Notifies those that wait longest. They go on when the lock is released.
   *
   * @param n how many at most; 0 or less = nobody.
   * @throws ThreadError "cannot notify on un-acquired lock" when this thread does not hold it. TypeError when `n` is no integer.
   * @example
   * const changed = new Condition();
   * changed.with(() => changed.notify(2));
   */
  notify(n = 1): void {
    if (!Number.isInteger(n)) {
      throw new TypeError(`notify() takes how many to notify, an integer, not ${String(n)}; notifyAll() notifies all`);
    }
    this.#notify(n);
  }

  /**
   * Notifies all that wait.
   * @throws ThreadError "cannot notify on un-acquired lock" when this thread does not hold it.
   * @example
   * const changed = new Condition();
   * changed.with(() => changed.notifyAll());
   */
  notifyAll(): void {
    this.#notify(Infinity);
  }

  #notify(count: number): void {
    if (!lockOf(this)[IS_HELD]()) throw notAcquired('notify');
    mask();
    try {
      notifyFirst(ownAddress(this, CONDITION) + QUEUE, count);
    } finally {
      unmask();
    }
  }

  #notification(waiter: Waiter): Wanted {
    return notification(waiter, () => `wait() on condition ${titleOf(ownAddress(this, CONDITION))}`);
  }

  /** @throws TypeError: a condition cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('Condition cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'Condition';
  }

  override toString(): string {
    return `<Condition(${lockOf(this)}) ${addressText(ownAddress(this, CONDITION))}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

const lockOf = (condition: Condition): ConditionLock => loadValue(addressOf(condition) + LOCK) as ConditionLock;

function notAcquired(what: string): ThreadError {
  return new ThreadError(`cannot ${what} on un-acquired lock: condition.with(() => …), or acquire() and release()`);
}

function acquired(wanted: Wanted | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (wanted === undefined) resolve();
    else awaitLater(wanted, Infinity, (got, error) => (got ? resolve() : reject(error)));
  });
}

function checkPredicate(predicate: unknown): void {
  if (typeof predicate === 'function') return;
  throw new TypeError(`waitFor() takes a function that says whether to go on, not ${String(predicate)}`);
}

function answerOf<T>(predicate: () => T): T {
  const answer = predicate();
  if (!isThenable(answer)) return answer;
  throw new TypeError('the predicate of waitFor() must answer at once: it returned a promise, which is always true');
}
