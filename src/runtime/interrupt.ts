// Interrupts of the main thread, `interrupt_main()` and Ctrl-C; and the end of what was cancelled in other threads, which goes the same way.
//
// A thread that interrupts sets a bit in the main thread's attention word and tells the supervisor, which asks the main thread for a turn of
// its event loop, and ends what runs under `interruptible()`. So the interrupt is delivered at the first of: the next call into the
// library, the next turn of the event loop, the next instruction under `interruptible()`. Several coalesce until then.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_TAKEN, R_ATTENTION } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { rouse } from '../memory/park.js';
import { recordOf } from '../memory/self.js';
import { runEndable } from '../platform/debugger.js';
import { emitSigint, handlesSigint, mainStatus, onFatalError, onSigintTaken } from '../platform/process.js';
import { KeyboardInterrupt, SystemExit } from '../sync/errors.js';
import {
  ARM,
  arm,
  Cancellation,
  enterGuard,
  GIVE_UP,
  type Guard,
  INTERRUPT,
  type Interrupts,
  isGuarded,
  leaveGuard,
  mask,
  poll,
  unmask,
} from '../sync/safepoint.js';
import { print } from './console.js';
import { describeError, isInLibrary } from './report.js';
import { attendShutdown, exitAfterThreads, isWaitingForThreads, mustWaitForThreads } from './shutdown.js';
import { SIGINT_TAKEN } from './sigint.js';
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
 * not run then; locks that it has acquired and not released are released. In threads other than the main one it just calls `fn`: a task
 * that was submitted as interruptible is so as a whole.
 *
 * @returns what `fn` returns. If that is a promise, only the part up to there can be interrupted.
 * @throws KeyboardInterrupt when interrupted.
 * @example
 * const sum = interruptible(() => 1 + 1);
 */
export function interruptible<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw new TypeError(`interruptible() takes a function, not ${String(fn)}`);
  poll();
  if (slot !== 0 || isGuarded()) return fn();
  summonSupervisor();
  awaitSigintWatch();
  const outcome = callGuarded(mainGuard, () => {
    // What came since the poll above has found no guard to end.
    poll();
    return fn();
  });
  if (outcome === undefined) throw new KeyboardInterrupt();
  poll();
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** What became of a guarded call. */
export type GuardedOutcome<T> = { readonly value: T } | { readonly error: unknown } | undefined;

/** Calls `fn` under a guard, which must not be inside another. Undefined: it was ended from outside, and what it held is released. */
function callGuarded<T>(guard: Guard, fn: () => T): GuardedOutcome<T> {
  let outcome: GuardedOutcome<T>;
  enterGuard(guard);
  const cut = runEndable(() => {
    unmask();
    try {
      outcome = { value: fn() };
    } catch (error) {
      outcome = { error };
    }
    // Waits here for an end that is on its way.
    mask();
  });
  const ended = cut || (outcome !== undefined && 'error' in outcome && outcome.error instanceof Cancellation);
  leaveGuard(ended);
  if (ended) return undefined;
  if (outcome === undefined) throw new Error('the guarded function did not run');
  return outcome;
}

const mainGuard: Guard = {
  // Under a program's own handler nothing is cut short: the handler runs at the next safepoint or turn of the event loop.
  due: () => !handlesSigint() && (atomic.load(recordOf(0) + R_ATTENTION) & INTERRUPT) !== 0,
  taken: () => void atomic.and(recordOf(0) + R_ATTENTION, ~INTERRUPT),
  missed: () => void atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT),
  remind: () => ask({ type: 'interrupt' }),
};

/**
 * Calls `fn` such that `endGuarded` ends it once `isCancelled` says so, which it then goes on to say. As `interruptible` in the main thread,
 * but that it also ends where it waits in the library, or calls it: there by an error, so `finally` blocks do run.
 * @returns undefined when it was ended.
 */
export function callCancellable<T>(isCancelled: () => boolean, fn: () => T): GuardedOutcome<T> {
  lendArm();
  const again = (): void => ask({ type: 'cancel', slot });
  const guard: Guard = { due: isCancelled, missed: again, remind: again };
  return callGuarded(guard, () => {
    if (isCancelled()) throw new Cancellation();
    return fn();
  });
}

/** Ends what the thread of a slot runs under `callCancellable`, which was cancelled just now. Returns before it has ended. */
export function endCancelled(of: number): void {
  mask();
  atomic.or(recordOf(of) + R_ATTENTION, GIVE_UP);
  rouse(of);
  ask({ type: 'cancel', slot: of });
  unmask();
}

export const interrupts: Interrupts = {
  deliver() {
    if (handlesSigint()) emitSigint();
    else throw new KeyboardInterrupt();
  },
  isInLibrary,
};

let lent = false;

/** The supervisor finds `arm()`. */
function lendArm(): void {
  if (lent) return;
  lent = true;
  Object.defineProperty(globalThis, Symbol.for(ARM), { value: arm, configurable: true });
}

/** Prepares the main thread: how interrupts arrive, and what becomes of those that nobody catches. */
export function attendMain(): void {
  onSigintTaken(
    () => atomic.store(H_SIGINT_TAKEN, SIGINT_TAKEN),
    () => {
      atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT);
      poll();
    },
  );
  lendArm();
  onFatalError((error) => {
    if (error instanceof KeyboardInterrupt) {
      print(2, `${describeError(error)}\n`);
      exitAfterThreads(isWaitingForThreads() ? mainStatus() : SIGINT_STATUS);
    }
    if (error instanceof SystemExit) exitAfterThreads(statusOf(error));
    // The platform would print it when the threads have ended.
    if (mustWaitForThreads()) {
      print(2, `${describeError(error)}\n`);
      exitAfterThreads(FAILURE);
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
