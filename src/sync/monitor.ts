// What a condition needs of its lock: to let go of it however often it was acquired, and to have it back as it was. For use within this
// package: these are symbols, so that programs do not see them as methods of locks.

import { hooks } from '../memory/hooks.js';
import { blockUntil, type Wanted } from '../memory/park.js';

/** Whether this thread holds it, as far as the lock can tell. */
export const IS_HELD: unique symbol = Symbol('heddle.is-held');
/** Releases it whole; returns how often it was acquired. Throws what `release` throws when it is not this thread's. */
export const SAVE: unique symbol = Symbol('heddle.save');
/** Acquires it so often, at once if it is free: undefined. Else what to wait for; its attempt acquires. */
export const AGAIN: unique symbol = Symbol('heddle.again');

export interface Monitor {
  /** @internal */
  [IS_HELD](): boolean;
  /** @internal */
  [SAVE](): number;
  /** @internal */
  [AGAIN](count: number): Wanted | undefined;
}

/** Lets go of it; how often it was acquired. @throws what `release` throws. */
export function letGoWhole(lock: Monitor): number {
  const count = lock[SAVE]();
  for (let time = 0; time < count; time++) hooks.releasing(lock);
  return count;
}

/** It was acquired again so often. */
export function noteAgain(lock: Monitor, count: number): void {
  for (let time = 0; time < count; time++) hooks.acquired(lock, true);
}

/** Blocks until it is acquired so often: what follows releases it, whatever happens. @throws as `blockUntil`. */
export function acquireAgain(lock: Monitor, count: number): void {
  const wanted = lock[AGAIN](count);
  if (wanted !== undefined) blockUntil(wanted, Infinity, true);
  noteAgain(lock, count);
}
