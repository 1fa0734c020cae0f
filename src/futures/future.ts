// Future: the outcome of a call that another thread makes, in a cell that all threads share.
//
// Cell {header, state, asynchronous waiters, watched, worker's number, interruptible,
//       outcome, call, executor, place of the submission}
//
// Words and transitions of the state are in state.ts. The outcome is a parcel, or a value as it is (src/parcel/parcel.ts); it is written
// before the state says so. Behind it are the words of the call (src/parcel/call.ts) and the executor. `interruptible` is 1 if the
// submission has asked for it, until the call has returned a promise: after that, no function runs that could be stopped. Written by the
// submitter, then by the runner.

import { seenFrom } from '../closure/errors.js';
import { detach, takeMarked } from '../closure/transfer.js';
import { attend } from '../heap/allocate.js';
import { MemoryError } from '../heap/errors.js';
import { goneText } from '../heap/plain.js';
import { ABSENT } from '../heap/types.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { awaitLater } from '../memory/park.js';
import { CALL_WORDS } from '../parcel/call.js';
import { packCopy, unpack } from '../parcel/parcel.js';
import { endCancelled } from '../runtime/interrupt.js';
import { timeoutOf } from '../sync/arguments.js';
import {
  addressOf,
  FUTURE,
  isAdopting,
  loadHeld,
  ownAddress,
  refuseSubclass,
  SyncCell,
  syncHeader,
} from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { slotOf } from '../sync/owner.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { attendBlocking } from './blocking.js';
import { type Callback, callBack, kindOf } from './callbacks.js';
import { attempt, dropParcel, INTERRUPTIBLE, LOST_TEXT, OUTCOME, SITE, setByHand, waitFor, wantedOf } from './cell.js';
import { CancelledError, InvalidStateError, TimeoutError } from './errors.js';
import { packError } from './outcome.js';
import { addSite, type Site } from './site.js';
import {
  CANCELLED,
  cancel,
  cancelRun,
  FAILED,
  FINISHED,
  isCancelled,
  isOver,
  isRunning,
  lookAt,
  NOTIFIED,
  nameOf,
  PENDING,
  RUNNING,
  STATE,
} from './state.js';
import { forgetFailure, forgetSubmission, noteSubmission } from './unseen.js';

const HEADER = syncHeader(FUTURE, 5, 3 + CALL_WORDS);

/** Milliseconds to wait at most, none = for ever; or an object that says so. */
export type Timeout = number | { readonly timeout?: number | undefined };

/** What this thread knows of a future. */
interface Local {
  outcome?: { readonly value: unknown } | { readonly error: unknown };
  promise?: Promise<unknown>;
  callbacks?: Callback[] | undefined;
  /** Callbacks are being called. */
  calling?: boolean;
  site?: Site | undefined;
  /** This thread has looked at it. */
  looked?: boolean;
}

/**
 * The outcome of a call that another thread makes. It is the same object in every thread: it can be awaited in any, blocked on from any,
 * captured, passed, and held by shared objects.
 *
 * @example
 * const future = run((n: number) => n * n, 7);
 * console.log(await future);
 */
export class Future<T = unknown> extends SyncCell implements PromiseLike<T> {
  #local: Local | undefined;

  /** A future to be settled by hand: `setResult`, `setException`. */
  constructor() {
    if (!isAdopting()) refuseSubclass(new.target, Future);
    super(HEADER);
  }

  /**
   * Blocks this thread until the outcome is there, and returns the result; the same object each time in one thread.
   *
   * @param timeout milliseconds; none = for ever.
   * @throws what the call has thrown. CancelledError if it was cancelled. TimeoutError when the time has passed.
   * @throws BrokenExecutor when the thread that ran it has died. ThreadError when the result needs modules to be imported: await it.
   * @example
   * console.log(run(() => 42).result());
   */
  result(timeout?: Timeout): T {
    const outcome = this.#outcomeWithin(timeout);
    if ('error' in outcome) throw outcome.error;
    return outcome.value as T;
  }

  /**
   * As `result`, but returns what the call has thrown; undefined if it has returned.
   * @throws CancelledError, TimeoutError, ThreadError as `result`.
   * @example
   * const failed = run(() => { throw new RangeError('too many'); });
   * console.log(failed.exception() instanceof RangeError);
   */
  exception(timeout?: Timeout): unknown {
    const outcome = this.#outcomeWithin(timeout);
    if (atomic.load(ownAddress(this, FUTURE) + STATE) !== FAILED && 'error' in outcome) throw outcome.error;
    return 'error' in outcome ? outcome.error : undefined;
  }

  /**
   * Cancels the call if it has not begun. If it was submitted as interruptible, it is cancelled even while it runs: the future is cancelled at
   * once, and the thread takes other work as soon as the call is stopped. The call is stopped in its next call of the library, in a wait there, or
   * else at any instruction. In the last case `finally` blocks do not run, but the locks that the call has acquired are released. A call that has
   * returned a promise cannot be interrupted any more.
   *
   * @returns whether it is cancelled now.
   * @example
   * const future = new Future();
   * console.log(future.cancel(), future.cancelled());
   */
  cancel(): boolean {
    const word = ownAddress(this, FUTURE) + STATE;
    Future.look(this);
    return cancel(word) || this.#cancelRun(word) || isCancelled(atomic.load(word));
  }

  #cancelRun(word: number): boolean {
    if (atomic.load(ownAddress(this, FUTURE) + INTERRUPTIBLE) !== 1) return false;
    mask();
    try {
      const by = cancelRun(word);
      if (by !== 0) endCancelled(slotOf(by));
      return by !== 0;
    } finally {
      unmask();
    }
  }

  /**
   * Whether it was cancelled.
   *
   * @example
   * const future = new Future();
   * future.cancel();
   * console.log(future.cancelled());
   */
  cancelled(): boolean {
    return isCancelled(this.#state());
  }

  /**
   * Whether the call is being made right now.
   *
   * @example
   * console.log(run(() => 1).running());
   */
  running(): boolean {
    return isRunning(this.#state());
  }

  /**
   * Whether there is an outcome, or it was cancelled.
   *
   * @example
   * const future = run(() => 1);
   * await future;
   * console.log(future.done());
   */
  done(): boolean {
    return isOver(this.#state());
  }

  /**
   * Calls `fn` with this future, in this thread, when the future is done: on the event loop, or when this thread waits for the future. If the
   * future is done already, `fn` is called at once. Callbacks are called in the order in which they were added. If one throws, the error is
   * printed.
   *
   * @throws TypeError for what is no function.
   * @example
   * run(() => 1).addDoneCallback((future) => console.log(future.result()));
   */
  addDoneCallback(fn: (future: this) => unknown): void {
    if (typeof fn !== 'function') throw new TypeError(`addDoneCallback() takes a function, not ${String(fn)}`);
    Future.look(this);
    Future.whenDone(this, fn as Callback);
  }

  /** @internal As `addDoneCallback`, for what is no look at the outcome. */
  static whenDone(future: Future<unknown>, fn: Callback): void {
    future.#whenDone(fn);
  }

  #whenDone(fn: Callback): void {
    const local = this.#here();
    if (local.callbacks === undefined) {
      // Before anything else: the future may be done, and the callbacks be called, at any step from here on.
      local.callbacks = [fn];
      if (!this.done()) awaitLater(wantedOf(this), Infinity, () => this.#runCallbacks());
    } else {
      local.callbacks.push(fn);
    }
    this.#runCallbacks();
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is to be awaited.
  then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(onResult, onError);
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise().catch(onError);
  }

  finally(onDone?: (() => void) | null): Promise<T> {
    return this.#promise().finally(onDone);
  }

  /**
   * For futures that a program runs itself: marks the future as running, so that it cannot be cancelled any more. Returns false if it was cancelled.
   * @throws InvalidStateError when it runs already, or is done.
   * @example
   * const future = new Future<number>();
   * if (future.setRunningOrNotifyCancel()) future.setResult(1);
   */
  setRunningOrNotifyCancel(): boolean {
    const word = ownAddress(this, FUTURE) + STATE;
    const before = atomic.compareExchange(word, PENDING, RUNNING);
    if (before === PENDING) return true;
    if (before === CANCELLED && atomic.compareExchange(word, CANCELLED, NOTIFIED) === CANCELLED) return false;
    throw new InvalidStateError(`Future in unexpected state: ${nameOf(before)}`);
  }

  /**
   * Settles a future by hand.
   * @throws InvalidStateError when it is done. CaptureError for what cannot travel.
   * @example
   * const future = new Future<number>();
   * startNewThread(() => future.setResult(42), []);
   * console.log(await future);
   */
  setResult(value: T): void {
    const moved = takeMarked(value);
    let packed: unknown;
    try {
      packed = packCopy(value, 'the result');
    } catch (error) {
      throw seenFrom(error, this.setResult);
    }
    setByHand(this, FINISHED, packed);
    detach(moved);
  }

  /**
   * As `setResult`, with an error that `result()` will throw.
   *
   * @example
   * const future = new Future<number>();
   * future.setException(new RangeError('too many'));
   * console.log(future.exception() instanceof RangeError);
   */
  setException(error: unknown): void {
    const moved = takeMarked(error);
    setByHand(this, FAILED, packError(error));
    detach(moved);
  }

  toJSON(): never {
    throw new TypeError('Future cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'Future';
  }

  override toString(): string {
    const state = this.#state();
    let outcome = '';
    if (state === FINISHED || state === FAILED) {
      const known = this.#local?.outcome;
      if (known !== undefined)
        outcome = 'value' in known ? ` returned ${kindOf(known.value)}` : ` raised ${kindOf(known.error)}`;
      else outcome = state === FINISHED ? ' returned' : ' raised';
    }
    return `<Future at 0x${ownAddress(this, FUTURE).toString(16)} state=${nameOf(state)}${outcome}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }

  /** @internal Where it was submitted, in this thread. */
  static noteSite(future: Future<unknown>, site: Site): void {
    future.#here().site = site;
    noteSubmission(future, addressOf(future) + SITE, site);
  }

  /** @internal This thread looks at its outcome, or is to be told of it: failing, it is not reported. */
  static look(future: Future<unknown>): void {
    const local = future.#here();
    if (local.looked === true) return;
    local.looked = true;
    const word = ownAddress(future, FUTURE) + STATE;
    lookAt(word);
    if (atomic.load(word) === FAILED) forgetFailure(word);
  }

  /** @internal This thread has seen that it is done. */
  static notice(future: Future<unknown>): void {
    if (future.#local?.callbacks !== undefined) future.#runCallbacks();
  }

  #state(): number {
    return attempt(this) ?? atomic.load(ownAddress(this, FUTURE) + STATE);
  }

  #here(): Local {
    this.#local ??= {};
    return this.#local;
  }

  #outcomeWithin(timeout: Timeout | undefined): NonNullable<Local['outcome']> {
    const known = this.#local?.outcome;
    if (known !== undefined) return known;
    const limit = limitOf(timeout);
    attend();
    Future.look(this);
    poll();
    const done = isOver(atomic.load(ownAddress(this, FUTURE) + STATE)) || (limit > 0 && waitFor(this, limit));
    poll();
    if (!done) throw new TimeoutError(`the future was not done within ${limit} ms: ${this.toString()}`);
    const outcome = this.#read();
    if (outcome instanceof Promise) {
      throw new ThreadError('the result needs modules that this thread has to import first: await the future instead');
    }
    Future.notice(this);
    return outcome;
  }

  /** The outcome of a future that is done; a promise of it when modules must be imported first. */
  #read(): NonNullable<Local['outcome']> | Promise<NonNullable<Local['outcome']>> {
    const local = this.#here();
    if (local.outcome !== undefined) return local.outcome;
    const address = ownAddress(this, FUTURE);
    const state = atomic.load(address + STATE);
    if (isCancelled(state)) {
      return { error: new CancelledError('the future was cancelled') };
    }
    const keep = (value: unknown): NonNullable<Local['outcome']> => {
      if (state === FAILED) addSite(value, local.site);
      local.site = undefined;
      forgetSubmission(address + STATE);
      local.outcome ??= state === FAILED ? { error: value } : { value };
      return local.outcome;
    };
    if (V.I32[(address + OUTCOME) >>> 2] === ABSENT) return keep(new MemoryError(LOST_TEXT));
    const packed = loadHeld(address + OUTCOME);
    const value = unpack(packed);
    if (value instanceof Promise) return value.then(keep).finally(() => dropParcel(packed));
    dropParcel(packed);
    return keep(value);
  }

  #promise(): Promise<T> {
    const local = this.#here();
    if (local.promise === undefined) {
      attend();
      Future.look(this);
      local.promise = new Promise((resolve, reject) => {
        const deliver = async (): Promise<void> => {
          const outcome = await this.#read();
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        };
        if (this.done()) {
          deliver().catch(reject);
          return;
        }
        const over = attendBlocking();
        awaitLater(wantedOf(this), Infinity, (_got, error) => {
          over();
          if (error !== undefined) reject(error);
          else deliver().catch(reject);
        });
      });
      // What `then` returns is another promise.
      local.promise.catch(() => {});
    }
    return local.promise as Promise<T>;
  }

  #runCallbacks(): void {
    const local = this.#local;
    // One of them may ask for the result.
    if (local?.callbacks === undefined || local.calling === true || !this.done()) return;
    local.calling = true;
    for (const callback of local.callbacks) callBack(callback, this);
    local.callbacks = undefined;
    local.calling = false;
  }
}

/** Milliseconds that a call may wait: Infinity = for ever. */
export function limitOf(timeout: Timeout | undefined): number {
  if (timeout === undefined) return Infinity;
  return timeoutOf(typeof timeout === 'object' ? timeout : { timeout }, ['timeout']);
}
