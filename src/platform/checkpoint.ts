// A checkpoint in the middle of a job: the engine forgets which WeakRefs were made or looked at, so that their targets can be collected
// although the job goes on. It does so when a context with a microtask queue of its own has run a script.

import { createContext, Script } from 'node:vm';

let run: (() => void) | undefined;

export function checkpoint(): void {
  if (run === undefined) {
    const context = createContext({}, { microtaskMode: 'afterEvaluate' });
    const script = new Script('0');
    run = () => {
      try {
        script.runInContext(context);
      } catch {
        // The stack is at its end, and the error is one of the other context's. A later checkpoint does it.
      }
    };
  }
  run();
}
