// `heddle/dummy_thread`: the interface of `heddle/thread` where there are no threads, for programs that must also run where
// SharedArrayBuffer or workers are missing. Everything runs in the caller, at once. It follows Python 2.7's module of that name,
// oddities included; where that module lacks a name which `heddle/thread` has, the name is here, so that either can be imported.
//
// A program that waits for another thread before that thread was started hangs with real threads and goes on here: locks of this
// module never block.

import { DummyLock } from './dummy/lock.js';
import { KeyboardInterrupt, SystemExit, ThreadError } from './sync/errors.js';
import { isThenable } from './sync/held.js';

export type { DummyAcquireAsyncOptions, DummyAcquireOptions } from './dummy/lock.js';
export type { HeldLock } from './sync/held.js';
export { DummyLock as LockType, KeyboardInterrupt, SystemExit, ThreadError as error };

/**
 * The longest time-out there is, in milliseconds. Time-outs have no effect in this module.
 *
 * @example
 * console.log(TIMEOUT_MAX);
 */
export const TIMEOUT_MAX = 2 ** 31;

/** False from the start of a "thread" until some "thread" ends: a nested one that ends makes its caller "main" again, as in Python. */
let inMain = true;
/** interrupt_main() was called in a "thread". */
let interrupted = false;

/** The arguments of start_new_thread() by name. */
export interface StartKeywords {
  readonly function: unknown;
  readonly args: readonly unknown[];
  readonly kwargs?: object;
}

/**
 * Calls `function` now, in the caller, with `args` and, if given, `kwargs` as one last argument. An error is printed and dropped,
 * SystemExit silently. The promise of an async function runs on after this returns; its rejection is printed in the same way.
 *
 * Throws KeyboardInterrupt when the function has ended if it called interrupt_main().
 *
 * @throws TypeError for wrong arguments; KeyboardInterrupt if the function has called `interrupt_main()`.
 * @example
 * start_new_thread((name: string) => console.log(`Hello ${name}`), ['Ada']);
 */
export function start_new_thread<A extends unknown[]>(fn: (...args: A) => unknown, args: readonly [...A]): undefined;
export function start_new_thread<A extends unknown[], K extends object>(
  fn: (...args: [...A, K]) => unknown,
  args: readonly [...A],
  kwargs: K,
): undefined;
export function start_new_thread(keywords: StartKeywords): undefined;
export function start_new_thread(...given: unknown[]): undefined {
  const [fn, args, kwargs] = isKeywordCall(given) ? [given[0].function, given[0].args, given[0].kwargs] : given;
  if (!(Array.isArray(args) && isOwnOf(args, 'Array'))) {
    throw new TypeError('2nd arg must be a tuple: pass the arguments as a plain array, [] for none');
  }
  if (kwargs !== undefined && !isOwnOf(kwargs, 'Object') && !isBare(kwargs)) {
    throw new TypeError('3rd arg must be a dict: pass a plain object, or leave it out');
  }
  inMain = false;
  try {
    const call = fn as (...args: unknown[]) => unknown;
    const result = call(...(args as unknown[]), ...(kwargs === undefined ? [] : [kwargs]));
    if (isThenable(result)) Promise.resolve(result).catch(report);
  } catch (error) {
    report(error);
  }
  inMain = true;
  if (interrupted) {
    interrupted = false;
    throw new KeyboardInterrupt();
  }
}

/**
 * Obsolete synonym of start_new_thread().
 *
 * @example
 * start_new(() => console.log('at once'), []);
 */
export const start_new = start_new_thread;

/**
 * Throws SystemExit.
 *
 * @throws SystemExit, always.
 * @example
 * start_new_thread(() => exit(), []);
 */
export function exit(): never {
  throw new SystemExit();
}

/**
 * Obsolete synonym of exit().
 *
 * @example
 * start_new_thread(() => exit_thread(), []);
 */
export const exit_thread: () => never = exit;

/**
 * Always -1.
 *
 * @example
 * console.log(get_ident());
 */
export function get_ident(): number {
  return -1;
}

/**
 * A new unlocked lock.
 *
 * @example
 * const lock = allocate_lock();
 * lock.acquire();
 * lock.release();
 */
export function allocate_lock(): DummyLock {
  return new DummyLock();
}

/**
 * Obsolete synonym of allocate_lock().
 *
 * @example
 * console.log(allocate().locked());
 */
export const allocate = allocate_lock;

/**
 * Throws KeyboardInterrupt: at once in the main thread, in a "thread" when that has ended.
 *
 * @throws KeyboardInterrupt in the main program.
 * @example
 * try {
 *   interrupt_main();
 * } catch (interrupt) {
 *   console.log(interrupt instanceof KeyboardInterrupt);
 * }
 */
export function interrupt_main(): void {
  if (inMain) throw new KeyboardInterrupt();
  interrupted = true;
}

/**
 * Always 0; there is no stack whose size could be set.
 *
 * @throws error when a size is given: there is no stack to set.
 * @example
 * console.log(stack_size());
 */
export function stack_size(size?: null): number {
  if (size !== undefined && size !== null) {
    throw new ThreadError('setting thread stack size not supported: heddle/thread can, or leave the call out');
  }
  return 0;
}

/**
 * Always 0: no thread outlives its start.
 *
 * @example
 * console.log(_count());
 */
export function _count(): number {
  return 0;
}

function report(error: unknown): void {
  if (error instanceof SystemExit) return;
  if (error instanceof Error) console.error(error);
  else console.error('Uncaught', error);
}

function isKeywordCall(given: unknown[]): given is [StartKeywords] {
  const [first] = given;
  return given.length === 1 && typeof first === 'object' && first !== null && 'function' in first;
}

/** Whether a value is an object of this very type: instances of subclasses are not. In a context of `node:vm` the type is another object. */
function isOwnOf(value: unknown, type: 'Array' | 'Object'): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === globalThis[type].prototype) return true;
  const made: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return (
    typeof made === 'function' && made.name === type && made.prototype === prototype && NATIVE.test(textOf.call(made))
  );
}

const textOf = Function.prototype.toString;
const NATIVE = /\{\s*\[native code\]\s*\}$/;

const isBare = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
