// Shared objects on their way to another thread: the sender names their cells by address, the receiver makes its own wrappers for them.
// Until it has, the thread's R_INFLIGHT keeps them alive: a list of references, a root.
//
//   R_INFLIGHT   written by who claims the slot, before the hand-over; cleared by the thread when it has its wrappers, or by the
//                supervisor if one of the two dies first

import { atomic } from '../memory/atomics.js';
import { R_INFLIGHT } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { allocatePinnedBytes, fresh, pinCell } from './allocate.js';
import { SPARE } from './pages.js';
import { K_WORDS } from './types.js';
import { cellOf, storeWord, wrapperOf } from './values.js';

/** Byte address of the cell of a shared object; 0 = it is none. */
export const addressOf = (value: object): number => cellOf(value) * 4;

/** This thread's object for a cell that somebody keeps alive during the call. */
export function adoptCell(address: number): unknown {
  pinCell(address);
  return wrapperOf(address | 0);
}

/** Keeps cells alive on behalf of the thread that is being started on a slot, until `settleInflight`. Only the slot's claimer may call it. */
export function holdInflight(slot: number, addresses: readonly number[]): void {
  const word = recordOf(slot) + R_INFLIGHT;
  if (addresses.length === 0) {
    atomic.store(word, 0);
    return;
  }
  const list = allocatePinnedBytes(8 + addresses.length * 4, K_WORDS, addresses.length);
  const { page } = fresh;
  addresses.forEach((address, at) => void storeWord(list + 2 + at, address | 0));
  atomic.store(word, list * 4);
  page[SPARE] = undefined;
}

/** The thread has its wrappers, or will never run. */
export function settleInflight(slot: number): void {
  atomic.store(recordOf(slot) + R_INFLIGHT, 0);
}

/** Addresses that are on their way to a slot. */
export function inflight(slot: number): number[] {
  const list = atomic.load(recordOf(slot) + R_INFLIGHT) >>> 0;
  if (list === 0) return [];
  return Array.from({ length: atomic.load(list + 4) }, (_, at) => V.I32[(list >>> 2) + 2 + at]! >>> 0);
}
