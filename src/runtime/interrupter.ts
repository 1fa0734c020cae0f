// Interrupts the main thread while it runs under `interruptible()`, in two phases. One alone is not exact: by the time that an order
// to end arrives, the guarded function may be over and something else running.
//
//   1  evaluate arm() inside the main thread: is it under the guard, and not inside the library? From then on it does not leave
//      the guard by itself (src/sync/safepoint.ts)
//   2  end the execution

import { MainDebugger } from '../platform/debugger.js';
import { ARM } from '../sync/safepoint.js';

export class MainInterrupter {
  #main: MainDebugger | undefined;
  #busy = false;

  /** Something has set the main thread's interrupt bit. No effect when it is not under the guard: its next safepoint sees the bit. */
  interrupt(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#main ??= new MainDebugger();
    const main = this.#main;
    main
      .evaluate(`globalThis[Symbol.for('${ARM}')]?.() ?? false`)
      .then((armed) => {
        if (armed === true) main.terminate();
      })
      .finally(() => {
        this.#busy = false;
      });
  }
}
