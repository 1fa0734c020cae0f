// The watch for SIGQUIT, for programs that have asked for it: a worker that does nothing else, so that the threads' stacks can be had also
// while the main thread is blocked.

import { onSignal } from '../platform/signal.js';
import { parentPort } from '../platform/worker.js';
import { settleQuitWatch } from './dump.js';

export function watchQuit(): void {
  const supervisor = parentPort();
  settleQuitWatch(onSignal('SIGQUIT', () => supervisor.postMessage('dump')) !== undefined);
}
