// A barrier: threads wait at it until there are enough of them, then all go on, and it can be used again. After Python's
// `threading.Barrier`. Its words and the waiting are in src/sync/cycle.ts; it lies in this layer because its action travels as arguments do
// (src/parcel/parcel.ts): captured when the barrier is made, rebuilt by each thread that comes to run it, once.

import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { blockUntil } from '../memory/park.js';
import { pack, unpack } from '../parcel/parcel.js';
import { eventually } from '../sync/acquirable.js';
import { type AcquireOptions, timeoutOf, waitOptions, waitTimeout } from '../sync/arguments.js';
import { BARRIER, isAdopting, loadValue, ownAddress, refuseSubclass, SyncCell, storeValue } from '../sync/cell.js';
import {
  ACTION,
  abort,
  arrivedIn,
  BROKEN,
  breakCycle,
  HEADER,
  MOST,
  PARTIES,
  pass,
  RESETTING,
  reset,
  STATE,
  TIMEOUT,
  VICTIM,
  Visit,
} from '../sync/cycle.js';
import { BrokenBarrierError, ThreadError } from '../sync/errors.js';
import { isThenable } from '../sync/held.js';
import { describeOwner } from '../sync/names.js';
import { isGuarded, mask, noteAcquired, noteReleased, poll, unmask } from '../sync/safepoint.js';
import { addressText, checkName, entitle } from '../sync/titles.js';

/** How to make a barrier. */
export interface BarrierOptions {
  /** Called by one of the threads when all have arrived, before they go on. What it returns is dropped. */
  action?: (() => unknown) | undefined;
  /** Milliseconds that `wait()` waits at most if it is not told otherwise; none = for ever. */
  timeout?: number | undefined;
  /** What reports call it. */
  name?: string | undefined;
}

/**
 * Threads wait at it until there are enough of them, then all go on.
 *
 * @example
 * const barrier = new Barrier(2, { action: () => console.log('both are here') });
 * startNewThread(() => { barrier.wait(); }, []);
 * barrier.wait();
 */
export class Barrier extends SyncCell {
  /** This thread's copy. */
  #action: (() => unknown) | undefined;

  /**
   * @param parties how many threads go on together.
   * @throws RangeError when `parties` is below 1; TypeError for wrong arguments, and when the action cannot travel to other threads.
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    const fresh = !isAdopting();
    let packed: unknown;
    if (fresh) {
      refuseSubclass(new.target, Barrier);
      checkParties(parties);
      checkOptions(options);
      packed = pack(options.action, 'action');
    }
    super(HEADER);
    if (fresh) {
      const barrier = ownAddress(this, BARRIER);
      entitle(barrier, options.name);
      V.I32[(barrier + PARTIES) >>> 2] = parties;
      storeValue(barrier + ACTION, packed, 'action');
      storeValue(barrier + TIMEOUT, options.timeout, 'timeout');
      this.#action = options.action;
    }
    Object.preventExtensions(this);
  }

  /** How many threads go on together. */
  get parties(): number {
    return V.I32[(ownAddress(this, BARRIER) + PARTIES) >>> 2]!;
  }

  /** How many threads wait at it right now. */
  get nWaiting(): number {
    return arrivedIn(atomic.load(ownAddress(this, BARRIER) + STATE));
  }

  /** Whether it is broken: until `reset()`, `wait()` throws. */
  get broken(): boolean {
    return (atomic.load(ownAddress(this, BARRIER) + STATE) & RESETTING) === BROKEN;
  }

  /**
   * Waits until all parties have come. The last one runs the action, if there is one, and then all go on. If the action throws, its thread throws
   * that error, and the others throw a BrokenBarrierError.
   *
   * @param timeout milliseconds to wait at most; 0 or less: not at all; none = the barrier's. When they have passed, the barrier is broken
   * for all.
   * @returns a number from 0 to parties - 1, a different one in each of the threads that go on.
   * @throws BrokenBarrierError when it is or gets broken, or is reset, and when a thread dies that waits at it.
   * @example
   * const barrier = new Barrier(2);
   * startNewThread(() => { barrier.wait(); }, []);
   * console.log(barrier.wait());
   */
  wait(timeout?: number): number {
    if (arguments.length > 1) throw new TypeError(`wait() takes at most 1 argument (${arguments.length} given)`);
    const limit = waitTimeout(timeout ?? this.#timeout());
    const visit = this.#visit();
    poll();
    mask();
    let got: boolean;
    try {
      got = limit > 0 ? blockUntil(visit, limit) : visit.attempt() === undefined;
    } catch (error) {
      visit.desert();
      visit.end();
      throw error;
    } finally {
      unmask();
    }
    const index = this.#goOn(visit, got);
    poll();
    return index;
  }

  /**
   * As `wait`, without blocking this thread.
   *
   * @param options `timeout` as for `wait`; `signal` gives up when aborted, which breaks the barrier: the others would wait for one too few.
   * @throws the signal's reason when it is aborted.
   * @example
   * const barrier = new Barrier(2);
   * startNewThread(() => { barrier.wait(); }, []);
   * console.log(await barrier.waitAsync());
   */
  async waitAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<number> {
    timeoutOf(waitOptions(options));
    const timeout = options.timeout ?? this.#timeout();
    const visit = this.#visit();
    let got: boolean;
    try {
      got = await eventually(() => visit, waitOptions({ ...options, timeout }));
    } catch (error) {
      if (visit.index >= 0) visit.desert();
      visit.end();
      throw error;
    }
    return this.#goOn(visit, got);
  }

  /**
   * Makes the barrier as new. Threads that wait get a BrokenBarrierError. While the action runs, no thread waits any more, and reset does nothing.
   *
   * @example
   * const barrier = new Barrier(2);
   * barrier.abort();
   * barrier.reset();
   * console.log(barrier.broken);
   */
  reset(): void {
    reset(ownAddress(this, BARRIER));
  }

  /**
   * Breaks the barrier: all threads that wait, and all that come before a `reset()`, get a BrokenBarrierError.
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
  abort(): void {
    abort(ownAddress(this, BARRIER));
  }

  #timeout(): number | undefined {
    return loadValue(ownAddress(this, BARRIER) + TIMEOUT) as number | undefined;
  }

  #visit(): Visit {
    const barrier = ownAddress(this, BARRIER);
    return new Visit(barrier, loadValue(barrier + ACTION) !== undefined);
  }

  /** After the wait: runs the action if this thread is to, and gives its number. */
  #goOn(visit: Visit, got: boolean): number {
    if (!got) visit.desert();
    try {
      if (visit.acting !== 0) this.#act(visit);
    } finally {
      visit.end();
    }
    if (visit.fate === 'passed') return visit.index;
    throw new BrokenBarrierError(
      got
        ? whyBroken(ownAddress(this, BARRIER))
        : 'the barrier is broken: the time to wait at it has passed; reset() mends it',
    );
  }

  #act(visit: Visit): void {
    const barrier = ownAddress(this, BARRIER);
    const guarded = isGuarded();
    // What an interrupt cuts short will not be finished.
    if (guarded) {
      noteAcquired(this, () => {
        breakCycle(barrier, visit.cycle);
        visit.end();
      });
    }
    try {
      this.#loadAction()();
    } catch (error) {
      breakCycle(barrier, visit.cycle);
      throw error;
    } finally {
      if (guarded) noteReleased(this);
    }
    if (pass(barrier, visit.acting)) visit.fate = 'passed';
    else visit.settle();
  }

  #loadAction(): () => unknown {
    if (this.#action !== undefined) return this.#action;
    const action = unpack(loadValue(ownAddress(this, BARRIER) + ACTION));
    if (isThenable(action)) {
      action.then(
        (loaded) => {
          this.#action = loaded as () => unknown;
        },
        () => {},
      );
      throw new ThreadError(
        "the barrier's action needs modules that this thread has not imported yet: import them in the thread's function before it waits",
      );
    }
    this.#action = action as () => unknown;
    return this.#action;
  }

  /** @throws TypeError: it cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('Barrier cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'Barrier';
  }

  override toString(): string {
    const state = this.broken ? 'broken' : `waiters=${this.nWaiting}/${this.parties}`;
    return `<Barrier ${addressText(ownAddress(this, BARRIER))}: ${state}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

function whyBroken(barrier: number): string {
  const victim = atomic.load(barrier + VICTIM);
  if (victim !== 0) return `the barrier is broken: ${describeOwner(victim)}, died waiting at it; reset() mends it`;
  return 'the barrier is broken: by abort() or reset(), by an action that threw, or by a thread that waited too long; reset() mends it';
}

function checkParties(parties: unknown): void {
  if (typeof parties !== 'number' || !Number.isInteger(parties)) {
    throw new TypeError(
      `parties must be an integer, not ${parties === null ? 'null' : typeof parties === 'number' ? parties : typeof parties}`,
    );
  }
  if (parties < 1) throw new RangeError(`parties must be >= 1, not ${parties}`);
  if (parties > MOST) throw new RangeError(`parties must be at most ${MOST}, not ${parties}`);
}

const OPTIONS: readonly string[] = ['action', 'timeout', 'name'];

function checkOptions(options: unknown): asserts options is BarrierOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { action: () => …, timeout: 100 }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) throw new TypeError(`unknown option '${key}': known are ${OPTIONS.join(', ')}`);
  }
  const { action, timeout, name } = options as BarrierOptions;
  checkName(name);
  if (action !== undefined && typeof action !== 'function') {
    throw new TypeError(`action must be a function, not ${action === null ? 'null' : typeof action}`);
  }
  waitTimeout(timeout);
}
