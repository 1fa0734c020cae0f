// The watch for Ctrl-C: a worker that does nothing else, so that the signal is seen also while the main thread computes or is blocked.
//
//   the program handles SIGINT  → stay away: its handlers get the signal from the platform
//   SIGINT                      → set the main thread's interrupt bit, tell the supervisor
//   SIGINT, the bit still set   → the main thread has not reacted to the last one: end the process as if there were no watch
//
// H_SIGINT_EPOCH changes when the program adds or removes its handlers. While the watch is on it need not look: handlers that are
// added displace it, and when they go the platform is left without any, so it begins anew.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_EPOCH, H_SIGINT_HANDLED, R_ATTENTION } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { killWithSigint } from '../platform/process.js';
import { watchSigint } from '../platform/signal.js';
import { parentPort } from '../platform/worker.js';
import { INTERRUPT } from '../sync/safepoint.js';

const supervisor = parentPort();

for (;;) {
  const epoch = atomic.load(H_SIGINT_EPOCH);
  if (atomic.load(H_SIGINT_HANDLED) === 1) {
    atomic.wait(H_SIGINT_EPOCH, epoch, Infinity);
    continue;
  }
  const came = watchSigint(() => {
    // Handlers that are added now take over by themselves; only their end concerns us.
    let seen = epoch;
    do {
      atomic.wait(H_SIGINT_EPOCH, seen, Infinity);
      seen = atomic.load(H_SIGINT_EPOCH);
    } while (atomic.load(H_SIGINT_HANDLED) === 1);
  });
  if (!came) continue;
  if ((atomic.or(recordOf(0) + R_ATTENTION, INTERRUPT) & INTERRUPT) !== 0) {
    killWithSigint();
    break;
  }
  supervisor.postMessage('sigint');
}
