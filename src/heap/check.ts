// The heap's invariants as functions: each throws what is broken and where. Tests call them after every step; with HEDDLE_CHECK=1 they run
// in every collection as well, while the gate is closed.
//
//   closed   what holds while the gate is closed: nobody is inside a guard, so pages and tables stand still; threads still allocate in
//            pages of their own, store into fields and elements, and hold an array's lock for that
//   quiet    no other thread runs, and this one is inside no operation: nothing is locked, and nothing is half made

import { atomic } from '../memory/atomics.js';
import {
  CLASSES,
  H_ALLOC_LOCK,
  H_PARTIAL,
  H_ROOTS,
  H_USED_PAGES,
  PAGE_SIZE,
  R_FRESH,
  R_GUARD,
  R_INFLIGHT,
  R_LOG_HEAD,
  R_LOG_TAIL,
  R_PINS,
  R_TAKEN,
  R_TASK,
  R_THREAD,
  ROOTS,
  SEG_FREE,
  SEG_HINT,
  SEGMENT_PAGES,
} from '../memory/layout.js';
import { slot as ownSlot, refresh } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { SIZES } from './allocate.js';
import {
  bit,
  checkCells,
  fault,
  isReference,
  type Moment,
  metaOfPage,
  roomAt,
  segments,
  slots,
  word,
} from './check-cells.js';
import { BITS, INDEX, type Page, pages, SHARDS, tokens } from './pages.js';
import {
  FREE_PAGE,
  LARGE_PAGE,
  M_ALLOCATED,
  M_CLASS,
  M_COUNT,
  M_MARKED,
  M_NEXT,
  M_OWNER,
  M_SIZE,
  MORE_PAGE,
  PIN_BITS,
  PIN_BLOCK,
  PIN_KNOWN,
  RAW_PAGE,
} from './types.js';

/** Pages and what is counted of them; lists of partly free pages. */
export function checkPages(): void {
  refresh();
  let used = 0;
  let more = 0;
  for (let segment = 0; segment < segments(); segment++) {
    let free = 0;
    for (let at = 0; at < SEGMENT_PAGES; at++) {
      const page = segment * SEGMENT_PAGES + at;
      const size = word(metaOfPage(page) + M_SIZE);
      if (more > 0 && size !== MORE_PAGE) fault(`page ${page} belongs to a large cell, its size is ${size}`);
      if (size === MORE_PAGE && more-- === 0) fault(`page ${page} continues a large cell, the page before it does not`);
      if (size === FREE_PAGE) {
        free++;
        if (at < word(SEG_HINT + segment * 4))
          fault(
            `page ${page} is free, the hint of segment ${segment} says that none is below ${word(SEG_HINT + segment * 4)}`,
          );
      } else more = Math.max(more, checkPage(page, size));
    }
    if (free !== word(SEG_FREE + segment * 4))
      fault(`segment ${segment} has ${free} free pages, and counts ${word(SEG_FREE + segment * 4)}`);
    used += SEGMENT_PAGES - free;
  }
  if (more !== 0) fault('the last large cell is longer than the memory');
  if (used !== word(H_USED_PAGES)) fault(`${used} pages are used, and ${word(H_USED_PAGES)} counted`);
  checkPartial();
}

/** A page that is in use; how many pages of the same large cell follow it. */
function checkPage(page: number, size: number): number {
  const meta = metaOfPage(page);
  if (size === MORE_PAGE || size === RAW_PAGE) return 0;
  if (size === LARGE_PAGE) {
    if (word(meta + M_COUNT) < 1) fault(`the large cell of page ${page} has ${word(meta + M_COUNT)} pages`);
    if (word(meta + M_OWNER) !== 0) fault(`the large cell of page ${page} has owner ${word(meta + M_OWNER)}`);
    return word(meta + M_COUNT) - 1;
  }
  if (!(size > 0)) fault(`page ${page} has the size ${size}`);
  if (SIZES[word(meta + M_CLASS)] !== size)
    fault(`page ${page} has cells of ${size} bytes, and class ${word(meta + M_CLASS)}`);
  const owner = word(meta + M_OWNER);
  if (owner < 0 || owner > slots()) fault(`page ${page} has owner ${owner}, there are ${slots()} slots`);
  for (const bits of [M_ALLOCATED, M_MARKED]) {
    for (let granule = 0; granule < PAGE_SIZE / 16; granule++) {
      if (!bit(meta + bits, granule)) continue;
      const offset = granule * 16;
      if (offset % size !== 0 || offset + size > PAGE_SIZE)
        fault(`page ${page} has a bit at ${offset}, where no cell of ${size} bytes begins`);
    }
  }
  return 0;
}

function checkPartial(): void {
  const seen = new Set<number>();
  for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
    for (let page = word(H_PARTIAL + sizeClass * 4); page !== 0; page = word(metaOfPage(page) + M_NEXT)) {
      if (page < 0 || page >= segments() * SEGMENT_PAGES) fault(`the list of class ${sizeClass} has page ${page}`);
      if (seen.has(page)) fault(`page ${page} is listed twice as partly free`);
      seen.add(page);
      const meta = metaOfPage(page);
      if (word(meta + M_SIZE) !== SIZES[sizeClass])
        fault(`page ${page} of size ${word(meta + M_SIZE)} is in the list of class ${sizeClass}`);
      if (word(meta + M_OWNER) !== 0)
        fault(`page ${page} is listed as partly free, its owner is ${word(meta + M_OWNER)}`);
    }
  }
}

/** Process-wide roots, and each thread's own. */
export function checkRoots(): void {
  refresh();
  for (let root = 0; root < ROOTS; root++) checkReference(atomic.load(H_ROOTS + root * 4), `root ${root}`);
  for (let slot = 0; slot < slots(); slot++) {
    const record = recordOf(slot);
    checkReference(atomic.load(record + R_FRESH), `the fresh cell of slot ${slot}`);
    checkReference(atomic.load(record + R_THREAD), `the Thread of slot ${slot}`);
    checkReference(atomic.load(record + R_INFLIGHT), `what is in flight to slot ${slot}`);
    checkReference(atomic.load(record + R_TAKEN), `what slot ${slot} has taken`);
    checkReference(atomic.load(record + R_TASK), `the task of slot ${slot}`);
    const unread = atomic.load(record + R_LOG_HEAD) - atomic.load(record + R_LOG_TAIL);
    if (unread !== 0) fault(`${unread} entries of the log of slot ${slot} were not read`);
  }
}

/** Pins of all threads; and of this thread's objects. */
export function checkPins(): void {
  refresh();
  for (let slot = 0; slot < slots(); slot++) checkPinsOf(slot);
  if (ownSlot >= 0) checkOwnPins();
}

function checkPinsOf(slot: number): void {
  const pins = atomic.load(recordOf(slot) + R_PINS) >>> 0;
  if (pins === 0) return;
  for (let segment = 0; segment < segments(); segment++) {
    const block = word(pins + segment * 4) >>> 0;
    if (block === 0) continue;
    if (word(metaOfPage(block >>> 12) + M_SIZE) !== RAW_PAGE || (block + PIN_BLOCK) / 2 ** 24 > segments())
      fault(`the pin block of slot ${slot} for segment ${segment} is ${block}`);
    for (let at = 0; at < SEGMENT_PAGES; at++) {
      const known = bit(block + PIN_KNOWN, at);
      for (let group = 0; group < PIN_BITS; group += 4) {
        let bits = word(block + at * PIN_BITS + group);
        if (bits !== 0 && !known)
          fault(`slot ${slot} has pins in page ${segment * SEGMENT_PAGES + at}, which has no JavaScript object`);
        for (; bits !== 0; bits &= bits - 1) {
          const cell = segment * 2 ** 24 + at * PAGE_SIZE + (group * 8 + 31 - Math.clz32(bits & -bits)) * 16;
          if (roomAt(cell) === 0) fault(`slot ${slot} pins ${cell}, where no cell is in use`);
        }
      }
    }
  }
}

/** Of this thread alone: wrapper in a Page ⟹ pin bit of its cell; known ⟺ token. */
export function checkOwnPins(): void {
  const pins = atomic.load(recordOf(ownSlot) + R_PINS) >>> 0;
  for (const token of tokens.values()) {
    const block = word(pins + (token.index >>> 12) * 4) >>> 0;
    if (block === 0 || !bit(block + PIN_KNOWN, token.index & 4095))
      fault(`page ${token.index} has a token here, and is not known to the kernel`);
    // Only Pages that are strong anyway: to look at a WeakRef would keep its target until the job ends.
    const page = pages[token.index];
    if (page !== undefined) checkWrappers(page, token.index);
  }
  if (pins === 0) return;
  for (let segment = 0; segment < segments(); segment++) {
    const block = word(pins + segment * 4) >>> 0;
    if (block === 0) continue;
    for (let at = 0; at < SEGMENT_PAGES; at++) {
      const page = segment * SEGMENT_PAGES + at;
      if (bit(block + PIN_KNOWN, at) && !tokens.has(page))
        fault(`page ${page} is known to the kernel, and has no token here`);
    }
  }
}

function checkWrappers(page: Page, index: number): void {
  if (page[INDEX] !== index) fault(`the Page of page ${index} says that it is that of ${String(page[INDEX])}`);
  const bits = (page[BITS] as number) * 4;
  const held = (granule: number): boolean =>
    page[granule] !== undefined || (page[SHARDS] as Map<number, unknown> | undefined)?.has(granule) === true;
  for (let granule = 0; granule < PAGE_SIZE / 16; granule++) {
    if (held(granule) && !bit(bits, granule))
      fault(`cell ${index * PAGE_SIZE + granule * 16} has a wrapper and no pin`);
  }
}

function checkReference(value: number, where: string): void {
  if (isReference(value) && roomAt(value >>> 0) === 0)
    fault(`${where} refers to ${value >>> 0}, where no cell is in use`);
}

/** No lock of the heap's own is held, and nobody is inside a guard; while the gate is closed, threads may be about to see that. */
export function checkLocks(moment: Moment = 'quiet'): void {
  if (atomic.load(H_ALLOC_LOCK) !== 0) fault(`the lock of the pages is held: ${atomic.load(H_ALLOC_LOCK)}`);
  if (moment === 'closed') return;
  for (let slot = 0; slot < slots(); slot++) {
    if (atomic.load(recordOf(slot) + R_GUARD) !== 0) fault(`slot ${slot} is inside a guard`);
  }
}

/** All of it. Returns how many cells can be reached. */
export function checkHeap(moment: Moment = 'quiet'): number {
  checkPages();
  checkLocks(moment);
  checkRoots();
  checkPins();
  return checkCells(moment);
}
