// This thread's record in the shared memory.

import { RECORD_SIZE, RECORDS_START } from './layout.js';
import { memory, slot } from './memory.js';

/** Byte address of the record of a slot. */
export function recordOf(slot: number): number {
  return RECORDS_START + slot * RECORD_SIZE;
}

/** Byte address of this thread's record. Heddle's own helpers run no user code and have none: the null page, where nothing is kept. */
export const record = slot < 0 ? 0 : recordOf(slot);

/**
 * This thread's record as 32-bit words. The record lies below the memory's first size and a shared buffer is never detached, so the
 * view holds for good, and V8 takes it for a constant: fast paths look at the attention word (src/sync/safepoint.ts) through it.
 */
export const own = new Int32Array(memory.buffer, record, RECORD_SIZE / 4);
