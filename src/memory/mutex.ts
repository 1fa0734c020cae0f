// A mutex in two shared words, after Ulrich Drepper, "Futexes Are Tricky" (mutex2), https://www.akkadia.org/drepper/futex.pdf,
// with waiters that hold no thread up.
//
//   word     0 FREE       nobody holds it
//            1 HELD       held, and nobody is parked on it
//            2 CONTENDED  held, and somebody may be parked on it: whoever frees it must wake
//
//   async    how many asynchronous waiters may be in the engine's queue. Such a waiter cannot act on its wake-up before its thread
//            returns to its event loop, and one that was given up stays in the queue. So while there are any, whoever frees the mutex
//            wakes all waiters and not the first alone; otherwise the wake-up could be lost on one that cannot use it. A thread that
//            dies leaves its count behind: that costs needless wake-ups and nothing else.
//
// CONTENDED is set by whoever parks, and by whoever acquires after having parked, since others may still be there. It is cleared by
// release only. Not fair: a running thread may overtake one that is waking up. No owner: any thread may release.

import { atomic } from './atomics.js';
import { R_WAITS } from './layout.js';
import { record } from './self.js';

export const FREE = 0;
export const HELD = 1;
export const CONTENDED = 2;

/** From the word to the count of asynchronous waiters. */
const ASYNC = 4;

/** Tries before parking. A short critical section on another core ends within them; on one core they are wasted, so they are few. */
const SPINS = 40;

/** Fast path: whether the mutex was free and is now held. */
export function tryAcquire(word: number): boolean {
  return atomic.compareExchange(word, FREE, HELD) === FREE;
}

/** Blocks until the mutex is held (true), or `timeout` milliseconds have passed (false). */
export function acquireBlocking(word: number, timeout: number): boolean {
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load(word) === FREE && tryAcquire(word)) return true;
  }
  const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
  // Noted for reports of who waits for what.
  const outer = atomic.load(record + R_WAITS);
  atomic.store(record + R_WAITS, word);
  let acquired = false;
  for (;;) {
    acquired = atomic.exchange(word, CONTENDED) === FREE;
    if (acquired) break;
    const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
    if (remaining <= 0) break;
    atomic.wait(word, CONTENDED, remaining);
  }
  atomic.store(record + R_WAITS, outer);
  return acquired;
}

/** An acquisition under way; see `acquireEventually`. */
export interface PendingAcquire {
  /** Gives up. `done` is not called any more. No effect once it has been. */
  cancel(): void;
}

/** As `acquireBlocking`, but returns at once and reports through `done` from the event loop. The caller has tried the fast path. */
export function acquireEventually(word: number, timeout: number, done: (acquired: boolean) => void): PendingAcquire {
  const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
  let cancelled = false;
  let abandon = () => {};
  const leave = () => atomic.add(word + ASYNC, -1);
  // Counted before the first look at the word: a release that we miss has seen the count.
  atomic.add(word + ASYNC, 1);
  const attempt = (): void => {
    if (cancelled) {
      leave();
      return;
    }
    if (atomic.exchange(word, CONTENDED) === FREE) {
      leave();
      done(true);
      return;
    }
    const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
    if (remaining <= 0) {
      leave();
      done(false);
      return;
    }
    // The count is kept until the waiter has left the engine's queue, also when it is cancelled in between.
    const waiting = atomic.waitAsync(word, CONTENDED, remaining, attempt);
    abandon = () => waiting.abandon();
  };
  attempt();
  return {
    cancel() {
      if (cancelled) return;
      cancelled = true;
      abandon();
    },
  };
}

/** Frees the mutex; whether it was held. */
export function release(word: number): boolean {
  const before = atomic.exchange(word, FREE);
  return before === HELD || afterRelease(word, before);
}

/** Slow path of release: the word was `before`, and not HELD. Whether the mutex was held. */
export function afterRelease(word: number, before: number): boolean {
  if (before === CONTENDED) wake(word);
  return before !== FREE;
}

function wake(word: number): void {
  atomic.notify(word, atomic.load(word + ASYNC) > 0 ? Infinity : 1);
}

/**
 * A thread that could reach this mutex was killed: a wake-up that it may have swallowed, or have been about to give, goes to the others.
 */
export function passOn(word: number): void {
  if (word !== 0) wake(word);
}
