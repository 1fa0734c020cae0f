// What keeps this thread's event loop alive. Asynchronous waits of this library do: they are counted, and one timer stands for all of them. The
// search for deadlocks leaves that timer out (src/runtime/waits.ts).

import { holdCount, holdTimers } from '../memory/hold.js';
import { activeResources } from '../platform/loop.js';

/** How many timers, requests, handles and waits there are. Microtasks do not count. */
export function loopLoad(): number {
  return activeResources() - holdTimers() + holdCount();
}

export const loopIsQuiet = (): boolean => loopLoad() === 0;
