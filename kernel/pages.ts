// Pages: finding free ones, taking and releasing them for allocation, large cells, segments. All inside a guard and under
// H_ALLOC_LOCK, which is taken inside guards only.

import { H_GATE,
  FIRST_META, H_ALLOC_LOCK, H_CYCLE, H_MAX_PAGES, H_PARTIAL, H_PEAK_PAGES, H_SEGMENTS, H_SINCE, H_USED_PAGES, HEAP_START, META_SIZE, PAGE_SHIFT, PAGE_SIZE, R_FRESH, R_GUARD, R_PINS, R_TAKEN, R_TASK,
  SEG_FREE, SEG_HINT, SEG_META, SEGMENT_PAGES, SEGMENT_SHIFT,
} from '../src/memory/layout';
import { RESCAN, S_MARKING,
  BUSY, FIRST_QUEUE, FREE_PAGE, K_ARRAY, K_MAP, K_SET, K_STR16, K_STR8, K_SYNC, KIND_MASK, LARGE_PAGE, LAST_QUEUE, M_ALLOCATED, M_CLASS, M_COUNT, M_CYCLE, M_DIRTY, M_MARKED, M_NEXT, M_OWNER, M_SIZE, MORE_PAGE, NO_MEMORY, PIN_BITS, PIN_KNOWN, RAW_PAGE,
  Q_DATA, Q_LOCK, S_CLOSED, SHAPE_SHIFT, SYNC_MASK, TAKEN_PAGE,
} from '../src/heap/types';
import { reach, reachAll } from './reach';
import { appendLog, enterGuard, enterLocked, leaveGuard, leaveLocked, lockWord, logIfMarking, unlockWord } from './guard';

/** Bytes of a text's cell before its units. */
const HEAD: usize = 12;
const SEGMENT_MASK: u32 = SEGMENT_PAGES - 1;
/** Metadata of a segment, in pages. */
const META_PAGES: u32 = (SEGMENT_PAGES * META_SIZE) >> PAGE_SHIFT;

/** Metadata of the page that a cell lies in. */
@inline
export function metaOf(address: u32): usize {
  return <usize>load<u32>(SEG_META + ((address >>> SEGMENT_SHIFT) << 2)) + (((address >>> PAGE_SHIFT) & SEGMENT_MASK) * META_SIZE);
}

@inline
function metaOfPage(page: u32): usize {
  return <usize>load<u32>(SEG_META + ((page >>> 12) << 2)) + (page & SEGMENT_MASK) * META_SIZE;
}

/** Claims `count` pages that follow each other; the first one's index, 0 = there are none. Under the lock. */
export function findPages(count: u32): u32 {
  const segments = load<u32>(H_SEGMENTS);
  let run: u32 = 0;
  for (let segment: u32 = 0; segment < segments; segment++) {
    const free = load<u32>(SEG_FREE + (segment << 2));
    // A run within one segment needs that many free there; a longer one spans segments that are free altogether or nearly.
    if (free == 0 || (count <= <u32>SEGMENT_PAGES - META_PAGES && free < count && run == 0)) {
      run = 0;
      continue;
    }
    const hint = load<u32>(SEG_HINT + (segment << 2));
    let at = run == 0 ? hint : 0;
    const meta = <usize>load<u32>(SEG_META + (segment << 2));
    reach(<u32>meta + SEGMENT_PAGES * META_SIZE - 1);
    for (; at < <u32>SEGMENT_PAGES; at++) {
      if (load<i32>(meta + at * META_SIZE + M_SIZE) != FREE_PAGE) {
        run = 0;
        continue;
      }
      if (++run < count) continue;
      const first = (segment << 12) + at - count + 1;
      claim(first, count);
      if (count == 1) store<u32>(SEG_HINT + (segment << 2), at + 1);
      return first;
    }
  }
  return 0;
}

function claim(first: u32, count: u32): void {
  reach((first + count - 1) << PAGE_SHIFT);
  for (let page = first; page < first + count; page++) {
    store<i32>(metaOfPage(page) + M_SIZE, TAKEN_PAGE);
    const free = SEG_FREE + ((page >>> 12) << 2);
    store<i32>(free, load<i32>(free) - 1);
  }
  const used = load<i32>(H_USED_PAGES) + count;
  store<i32>(H_USED_PAGES, used);
  if (used > load<i32>(H_PEAK_PAGES)) store<i32>(H_PEAK_PAGES, used);
}

/** A page of free cells of a class, owned by `me` from now on; its address, 0 = none. */
function takePage(sizeClass: i32, size: i32, me: i32): u32 {
  const list = H_PARTIAL + (sizeClass << 2);
  let page = load<u32>(list);
  if (page != 0) {
    reach(page << PAGE_SHIFT);
    store<u32>(list, load<u32>(metaOfPage(page) + M_NEXT));
  } else {
    if (load<i32>(H_USED_PAGES) >= load<i32>(H_MAX_PAGES)) return 0;
    page = findPages(1);
    if (page == 0) return 0;
    const meta = metaOfPage(page);
    memory.fill(meta + M_ALLOCATED, 0, META_SIZE - M_ALLOCATED);
    store<i32>(meta + M_CLASS, sizeClass);
    store<i32>(meta + M_OWNER, me);
    store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));
    store<i32>(meta + M_SIZE, size);
  }
  const meta = metaOfPage(page);
  store<i32>(meta + M_OWNER, me);
  store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));
  store<i32>(H_SINCE, load<i32>(H_SINCE) + 1);
  return page << PAGE_SHIFT;
}

/** The owner is done with a page: all its cells count as allocated until the next collection finds out. */
function dropPage(base: u32): void {
  const meta = metaOf(base);
  const size = load<i32>(meta + M_SIZE);
  for (let offset = 0; offset <= PAGE_SIZE - size; offset += size) setBit(meta + M_ALLOCATED, offset >> 4);
  store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));
  store<i32>(meta + M_OWNER, 0);
}

@inline
function setBit(bits: usize, index: i32): void {
  const word = bits + ((index >> 5) << 2);
  store<i32>(word, load<i32>(word) | (1 << (index & 31)));
}

@inline
export function bitAt(bits: usize, index: i32): i32 {
  return (load<i32>(bits + ((index >> 5) << 2)) >>> (index & 31)) & 1;
}

/**
 * Gives the page `old` back (0 = none) and takes another for the thread. Returns its address, with all free cells zeroed; BUSY: the gate
 * is closed, wait and try again; NO_MEMORY: grow the memory or collect, and try again.
 */
export function exchangePage(old: u32, sizeClass: i32, size: i32, thread: usize, me: i32): u32 {
  if (enterLocked(thread, H_ALLOC_LOCK, me) == S_CLOSED) return BUSY;
  if (old != 0) dropPage(old);
  const page = takePage(sizeClass, size, me);
  unlockWord(H_ALLOC_LOCK);
  if (page != 0) zeroFree(page, size);
  leaveGuard(thread);
  return page == 0 ? NO_MEMORY : page;
}

/** Gives a page back. BUSY: the gate is closed, wait and try again. */
export function releasePage(old: u32, thread: usize, me: i32): i32 {
  if (enterLocked(thread, H_ALLOC_LOCK, me) == S_CLOSED) return BUSY;
  dropPage(old);
  leaveLocked(thread, H_ALLOC_LOCK);
  return 0;
}

/** A header of 0 means "not made yet", and fields start as undefined. */
function zeroFree(base: u32, size: i32): void {
  const meta = metaOf(base);
  if (load<i32>(meta + M_DIRTY) == 0) {
    store<i32>(meta + M_DIRTY, 1);
    return;
  }
  for (let run = nextRun(base, size, 0); run >= 0; run = nextRun(base, size, run & 0xffff)) {
    memory.fill(base + (run >>> 16), 0, (run & 0xffff) - (run >>> 16));
  }
}

/** The next run of free cells of a page from offset `from` on: start << 16 | end; -1 = none. */
export function nextRun(base: u32, size: i32, from: i32): i32 {
  const bits = metaOf(base) + M_ALLOCATED;
  const last = PAGE_SIZE - size;
  let offset = from;
  while (offset <= last && bitAt(bits, offset >> 4)) offset += size;
  if (offset > last) return -1;
  const start = offset;
  offset += size;
  while (offset <= last && !bitAt(bits, offset >> 4)) offset += size;
  return (start << 16) | offset;
}

/**
 * A cell of `count` pages, all zeros but for its header and second word; it is the thread's R_FRESH. Returns its address, or BUSY or
 * NO_MEMORY as `exchangePage`.
 */
export function allocateLarge(count: i32, header: i32, second: i32, thread: usize, me: i32): u32 {
  const gate = enterLocked(thread, H_ALLOC_LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const first = load<i32>(H_USED_PAGES) + count > load<i32>(H_MAX_PAGES) ? 0 : findPages(count);
  if (first == 0) {
    unlockWord(H_ALLOC_LOCK);
    leaveGuard(thread);
    return NO_MEMORY;
  }
  const address = first << PAGE_SHIFT;
  let dirty = 0;
  for (let page = first + 1; page < first + count; page++) {
    const meta = metaOfPage(page);
    dirty |= load<i32>(meta + M_DIRTY);
    store<i32>(meta + M_DIRTY, 1);
    store<i32>(meta + M_SIZE, MORE_PAGE);
  }
  const meta = metaOfPage(first);
  dirty |= load<i32>(meta + M_DIRTY);
  store<i32>(meta + M_DIRTY, 1);
  memory.fill(meta + M_ALLOCATED, 0, META_SIZE - M_ALLOCATED);
  store<i32>(meta + M_OWNER, 0);
  store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));
  store<i32>(meta + M_COUNT, count);
  store<i32>(meta + M_ALLOCATED, 1);
  store<i32>(H_SINCE, load<i32>(H_SINCE) + count);
  store<i32>(meta + M_SIZE, LARGE_PAGE);
  unlockWord(H_ALLOC_LOCK);
  // The one before has been stored somewhere by now, perhaps where marking has been already.
  logIfMarking(thread, gate, load<i32>(thread + R_FRESH));
  atomic.store<i32>(thread + R_FRESH, <i32>address);
  // A text, or bytes, are written whole by the one who has asked for the cell: only the head must be clean.
  const isText = (header & KIND_MASK) == K_STR8 || (header & KIND_MASK) == K_STR16;
  if (dirty) memory.fill(address, 0, isText ? HEAD : (<usize>count) << PAGE_SHIFT);
  store<i32>(address + 4, second);
  store<i32>(address, header);
  leaveGuard(thread);
  return address;
}

/** Pages for the heap's own data, all zeros; never collected. Results as of `exchangePage`. */
export function allocateRaw(count: i32, thread: usize, me: i32): u32 {
  if (enterGuard(thread) == S_CLOSED) return BUSY;
  const address = rawPages(count, me);
  leaveGuard(thread);
  return address == 0 ? NO_MEMORY : address;
}

/** Takes the lock on page lists outside a guard: its holders are inside one, and wait for nothing. */
function waitFor(me: i32): void {
  while (!lockWord(H_ALLOC_LOCK, me)) {}
}

/** As `allocateRaw`, for the collector, which needs no guard; 0 = there are none. */
export function rawPages(count: i32, me: i32): u32 {
  waitFor(me);
  const first = findPages(count);
  let dirty = 0;
  if (first != 0) {
    for (let page = first; page < first + count; page++) {
      const meta = metaOfPage(page);
      dirty |= load<i32>(meta + M_DIRTY);
      store<i32>(meta + M_DIRTY, 1);
      store<i32>(meta + M_SIZE, RAW_PAGE);
    }
  }
  unlockWord(H_ALLOC_LOCK);
  const address = first << PAGE_SHIFT;
  if (dirty) memory.fill(address, 0, (<usize>count) << PAGE_SHIFT);
  return address;
}

/**
 * Adds `count` segments behind the last if there are `expected` now and the memory is large enough; whether it did. Their metadata lies
 * at their beginning. The memory behind the last segment was never used: it is all zeros.
 */
export function addSegments(expected: u32, count: u32, thread: usize, me: i32): i32 {
  if (enterLocked(thread, H_ALLOC_LOCK, me) == S_CLOSED) return BUSY;
  let added = 0;
  if (load<u32>(H_SEGMENTS) == expected && <u32>memory.size() >= (expected + count) << (SEGMENT_SHIFT - 16)) {
    const base = expected << SEGMENT_SHIFT;
    for (let at: u32 = 0; at < count; at++) {
      const segment = expected + at;
      store<u32>(SEG_META + (segment << 2), base + at * META_PAGES * PAGE_SIZE);
      store<u32>(SEG_FREE + (segment << 2), SEGMENT_PAGES);
      store<u32>(SEG_HINT + (segment << 2), 0);
    }
    reserve(expected << 12, count * META_PAGES);
    atomic.store<i32>(H_SEGMENTS, expected + count);
    added = 1;
  }
  leaveLocked(thread, H_ALLOC_LOCK);
  return added;
}

/** Pages that hold metadata belong to nobody. */
export function reserve(first: u32, count: u32): void {
  for (let page = first; page < first + count; page++) {
    const meta = metaOfPage(page);
    store<i32>(meta + M_SIZE, RAW_PAGE);
    store<i32>(meta + M_DIRTY, 1);
    const free = SEG_FREE + ((page >>> 12) << 2);
    store<i32>(free, load<i32>(free) - 1);
  }
  store<i32>(H_USED_PAGES, load<i32>(H_USED_PAGES) + count);
}

/** The first segment, whose metadata has a place of its own. Called once, before there is a second thread. */
export function openHeap(): void {
  store<u32>(SEG_META, FIRST_META);
  store<u32>(SEG_FREE, SEGMENT_PAGES);
  reserve(0, HEAP_START >> PAGE_SHIFT);
  atomic.store<i32>(H_SEGMENTS, 1);
}

/**
 * A thread has died, perhaps inside the kernel: nobody must wait for it. Its guard and its locks open; what they protect is whole at every
 * step at which a thread can die. At any time, also while a collector waits for the guard.
 */
export function releaseDead(thread: usize, owner: i32): void {
  reachAll();
  openLock(H_ALLOC_LOCK, owner);
  const segments = load<u32>(H_SEGMENTS);
  for (let segment: u32 = 0; segment < segments; segment++) {
    const metas = <usize>load<u32>(SEG_META + (segment << 2));
    for (let page: u32 = 0; page < <u32>SEGMENT_PAGES; page++) {
      const size = load<i32>(metas + page * META_SIZE + M_SIZE);
      if (size > 0) openLocks((segment << SEGMENT_SHIFT) + (page << PAGE_SHIFT), size, owner, thread);
    }
  }
  atomic.store<i32>(thread + R_GUARD, 0);
}

function openLock(lock: usize, owner: i32): void {
  atomic.cmpxchg<i32>(lock, owner, 0);
}

/**
 * The pages of a thread that has died go back, and its pins are forgotten. The caller is the collector, or holds its lock with the gate
 * open, and no thread runs on the slot.
 */
export function buryThread(thread: usize, owner: i32, me: i32): void {
  reachAll();
  waitFor(me);
  const segments = load<u32>(H_SEGMENTS);
  for (let segment: u32 = 0; segment < segments; segment++) {
    const metas = <usize>load<u32>(SEG_META + (segment << 2));
    for (let page: u32 = 0; page < <u32>SEGMENT_PAGES; page++) {
      const meta = metas + page * META_SIZE;
      const size = load<i32>(meta + M_SIZE);
      if (size <= 0) continue;
      const base = (segment << SEGMENT_SHIFT) + (page << PAGE_SHIFT);
      if (load<i32>(meta + M_OWNER) == owner) dropPage(base);
    }
    forgetPins(thread, segment);
  }
  unlockWord(H_ALLOC_LOCK);
  store<i32>(thread + R_FRESH, 0);
  store<i32>(thread + R_TAKEN, 0);
  store<i32>(thread + R_TASK, 0);
}

function openLocks(base: u32, size: i32, owner: i32, thread: usize): void {
  for (let cell: usize = base; cell + size <= <usize>base + PAGE_SIZE; cell += size) {
    const header = load<i32>(cell);
    const kind = header & KIND_MASK;
    const which = (header >>> SHAPE_SHIFT) & SYNC_MASK;
    const isQueue = kind == K_SYNC && which >= FIRST_QUEUE && which <= LAST_QUEUE;
    const lock = kind == K_ARRAY ? cell + 12 : kind == K_MAP || kind == K_SET ? cell + 8 : isQueue ? cell + Q_LOCK : 0;
    if (lock == 0 || atomic.load<i32>(lock) != owner) continue;
    // It may have moved elements and not have come to say so. It is still inside its guard, so this entry is read.
    const data = kind == K_ARRAY ? load<i32>(cell + 4) : isQueue ? load<i32>(cell + Q_DATA) : 0;
    if (data != 0 && atomic.load<i32>(H_GATE) == S_MARKING) appendLog(thread, data | RESCAN);
    openLock(lock, owner);
  }
}

function forgetPins(thread: usize, segment: u32): void {
  const pins = <usize>load<u32>(thread + R_PINS);
  const block = pins == 0 ? <usize>0 : <usize>load<u32>(pins + (segment << 2));
  if (block == 0) return;
  for (let group: u32 = 0; group < 128; group++) {
    let known = load<u32>(block + PIN_KNOWN + (group << 2));
    store<u32>(block + PIN_KNOWN + (group << 2), 0);
    while (known) {
      memory.fill(block + ((group << 5) + ctz(known)) * PIN_BITS, 0, PIN_BITS);
      known &= known - 1;
    }
  }
}
