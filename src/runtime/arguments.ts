// Checks of the arguments of the low-level module's functions, with Python's texts and what to do.

import { isRecord } from '../heap/record.js';

export const STACK_MINIMUM = 32768;
const SSIZE_MAX = 2 ** 63;

/** For functions that take nothing. */
export function checkNoArguments(name: string, given: number): void {
  if (given > 0) throw new TypeError(`${name}() takes no arguments (${given} given)`);
}

/** `given` counts the arguments; `kwargs` matters only if it was given. */
export function checkStart(fn: unknown, args: unknown, kwargs: unknown, given: number): void {
  if (given < 2) throw new TypeError(`start_new_thread expected at least 2 arguments, got ${given}`);
  if (given > 3) throw new TypeError(`start_new_thread expected at most 3 arguments, got ${given}`);
  if (typeof fn !== 'function') throw new TypeError(`first arg must be callable: give a function, not ${describe(fn)}`);
  if (!Array.isArray(args)) {
    throw new TypeError(`2nd arg must be a tuple: give the function's arguments as an array, not ${describe(args)}`);
  }
  if (kwargs !== undefined && !isDictionary(kwargs)) {
    throw new TypeError(
      `optional 3rd arg must be a dictionary: give an object or leave it out, not ${describe(kwargs)}`,
    );
  }
}

/** A size for stack_size(), in bytes. */
export function checkStackSize(size: unknown, given: number): number {
  if (given > 1) throw new TypeError(`stack_size expected at most 1 argument, got ${given}`);
  if (size === undefined) return 0;
  const bytes = size === true ? 1 : size === false ? 0 : size;
  if (typeof bytes !== 'number' || !Number.isInteger(bytes)) {
    throw new TypeError(`${describe(size)} cannot be interpreted as an integer: give bytes, or 0 for the default`);
  }
  if (bytes < 0) throw new RangeError(`size must be 0 or a positive value, not ${bytes}`);
  if (bytes >= SSIZE_MAX) throw new RangeError(`the size ${bytes} is too large to convert to C ssize_t`);
  if (bytes > 0 && bytes < STACK_MINIMUM) {
    throw new RangeError(`size not valid: ${bytes} bytes; give 0 for the default, or at least ${STACK_MINIMUM}`);
  }
  return bytes;
}

export function isDictionary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isRecord(value) || Object.prototype.toString.call(value) === '[object Object]';
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object') return `an object of ${value.constructor?.name ?? 'no class'}`;
  return `${typeof value} ${String(value)}`;
}
