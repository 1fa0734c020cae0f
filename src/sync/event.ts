// The event: a flag that threads wait for.
//
// Cell {header, word, asynchronous waiters}
//
//   word    even   not set
//           odd    set
//
// Each `set` and each `clear` that changes the flag adds 1, so the word also counts: a waiter that finds another number than when it came
// knows that the event was set meanwhile, also if it has been cleared since. (It would have to sleep through exactly 2**32 changes to be
// mistaken.) The thread that sets it wakes all. If that thread dies between the two, the waiters find out by their own looks
// (src/memory/park.ts).

import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { blockUntil, type Wanted, wake } from '../memory/park.js';
import { eventually } from './acquirable.js';
import { waitOptions, waitTimeout } from './arguments.js';
import { addressOf, EVENT, isAdopting, ownAddress, refuseSubclass, SyncCell, syncHeader } from './cell.js';
import { mask, poll, unmask } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, titleOf } from './titles.js';

const WORD = 4;
const HEADER = syncHeader(EVENT, 2, 0);

/** How to wait. */
export interface WaitOptions {
  /** Milliseconds to wait at most; none = for ever, 0 or less only looks. */
  timeout?: number | undefined;
  /** Gives up when aborted. */
  signal?: AbortSignal;
}

const isSetIn = (word: number): boolean => (word & 1) !== 0;

/**
 * A flag, which is not set at first. Any thread may set and clear it. Any number of threads may wait until it is set.
 *
 * @example
 * const started = new Event();
 * startNewThread(() => started.set(), []);
 * started.wait();
 */
export class Event extends SyncCell {
  /**
   * A new event that is not set.
   * @param options `name`: what reports call it.
   * @throws TypeError for anything else.
   */
  constructor(options?: Named);
  constructor(...given: unknown[]) {
    let name: string | undefined;
    if (!isAdopting()) {
      refuseSubclass(new.target, Event);
      name = nameIn(given, 'Event');
    }
    super(HEADER);
    entitle(addressOf(this), name);
    Object.preventExtensions(this);
  }

  /**
   * Whether it is set right now. It may have changed by the time you look at the answer.
   *
   * @example
   * const stop = new Event();
   * const worker = new Thread(() => { while (!stop.isSet()); });
   * worker.start();
   * stop.set();
   * worker.join();
   */
  isSet(): boolean {
    return isSetIn(atomic.load(ownAddress(this, EVENT) + WORD));
  }

  /**
   * Sets it: everybody who waits for it goes on, also if it is cleared at once.
   *
   * @example
   * const ready = new Event();
   * ready.set();
   * console.log(ready.wait());
   */
  set(): void {
    const word = ownAddress(this, EVENT) + WORD;
    if (changeTo(word, true)) wake(word, Infinity);
  }

  /**
   * Clears it: threads that wait from now on wait until it is set again.
   *
   * @example
   * const ready = new Event();
   * ready.set();
   * ready.clear();
   * console.log(ready.isSet());
   */
  clear(): void {
    changeTo(ownAddress(this, EVENT) + WORD, false);
  }

  /**
   * Waits until it is set; returns at once when it is.
   *
   * @param timeout milliseconds to wait at most; none = for ever, 0 or less only looks.
   * @returns whether it was set: false = the time ran out.
   * @throws TypeError, RangeError for a wrong time-out, also when it is set. DeadlockError when no thread is left that could set it.
   * @throws KeyboardInterrupt in the main thread, when one is pending before or after.
   * @example
   * const ready = new Event();
   * console.log(ready.wait(10));
   */
  wait(timeout?: number): boolean {
    if (arguments.length > 1) throw new TypeError(`wait() takes at most 1 argument (${arguments.length} given)`);
    const limit = waitTimeout(timeout);
    poll();
    if (this.isSet()) return true;
    if (limit === 0) return false;
    mask();
    let set: boolean;
    try {
      set = blockUntil(this.#change(), limit);
    } finally {
      unmask();
    }
    poll();
    return set;
  }

  /**
   * As `wait`, without blocking this thread; the event loop stays alive meanwhile.
   * @throws the signal's reason when it is aborted. TypeError, RangeError for wrong arguments.
   * @example
   * const ready = new Event();
   * startNewThread(() => ready.set(), []);
   * console.log(await ready.waitAsync({ timeout: 60_000 }));
   */
  async waitAsync(options: WaitOptions = {}): Promise<boolean> {
    return eventually(() => this.#change(), waitOptions(options));
  }

  /** That it is set, or has been since now. */
  #change(): Wanted {
    const word = ownAddress(this, EVENT) + WORD;
    const before = atomic.load(word);
    return {
      word,
      attempt: () => {
        const now = atomic.load(word);
        return now !== before || isSetIn(now) ? undefined : now;
      },
      // It refers to `this`: the wait keeps the cell alive.
      describe: () => `wait() on event ${titleOf(ownAddress(this, EVENT))}`,
    };
  }

  /** @throws TypeError: an event cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('Event cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'Event';
  }

  override toString(): string {
    return `<Event ${addressText(ownAddress(this, EVENT))}: ${this.isSet() ? 'set' : 'unset'}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

/** Whether the flag was not so before. */
function changeTo(word: number, set: boolean): boolean {
  for (;;) {
    const before = atomic.load(word);
    if (isSetIn(before) === set) return false;
    if (atomic.compareExchange(word, before, (before + 1) | 0) === before) return true;
  }
}
