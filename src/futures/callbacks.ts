// Callbacks of futures. An error that one throws is printed, and goes no further.

import { print } from '../runtime/console.js';
import { describeError } from '../runtime/report.js';
import { isThenable } from '../sync/held.js';

export type Callback = (future: never) => unknown;

/** Calls a callback with the future that is done. */
export function callBack(fn: Callback, future: object): void {
  const report = (error: unknown): void =>
    print(2, `exception calling callback for ${String(future)}\n${describeError(error)}\n`);
  try {
    const returned = fn(future as never);
    if (isThenable(returned)) returned.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** What something is, as far as it may be said without running code of the program's. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object' && typeof value !== 'function') return typeof value;
  return value.constructor?.name ?? 'object';
}
