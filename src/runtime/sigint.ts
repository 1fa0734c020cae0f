// Ctrl-C, wherever the main thread is: in its event loop, blocked, or computing.
//
//   SIGINT                      → set the main thread's interrupt bit, tell the supervisor
//   SIGINT, the bit still set   → the main thread has not reacted to the last one: end the process as if there were no watch
//
// The supervisor's event loop gets the signal. Where the platform does not let it, a worker does that does nothing else (sigint-worker.ts).
//
// A program that has a handler for SIGINT gets the signal from the platform, H_SIGINT_TAKEN says so:
//
//   0 → SIGINT_TAKEN        it has had a handler. If that was so before there were threads there is no watch. Later on the watch does
//                           nothing any more, also when the handler goes (src/runtime/interrupt.ts takes over)
//     → SIGINT_RENOUNCED    the main thread is at its end and its handlers will not be called: the signal ends the process

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_TAKEN, H_SIGINT_WATCHED, R_ATTENTION } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { killWithSigint } from '../platform/process.js';
import { onSignal } from '../platform/signal.js';
import { INTERRUPT } from '../sync/safepoint.js';

export const SIGINT_TAKEN = 1;
export const SIGINT_RENOUNCED = 2;

export const sigintIsTaken = (): boolean => atomic.load(H_SIGINT_TAKEN) !== 0;

/** The first start of a thread may go on: the watch is on, or there is none. */
export function declareSigintWatch(): void {
  atomic.store(H_SIGINT_WATCHED, 1);
  atomic.notify(H_SIGINT_WATCHED, Infinity);
}

/** Notes a Ctrl-C in the main thread's record. Whether that is new: if not, the process is to end. */
export function noteSigint(): boolean {
  return (atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT) & INTERRUPT) === 0;
}

/** Calls `interrupted` for each Ctrl-C that is for the main thread, on this event loop. False = the platform does not let this thread. */
export function watchSigintOnLoop(interrupted: () => void): boolean {
  const stop = onSignal('SIGINT', () => {
    const taken = atomic.load(H_SIGINT_TAKEN);
    if (taken === SIGINT_TAKEN) return;
    if (taken !== SIGINT_RENOUNCED && noteSigint()) {
      interrupted();
      return;
    }
    stop?.();
    killWithSigint();
  });
  return stop !== undefined;
}
