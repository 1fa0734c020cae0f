// Checks of a waiting call's arguments, with Python's texts. Shared by all that can be acquired or waited for.

/** How to wait. */
export interface AcquireOptions {
  /** Milliseconds to wait at most; Infinity, -1 or none = for ever. */
  timeout?: number | undefined;
}

/**
 * The longest time-out that can be asked for, in milliseconds: about 292 years.
 *
 * @example
 * const lock = new Lock();
 * console.log(lock.acquire(true, TIMEOUT_MAX));
 */
export const TIMEOUT_MAX = 9_223_372_036_000;

/** Python 2 converts the wait flag to a C long. */
const LONG_MAX = 2 ** 63;

/** The milliseconds that `acquire(wait, timeout)` may wait: 0 = only try, Infinity = for ever. `given` counts its arguments. */
export function blockingTimeout(wait: unknown, timeout: unknown, given: number): number {
  if (given > 2) throw new TypeError(`acquire() takes at most 2 arguments (${given} given)`);
  if (typeof wait === 'object' && wait !== null) {
    if (timeout !== undefined)
      throw new TypeError('acquire() takes the timeout in its options or as second argument, not both');
    return timeoutOf(wait as AcquireOptions, ['timeout']);
  }
  const waits = isWaiting(wait);
  if (timeout === undefined) return waits ? Infinity : 0;
  const milliseconds = checkedNumber(timeout);
  if (!waits) {
    if (milliseconds !== -1)
      throw new RangeError("can't specify a timeout for a non-blocking call: leave it out, or wait");
    return 0;
  }
  return checkedTimeout(milliseconds);
}

/** The time-out of an options object in milliseconds, Infinity = for ever. */
export function timeoutOf(options: AcquireOptions, known: readonly string[] = ['timeout', 'signal']): number {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { timeout: 100 }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`unknown option '${key}': known are ${known.join(', ')}`);
  }
  const { timeout } = options;
  return timeout === undefined ? Infinity : checkedTimeout(checkedNumber(timeout));
}

/**
 * The milliseconds that `wait(timeout)` may wait, Infinity = for ever. What Python does there: a time that is over already is no error,
 * since it may be what is left until a deadline. 0 or less, also -1, only looks.
 */
export function waitTimeout(timeout: unknown): number {
  return timeout === undefined ? Infinity : Math.max(0, checkedNumber(timeout));
}

/** The same for the options of `waitAsync()`, for `timeoutOf`. */
export function waitOptions<T extends AcquireOptions>(options: T): T {
  const timeout = options?.timeout;
  return typeof timeout === 'number' && timeout < 0 && timeout >= -TIMEOUT_MAX ? { ...options, timeout: 0 } : options;
}

export function isWaiting(wait: unknown): boolean {
  if (wait === undefined) return true;
  if (typeof wait === 'boolean') return wait;
  if (typeof wait !== 'number') {
    throw new TypeError(
      `an integer is required, got ${describe(wait)}: true waits, false tries, { timeout: ms } waits at most that long`,
    );
  }
  if (!Number.isInteger(wait)) {
    throw new TypeError(
      `integer argument expected, got float ${wait}: true waits, false tries, { timeout: ms } waits at most that long`,
    );
  }
  if (Math.abs(wait) >= LONG_MAX)
    throw new RangeError(`the wait flag ${wait} is too large to convert to C long: use true or false`);
  return wait !== 0;
}

function checkedNumber(timeout: unknown): number {
  if (typeof timeout !== 'number') {
    throw new TypeError(
      `${describe(timeout)} object cannot be interpreted as an integer or float: a timeout is milliseconds`,
    );
  }
  if (Number.isNaN(timeout)) throw new RangeError('Invalid value NaN (not a number): a timeout is milliseconds');
  if (Math.abs(timeout) > TIMEOUT_MAX && timeout !== Infinity) {
    throw new RangeError(
      `timestamp out of range for platform time_t: ${timeout} ms; leave the timeout out to wait for ever`,
    );
  }
  return timeout;
}

function checkedTimeout(milliseconds: number): number {
  if (milliseconds === -1) return Infinity;
  if (milliseconds < 0) {
    throw new RangeError(
      `timeout value must be a non-negative number, not ${milliseconds}: leave it out to wait for ever`,
    );
  }
  return milliseconds;
}

function describe(value: unknown): string {
  return value === null ? "'null'" : `'${typeof value}'`;
}
