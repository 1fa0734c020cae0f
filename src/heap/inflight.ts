// A cell on its way to another thread. Until the receiver has what it needs of it, R_INFLIGHT of its record keeps it alive: a root.
//
//   R_INFLIGHT   written by the thread that claims the slot, before the hand-over; cleared by the thread when it has what the cell says, or by the
//                supervisor if one of the two dies first

import { atomic } from '../memory/atomics.js';
import { R_INFLIGHT } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { pinCell } from './allocate.js';
import { cellOf, wrapperOf } from './values.js';

/** Byte address of the cell of a shared object; 0 = it is none. */
export const addressOf = (value: object): number => cellOf(value) * 4;

/** This thread's object for a cell that somebody keeps alive during the call. */
export function adoptCell(address: number): unknown {
  pinCell(address);
  return wrapperOf(address | 0);
}

/** Keeps a pinned cell alive on behalf of the thread that is being started on a slot, until `settleInflight`. Only the slot's claimer may. */
export function holdInflight(slot: number, address: number): void {
  atomic.store(recordOf(slot) + R_INFLIGHT, address | 0);
}

/** The thread has what it needs, or will never run. */
export function settleInflight(slot: number): void {
  atomic.store(recordOf(slot) + R_INFLIGHT, 0);
}

/** Address of the cell that is on its way to a slot; 0 = none is. */
export const inflight = (slot: number): number => atomic.load(recordOf(slot) + R_INFLIGHT) >>> 0;
