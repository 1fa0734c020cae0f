// The engine's own collector.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc: (() => void) | undefined;

/** Collects this thread's garbage. Finalizers run at the next turn of its event loop. */
export function collectGarbage(): void {
  if (gc === undefined) {
    // The option is the process's: another thread may set it back in between.
    while (gc === undefined) {
      setFlagsFromString('--expose-gc');
      gc = runInNewContext('globalThis.gc') as (() => void) | undefined;
    }
    // As it was: the engine takes over nothing that it has made under other options (joined.ts).
    if (!('gc' in globalThis)) setFlagsFromString('--no-expose-gc');
  }
  try {
    gc();
  } catch {
    // The stack is at its end, and the error is one of the other context's. It is for a later time.
  }
}
