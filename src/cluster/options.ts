// Checks of what programs give.

/** @throws TypeError for what is no object, or has what is not known. */
export function checkOptions(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${of} takes options as an object, such as { ${known[0]}: … }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`unknown option '${key}' of ${of}: known are ${known.join(', ')}`);
  }
}

/** @throws TypeError, RangeError unless it is a whole number from `least` on. */
export function count(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new TypeError(`${name} must be an integer, not ${typeof value === 'string' ? `'${value}'` : String(value)}`);
  }
  if (value < least) throw new RangeError(`${name} must be at least ${least}, not ${value}`);
}

/** @throws TypeError unless it is a text that is not empty. */
export function name(what: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(
      `${what} must be a text that is not empty, not ${typeof value === 'string' ? "''" : String(value)}`,
    );
  }
  return value;
}

/** Milliseconds to wait; none = for ever. @throws TypeError, RangeError */
export function timeout(value: unknown): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new TypeError(`timeout must be milliseconds, not ${String(value)}`);
  if (value < 0) throw new RangeError(`timeout must not be negative, as ${value} is`);
  return value;
}
