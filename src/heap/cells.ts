// Cells that several threads share, and how each is given back when no thread can reach it.
//
// A shared cell is 16 bytes: {references, 3 words of its owner's kind}. It is free when `references` is 0. The count is
//
//   references(cell) = pins(cell) + inflight(cell)                                            (checkCells below)
//
//   pin       a thread has a handle for the cell. One bit in a pin block of that thread; only the thread writes its blocks while it
//             lives, the supervisor after its death.
//   inflight  a started thread will have a handle for the cell as soon as it has unpacked its function and arguments. An entry in a
//             list that hangs off that thread's record: written by the starter before it hands over, settled by the thread when it
//             has pinned, or by the supervisor if one of the two dies first.
//
// Locks refer to nothing, so there are no cycles and counting is exact, but for one cell at most for each killed thread: when it dies
// between changing a count and noting why.

import { atomic } from '../memory/atomics.js';
import { H_ARENAS, H_SLOTS, R_INFLIGHT, R_PINS } from '../memory/layout.js';
import { record, recordOf } from '../memory/self.js';
import { Arena, CHUNK_SIZE, chunkOf } from './arena.js';

const CELL_SIZE = 16;
const CELL_SHIFT = 4;
const cells = new Arena(H_ARENAS, CELL_SIZE);

// A block: {1, next block, chunk or count, payload}; the payload of a pin block is a bit for each cell of the chunk, that of an
// in-flight block up to INFLIGHT_MAX cell addresses.
const BLOCK_SIZE = 64;
const NEXT = 4;
const CHUNK = 8;
const COUNT = 8;
const PAYLOAD = 12;
const INFLIGHT_MAX = (BLOCK_SIZE - PAYLOAD) / 4;
const PIN_WORDS = CHUNK_SIZE / CELL_SIZE / 32;
const blocks = new Arena(H_ARENAS + 4, BLOCK_SIZE);

/** This thread's pin block for a chunk. */
const pinBlocks = new Map<number, number>();

/** A new cell with zeroed words after the count; its one reference is this thread's pin. */
export function allocateCell(): number {
  const cell = cells.allocate();
  setPin(cell);
  return cell;
}

/** Keeps a cell alive for a handle that this thread is about to make. The cell must be alive already. */
export function pin(cell: number): void {
  atomic.add(cell, 1);
  setPin(cell);
}

/** This thread has no handle for the cell any more. */
export function unpin(cell: number): void {
  const bit = (cell - chunkOf(cell)) >>> CELL_SHIFT;
  atomic.and(pinBlock(chunkOf(cell)) + PAYLOAD + (bit >>> 5) * 4, ~(1 << (bit & 31)));
  atomic.add(cell, -1);
}

/** Keeps cells alive on behalf of the thread that is being started on a slot, until `settle`. Only the slot's claimer may call it. */
export function holdInflight(slot: number, addresses: readonly number[]): void {
  const head = recordOf(slot) + R_INFLIGHT;
  for (let start = 0; start < addresses.length; start += INFLIGHT_MAX) {
    const part = addresses.slice(start, start + INFLIGHT_MAX);
    const block = blocks.allocate();
    // The block is found from the record before it notes anything: dying in between loses one cell at most.
    atomic.store(block + NEXT, atomic.load(head));
    atomic.store(head, block);
    part.forEach((cell, index) => {
      atomic.add(cell, 1);
      atomic.store(block + PAYLOAD + index * 4, cell);
      atomic.store(block + COUNT, index + 1);
    });
  }
}

/** Lets go of what `holdInflight` kept: the thread has pinned it, or will never run. */
export function settleInflight(slot: number): void {
  const head = recordOf(slot) + R_INFLIGHT;
  for (let block = atomic.load(head) >>> 0; block !== 0; block = atomic.load(head) >>> 0) {
    // The entry goes before its reference does, so that dying in between loses one cell and frees none that is in use.
    for (let index = atomic.load(block + COUNT) - 1; index >= 0; index--) {
      atomic.store(block + COUNT, index);
      atomic.add(atomic.load(block + PAYLOAD + index * 4) >>> 0, -1);
    }
    atomic.store(head, atomic.load(block + NEXT));
    blocks.free(block);
  }
}

/** Lets go of all that a dead thread had pinned, and shows each cell to `visit` before. Only for a slot whose worker has exited. */
export function releasePins(slot: number, visit: (cell: number) => void = () => {}): void {
  const head = recordOf(slot) + R_PINS;
  for (let block = atomic.exchange(head, 0) >>> 0; block !== 0; ) {
    for (const cell of pinnedBy(block)) {
      visit(cell);
      atomic.add(cell, -1);
    }
    const next = atomic.load(block + NEXT) >>> 0;
    blocks.free(block);
    block = next;
  }
}

/** How many shared cells are in use in the process. */
export function cellCount(): number {
  return [...cells.inUse()].length;
}

/**
 * The invariant above, as a function for tests: throws when a cell's count is not what its pins and in-flight entries add up to.
 * Only meaningful while no other thread touches cells.
 */
export function checkCells(): void {
  const expected = new Map<number, number>();
  const count = (cell: number) => expected.set(cell, (expected.get(cell) ?? 0) + 1);
  for (let slot = 0; slot < Math.max(1, atomic.load(H_SLOTS)); slot++) {
    for (const block of chain(recordOf(slot) + R_PINS)) pinnedBy(block).forEach(count);
    for (const block of chain(recordOf(slot) + R_INFLIGHT)) {
      for (let index = atomic.load(block + COUNT) - 1; index >= 0; index--) {
        count(atomic.load(block + PAYLOAD + index * 4) >>> 0);
      }
    }
  }
  for (const cell of cells.inUse()) {
    const references = atomic.load(cell);
    if (references !== (expected.get(cell) ?? 0)) {
      throw new Error(`cell ${cell} counts ${references} references, but has ${expected.get(cell) ?? 0}`);
    }
    expected.delete(cell);
  }
  for (const cell of expected.keys()) throw new Error(`cell ${cell} is pinned or in flight, but free`);
}

function setPin(cell: number): void {
  const bit = (cell - chunkOf(cell)) >>> CELL_SHIFT;
  atomic.or(pinBlock(chunkOf(cell)) + PAYLOAD + (bit >>> 5) * 4, 1 << (bit & 31));
}

function pinBlock(chunk: number): number {
  let block = pinBlocks.get(chunk);
  if (block === undefined) {
    block = blocks.allocate();
    atomic.store(block + CHUNK, chunk);
    atomic.store(block + NEXT, atomic.load(record + R_PINS));
    atomic.store(record + R_PINS, block);
    pinBlocks.set(chunk, block);
  }
  return block;
}

function* chain(head: number): Generator<number> {
  for (let block = atomic.load(head) >>> 0; block !== 0; block = atomic.load(block + NEXT) >>> 0) yield block;
}

function pinnedBy(block: number): number[] {
  const chunk = atomic.load(block + CHUNK) >>> 0;
  const pinned: number[] = [];
  for (let index = 0; index < PIN_WORDS; index++) {
    for (let bits = atomic.load(block + PAYLOAD + index * 4); bits !== 0; bits &= bits - 1) {
      const bit = 31 - Math.clz32(bits & -bits);
      pinned.push(chunk + (index * 32 + bit) * CELL_SIZE);
    }
  }
  return pinned;
}
