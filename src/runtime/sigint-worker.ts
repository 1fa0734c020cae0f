// The watch for Ctrl-C where the supervisor cannot have the signal (sigint.ts): a worker that does nothing else. A handler that the program
// adds displaces the watch, and it stays displaced when the handler goes: to set it up again could displace a handler that is added at
// that moment.

import { atomic } from '../memory/atomics.js';
import { H_SIGINT_WATCHED } from '../memory/layout.js';
import { killWithSigint } from '../platform/process.js';
import { watchSigint } from '../platform/signal.js';
import { parentPort } from '../platform/worker.js';
import { declareSigintWatch, noteSigint, sigintIsTaken } from './sigint.js';

export function watchForSigint(): void {
  if (sigintIsTaken()) {
    declareSigintWatch();
    return;
  }
  // Two watches, one inside the other: while the inner one is set up again after a signal, the outer one is there.
  for (;;) if (watchSigint(watch)) interrupted();
}

function watch(): void {
  declareSigintWatch();
  for (;;) if (watchSigint(() => atomic.wait(H_SIGINT_WATCHED, 1, Infinity))) interrupted();
}

function interrupted(): void {
  if (!noteSigint()) killWithSigint();
  parentPort().postMessage('sigint');
}
