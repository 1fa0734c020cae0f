// Who waits in this library: so that a test knows that threads wait before it goes on.

import type { Condition, Event, RLock } from 'heddle';
import { R_WAITS } from '#heddle/memory/layout.js';
import { V } from '#heddle/memory/memory.js';
import { recordOf } from '#heddle/memory/self.js';
import { slots } from '#heddle/runtime/table.js';
import { addressOf, loadValue, type SyncCell } from '#heddle/sync/cell.js';

/** How many threads block on an event or a lock: on the first word of its cell. */
export function waitersOn(object: Event | RLock): number {
  const word = addressOf(object) + 4;
  return [...slots()].filter((slot) => V.I32[(recordOf(slot) + R_WAITS) >>> 2]! >>> 0 === word).length;
}

/** How many are in the queue of a condition, whose lock nobody here has: {header, lock, head, tail}; waiters {header, three words, next}. */
export function waitersIn(condition: Condition): number {
  return condition.with(() => {
    let count = 0;
    let at = loadValue(addressOf(condition) + 8) as SyncCell | undefined;
    for (; at !== undefined; at = loadValue(addressOf(at) + 16) as SyncCell | undefined) count++;
    return count;
  });
}
