// The tools of src/tools/ are loaded when they are asked for, and not before: by the environment when the process starts, or by a word of the
// shared memory later.

import { atomic } from './memory/atomics.js';
import { H_TOOLS } from './memory/layout.js';
import { equipment, slot } from './memory/memory.js';
import { loadTools } from './platform/beside.js';
import { toolsAskedFor } from './platform/process.js';

/** The tools that this thread has. */
let known = 0;
/** Whether the main thread has looked at the environment. */
let looked = false;

/** Gives this thread the tools that are asked for, if it has not got them. Called when it is wired, and before each function that it runs. */
export function equip(): undefined {
  if (slot === 0 && !looked) {
    looked = true;
    const asked = equipment.of === undefined ? toolsAskedFor() : undefined;
    if (asked !== undefined) loadTools().prepare(asked);
  }
  const wanted = atomic.load(H_TOOLS);
  if (wanted === known) return;
  known = wanted;
  loadTools().install();
}
