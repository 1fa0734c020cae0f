// A guarded function can be ended between any two of its instructions, and its `finally` blocks do not run then (src/sync/safepoint.ts). It
// is never ended inside the kernel. Elsewhere in the heap, steps that must not be left half done are done by `whole`, and what is noted for
// the time of a call is put back.

import { atomic } from '../memory/atomics.js';
import { R_ARMED } from '../memory/layout.js';
import { record } from '../memory/self.js';

let depth = 0;

/** Whether this thread is in the midst of something that must be finished. */
export const isInWhole = (): boolean => depth > 0;

/** Does something that is not ended half-way. For what is rare: the kernel sees to the rest. */
export function whole<T>(action: () => T): T {
  depth++;
  // An end that was ordered before comes here.
  while (atomic.load(record + R_ARMED) !== 0);
  try {
    return action();
  } finally {
    depth--;
  }
}

type Save = () => () => void;

const saves: Save[] = [];

/** Each is called before a guarded function. If that is cut short, what it returns puts back what there was. */
export function keptThroughCuts(...more: readonly Save[]): void {
  saves.push(...more);
}

/** Before a guarded function; call what it returns if that was cut short. */
export function saveForCut(): () => void {
  const outer = depth;
  const putBack = saves.map((save) => save());
  return () => {
    depth = outer;
    for (const put of putBack) put();
  };
}
