// Interrupts of the main thread: `interrupt_main()` and Ctrl-C.
//
// Whoever interrupts sets a bit in the main thread's attention word and tells the supervisor, which asks the main thread for a turn of
// its event loop, and ends what runs under `interruptible()`. So the interrupt is delivered at the first of: the next call into the
// library, the next turn of the event loop, the next instruction under `interruptible()`. Several coalesce until then.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_HANDLED, R_ATTENTION } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { runEndable } from '../platform/debugger.js';
import { emitSigint, exitHere, handlesSigint, onFatalError } from '../platform/process.js';
import { KeyboardInterrupt, SystemExit } from '../sync/errors.js';
import {
  ARM,
  arm,
  awaitCut,
  enterGuard,
  INTERRUPT,
  isGuarded,
  leaveGuard,
  onInterrupt,
  poll,
} from '../sync/safepoint.js';
import { print } from './console.js';
import { describeError } from './report.js';
import { ask, summonSupervisor } from './supervisor.js';

/** What a shell reports for a program that Ctrl-C has ended. */
const SIGINT_STATUS = 130;

/** Raises KeyboardInterrupt in the main thread, or runs its handlers for SIGINT. Called in the main thread it does so at once. */
export function interruptMain(): void {
  atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT);
  if (slot === 0) poll();
  else ask({ type: 'interrupt' });
}

/**
 * Calls `fn` such that an interrupt ends it at any instruction, also in a loop that never calls the library. Its `finally` blocks do
 * not run then; locks that it has acquired and not released are released. In threads other than the main one it just calls `fn`.
 *
 * @returns what `fn` returns. If that is a promise, only the part up to there can be interrupted.
 * @throws KeyboardInterrupt when interrupted.
 */
export function interruptible<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw new TypeError(`interruptible() takes a function, not ${String(fn)}`);
  poll();
  if (slot !== 0 || isGuarded()) return fn();
  summonSupervisor();
  let outcome: { value: T } | { error: unknown } | undefined;
  const mark = enterGuard();
  const cut = runEndable(() => {
    try {
      outcome = { value: fn() };
    } catch (error) {
      outcome = { error };
    }
    awaitCut();
  });
  leaveGuard(mark, cut);
  if (cut) throw new KeyboardInterrupt();
  poll();
  if (outcome === undefined) throw new Error('the guarded function did not run');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

function deliver(): void {
  if (handlesSigint()) emitSigint();
  else throw new KeyboardInterrupt();
}

/** Under a program's own handler nothing is cut short: the handler runs at the next safepoint or turn of the event loop. */
function armUnlessHandled(): boolean {
  return atomic.load(H_SIGINT_HANDLED) === 0 && arm();
}

/** Prepares the main thread: how interrupts arrive, and what becomes of those that nobody catches. */
export function attendMain(): void {
  onInterrupt(deliver);
  Object.defineProperty(globalThis, Symbol.for(ARM), { value: armUnlessHandled });
  onFatalError((error) => {
    if (error instanceof KeyboardInterrupt) {
      print(2, `${describeError(error)}\n`);
      exitHere(SIGINT_STATUS);
    }
    if (error instanceof SystemExit) exitHere(statusOf(error));
  });
}

/** Exit status of the program when the main thread ends by SystemExit; a text is printed, and means failure. */
function statusOf({ code }: SystemExit): number {
  if (code === undefined || code === null) return 0;
  if (typeof code === 'number') return code & 0xff;
  print(2, `${code}\n`);
  return 1;
}
