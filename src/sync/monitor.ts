// What a condition needs of its lock: to let go of it however often it was acquired, and to have it back as it was. For use within this
// package: these are symbols, so that they are no methods of the locks that programs see.

import type { Wanted } from '../memory/park.js';

/** Whether this thread holds it, as far as the lock can tell. */
export const IS_HELD: unique symbol = Symbol('heddle.is-held');
/** Releases it whole; returns how often it was acquired. Throws what `release` throws when it is not this thread's. */
export const SAVE: unique symbol = Symbol('heddle.save');
/** What waits until it can be acquired, so often; the attempt acquires. */
export const AGAIN: unique symbol = Symbol('heddle.again');

export interface Monitor {
  /** @internal */
  [IS_HELD](): boolean;
  /** @internal */
  [SAVE](): number;
  /** @internal */
  [AGAIN](count: number): Wanted;
}
