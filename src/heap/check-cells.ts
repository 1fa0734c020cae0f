// Walks through all cells that can be reached, and holds each to what its kind promises (src/heap/types.ts). Part of src/heap/check.ts.

import { atomic } from '../memory/atomics.js';
import {
  H_ROOTS,
  H_SEGMENTS,
  H_SHAPES,
  H_SLOTS,
  META_SIZE,
  PAGE_SIZE,
  R_FRESH,
  R_INFLIGHT,
  R_TAKEN,
  R_TASK,
  R_THREAD,
  ROOTS,
  SEG_META,
  SEGMENT_PAGES,
  SHAPES_START,
} from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { pinnedBy } from './pins.js';
import {
  ABSENT,
  EMPTY,
  FALSE,
  K_ARRAY,
  K_BIGINT,
  K_BOX,
  K_BUFFER,
  K_DATE,
  K_ERROR,
  K_MAP,
  K_NUMBERS,
  K_RECORD,
  K_SET,
  K_STR8,
  K_STR16,
  K_SYNC,
  K_TABLE,
  K_WORDS,
  KIND_MASK,
  LARGE_PAGE,
  M_ALLOCATED,
  M_COUNT,
  M_OWNER,
  M_SIZE,
  NULL,
  REFERENCE_BITS,
  SHAPE_SHIFT,
  SYNC_MASK,
  SYNC_REFERENCES_SHIFT,
  SYNC_WORDS_SHIFT,
  T_BUCKETS,
  T_CAPACITY,
  T_HEADS,
  T_ORDINAL,
  T_USED,
  T_WIDTH,
  TRUE,
} from './types.js';

/** What the checks may take for granted: src/heap/check.ts. */
export type Moment = 'closed' | 'quiet';

export function fault(what: string): never {
  throw new Error(`the shared heap is broken: ${what}`);
}

/** The word at a byte address, as it is signed. */
export const word = (address: number): number => V.I32[address >>> 2]!;
export const segments = (): number => word(H_SEGMENTS);
export const metaOfPage = (page: number): number =>
  (word(SEG_META + (page >>> 12) * 4) >>> 0) + (page & (SEGMENT_PAGES - 1)) * META_SIZE;
export const bit = (bits: number, index: number): boolean =>
  ((word(bits + (index >>> 5) * 4) >>> (index & 31)) & 1) === 1;
export const slots = (): number => Math.max(1, word(H_SLOTS));
export const isReference = (value: number): boolean => value !== 0 && (value & 15) === 0;

/** Bytes of the cell that begins at an address; 0 = none does, or it is not in use. */
export function roomAt(address: number): number {
  if (address === 0 || address >>> 24 >= segments()) return 0;
  const meta = metaOfPage(address >>> 12);
  const size = word(meta + M_SIZE);
  const offset = address & (PAGE_SIZE - 1);
  if (size === LARGE_PAGE) return offset === 0 ? word(meta + M_COUNT) * PAGE_SIZE : 0;
  if (size <= 0 || offset % size !== 0 || offset + size > PAGE_SIZE) return 0;
  return word(meta + M_OWNER) !== 0 || bit(meta + M_ALLOCATED, offset >>> 4) ? size : 0;
}

/** Every cell that can be reached: its own sizes, what it refers to, containers as a whole. Returns how many there are. */
export function checkCells(moment: Moment): number {
  refresh();
  const walk = new Walk(moment === 'quiet');
  for (let root = 0; root < ROOTS; root++) walk.add(atomic.load(H_ROOTS + root * 4), 'a root');
  for (let slot = 0; slot < slots(); slot++) {
    walk.add(atomic.load(recordOf(slot) + R_INFLIGHT), 'what is in flight');
    walk.add(atomic.load(recordOf(slot) + R_THREAD), 'the Thread');
    walk.add(atomic.load(recordOf(slot) + R_FRESH), 'a fresh cell');
    walk.add(atomic.load(recordOf(slot) + R_TAKEN), 'what was taken');
    walk.add(atomic.load(recordOf(slot) + R_TASK), 'a task');
    // A cell that is pinned and being made has no header yet.
    for (const cell of pinnedBy(slot)) if (word(cell) !== 0) walk.add(cell | 0, `a pin of slot ${slot}`);
  }
  return walk.run();
}

class Walk {
  readonly #quiet: boolean;
  readonly #stack: number[] = [];
  /** By segment, a bit for each granule. */
  readonly #seen: Uint32Array[] = [];
  #cells = 0;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  add(value: number, where: string): void {
    if (!isReference(value)) {
      if ((value & 1) === 0 && ![0, NULL, FALSE, TRUE, EMPTY].includes(value)) fault(`${where} is the word ${value}`);
      return;
    }
    const cell = value >>> 0;
    if (roomAt(cell) === 0) fault(`${where} refers to ${cell}, where no cell is in use`);
    this.#seen[cell >>> 24] ??= new Uint32Array(2 ** 15);
    const seen = this.#seen[cell >>> 24]!;
    const granule = (cell >>> 4) & 0xfffff;
    if ((seen[granule >>> 5]! & (1 << (granule & 31))) !== 0) return;
    seen[granule >>> 5]! |= 1 << (granule & 31);
    this.#stack.push(cell);
  }

  #addNumber(address: number, where: string): void {
    if (word(address + 4) === REFERENCE_BITS && word(address) !== ABSENT) this.add(word(address), where);
  }

  run(): number {
    for (let cell = this.#stack.pop(); cell !== undefined; cell = this.#stack.pop()) {
      this.#cells++;
      this.#check(cell, roomAt(cell));
    }
    return this.#cells;
  }

  #check(cell: number, room: number): void {
    const header = word(cell);
    const second = word(cell + 4);
    const fits = (bytes: number): void => {
      if (!(bytes >= 0 && bytes <= room))
        fault(`cell ${cell} of kind ${header & KIND_MASK} needs ${bytes} bytes and has ${room}`);
    };
    switch (header & KIND_MASK) {
      case K_RECORD:
        this.#checkRecord(cell, header >>> SHAPE_SHIFT, fits);
        break;
      case K_STR8:
        fits(12 + (second >>> 0));
        break;
      case K_STR16:
        fits(12 + 2 * (second >>> 0));
        break;
      case K_BOX:
      case K_DATE:
        fits(16);
        break;
      case K_SYNC: {
        const words = 1 + ((header >>> SYNC_WORDS_SHIFT) & SYNC_MASK);
        const references = (header >>> SYNC_REFERENCES_SHIFT) & SYNC_MASK;
        fits(4 * (words + references));
        for (let at = words; at < words + references; at++) this.add(word(cell + 4 * at), `word ${at} of ${cell}`);
        break;
      }
      case K_BIGINT:
        fits(8 + (second & 0x7fffffff));
        break;
      case K_ARRAY:
        fits(16);
        this.#checkArray(cell, second);
        break;
      case K_NUMBERS:
        fits(8 + 8 * (second >>> 0));
        for (let at = 0; at < second; at++) this.#addNumber(cell + 8 + 8 * at, `element ${at} of data ${cell}`);
        break;
      case K_MAP:
      case K_SET:
        fits(20);
        this.#checkMap(cell, second, (header & KIND_MASK) === K_MAP ? 16 : 8);
        break;
      case K_TABLE:
        this.#checkTable(cell, fits);
        break;
      case K_WORDS:
      case K_ERROR:
        fits(8 + 4 * (second >>> 0));
        for (let at = 0; at < second; at++) {
          // An error may have no cause.
          if (word(cell + 8 + 4 * at) !== ABSENT) this.add(word(cell + 8 + 4 * at), `word ${at} of ${cell}`);
        }
        break;
      case K_BUFFER:
        fits(28);
        this.add(word(cell + 24), `the buffer of view ${cell}`);
        break;
      default:
        fault(`cell ${cell} can be reached, and its header is ${header}`);
    }
  }

  #checkRecord(cell: number, shape: number, fits: (bytes: number) => void): void {
    if (shape < 1 || shape > word(H_SHAPES))
      fault(`record ${cell} has the shape ${shape}, there are ${word(H_SHAPES)}`);
    const counts = word(SHAPES_START + shape * 4);
    const words = counts & 0xffff;
    const numbers = counts >>> 16;
    const first = (4 + 4 * words + 7) & ~7;
    fits(numbers === 0 ? 4 + 4 * words : first + 8 * numbers);
    for (let at = 0; at < words; at++) this.add(word(cell + 4 + 4 * at), `word ${at} of record ${cell}`);
    for (let at = 0; at < numbers; at++) this.#addNumber(cell + first + 8 * at, `number ${at} of record ${cell}`);
  }

  #checkArray(cell: number, data: number): void {
    const length = word(cell + 8);
    this.#checkLock(cell + 12, `array ${cell}`);
    if (data === 0) {
      if (length !== 0) fault(`array ${cell} has ${length} elements and no data`);
      return;
    }
    this.add(data, `the data of array ${cell}`);
    if ((word(data >>> 0) & KIND_MASK) !== K_NUMBERS)
      fault(`the data of array ${cell} is of kind ${word(data >>> 0) & KIND_MASK}`);
    const capacity = word((data >>> 0) + 4);
    if (!(length >= 0 && length <= capacity)) fault(`array ${cell} has ${length} elements, and room for ${capacity}`);
    if (!this.#quiet) return;
    for (let at = length; at < capacity; at++) {
      const item = (data >>> 0) + 8 + 8 * at;
      // Never used, or undefined.
      if (word(item) !== 0 || (word(item + 4) !== 0 && word(item + 4) !== REFERENCE_BITS))
        fault(`array ${cell} has ${length} elements, and something at ${at}`);
    }
  }

  #checkMap(cell: number, table: number, width: number): void {
    this.#checkLock(cell + 8, `map ${cell}`);
    if (table === 0) {
      // Its first table is being made.
      if (this.#quiet) fault(`map ${cell} has no table`);
      return;
    }
    this.add(table, `the table of map ${cell}`);
    const address = table >>> 0;
    if ((word(address) & KIND_MASK) !== K_TABLE)
      fault(`the table of map ${cell} is of kind ${word(address) & KIND_MASK}`);
    if (word(address + T_WIDTH) !== width)
      fault(`the table of map ${cell} has entries of ${word(address + T_WIDTH)} bytes`);
    if ((word(cell + 16) & 1) !== 0) fault(`map ${cell} is being changed: its sequence word is ${word(cell + 16)}`);
    let live = 0;
    const entries = address + T_HEADS + word(address + T_BUCKETS) * 4;
    for (let at = 0; at < word(address + T_USED); at++) {
      if (word(entries + at * width + 4) !== REFERENCE_BITS || word(entries + at * width) !== ABSENT) live++;
    }
    if (live !== word(cell + 12)) fault(`map ${cell} has ${live} entries, and counts ${word(cell + 12)}`);
  }

  #checkTable(cell: number, fits: (bytes: number) => void): void {
    const capacity = word(cell + T_CAPACITY);
    const used = word(cell + T_USED);
    const buckets = word(cell + T_BUCKETS);
    const width = word(cell + T_WIDTH);
    // A fresh one that is being made.
    if (buckets === 0 && !this.#quiet) return;
    if (!(buckets >= capacity && (buckets & (buckets - 1)) === 0 && capacity > 0))
      fault(`table ${cell} has ${buckets} buckets for ${capacity} entries`);
    if (!(used >= 0 && used <= capacity)) fault(`table ${cell} has ${used} entries, and room for ${capacity}`);
    const entries = cell + T_HEADS + buckets * 4;
    const infos = entries + capacity * width;
    fits(infos + capacity * 12 - cell);
    let ordinal = 0;
    for (let at = 0; at < used; at++) {
      this.#addNumber(entries + at * width, `key ${at} of table ${cell}`);
      if (width === 16) this.#addNumber(entries + at * width + 8, `value ${at} of table ${cell}`);
      const next = word(infos + at * 12 + 8) >>> 0;
      if (next <= ordinal || next >= word(cell + T_ORDINAL) >>> 0)
        fault(`entry ${at} of table ${cell} has the ordinal ${next} after ${ordinal}`);
      ordinal = next;
    }
    let chained = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      // Each refers to an older one: a chain cannot come back to itself.
      let above = used + 1;
      for (let at = word(cell + T_HEADS + bucket * 4); at !== 0; at = word(infos + (at - 1) * 12 + 4)) {
        if (!(at > 0 && at < above)) fault(`bucket ${bucket} of table ${cell} goes from ${above} to ${at}`);
        if ((word(infos + (at - 1) * 12) & (buckets - 1)) !== bucket)
          fault(`entry ${at - 1} of table ${cell} is in bucket ${bucket}`);
        above = at;
        chained++;
      }
    }
    if (chained !== used) fault(`table ${cell} has ${used} entries, and ${chained} in its chains`);
  }

  #checkLock(address: number, of: string): void {
    if (this.#quiet && word(address) !== 0) fault(`the lock of ${of} is held: ${word(address)}`);
  }
}
