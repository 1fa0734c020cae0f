// Ends what runs under a guard in another thread: under `interruptible()` in the main one, a task that was cancelled in others. In two
// phases. One alone is not exact: by the time that an order to end arrives, the guarded function may be over and something else running.
//
//   1  evaluate arm() inside the thread: is the end due, and is it not inside the library? From then on it does not leave the guard by
//      itself (src/sync/safepoint.ts)
//   2  end the execution; then R_ARMED says that no order is on its way any more
//
// In the supervisor, so there is one order at a time for each thread.

import { atomic } from '../memory/atomics.js';
import { R_ARMED, R_ATTENTION } from '../memory/layout.js';
import { rouse } from '../memory/park.js';
import { recordOf } from '../memory/self.js';
import { MainDebugger, type Target, type ThreadId, WorkersDebugger } from '../platform/debugger.js';
import { ARM, BUSY, GUARDED, MASKED } from '../sync/safepoint.js';

/** Milliseconds until the next try, by how many there were; the last one holds from then on. */
const PAUSES = [0, 0, 0, 1, 2, 4, 8, 16, 30];
/** Tries after which the program's code is not told from the library's any more: a bundler may have put both into one file. */
const PATIENCE = 24;

const isGuarded = (slot: number): boolean => (atomic.load(recordOf(slot) + R_ATTENTION) & GUARDED) !== 0;

/** Ends what runs under a slot's guard, if that is due. If it was refused, the thread that has the guard asks again. */
async function endGuarded(thread: Target, slot: number): Promise<void> {
  const armed = recordOf(slot) + R_ARMED;
  for (let tries = 0; ; tries++) {
    const answer = await thread.evaluate(`globalThis[Symbol.for('${ARM}')]?.(${tries > PATIENCE}) ?? false`);
    if (answer === true) {
      await thread.terminate();
      atomic.store(armed, 0);
      return;
    }
    if (answer === MASKED) rouse(slot);
    if (answer !== BUSY) return;
    const pause = PAUSES[tries] ?? PAUSES.at(-1)!;
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

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
  if (!isGuarded(0)) return;
  // Connected only for this: a process that ends with a session open waits for it.
  const main = new MainDebugger();
  try {
    await endGuarded(main.thread, 0);
  } finally {
    main.disconnect();
  }
}

/** Ends tasks that were cancelled while they run: those of several threads at the same time. */
export class TaskInterrupter {
  /** Threads to be looked at, by slot, and what the platform calls them. */
  readonly #due = new Map<number, ThreadId>();
  /** Those that are. */
  readonly #busy = new Map<number, Promise<void>>();
  #working = false;
  #told = (): void => {};

  /** What a slot's thread runs was cancelled. */
  interrupt(slot: number, thread: ThreadId): void {
    this.#due.set(slot, thread);
    this.#told();
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#due.size > 0) {
      // As for the main thread: connected only while there is something to do.
      const workers = new WorkersDebugger();
      await workers.open();
      for (;;) {
        const told = new Promise<void>((resolve) => {
          this.#told = resolve;
        });
        this.#begin(workers);
        if (this.#busy.size === 0) break;
        await Promise.race([told, ...this.#busy.values()]);
      }
      await workers.close();
      workers.disconnect();
    }
    this.#working = false;
  }

  #begin(workers: WorkersDebugger): void {
    for (const [slot, id] of [...this.#due]) {
      if (this.#busy.has(slot)) continue;
      this.#due.delete(slot);
      const thread = workers.thread(id);
      if (thread === undefined || !isGuarded(slot)) continue;
      const over = (): void => void this.#busy.delete(slot);
      this.#busy.set(slot, endGuarded(thread, slot).then(over, over));
    }
  }
}
