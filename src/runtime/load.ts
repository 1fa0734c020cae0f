// What keeps this thread's event loop alive. Who awaits something of this library is counted as such: one timer stands for all of them, and
// while a deadlock is looked for it does not count (src/runtime/waits.ts).

import { holdCount, holdTimers } from '../memory/hold.js';
import { activeResources } from '../platform/process.js';

/** How many timers, requests, handles and waits there are. Microtasks do not count. */
export function loopLoad(): number {
  return activeResources() - holdTimers() + holdCount();
}

export const loopIsQuiet = (): boolean => loopLoad() === 0;
