// Pin blocks of other threads, and their logs: for burying the dead, and for checks.

import { atomic } from '../memory/atomics.js';
import { H_SEGMENTS, R_PINS } from '../memory/layout.js';
import { refresh } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { K_SYNC, KIND_MASK, PIN_BITS, PIN_KNOWN } from './types.js';

/** Addresses of all cells that a thread has pinned. A moment's picture while it runs. */
export function* pinnedBy(slot: number): Generator<number> {
  // It may lie where this thread has never been.
  refresh();
  const pins = atomic.load(recordOf(slot) + R_PINS) >>> 0;
  if (pins === 0) return;
  for (let segment = 0, end = atomic.load(H_SEGMENTS); segment < end; segment++) {
    const block = atomic.load(pins + segment * 4) >>> 0;
    if (block === 0) continue;
    for (const page of bits(block + PIN_KNOWN, 128)) {
      for (const granule of bits(block + page * PIN_BITS, PIN_BITS / 4))
        yield segment * 2 ** 24 + page * 4096 + granule * 16;
    }
  }
}

/** Addresses of the locks, conditions and so on among them. */
export function* locksPinnedBy(slot: number): Generator<number> {
  for (const cell of pinnedBy(slot)) if ((atomic.load(cell) & KIND_MASK) === K_SYNC) yield cell;
}

function* bits(start: number, words: number): Generator<number> {
  for (let word = 0; word < words; word++) {
    for (let set = atomic.load(start + word * 4); set !== 0; set &= set - 1)
      yield word * 32 + (31 - Math.clz32(set & -set));
  }
}
