// Checks of the options of queues, with Python's texts.

import { TIMEOUT_MAX } from '../sync/arguments.js';
import { checkName } from '../sync/titles.js';

/** How to wait for an item, or for room. */
export interface QueueWaitOptions {
  /** `false` only tries. `true`, which is the default, waits. */
  wait?: boolean | undefined;
  /** Milliseconds to wait at most; none = for ever. */
  timeout?: number | undefined;
}

/** How to wait without blocking the thread. */
export interface QueueAsyncOptions {
  /** Milliseconds to wait at most; none = for ever. */
  timeout?: number | undefined;
  /** Gives up when aborted. */
  signal?: AbortSignal | undefined;
}

export interface QueueOptions {
  /** How many items there may be at once; 0 or less, which is the default: any number. */
  maxSize?: number | undefined;
  /** What reports call it. */
  name?: string | undefined;
}

/** The largest number of items that a limit can say; more is no limit. */
const MOST = 2 ** 31 - 1;

export const WAITS: readonly string[] = ['wait', 'timeout'];
export const ASYNC_WAITS: readonly string[] = ['timeout', 'signal'];

/**
 * The milliseconds that a call may wait: 0 = only try, Infinity = for ever. Negative if that was given: an error only where it would have to
 * be waited (`checkWait`).
 */
export function waitOf(
  options: (QueueWaitOptions & QueueAsyncOptions) | undefined,
  known: readonly string[] = WAITS,
): number {
  if (options === undefined) return Infinity;
  checkKeys(options, known, '{ timeout: 100 }');
  const { wait = true, timeout } = options;
  if (typeof wait !== 'boolean') throw new TypeError(`wait must be true or false, not ${show(wait)}`);
  if (timeout !== undefined && typeof timeout !== 'number') {
    throw new TypeError(`timeout must be a number of milliseconds, not ${show(timeout)}`);
  }
  if (!wait) return 0;
  if (timeout === undefined) return Infinity;
  if (Number.isNaN(timeout)) throw new RangeError('Invalid value NaN (not a number): a timeout is milliseconds');
  if (timeout > TIMEOUT_MAX && timeout !== Infinity) {
    throw new RangeError(
      `timestamp out of range for platform time_t: ${timeout} ms; leave the timeout out to wait for ever`,
    );
  }
  return timeout;
}

/** @throws RangeError for a negative number of milliseconds. */
export function checkWait(milliseconds: number): void {
  if (milliseconds < 0) {
    throw new RangeError(
      `'timeout' must be a non-negative number: it is ${milliseconds}; leave it out to wait for ever`,
    );
  }
}

/** The limit that options say; 0 = none. */
export function limitOf(options: QueueOptions): number {
  checkKeys(options, ['maxSize', 'name'], '{ maxSize: 100 }');
  checkName(options.name);
  const { maxSize = 0 } = options;
  if (typeof maxSize !== 'number') throw new TypeError(`maxSize must be a number of items, not ${show(maxSize)}`);
  if (!Number.isInteger(maxSize) && Math.abs(maxSize) !== Infinity)
    throw new RangeError(`maxSize must be an integer, not ${maxSize}`);
  return maxSize > MOST ? 0 : Math.max(0, maxSize);
}

export function checkKeys(options: object, known: readonly string[], example: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as ${example}, not ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`unknown option '${key}': known are ${known.join(', ')}`);
  }
}

export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
