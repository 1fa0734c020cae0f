// Interrupts of the main thread: `interrupt_main()` and Ctrl-C.
//
// Whoever interrupts sets a bit in the main thread's attention word and tells the supervisor, which asks the main thread for a turn of
// its event loop, and ends what runs under `interruptible()`. So the interrupt is delivered at the first of: the next call into the
// library, the next turn of the event loop, the next instruction under `interruptible()`. Several coalesce until then.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_TAKEN, R_ATTENTION } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { runEndable } from '../platform/debugger.js';
import { emitSigint, exitHere, handlesSigint, mainStatus, onFatalError, onSigintTaken } from '../platform/process.js';
import { KeyboardInterrupt, SystemExit } from '../sync/errors.js';
import {
  ARM,
  arm,
  enterGuard,
  INTERRUPT,
  isGuarded,
  leaveGuard,
  mask,
  onInterrupt,
  onRefusal,
  poll,
  unmask,
} from '../sync/safepoint.js';
import { print } from './console.js';
import { describeError } from './report.js';
import { attendShutdown, isWaitingForThreads, mustWaitForThreads } from './shutdown.js';
import { ask, awaitSigintWatch, summonSupervisor } from './supervisor.js';

/** What a shell reports for a program that Ctrl-C has ended. */
const SIGINT_STATUS = 130;
/** The platform's, for an error that nobody catches. */
const FAILURE = 1;

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
  awaitSigintWatch();
  let outcome: { value: T } | { error: unknown } | undefined;
  enterGuard();
  const cut = runEndable(() => {
    unmask();
    try {
      // What came since the poll above has found no guard to end.
      poll();
      outcome = { value: fn() };
    } catch (error) {
      outcome = { error };
    }
    // Waits here for an end that is on its way.
    mask();
  });
  leaveGuard(cut);
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
function armUnlessHandled(): ReturnType<typeof arm> {
  return !handlesSigint() && arm();
}

/** Prepares the main thread: how interrupts arrive, and what becomes of those that nobody catches. */
export function attendMain(): void {
  onInterrupt(deliver);
  onRefusal(() => ask({ type: 'interrupt' }));
  onSigintTaken(
    () => atomic.store(H_SIGINT_TAKEN, 1),
    () => {
      atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT);
      poll();
    },
  );
  Object.defineProperty(globalThis, Symbol.for(ARM), { value: armUnlessHandled });
  onFatalError((error) => {
    if (error instanceof KeyboardInterrupt) {
      print(2, `${describeError(error)}\n`);
      exitHere(isWaitingForThreads() ? mainStatus() : SIGINT_STATUS);
    }
    if (error instanceof SystemExit) exitHere(statusOf(error));
    // The platform would print it when the threads have ended.
    if (mustWaitForThreads()) {
      print(2, `${describeError(error)}\n`);
      exitHere(FAILURE);
    }
  });
  attendShutdown();
}

/** Exit status of the program when the main thread ends by SystemExit; a text is printed, and means failure. */
function statusOf({ code }: SystemExit): number {
  if (code === undefined || code === null) return 0;
  if (typeof code === 'number') return code & 0xff;
  print(2, `${code}\n`);
  return 1;
}
