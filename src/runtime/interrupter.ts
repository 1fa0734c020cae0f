// Interrupts the main thread while it runs under `interruptible()`, in two phases. One alone is not exact: by the time that an order
// to end arrives, the guarded function may be over and something else running.
//
//   1  evaluate arm() inside the main thread: is it under the guard, and not inside the library? From then on it does not leave
//      the guard by itself (src/sync/safepoint.ts)
//   2  end the execution

import { atomic } from '../memory/atomics.js';
import { R_ATTENTION } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { MainDebugger } from '../platform/debugger.js';
import { ARM, BUSY, GUARDED } from '../sync/safepoint.js';

export class MainInterrupter {
  #busy = false;
  #again = false;

  /** Something has set the main thread's interrupt bit. Ends what runs under the guard; without a guard its next safepoint sees the bit. */
  async interrupt(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#again) {
      this.#again = false;
      await interruptOnce();
    }
    this.#busy = false;
  }
}

async function interruptOnce(): Promise<void> {
  if ((atomic.load(recordOf(0) + R_ATTENTION) & GUARDED) === 0) return;
  // Connected only for this: a process that ends with a session open waits for it.
  const main = new MainDebugger();
  try {
    for (;;) {
      const armed = await main.evaluate(`globalThis[Symbol.for('${ARM}')]?.() ?? false`);
      if (armed === true) await main.terminate();
      if (armed !== BUSY) break;
    }
  } finally {
    main.disconnect();
  }
}
