// A mutex in two shared words, after Ulrich Drepper, "Futexes Are Tricky" (mutex2), https://www.akkadia.org/drepper/futex.pdf,
// with waiters that hold no thread up.
//
//   word     0 FREE       nobody holds it
//            1 HELD       held, and nobody is parked on it
//            2 CONTENDED  held, and a thread may be parked on it: the one that frees it must wake
//
//   async    how many asynchronous waiters may be in the engine's queue: see src/memory/park.ts
//
// CONTENDED is set by a thread that parks, and by one that acquires after having parked, since others may still be there. It is cleared by
// release only. Not fair: a running thread may overtake one that is waking up. No owner: any thread may release.

import { atomic } from './atomics.js';
import { awaitLater, blockUntil, type Pending, type Wanted, wake } from './park.js';

export const FREE = 0;
export const HELD = 1;
export const CONTENDED = 2;

/** Tries before parking. A short critical section on another core ends within them; on one core they are wasted, so they are few. */
const SPINS = 40;

/** Fast path: whether the mutex was free and is now held. */
export function tryAcquire(word: number): boolean {
  return atomic.compareExchange(word, FREE, HELD) === FREE;
}

/** The holder of the mutex, for reports. */
export type About = Pick<Wanted, 'describe' | 'holder' | 'owned'>;

const NOBODY: About = { describe: () => 'a lock' };

/** The mutex as something to wait for. */
export function wanted(word: number, { describe, holder, owned = false }: About): Wanted {
  return {
    word,
    attempt: () => (atomic.exchange(word, CONTENDED) === FREE ? undefined : CONTENDED),
    describe,
    owned,
    ...(holder && { holder }),
  };
}

/** Blocks until the mutex is held (true), or `timeout` milliseconds have passed (false). Throws as `blockUntil`. */
export function acquireBlocking(word: number, timeout: number, about: About = NOBODY): boolean {
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load(word) === FREE && tryAcquire(word)) return true;
  }
  return blockUntil(wanted(word, about), timeout);
}

/** As `acquireBlocking`, but returns at once and reports through `done`, see `awaitLater`. The caller has tried the fast path. */
export function acquireEventually(
  word: number,
  timeout: number,
  done: (acquired: boolean, error?: unknown) => void,
  about: About = NOBODY,
  abortable = false,
): Pending {
  return awaitLater(wanted(word, about), timeout, done, abortable);
}

/** Frees the mutex; whether it was held. */
export function release(word: number): boolean {
  const before = atomic.exchange(word, FREE);
  return before === HELD || afterRelease(word, before);
}

/** Slow path of release: the word was `before`, and not HELD. Whether the mutex was held. */
export function afterRelease(word: number, before: number): boolean {
  if (before === CONTENDED) wake(word, 1);
  return before !== FREE;
}

/**
 * A thread that could reach this mutex was killed: a wake-up that it may have swallowed, or have been about to give, goes to the others.
 */
export function passOn(word: number): void {
  if (word !== 0) wake(word, 1);
}
