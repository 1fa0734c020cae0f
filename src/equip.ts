// The tools of src/tools/ are loaded when they are asked for, and not before: by the environment when the process starts, or by a word of the
// shared memory later.

import { atomic } from './memory/atomics.js';
import { H_TOOLS } from './memory/layout.js';
import { loadTools } from './platform/beside.js';

/** The tools that this thread has. */
let known = 0;

/** When the library is loaded, and before each function that this thread runs. */
export function equip(): undefined {
  const wanted = atomic.load(H_TOOLS);
  if (wanted === known) return;
  known = wanted;
  loadTools().install();
}
