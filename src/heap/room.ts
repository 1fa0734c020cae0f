// Room for new pages: waiting at the gate, growing the memory, asking for collections, limits.

import { atomic } from '../memory/atomics.js';
import {
  H_GATE,
  H_GC_DONE,
  H_GC_REQUEST,
  H_GONE_LOCK,
  H_MARK_STACK,
  H_MAX_PAGES,
  H_SEGMENTS,
  H_SINCE,
  H_THRESHOLD,
  H_USED_PAGES,
  HEAP_START,
  PAGE_SHIFT,
  PAGE_SIZE,
  R_LOG,
  R_OWNED,
  R_PINS,
  R_SCRATCH,
  SEGMENT_PAGES,
  SEGMENT_SHIFT,
} from '../memory/layout.js';
import { refresh, reserve, slot, V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { MemoryError } from './errors.js';
import { k } from './kernel.js';
import { BUSY, LOG_SIZE, NO_MEMORY, S_CLOSED } from './types.js';

/** This thread in lock words and page owners. */
export const me = slot + 1;

/** Byte addresses have 32 bits, and typed arrays do not quite reach the end: the last segment is not used. */
const MAX_SEGMENTS = 255;
/** Metadata of a segment, in pages. */
const META_PAGES = 128;
/** Pages after which the first collection begins, and the least between two: 8 MiB. */
export const FIRST_THRESHOLD = 2048;
/** Pages of the mark stack: a million cells. When that is not enough the heap is searched for what was missed. */
export const STACK_PAGES = 1024;
const RESERVED_PAGES = (HEAP_START >>> PAGE_SHIFT) + STACK_PAGES;
/** Milliseconds between looks at a gate that is closed. */
const GATE_PATIENCE = 5;
/** And for what cannot be waited for: the null page's first word never changes. */
const NAP = 0.05;
/** Milliseconds that an allocation waits for a collector that is behind, at most. */
const COLLECTOR_PATIENCE = 2_000;

// The main thread is there before any other.
if (slot === 0 && atomic.load(H_SEGMENTS) === 0) {
  atomic.store(H_THRESHOLD, FIRST_THRESHOLD);
  atomic.store(H_MAX_PAGES, SEGMENT_PAGES * MAX_SEGMENTS);
  k.openHeap();
  atomic.store(H_MARK_STACK, k.rawPages(STACK_PAGES, me));
  atomic.store(H_GONE_LOCK + 4, 1);
}

/** How collections are made: the runtime has a thread for them; by itself a heap has none, and the thread that needs one makes it. */
export interface Collecting {
  /** Asks for a collection and returns at once. */
  request(): void;
  /** Makes one, or waits for it; the heap is full. */
  urgent(): void;
  /** Collects this thread's JavaScript garbage, so that pins can go. */
  nudge(): void;
  /** Has every other thread do so, too, and waits until they have. */
  ask(): void;
  /** As `nudge`, and lets go of pins one by one, which costs more. After both. */
  push(): void;
}

let collecting: Collecting | undefined;

export function collectWith(how: Collecting): void {
  collecting = how;
}

/** Waits because the kernel has answered BUSY: the gate is closed, the log is full, or a lock was held for long. */
export function waitGate(): void {
  if (atomic.load(H_GATE) === S_CLOSED) atomic.wait(H_GATE, S_CLOSED, GATE_PATIENCE);
  else atomic.wait(0, 0, NAP);
}

/** Raw pages of the heap's own; never given back. */
export function allocateRaw(pages: number): number {
  for (;;) {
    const answer = k.allocateRaw(pages, record, me);
    if (answer === BUSY) waitGate();
    else if (answer === NO_MEMORY) makeRoom(pages);
    else {
      refresh();
      return answer >>> 0;
    }
  }
}

/** Gives this thread its tables, once for a slot: the next thread on it finds them there. */
export function takePart(): void {
  if (slot < 0) throw new Error("Heddle's helpers have no shared objects");
  if (atomic.load(record + R_OWNED) === 1) return;
  const pins = allocateRaw(1);
  const log = allocateRaw((LOG_SIZE * 4) / PAGE_SIZE);
  const scratch = allocateRaw(2);
  atomic.store(record + R_LOG, log);
  atomic.store(record + R_SCRATCH, scratch);
  atomic.store(record + R_PINS, pins);
  atomic.store(record + R_OWNED, 1);
}

/** A collection is worth while although none is due. */
export function requestCollection(): void {
  collecting?.request();
}

/** Begins a collection when it is due. Waits if the collector is far behind. */
export function collectIfDue(): void {
  const since = V.I32[H_SINCE >>> 2]!;
  const threshold = V.I32[H_THRESHOLD >>> 2]!;
  if (since < threshold) return;
  collecting?.request();
  if (since < 2 * threshold) return;
  const done = atomic.load(H_GC_DONE);
  for (let waited = 0; waited < COLLECTOR_PATIENCE && atomic.load(H_GC_REQUEST) === 1; waited += GATE_PATIENCE) {
    if (atomic.load(H_GC_DONE) !== done) return;
    atomic.wait(H_GC_REQUEST, 1, GATE_PATIENCE);
  }
}

/** How hard room was looked for since the last time that some was found. */
let effort = 0;

/**
 * The kernel has answered NO_MEMORY: makes room for so many pages, or throws. Callers try again after it. They hold no address of a cell
 * that only a JavaScript object keeps alive which is not used any more.
 * @throws MemoryError when the heap is full.
 */
export function makeRoom(pages: number): void {
  const used = atomic.load(H_USED_PAGES);
  if (used + pages <= atomic.load(H_MAX_PAGES) && grow(pages)) {
    effort = 0;
    return;
  }
  effort++;
  if (effort > 3 || collecting === undefined) {
    effort = 0;
    const limit = (atomic.load(H_MAX_PAGES) - RESERVED_PAGES) * PAGE_SIZE;
    throw new MemoryError(
      `the shared heap is full: ${(used - RESERVED_PAGES) * PAGE_SIZE} of ${limit} bytes are in use, and ${pages * PAGE_SIZE} more are needed; ` +
        'let go of shared objects, or allow more by configureHeap({ maxHeap })',
    );
  }
  if (effort > 1) collecting.nudge();
  if (effort > 2) collecting.push();
  // Any thread may keep what nobody needs: none is told that there is no room before all were asked.
  if (effort > 1) collecting.ask();
  collecting.urgent();
}

/** Room was found. */
export function roomFound(): void {
  effort = 0;
}

/** Adds segments for so many pages; false = there is no more memory to be had. */
function grow(pages: number): boolean {
  const before = atomic.load(H_SEGMENTS);
  const count = Math.ceil((pages + META_PAGES) / (SEGMENT_PAGES - META_PAGES));
  if (before + count > MAX_SEGMENTS) return false;
  try {
    reserve((before + count) * 2 ** SEGMENT_SHIFT);
  } catch {
    return false;
  }
  while (k.addSegments(before, count, record, me) === BUSY) waitGate();
  return true;
}

/**
 * Sets the limit of the shared heap, in bytes.
 * @throws RangeError when that is not possible.
 */
export function setLimit(bytes: number): void {
  const pages = Math.floor(bytes / PAGE_SIZE) + RESERVED_PAGES;
  const used = atomic.load(H_USED_PAGES);
  if (used > pages) {
    throw new RangeError(
      `maxHeap ${bytes} is less than the ${(used - RESERVED_PAGES) * PAGE_SIZE} bytes that are in use already`,
    );
  }
  atomic.store(H_MAX_PAGES, Math.min(pages, SEGMENT_PAGES * MAX_SEGMENTS));
}

/** Bytes in pages that hold something. */
export function usedBytes(): number {
  return heapBytes(atomic.load(H_USED_PAGES));
}

/** So many pages without those that are there from the beginning. */
export const heapBytes = (pages: number): number => (pages - RESERVED_PAGES) * PAGE_SIZE;

/** Bytes of buffers outside the memory count for when to collect as pages do. */
export function addExternal(bytes: number): void {
  atomic.add(H_SINCE, Math.ceil(bytes / PAGE_SIZE));
}
