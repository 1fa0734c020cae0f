// An arena hands out cells of one size from the shared memory to all threads, without a lock: a thread can be killed at any moment,
// and a lock that it held would be held for ever.
//
//   chunk  4 KiB, aligned; its first cell is its header {next chunk}. Chunks are linked from the arena's head word and never freed.
//   cell   its first word is the claim: 0 = free; anything else = in use. Claimed by compare-exchange, freed by storing 0 or, where
//          the word counts references, by the count's return to 0. The other words of a free cell hold rubbish.
//
// A thread looks for a free cell from where it found the last one, through at most PATIENCE full chunks, then adds a chunk. So at
// most a small factor more chunks exist than were ever needed at once, and finding a cell takes a handful of loads.

import { atomic } from '../memory/atomics.js';
import { H_HEAP_END, HEAP_START } from '../memory/layout.js';
import { reserve } from '../memory/memory.js';

export const CHUNK_SIZE = 4096;
const PATIENCE = 8;
/** Byte addresses have 32 bits. */
const ADDRESSES = 2 ** 32;

/** The chunk that a cell lies in. */
export function chunkOf(cell: number): number {
  return (cell & ~(CHUNK_SIZE - 1)) >>> 0;
}

export class Arena {
  /** Address of the word that holds the arena's newest chunk. */
  readonly #head: number;
  readonly cellSize: number;
  /** Where to look first for a free cell. */
  #cursor = 0;

  /** `cellSize` in bytes must divide a chunk. */
  constructor(head: number, cellSize: number) {
    this.#head = head;
    this.cellSize = cellSize;
  }

  /**
   * A cell whose first word is 1 and whose other words are 0.
   * @throws RangeError when the shared memory is full.
   */
  allocate(): number {
    let chunk = this.#cursor === 0 ? atomic.load(this.#head) >>> 0 : chunkOf(this.#cursor);
    let from = this.#cursor;
    for (let full = 0; chunk !== 0 && full < PATIENCE; full++) {
      const cell = this.#claimIn(chunk, from);
      if (cell !== 0) return cell;
      chunk = atomic.load(chunk) >>> 0 || atomic.load(this.#head) >>> 0;
      from = 0;
    }
    return this.#claimIn(this.#addChunk(), 0) || this.allocate();
  }

  /** Gives back a cell that only this thread can reach. */
  free(cell: number): void {
    atomic.store(cell, 0);
  }

  /** The addresses of all cells in use, for checks; a moment's picture when other threads allocate. */
  *inUse(): Generator<number> {
    for (let chunk = atomic.load(this.#head) >>> 0; chunk !== 0; chunk = atomic.load(chunk) >>> 0) {
      for (let cell = chunk + this.cellSize; cell < chunk + CHUNK_SIZE; cell += this.cellSize) {
        if (atomic.load(cell) !== 0) yield cell;
      }
    }
  }

  /** Claims a free cell of the chunk, looking from `from` on; 0 = none. */
  #claimIn(chunk: number, from: number): number {
    const end = chunk + CHUNK_SIZE;
    const first = chunk + this.cellSize;
    for (let cell = Math.max(first, from); cell < end; cell += this.cellSize) {
      if (atomic.load(cell) !== 0 || atomic.compareExchange(cell, 0, 1) !== 0) continue;
      for (let word = cell + 4; word < cell + this.cellSize; word += 4) atomic.store(word, 0);
      this.#cursor = cell;
      return cell;
    }
    return 0;
  }

  #addChunk(): number {
    const chunk = appended();
    for (;;) {
      const next = atomic.load(this.#head);
      atomic.store(chunk, next);
      if (atomic.compareExchange(this.#head, next, chunk) === next) break;
    }
    this.#cursor = chunk;
    return chunk;
  }
}

/** A new chunk at the heap's end. The memory grows before the end moves, so that a failure leaves nothing to take back. */
function appended(): number {
  for (;;) {
    const before = atomic.load(H_HEAP_END);
    const chunk = before >>> 0 || HEAP_START;
    const end = chunk + CHUNK_SIZE;
    try {
      // An end of 2 ** 32 would read as 0, which is a heap that has not begun.
      if (end >= ADDRESSES) throw new RangeError('there are no addresses left');
      reserve(end);
    } catch (cause) {
      throw new RangeError(`the shared memory is full at ${chunk} bytes: let go of locks that are no longer used`, {
        cause,
      });
    }
    if (atomic.compareExchange(H_HEAP_END, before, end) === before) return chunk;
  }
}
