// Waits until so many threads wait at something, so that a test need not sleep. For the cells of src/sync that count their waiters.

import { atomic } from '#heddle/memory/atomics.js';
import { addressOf, type SyncCell } from '#heddle/sync/cell.js';
import { becomes } from './counter.ts';

/** Where the counts are, in the cells of semaphores and of RWLocks. */
export const WRITERS = 12;
export const READERS = 24;

/** How many threads wait. */
export const parkedAt = (cell: SyncCell, count: number): number => atomic.load(addressOf(cell) + count);

/** Blocks until exactly so many threads wait. */
export function parked(cell: SyncCell, threads: number, count = WRITERS): void {
  becomes(() => parkedAt(cell, count) === threads, `that ${threads} threads wait`);
}
