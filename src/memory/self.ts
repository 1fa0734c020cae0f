// This thread's record in the shared memory.

import { R_ATTENTION, RECORD_SIZE, RECORDS_START } from './layout.js';
import { slot } from './memory.js';

/** Byte address of the record of a slot. */
export function recordOf(slot: number): number {
  return RECORDS_START + slot * RECORD_SIZE;
}

/** Byte address of this thread's record. Heddle's own helpers run no user code and have none: the null page, where nothing is kept. */
export const record = slot < 0 ? 0 : recordOf(slot);

/** Index in `V.I32` of this thread's attention word (src/sync/safepoint.ts), which fast paths look at. */
export const attention = (record + R_ATTENTION) >>> 2;
