// The watch for Ctrl-C: a worker that does nothing else, so that the signal is seen also while the main thread computes or is blocked.
//
//   SIGINT                      → set the main thread's interrupt bit, tell the supervisor
//   SIGINT, the bit still set   → the main thread has not reacted to the last one: end the process as if there were no watch
//
// A program that has a handler for SIGINT gets the signal from the platform. If it had one before there were threads the watch never
// begins; a handler that is added later displaces the watch, and it stays displaced when the handler goes (src/runtime/interrupt.ts
// takes over): to set it up again could displace a handler that is added at that moment.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_TAKEN, H_SIGINT_WATCHED, R_ATTENTION } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { killWithSigint } from '../platform/process.js';
import { watchSigint } from '../platform/signal.js';
import { parentPort } from '../platform/worker.js';
import { INTERRUPT } from '../sync/safepoint.js';

const supervisor = parentPort();

if (atomic.load(H_SIGINT_TAKEN) === 1) {
  declare();
} else {
  // Two watches, one inside the other: while the inner one is set up again after a signal, the outer one is there.
  for (;;) if (watchSigint(watch)) interrupted();
}

function watch(): void {
  declare();
  for (;;) if (watchSigint(() => atomic.wait(H_SIGINT_WATCHED, 1, Infinity))) interrupted();
}

/** The first start of a thread may go on. */
function declare(): void {
  atomic.store(H_SIGINT_WATCHED, 1);
  atomic.notify(H_SIGINT_WATCHED, Infinity);
}

function interrupted(): void {
  if ((atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT) & INTERRUPT) !== 0) killWithSigint();
  supervisor.postMessage('sigint');
}
