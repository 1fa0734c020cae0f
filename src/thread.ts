// Python's `thread` module, name for name: multiple threads of control that share their global data space. Everything here is also in
// `heddle` under the names of TypeScript's manner.

import { registerExports } from './closure/exports.js';
import { orForgetMarks } from './closure/transfer.js';
import { H_STACK_SIZE } from './memory/layout.js';
import { slot, V } from './memory/memory.js';
import { checkNoArguments, checkStackSize, checkStart } from './runtime/arguments.js';
import { interruptMain } from './runtime/interrupt.js';
import { startThread } from './runtime/start.js';
import { countThreads, identOf } from './runtime/table.js';
import { SystemExit } from './sync/errors.js';
import { Lock } from './sync/lock.js';
import { poll } from './sync/safepoint.js';
import * as self from './thread.js';
import { wire } from './wiring.js';

export { TIMEOUT_MAX } from './sync/arguments.js';
export { KeyboardInterrupt, SystemExit, ThreadError as error } from './sync/errors.js';
export { type AcquireOptions, type HeldLock, Lock as LockType } from './sync/lock.js';

wire();

/**
 * Starts a thread that calls `fn` with `args`, and with `kwargs` as one last argument if it is given. The function may be any function
 * or closure; what it captures and is given travels as docs/guide.md says. The thread ends silently when the function returns, or when
 * the promise that it returns settles. An error that it does not catch is printed and ends that thread alone; SystemExit is silent.
 *
 * @returns the thread's identifier, the same as `get_ident()` gives inside it.
 * @throws TypeError for wrong arguments, and for a function or argument that cannot travel, naming what and why.
 * @throws error "can't start new thread" when the platform refuses one.
 * @example
 * start_new_thread((name: string) => console.log(`Hello ${name}`), ['Ada']);
 */
export function start_new_thread<A extends readonly unknown[]>(fn: (...args: A) => unknown, args: A): number;
export function start_new_thread<A extends readonly unknown[], K extends object>(
  fn: (...args: [...A, K]) => unknown,
  args: A,
  kwargs: K,
): number;
export function start_new_thread(fn: (...args: never[]) => unknown, args: readonly unknown[], kwargs?: object): number {
  const given = arguments.length;
  orForgetMarks(() => checkStart(fn, args, kwargs, given), args, kwargs);
  poll();
  try {
    return startThread(fn, args, kwargs);
  } catch (error) {
    // The reader wants to see the call that failed, not how deep inside it was found.
    if (error instanceof Error) Error.captureStackTrace(error, start_new_thread);
    throw error;
  }
}

/**
 * Obsolete synonym of `start_new_thread`.
 *
 * @example
 * start_new(() => console.log('in a thread'), []);
 */
export const start_new = start_new_thread;

/**
 * A new unlocked lock.
 *
 * @example
 * const lock = allocate_lock();
 * lock.acquire();
 * lock.release();
 */
export function allocate_lock(): Lock {
  checkNoArguments('allocate_lock', arguments.length);
  return new Lock();
}

/**
 * Obsolete synonym of `allocate_lock`.
 *
 * @example
 * console.log(allocate().locked());
 */
export const allocate = allocate_lock;

/**
 * Ends the calling thread silently by throwing SystemExit. In the main thread it ends the program, with status 0.
 *
 * @throws SystemExit, always.
 * @example
 * start_new_thread(() => exit(), []);
 */
export function exit(): never {
  checkNoArguments('exit', arguments.length);
  throw new SystemExit();
}

/**
 * Obsolete synonym of `exit`.
 *
 * @example
 * start_new_thread(() => exit_thread(), []);
 */
export const exit_thread = exit;

/**
 * The calling thread's identifier: not zero, unique among threads that are alive, used again by later ones.
 *
 * @example
 * start_new_thread(() => console.log(get_ident()), []);
 */
export function get_ident(): number {
  checkNoArguments('get_ident', arguments.length);
  return identOf(slot);
}

/**
 * Raises KeyboardInterrupt in the main thread, or runs the program's handlers for SIGINT there: at its next call into this module, the
 * next turn of its event loop, or at once under `interruptible()`. A main thread that is blocked is not woken. Several calls before it
 * reacts are one.
 *
 * @throws KeyboardInterrupt at once when called in the main thread.
 * @example
 * try {
 *   interrupt_main();
 * } catch (interrupt) {
 *   console.log(interrupt instanceof KeyboardInterrupt);
 * }
 */
export function interrupt_main(): void {
  checkNoArguments('interrupt_main', arguments.length);
  interruptMain();
}

/**
 * Sets the stack size of threads that are started from now on, in any thread, and returns the previous setting, both in bytes. 0 is the
 * platform's default; without an argument it is set to that. A thread may get more than it asked for: at least 512 KiB.
 *
 * @throws RangeError "size not valid" below 32,768 bytes; TypeError for what is no integer. The setting is then unchanged.
 * @example
 * const before = stack_size(16 * 1024 * 1024);
 * stack_size(before);
 */
export function stack_size(size?: number): number {
  const bytes = checkStackSize(size, arguments.length);
  const before = V.F64[H_STACK_SIZE >>> 3] as number;
  V.F64[H_STACK_SIZE >>> 3] = bytes;
  return before;
}

/**
 * How many threads started by this module are running now; the main thread is not counted.
 *
 * @example
 * console.log(_count());
 */
export function _count(): number {
  checkNoArguments('_count', arguments.length);
  return countThreads();
}

// What a thread captures of this module is the same module there.
registerExports('heddle:thread', self);
