// The watch for Ctrl-C: a worker that does nothing else, so that the signal is seen also while the main thread computes or is blocked.
//
//   the program handles SIGINT  → stay away: its handlers get the signal from the platform
//   SIGINT                      → set the main thread's interrupt bit, tell the supervisor
//   SIGINT, the bit still set   → the main thread has not reacted to the last one: end the process as if there were no watch
//
// H_SIGINT_EPOCH changes when the program adds or removes its handlers. While the watch is on it need not look: handlers that are
// added displace it, and when they go the platform is left without any, so it begins anew.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_EPOCH, H_SIGINT_HANDLED, H_SIGINT_WATCHED, R_ATTENTION } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { killWithSigint } from '../platform/process.js';
import { watchSigint } from '../platform/signal.js';
import { parentPort } from '../platform/worker.js';
import { INTERRUPT } from '../sync/safepoint.js';

const supervisor = parentPort();

// Two watches, one inside the other: while the inner one is set up again after a signal, the outer one is there.
for (;;) {
  awaitUnhandled();
  if (watchSigint(watch)) interrupted();
}

/** Returns when the watches have to be set up anew. */
function watch(): void {
  const epoch = atomic.load(H_SIGINT_EPOCH);
  atomic.store(H_SIGINT_WATCHED, 1);
  atomic.notify(H_SIGINT_WATCHED, Infinity);
  while (watchSigint(() => awaitChange(epoch))) interrupted();
}

/** Returns when handlers of the program have gone that were there or came after `epoch`. */
function awaitChange(epoch: number): void {
  for (let seen = epoch; seen === epoch || atomic.load(H_SIGINT_HANDLED) === 1; seen = atomic.load(H_SIGINT_EPOCH)) {
    atomic.wait(H_SIGINT_EPOCH, seen, Infinity);
  }
}

function awaitUnhandled(): void {
  for (;;) {
    const epoch = atomic.load(H_SIGINT_EPOCH);
    if (atomic.load(H_SIGINT_HANDLED) === 0) return;
    atomic.store(H_SIGINT_WATCHED, 1);
    atomic.notify(H_SIGINT_WATCHED, Infinity);
    atomic.wait(H_SIGINT_EPOCH, epoch, Infinity);
  }
}

function interrupted(): void {
  if ((atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT) & INTERRUPT) !== 0) killWithSigint();
  supervisor.postMessage('sigint');
}
