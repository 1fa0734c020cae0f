// Cells for new values. A thread owns one page of each size class that it uses and takes cells from it without asking anyone: a page that
// has an owner, or had one during this collection, is not swept.
//
// A new cell is pinned, for its wrapper, or fresh. Only the ownership of its page keeps a fresh cell alive, so it must be stored into a
// live cell before this thread's next allocation. A large cell has no such page: the kernel notes it in R_FRESH until the next one.

import { atomic } from '../memory/atomics.js';
import { PAGE_SHIFT, PAGE_SIZE, R_OWNED } from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { whole } from './cut.js';
import { k } from './kernel.js';
import { BITS, current, type Page, pageAt } from './pages.js';
import { dropOldTexts } from './release.js';
import { collectIfDue, makeRoom, me, roomFound, takePart, waitGate } from './room.js';
import {
  afterCollection,
  collectionEnded,
  heed,
  isAsked,
  isLate,
  isMuchOutside,
  isToLook,
  letGo,
  relieveOutside,
} from './tidy.js';
import { BUSY, NO_MEMORY, SMALL_MAX } from './types.js';

/** Bytes of the cells of each class. */
export const SIZES: readonly number[] = [
  16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 672, 816, 1024, 1360, 2048,
];

/** Class by size in granules of 16 bytes, rounded up. */
const CLASS_OF = new Uint8Array(SMALL_MAX / 16 + 1);
for (let granules = 0, sizeClass = 0; granules < CLASS_OF.length; granules++) {
  while (SIZES[sizeClass]! < granules * 16) sizeClass++;
  CLASS_OF[granules] = sizeClass;
}

const COUNT = SIZES.length;
const WORDS = Int32Array.from(SIZES, (size) => size >>> 2);
/** By class, as word indexes: the next cell to hand out, the end of the run that it lies in, the page. */
const cursor = new Int32Array(COUNT);
const limit = new Int32Array(COUNT);
const base = new Int32Array(COUNT);

/** The Page of the cell that was allocated last. */
const NO_PAGE: Page = [];
export const fresh: { page: Page } = { page: NO_PAGE };

/** The class for a cell of so many bytes, SMALL_MAX at most. */
export const classOf = (bytes: number): number => CLASS_OF[(bytes + 15) >>> 4]!;

/** How large a cell for so many bytes is really. */
export const roomIn = (bytes: number): number =>
  bytes <= SMALL_MAX ? SIZES[classOf(bytes)]! : Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;

/**
 * A pinned cell of a class, all zeros; its Page is `fresh.page`. The caller writes the header last, and puts the wrapper into the Page.
 * @returns its word index.
 * @throws MemoryError when the heap is full.
 */
export function allocatePinned(sizeClass: number): number {
  let cell = cursor[sizeClass]!;
  if (cell === limit[sizeClass]) {
    refill(sizeClass);
    cell = cursor[sizeClass]!;
  }
  cursor[sizeClass] = cell + WORDS[sizeClass]!;
  const page = current[sizeClass]!;
  const granule = (cell & 1023) >> 2;
  V.I32[(page[BITS] as number) + (granule >> 5)]! |= 1 << (granule & 31);
  // A store of the same would cost the write barrier.
  if (fresh.page !== page) fresh.page = page;
  return cell;
}

/**
 * A fresh cell of at least so many bytes, all zeros; the caller writes the header last. If it is large, `header` and `second` are written
 * already.
 * @returns its word index.
 * @throws MemoryError when the heap is full.
 */
export function allocateFresh(bytes: number, header: number, second: number): number {
  if (bytes > SMALL_MAX) return allocateLarge(bytes, header, second);
  const sizeClass = CLASS_OF[(bytes + 15) >>> 4]!;
  let cell = cursor[sizeClass]!;
  if (cell === limit[sizeClass]) {
    refill(sizeClass);
    cell = cursor[sizeClass]!;
  }
  cursor[sizeClass] = cell + WORDS[sizeClass]!;
  return cell;
}

/** As `allocatePinned`, of any size, with its header and second word. The Page is `fresh.page`. */
export function allocatePinnedBytes(bytes: number, header: number, second: number): number {
  if (bytes <= SMALL_MAX) {
    const cell = allocatePinned(classOf(bytes));
    V.I32[cell + 1] = second;
    V.I32[cell] = header;
    return cell;
  }
  const cell = allocateLarge(bytes, header, second);
  fresh.page = pinCell(cell * 4);
  return cell;
}

/**
 * Pins a cell that somebody keeps alive during the call.
 * @returns its Page, which keeps it from then on.
 */
export function pinCell(address: number): Page {
  // Before the pin: one that the Page finds is not its own.
  const page = pageAt(address >>> PAGE_SHIFT);
  while (k.pinCell(address, record) !== 0) waitGate();
  return page;
}

function allocateLarge(bytes: number, header: number, second: number): number {
  if (!(bytes < 2 ** 32)) throw new RangeError(`a cell of ${bytes} bytes is not possible`);
  begin();
  const pages = Math.ceil(bytes / PAGE_SIZE);
  for (;;) {
    const answer = k.allocateLarge(pages, header, second, record, me);
    if (answer === BUSY) waitGate();
    else if (answer === NO_MEMORY) makeRoom(pages);
    else {
      roomFound();
      // All of it: the views may end in the midst, if two threads have made the memory grow at the same time.
      if ((answer >>> 0) + bytes > V.U8.length) refresh();
      return answer >>> 2;
    }
  }
}

function begin(): void {
  whole(() => {
    if (atomic.load(record + R_OWNED) === 0) takePart();
    if (collectionEnded()) catchUp();
    if (isAsked()) heedNow();
    collectIfDue();
  });
}

/** A collection has ended: what this thread had for itself can be swept by the next, and its pins go. */
export function catchUp(): void {
  releasePages();
  afterCollection();
}

/** Between operations, or before something is allocated: lets go of buffers that JavaScript does not hold any more, if it could be many. */
export function tidyOutside(): void {
  if (isMuchOutside()) {
    whole(() => {
      releaseAll();
      relieveOutside();
    });
  } else if (isLate()) whole(letGo);
}

/** As `tidyOutside`, and whatever else a thread does between operations: where it may come often, and allocate nothing. */
export function attend(): void {
  tidyOutside();
  if (isToLook()) whole(lookAfter);
}

function lookAfter(): void {
  if (collectionEnded()) catchUp();
  if (isAsked()) heedNow();
  dropOldTexts();
}

/** Somebody has found no room, and has asked all threads to let go of what they can: this one does. */
export function heedNow(): void {
  releaseAll();
  heed();
}

/** The next run of free cells, in this thread's page or in another. */
const refill = (sizeClass: number): void => whole(() => findRoom(sizeClass));

function findRoom(sizeClass: number): void {
  const size = SIZES[sizeClass]!;
  if (base[sizeClass] !== 0 && findRun(sizeClass, size, (limit[sizeClass]! - base[sizeClass]!) * 4)) return;
  begin();
  for (let old = base[sizeClass]! * 4; ; ) {
    const answer = k.exchangePage(old, sizeClass, size, record, me);
    if (answer === BUSY) {
      waitGate();
      continue;
    }
    // Whatever was said, the old page is given back.
    old = 0;
    base[sizeClass] = 0;
    cursor[sizeClass] = 0;
    limit[sizeClass] = 0;
    if (answer === NO_MEMORY) {
      makeRoom(1);
      continue;
    }
    roomFound();
    base[sizeClass] = answer >>> 2;
    if (answer >>> 2 >= V.I32.length) refresh();
    current[sizeClass] = pageAt(answer >>> PAGE_SHIFT);
    if (findRun(sizeClass, size, 0)) return;
    old = answer;
  }
}

function findRun(sizeClass: number, size: number, from: number): boolean {
  const run = k.nextRun(base[sizeClass]! * 4, size, from);
  if (run < 0) return false;
  cursor[sizeClass] = base[sizeClass]! + (run >>> 18);
  limit[sizeClass] = base[sizeClass]! + ((run & 0xffff) >>> 2);
  return true;
}

/** Gives all pages that this thread allocates from back: it may not come again for long, or a scope begins or ends. */
export const releasePages = (): void => whole(releaseAll);

function releaseAll(): void {
  for (let sizeClass = 0; sizeClass < COUNT; sizeClass++) {
    // Also of a class that has found no new page.
    current[sizeClass] = undefined;
    if (base[sizeClass] === 0) continue;
    while (k.releasePage(base[sizeClass]! * 4, record, me) === BUSY) waitGate();
    base[sizeClass] = 0;
    cursor[sizeClass] = 0;
    limit[sizeClass] = 0;
  }
  fresh.page = NO_PAGE;
}
