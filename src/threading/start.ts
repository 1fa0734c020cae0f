// startNewThread and its like: what src/thread.ts has under Python's names, with errors in the words of JavaScript.

import { orForgetMarks } from '../closure/transfer.js';
import { H_STACK_SIZE } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { isDictionary } from '../runtime/arguments.js';
import { startThread } from '../runtime/start.js';
import { poll } from '../sync/safepoint.js';
import { checkBytes, describe } from './arguments.js';

/**
 * Starts a thread that calls `fn` with `args`, and with `kwargs` as the last argument if it is given. `fn` may be any function
 * or closure; the guide says how its captures and arguments travel. The thread ends when the function returns, or when the
 * promise that it returns settles. An error that it does not catch is printed, and ends only that thread; SystemExit is not printed.
 *
 * @returns the thread's identifier, the same as `getIdent()` gives inside it.
 * @throws TypeError for wrong arguments; CaptureError, a TypeError, for a function or argument that cannot travel, naming what and why.
 * ThreadError "can't start new thread" when the platform refuses one.
 * @example
 * startNewThread((name: string) => console.log(`Hello ${name}`), ['Ada']);
 */
export function startNewThread<A extends readonly unknown[]>(fn: (...args: A) => unknown, args: A): number;
export function startNewThread<A extends readonly unknown[], K extends object>(
  fn: (...args: [...A, K]) => unknown,
  args: A,
  kwargs: K,
): number;
export function startNewThread(fn: (...args: never[]) => unknown, args: readonly unknown[], kwargs?: object): number {
  const given = arguments.length;
  orForgetMarks(() => check(given, fn, args, kwargs), args, kwargs);
  poll();
  try {
    return startThread(fn, args, kwargs);
  } catch (error) {
    // The reader wants to see the call that failed, not how deep inside it was found.
    if (error instanceof Error) Error.captureStackTrace(error, startNewThread);
    throw error;
  }
}

function check(given: number, fn: unknown, args: unknown, kwargs: unknown): void {
  if (given < 2 || given > 3) {
    throw new TypeError(
      `startNewThread() takes a function, an array of its arguments, and perhaps an object (${given} given)`,
    );
  }
  if (typeof fn !== 'function') {
    throw new TypeError(`startNewThread() takes a function as its first argument, not ${describe(fn)}`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(
      `startNewThread() takes the function's arguments as an array, [] for none, and not ${describe(args)}`,
    );
  }
  if (kwargs !== undefined && !isDictionary(kwargs)) {
    throw new TypeError(`startNewThread() takes an object as its third argument, or none, and not ${describe(kwargs)}`);
  }
}

/**
 * Sets the stack size of threads that are started from now on, in any thread, and returns the previous setting, both in bytes. 0 is the
 * platform's default; without an argument it is set to that. A thread may get more than it asked for: at least 512 KiB.
 *
 * @throws RangeError below 32,768 bytes; TypeError for what is no integer. The setting is then unchanged.
 * @example
 * const before = stackSize(16 * 1024 * 1024);
 * stackSize(before);
 */
export function stackSize(size?: number): number {
  if (arguments.length > 1) throw new TypeError(`stackSize() takes one number of bytes (${arguments.length} given)`);
  const bytes = checkBytes(size, 'stackSize()');
  const before = V.F64[H_STACK_SIZE >>> 3] as number;
  V.F64[H_STACK_SIZE >>> 3] = bytes;
  return before;
}
