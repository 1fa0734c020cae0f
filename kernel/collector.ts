// The collector: marking beside the program, then a short closed phase. One thread at a time is the collector: it holds H_GC_LOCK.

import {
  CLASSES, H_LIVE_BYTES, H_LIVE_CELLS, H_PARTIAL, H_ROOTS, H_SEGMENTS, H_SLOTS, H_USED_PAGES, META_SIZE, PAGE_SIZE, R_FRESH, R_INFLIGHT, R_LOG, R_LOG_HEAD,
  R_LOG_TAIL, R_PINS, R_TAKEN, R_TASK, R_THREAD, RECORD_SIZE, RECORDS_START, ROOTS, SEG_FREE, SEG_HINT, SEG_META, SEGMENT_PAGES, SHAPES_START,
} from '../src/memory/layout';
import {
  FREE_PAGE, K_ARRAY, K_BIGINT, K_BOX, K_BUFFER, K_DATE, K_ERROR, K_MAP, K_NUMBERS, K_RECORD, K_SET, K_STR16, K_STR8, K_SYNC, K_TABLE, K_WORDS, KIND_MASK,
  LARGE_PAGE, LOG_SIZE, M_ALLOCATED, M_CLASS, M_COUNT, M_CYCLE, M_MARKED, M_NEXT, M_OWNER, M_SIZE, PIN_BITS, PIN_COUNTS, PIN_KNOWN, RAW_PAGE,
  REFERENCE_BITS, RESCAN, SHAPE_SHIFT, SYNC_MASK, SYNC_REFERENCES_SHIFT, SYNC_WORDS_SHIFT, T_BUCKETS, T_CAPACITY, T_HEADS, T_USED, T_WIDTH, TAKEN_PAGE,
} from '../src/heap/types';
import { bitAt, metaOf } from './pages';
import { reach, reachAll } from './reach';

// The mark stack: cells to trace. A cell with many children is traced in slices: {index, cell | SLICE}.
const SLICE: u32 = 1;
const SLICE_LENGTH: u32 = 512;
let stackStart: usize = 0;
let stackEnd: usize = 0;
let top: usize = 0;
/** The stack was full: cells are marked that were not traced. */
let overflowed: bool = false;
let marked: i32 = 0;
/** Bytes of the marked cells. */
let size: u64 = 0;

const LEAVES: u32 =
  (1 << K_STR8) | (1 << K_STR16) | (1 << K_BOX) | (1 << K_BIGINT) | (1 << K_DATE);

/** Before the gate says MARKING: from then on logs fill. */
export function beginMarking(stack: usize, bytes: usize): void {
  stackStart = stack;
  stackEnd = stack + bytes;
  top = stack;
  overflowed = false;
  marked = 0;
  size = 0;
}

export function markedCells(): i32 {
  return marked;
}

/** In KiB. */
export function markedSize(): i32 {
  return <i32>(size >>> 10);
}

@inline
function push(cell: u32): void {
  if (top < stackEnd) {
    store<u32>(top, cell);
    top += 4;
  } else {
    overflowed = true;
  }
}

@inline
function markCell(cell: u32): void {
  reach(cell);
  const index = (cell & 4095) >>> 4;
  const meta = metaOf(cell);
  const word = meta + M_MARKED + ((index >>> 5) << 2);
  const bit = 1 << (index & 31);
  const bits = load<i32>(word);
  if (bits & bit) return;
  store<i32>(word, bits | bit);
  marked++;
  const bytes = load<i32>(meta + M_SIZE);
  size += bytes > 0 ? bytes : (<u64>load<u32>(meta + M_COUNT)) << 12;
  if (((1 << (load<u32>(cell) & KIND_MASK)) & LEAVES) == 0) push(cell);
}

@inline
function markWord(word: u32): void {
  if (word != 0 && (word & 15) == 0) markCell(word);
}

@inline
function markNumber(bits: i64): void {
  if (<i32>(bits >>> 32) == REFERENCE_BITS) markWord(<u32>bits);
}

/** Process-wide roots, and what each thread has in flight or has not stored yet. */
export function markRoots(): void {
  reachAll();
  for (let at = 0; at < ROOTS; at++) markWord(atomic.load<u32>(H_ROOTS + (at << 2)));
  const slots = atomic.load<i32>(H_SLOTS);
  for (let slot = 0; slot < max(slots, 1); slot++) {
    const thread = RECORDS_START + slot * RECORD_SIZE;
    markWord(atomic.load<u32>(thread + R_INFLIGHT));
    markWord(atomic.load<u32>(thread + R_FRESH));
    markWord(atomic.load<u32>(thread + R_THREAD));
    markWord(atomic.load<u32>(thread + R_TAKEN));
    markWord(atomic.load<u32>(thread + R_TASK));
  }
}

/** Marks a thread's pins of one segment; the caller traces in between, so that few of them count as kept by pins alone. */
export function markPins(thread: usize, segment: u32): i32 {
  reachAll();
  const pins = <usize>load<u32>(thread + R_PINS);
  const block = pins == 0 ? <usize>0 : <usize>load<u32>(pins + (segment << 2));
  if (block == 0) return 0;
  const base = segment << 24;
  let found = 0;
  for (let group: u32 = 0; group < 128; group++) {
    let known = load<u32>(block + PIN_KNOWN + (group << 2));
    while (known) {
      const page = (group << 5) + ctz(known);
      known &= known - 1;
      for (let word: u32 = 0; word < 8; word++) {
        let bits = load<u32>(block + page * PIN_BITS + (word << 2));
        while (bits) {
          const cell = base + (page << 12) + ((word << 9) | (ctz(bits) << 4));
          bits &= bits - 1;
          const before = marked;
          markCell(cell);
          found += marked - before;
        }
      }
    }
  }
  return found;
}

/**
 * For each page that a thread has pins in: how many pinned cells nothing else has marked. After the roots were traced. One that has a
 * single pin is told 0: it cannot let go of a part. How many there are in all.
 */
export function countPins(thread: usize, segment: u32): i32 {
  reachAll();
  const pins = <usize>load<u32>(thread + R_PINS);
  const block = pins == 0 ? <usize>0 : <usize>load<u32>(pins + (segment << 2));
  if (block == 0) return 0;
  let all = 0;
  const meta = <usize>load<u32>(SEG_META + (segment << 2));
  for (let group: u32 = 0; group < 128; group++) {
    let known = load<u32>(block + PIN_KNOWN + (group << 2));
    while (known) {
      const page = (group << 5) + ctz(known);
      known &= known - 1;
      let pinned = 0;
      let count = 0;
      for (let word: u32 = 0; word < 32; word += 4) {
        const bits = load<u32>(block + page * PIN_BITS + word);
        pinned += <i32>popcnt(bits);
        count += <i32>popcnt(bits & ~load<u32>(meta + page * META_SIZE + M_MARKED + word));
      }
      store<i32>(block + PIN_COUNTS + (page << 2), pinned > 1 ? count : 0);
      all += count;
    }
  }
  return all;
}

/** Empties the logs of all threads; how many entries there were. */
export function drainLogs(): i32 {
  reachAll();
  let entries = 0;
  const slots = atomic.load<i32>(H_SLOTS);
  for (let slot = 0; slot < max(slots, 1); slot++) {
    const thread = RECORDS_START + slot * RECORD_SIZE;
    const head = atomic.load<i32>(thread + R_LOG_HEAD);
    let tail = load<i32>(thread + R_LOG_TAIL);
    if (head == tail) continue;
    const ring = <usize>load<u32>(thread + R_LOG);
    for (; tail != head; tail++) {
      const entry = load<u32>(ring + ((tail & (LOG_SIZE - 1)) << 2));
      const cell = entry & ~RESCAN;
      entries++;
      if ((entry & RESCAN) != 0 && bitAt(metaOf(cell) + M_MARKED, (cell & 4095) >>> 4)) push(cell);
      else markCell(cell);
    }
    atomic.store<i32>(thread + R_LOG_TAIL, tail);
  }
  return entries;
}

/** Traces cells from the stack, at most about `budget` children; 1 = there are more. */
export function trace(budget: i32): i32 {
  while (top != stackStart || overflowed) {
    if (top == stackStart) {
      retraceMarked();
      continue;
    }
    if (budget <= 0) return 1;
    top -= 4;
    const entry = load<u32>(top);
    if (entry & SLICE) {
      top -= 4;
      budget -= traceSlice(entry & ~SLICE, load<u32>(top));
    } else {
      budget -= traceCell(entry);
    }
  }
  return 0;
}

/** What did not fit on the stack is found by a look at all marked cells. */
function retraceMarked(): void {
  reachAll();
  overflowed = false;
  const segments = load<u32>(H_SEGMENTS);
  for (let segment: u32 = 0; segment < segments; segment++) {
    const metas = <usize>load<u32>(SEG_META + (segment << 2));
    for (let page: u32 = 0; page < <u32>SEGMENT_PAGES; page++) {
      const size = load<i32>(metas + page * META_SIZE + M_SIZE);
      if (size <= 0 && size != LARGE_PAGE) continue;
      for (let word: u32 = 0; word < 8; word++) {
        let bits = load<u32>(metas + page * META_SIZE + M_MARKED + (word << 2));
        while (bits) {
          const cell = (segment << 24) + (page << 12) + ((word << 9) | (ctz(bits) << 4));
          bits &= bits - 1;
          if (((1 << (load<u32>(cell) & KIND_MASK)) & LEAVES) != 0) continue;
          traceCell(cell);
          while (top != stackStart) {
            top -= 4;
            const entry = load<u32>(top);
            if (entry & SLICE) {
              top -= 4;
              traceSlice(entry & ~SLICE, load<u32>(top));
            } else {
              traceCell(entry);
            }
          }
        }
      }
    }
  }
}

function traceCell(cell: u32): i32 {
  const header = load<u32>(cell);
  switch (header & KIND_MASK) {
    case K_RECORD: {
      const counts = load<u32>(SHAPES_START + ((header >>> SHAPE_SHIFT) << 2));
      const words = counts & 0xffff, numbers = counts >>> 16;
      let at = <usize>cell + 4;
      for (let n: u32 = 0; n < words; n++, at += 4) markWord(atomic.load<u32>(at));
      at = (at + 7) & ~7;
      for (let n: u32 = 0; n < numbers; n++, at += 8) markNumber(atomic.load<i64>(at));
      return words + numbers + 1;
    }
    case K_SYNC: {
      const references = (header >>> SYNC_REFERENCES_SHIFT) & SYNC_MASK;
      let at = <usize>cell + 4 + (<usize>((header >>> SYNC_WORDS_SHIFT) & SYNC_MASK) << 2);
      for (let n: u32 = 0; n < references; n++, at += 4) markWord(atomic.load<u32>(at));
      return references + 1;
    }
    case K_ARRAY:
    case K_MAP:
    case K_SET:
      markWord(atomic.load<u32>(cell + 4));
      return 1;
    case K_NUMBERS:
    case K_TABLE:
    case K_WORDS:
    case K_ERROR:
      return traceSlice(cell, 0);
    case K_BUFFER:
      markWord(atomic.load<u32>(cell + 24));
      return 1;
    default:
      return 1;
  }
}

/** Traces children from an index on, SLICE_LENGTH at most; the rest goes to the stack. */
function traceSlice(cell: u32, from: u32): i32 {
  const kind = load<u32>(cell) & KIND_MASK;
  // A large cell may lie in several segments.
  reachAll();
  if (kind == K_TABLE) {
    const width = load<u32>(cell + T_WIDTH);
    const used = min(atomic.load<u32>(cell + T_USED), load<u32>(cell + T_CAPACITY));
    const entries = <usize>cell + T_HEADS + ((<usize>load<u32>(cell + T_BUCKETS)) << 2);
    const end = sliceEnd(cell, from, used);
    for (let at = from; at < end; at++) {
      markNumber(atomic.load<i64>(entries + at * width));
      if (width == 16) markNumber(atomic.load<i64>(entries + at * width + 8));
    }
    return end - from + 1;
  }
  const count = load<u32>(cell + 4);
  const end = sliceEnd(cell, from, count);
  if (kind == K_NUMBERS) for (let at = from; at < end; at++) markNumber(atomic.load<i64>(<usize>cell + 8 + (<usize>at << 3)));
  else for (let at = from; at < end; at++) markWord(atomic.load<u32>(<usize>cell + 8 + (<usize>at << 2)));
  return end - from + 1;
}

/** Where this slice ends; pushes the next one. A full stack is told as an overflow: the cell is marked, so it is traced again. */
function sliceEnd(cell: u32, from: u32, count: u32): u32 {
  const end = min(from + SLICE_LENGTH, count);
  if (end >= count) return end;
  if (top + 8 > stackEnd) {
    // No room to come back: all of it now.
    return count;
  }
  store<u32>(top, end);
  store<u32>(top + 4, cell | SLICE);
  top += 8;
  return end;
}

/** Allocated := marked on every page but those that were allocated from during this cycle. The gate is closed. */
export function sweep(cycle: i32): void {
  reachAll();
  let cells = 0;
  let bytes: u64 = 0;
  let used = 0;
  for (let at = 0; at < CLASSES; at++) store<i32>(H_PARTIAL + (at << 2), 0);
  const segments = load<u32>(H_SEGMENTS);
  for (let segment: u32 = 0; segment < segments; segment++) {
    const metas = <usize>load<u32>(SEG_META + (segment << 2));
    let free = 0;
    let hint: u32 = SEGMENT_PAGES;
    for (let page: u32 = 0; page < <u32>SEGMENT_PAGES; page++) {
      const meta = metas + page * META_SIZE;
      const size = load<i32>(meta + M_SIZE);
      if (size == RAW_PAGE) continue;
      let empty = size == FREE_PAGE || size == TAKEN_PAGE;
      if (size == LARGE_PAGE) {
        if ((load<i32>(meta + M_MARKED) & 1) == 0 && load<i32>(meta + M_CYCLE) != cycle) {
          freeLarge(segment, page);
          empty = true;
        } else {
          store<i32>(meta + M_MARKED, 0);
          cells++;
          bytes += (<u64>load<u32>(meta + M_COUNT)) << 12;
        }
      } else if (size > 0) {
        if (load<i32>(meta + M_OWNER) != 0 || load<i32>(meta + M_CYCLE) == cycle) {
          clearMarks(meta);
          bytes += PAGE_SIZE;
          cells += PAGE_SIZE / size;
        } else {
          const count = sweepPage(meta, size, (segment << 12) + page);
          empty = count == 0;
          cells += count;
          bytes += <u64>count * size;
        }
      }
      if (empty) {
        store<i32>(meta + M_SIZE, FREE_PAGE);
        free++;
        if (hint == SEGMENT_PAGES) hint = page;
      }
    }
    store<i32>(SEG_FREE + (segment << 2), free);
    store<u32>(SEG_HINT + (segment << 2), hint);
    used += SEGMENT_PAGES - free;
  }
  store<i32>(H_LIVE_CELLS, cells);
  store<f64>(H_LIVE_BYTES, <f64>bytes);
  store<i32>(H_USED_PAGES, used);
}

/** The pages behind the first become free as the sweep comes to them, or are behind it already if the segment is. */
function freeLarge(segment: u32, page: u32): void {
  const first = (segment << 12) + page;
  const count = load<u32>(<usize>load<u32>(SEG_META + (segment << 2)) + page * META_SIZE + M_COUNT);
  for (let at = first + 1; at < first + count; at++) {
    store<i32>(<usize>load<u32>(SEG_META + ((at >>> 12) << 2)) + (at & 4095) * META_SIZE + M_SIZE, FREE_PAGE);
  }
}

@inline
function clearMarks(meta: usize): void {
  for (let word: usize = 0; word < 32; word += 8) store<i64>(meta + M_MARKED + word, 0);
}

/** How many cells of a page are left; lists the page if an eighth of it is free. */
function sweepPage(meta: usize, size: i32, page: u32): i32 {
  let count = 0;
  for (let word: usize = 0; word < 32; word += 8) {
    const bits = load<u64>(meta + M_MARKED + word);
    store<u64>(meta + M_ALLOCATED + word, bits);
    store<u64>(meta + M_MARKED + word, 0);
    count += <i32>popcnt(bits);
  }
  const capacity = PAGE_SIZE / size;
  if (count != 0 && count < capacity - (capacity >> 3)) {
    const list = H_PARTIAL + (load<i32>(meta + M_CLASS) << 2);
    store<u32>(meta + M_NEXT, load<u32>(list));
    store<u32>(list, page);
  }
  return count;
}

/** Whether a cell is in use, as far as the pages know: for weak tables and checks. While no sweep can run. */
export function isAllocated(cell: u32): i32 {
  reachAll();
  const meta = metaOf(cell);
  const size = load<i32>(meta + M_SIZE);
  if (size == LARGE_PAGE) return (cell & 4095) == 0 ? 1 : 0;
  if (size <= 0 || (cell & 4095) % size != 0) return 0;
  return load<i32>(meta + M_OWNER) != 0 || bitAt(meta + M_ALLOCATED, (cell & 4095) >>> 4) ? 1 : 0;
}
