// A thread that waits before it calls its function.
//
// Cell: that of a Thread, and {finished}: an Event. So any thread that has the timer can cancel it.

import { orForgetMarks, takeAllMarked, transfer } from '../closure/transfer.js';
import { timeoutOf } from '../sync/arguments.js';
import { addressOf, isAdopting, loadValue, storeValue, syncHeader, TIMER } from '../sync/cell.js';
import { Event } from '../sync/event.js';
import { describe } from './arguments.js';
import { CELL_HEADER, THREAD_END, THREAD_REFERENCES, THREAD_WORDS, Thread } from './thread.js';

const FINISHED = THREAD_END;

/**
 * Calls a function after a time, in a thread of its own, unless it is cancelled before.
 *
 * @example
 * const timer = new Timer(10, (text: string) => console.log(text), ['later']);
 * timer.start();
 */
export class Timer<A extends readonly unknown[] = readonly unknown[]> extends Thread {
  /** @internal */
  static override readonly [CELL_HEADER]: number = syncHeader(TIMER, THREAD_WORDS, THREAD_REFERENCES + 1);

  /** Milliseconds from the start to the call. This and the three below are known where the timer was made, and in its thread. */
  declare interval: number;
  /** What is called. */
  declare function: (...args: never[]) => unknown;
  /** With what: a list of its own, which may be changed before the start. */
  declare args: unknown[];
  /** One last argument, if it is there. */
  declare kwargs: object | undefined;

  /**
   * @param interval milliseconds.
   * @throws TypeError, RangeError for wrong arguments.
   */
  constructor(interval: number, fn: () => unknown);
  constructor(interval: number, fn: (...args: A) => unknown, args: A);
  constructor(
    interval: number,
    fn: (...args: never[]) => unknown,
    args: readonly unknown[] | undefined,
    kwargs: object,
  );
  constructor(interval?: number, fn?: (...args: never[]) => unknown, args: readonly unknown[] = [], kwargs?: object) {
    if (isAdopting()) {
      super();
      return;
    }
    orForgetMarks(() => check(interval, fn, args), args, kwargs);
    super();
    storeValue(addressOf(this) + FINISHED, new Event(), 'finished');
    Object.assign(this, { interval, function: fn, args: [...args], kwargs });
    // The object itself is what is sent at the start.
    transfer(this, takeAllMarked([...args, kwargs]));
  }

  /** Set when the timer was cancelled, or has called its function. */
  get finished(): Event {
    return loadValue(addressOf(this) + FINISHED) as Event;
  }

  /**
   * The function is not called, unless that has begun. Any thread may call it, before the start and after the end too.
   *
   * @example
   * const timer = new Timer(60_000, () => console.log('never'));
   * timer.start();
   * timer.cancel();
   */
  cancel(): void {
    this.finished.set();
  }

  /**
   * Waits, and calls the function unless it was cancelled. Called in the thread.
   *
   * @example
   * const timer = new Timer(10, () => console.log('later'));
   * timer.start();
   * timer.join();
   */
  override run(): unknown {
    const { finished } = this;
    try {
      if (finished.wait(this.interval)) return undefined;
      const call = this.function as (...args: unknown[]) => unknown;
      return call(...this.args, ...(this.kwargs === undefined ? [] : [this.kwargs]));
    } finally {
      finished.set();
    }
  }
}

function check(interval: unknown, fn: unknown, args: unknown): void {
  if (typeof interval !== 'number') {
    throw new TypeError(`interval must be a number of milliseconds, not ${describe(interval)}`);
  }
  if (interval >= 0 || Number.isNaN(interval)) timeoutOf({ timeout: interval });
  if (typeof fn !== 'function') throw new TypeError(`a Timer calls a function, not ${describe(fn)}`);
  if (!Array.isArray(args)) throw new TypeError(`args must be an array of arguments, not ${describe(args)}`);
}
