// The hook for errors that a thread does not catch. There is one hook for the process, as in Python. It lies in the shared heap, captured, and runs
// in the thread that has failed. A thread that is killed, for example because it has no memory left, cannot run the hook: the supervisor
// reports this death as the default hook would.

import { EXCEPTHOOK } from '../heap/roots.js';
import { H_ROOTS } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { pack, unpack } from '../parcel/parcel.js';
import { describeError, report, reportThread } from '../runtime/report.js';
import { identOf } from '../runtime/table.js';
import { loadValue, storeValue } from '../sync/cell.js';
import { isExit, SystemExit } from '../sync/errors.js';
import { isThenable } from '../sync/held.js';
import { describe } from './arguments.js';
import { threadHere } from './current.js';
import { isDummy, type Thread } from './thread.js';

/** What a hook is told. */
export interface ExceptHookArgs {
  /** What was thrown. */
  readonly error: unknown;
  /** The error as text for people: with its stack in the program's own files, its causes and properties. */
  readonly stack: string;
  /** The thread that ends by it. */
  readonly thread: Thread | undefined;
}

export type ExceptHook = (args: ExceptHookArgs) => void;

const ROOT = H_ROOTS + EXCEPTHOOK * 4;

/**
 * The default hook: prints "Exception in thread NAME:" and the error with its stack. SystemExit itself is silent; what extends it is not.
 * Without a thread the identifier of the calling one is printed in place of its name.
 *
 * @throws TypeError when the argument is not what a hook is told.
 * @example
 * excepthook({ error: new RangeError('too many'), thread: currentThread() });
 */
export function excepthook(args: Pick<ExceptHookArgs, 'error' | 'thread'>): void {
  if (typeof args !== 'object' || args === null || !('error' in args)) {
    throw new TypeError(
      `excepthook argument type must be ExceptHookArgs: an object { error, thread }, not ${describe(args)}`,
    );
  }
  const { error, thread } = args;
  if (isExit(error) && Object.getPrototypeOf(error) === SystemExit.prototype) return;
  report(`Exception in thread ${thread?.name ?? identOf(slot)}:`, error);
}

/**
 * Sets the hook for all threads of the process that are made by `Thread`. It is called in a thread that ends by an error, also by SystemExit.
 * The hook travels as an argument does: what it captures is copied now. `null` brings the default hook back.
 *
 * @throws TypeError when it cannot travel.
 * @example
 * setExcepthook(({ error, thread }) => console.log(thread?.name, String(error)));
 * new Thread(() => { throw new RangeError('too many'); }, { name: 'worker' }).start();
 */
export function setExcepthook(hook: ExceptHook | null): void {
  if (hook !== null && typeof hook !== 'function') {
    throw new TypeError(`setExcepthook() takes a function, or null for the default, not ${describe(hook)}`);
  }
  storeValue(ROOT, hook === null || hook === excepthook ? undefined : pack(hook, 'the excepthook'), 'the excepthook');
}

/** Tells the hook how this thread ends. */
function invoke(error: unknown, thread: Thread): Promise<void> | void {
  const packed = loadValue(ROOT);
  if (packed === undefined) {
    excepthook({ error, thread });
    return;
  }
  const args: ExceptHookArgs = { error, stack: describeError(error), thread };
  const failed = (reason: unknown): void => report('Exception in threading.excepthook:', reason);
  try {
    const hook = unpack(packed) as ExceptHook | Promise<ExceptHook>;
    // What it takes along must be imported first.
    if (isThenable(hook))
      return Promise.resolve(hook)
        .then((ready) => ready(args))
        .catch(failed);
    hook(args);
  } catch (reason) {
    failed(reason);
  }
}

/** This thread ends by an error: the hook is told, if it is one of Thread's. */
export function tellHook(error: unknown): Promise<void> | void {
  const thread = threadHere();
  if (thread !== undefined && !isDummy(thread)) return invoke(error, thread);
  if (!isExit(error)) reportThread(slot, error);
}
