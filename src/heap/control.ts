// What a program can ask of the heap as a whole: statistics, a collection, a limit, news of collections.

import { atomic } from '../memory/atomics.js';
import {
  H_FROM_ROOTS,
  H_GC_DONE,
  H_LIVE_BYTES,
  H_LIVE_CELLS,
  H_MARKING,
  H_PAUSE,
  H_PEAK_PAGES,
} from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { describe } from './errors.js';
import { heapBytes, setLimit, usedBytes } from './room.js';

/** Sizes in bytes, times in milliseconds. What is live is what the last collection found, and what was allocated from meanwhile. */
export interface HeapStatistics {
  /** Bytes in cells that were alive at the last collection. */
  readonly liveBytes: number;
  /** Bytes of the shared memory in use: pages with cells, and the heap's own tables. */
  readonly committedBytes: number;
  /** The most that `committedBytes` has been. */
  readonly peakBytes: number;
  /** Cells that were alive at the last collection. */
  readonly cells: number;
  /** Of those, reachable from other shared objects and roots, and not from a thread's JavaScript alone. */
  readonly cellsFromRoots: number;
  /** How many collections have ended. */
  readonly collections: number;
  /** How long the gate was closed in the last collection: the only time in which threads wait, and only those that need the heap. */
  readonly lastPauseMs: number;
  /** How long the last collection marked, beside the program. */
  readonly lastMarkingMs: number;
}

/**
 * What the heap holds now, as the last collection found it.
 *
 * @example
 * console.log(heapStatistics().committedBytes);
 */
export function heapStatistics(): HeapStatistics {
  return {
    liveBytes: V.F64[H_LIVE_BYTES >>> 3]!,
    committedBytes: usedBytes(),
    peakBytes: Math.max(usedBytes(), heapBytes(atomic.load(H_PEAK_PAGES))),
    cells: atomic.load(H_LIVE_CELLS),
    cellsFromRoots: atomic.load(H_FROM_ROOTS),
    collections: atomic.load(H_GC_DONE),
    lastPauseMs: V.F64[H_PAUSE >>> 3]!,
    lastMarkingMs: V.F64[H_MARKING >>> 3]!,
  };
}

/** Options of the heap. */
export interface HeapOptions {
  /** Bytes that the heap may use at most; more is a MemoryError. The default is all that can be addressed, a little less than 4 GiB. */
  maxHeap?: number;
}

/** The least that is of any use, in bytes. */
const LEAST = 1024 * 1024;

/**
 * Sets limits. Best before the first shared object is made; later it may not go below what is in use.
 * @throws TypeError, RangeError for wrong options.
 * @example
 * configureHeap({ maxHeap: 512 * 1024 * 1024 });
 */
export function configureHeap(options: HeapOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`configureHeap() takes options such as { maxHeap: 2 ** 28 }, not ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'maxHeap') throw new TypeError(`unknown option '${key}': known is maxHeap`);
  }
  const { maxHeap } = options;
  if (maxHeap === undefined) return;
  if (typeof maxHeap !== 'number' || !(maxHeap >= LEAST)) {
    throw new RangeError(`maxHeap must be a number of bytes, ${LEAST} at least, not ${describe(maxHeap)}`);
  }
  setLimit(maxHeap);
}
