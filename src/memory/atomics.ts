// The facade over atomics: nothing else in Heddle touches `Atomics` or the kernel. Tests replace the methods of `atomic` by a
// scheduler that explores interleavings, so every step that another thread can see must be one call of this object.
//
// All operations take byte addresses of aligned 32-bit words in the shared memory and are sequentially consistent.

import { holdLoop } from './hold.js';
import { type Kernel, kernel } from './kernel.js';
import { refresh, V } from './memory.js';

/** Why a wait ended: woken (or the word was changed in between), the value was not as expected, or time ran out. */
export type WaitOutcome = 'ok' | 'not-equal' | 'timed-out';

/** A wait that holds no thread up. */
export interface AsyncWait {
  /**
   * Nobody is interested any more: the event loop is let go. The engine cannot take the waiter out of its queue, so it can still
   * swallow one notification; `done` is called when that happens, and callers must reckon with it.
   */
  abandon(): void;
}

export interface Atomic extends Kernel {
  /** Blocks this thread while the word is `expected`, at most `timeout` milliseconds (Infinity = no limit). May wake for nothing. */
  wait(address: number, expected: number, timeout: number): WaitOutcome;
  /** As `wait`, without blocking: `done` is called from the event loop, which stays alive until then. */
  waitAsync(address: number, expected: number, timeout: number, done: (outcome: WaitOutcome) => void): AsyncWait;
  /** Wakes at most `count` waiters, those that wait longest first; returns how many. */
  notify(address: number, count: number): number;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/** The words, which are made to reach an address. */
function wordsUpTo(address: number): Int32Array<SharedArrayBuffer> {
  if (address >>> 2 >= V.I32.length) refresh();
  return V.I32;
}

/** The platform's own, which programs use as well: a tool puts its own methods there. */
export const platformAtomics: typeof Atomics = Atomics;

export const atomic: Atomic = {
  load: kernel.load,
  store: kernel.store,
  exchange: kernel.exchange,
  compareExchange: kernel.compareExchange,
  add: kernel.add,
  or: kernel.or,
  and: kernel.and,
  wait(address, expected, timeout) {
    return Atomics.wait(wordsUpTo(address), address >>> 2, expected, timeout);
  },
  waitAsync(address, expected, timeout, done) {
    const result = Atomics.waitAsync(wordsUpTo(address), address >>> 2, expected, timeout);
    // Atomics.waitAsync keeps no event loop alive by itself.
    const letGo = holdLoop();
    const finish = (outcome: WaitOutcome) => {
      letGo();
      done(outcome);
    };
    if (result.async) result.value.then(finish);
    else queueMicrotask(() => finish(result.value));
    return { abandon: letGo };
  },
  notify(address, count) {
    return Atomics.notify(wordsUpTo(address), address >>> 2, count);
  },
  now: () => performance.now(),
};
