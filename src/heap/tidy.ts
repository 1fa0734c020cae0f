// What a thread does so that its pins go: between operations, in a blocking loop, on its event loop.
//
// A WeakRef that was made or looked at keeps its target until the job ends, and a thread in a loop never ends its job. So a collection
// that finds this thread in the same job as the one before makes it take a checkpoint in the middle of the job (the platform has one),
// and look for dead Pages itself; and if pins are what keeps much of the heap alive, JavaScript's garbage is collected too.
//
// How much that is the collector says (R_HOLDING): not how many pins there are, but what lives through them. One that was forgotten on an
// old element of a queue keeps all elements that came later. What a collection has counted that began before pins went says nothing, and
// is not acted upon; pins that could not go because of a collection go as soon as it is over, and not after the next.
//
// Buffers lie outside (src/heap/buffer.ts): a few small objects of JavaScript's may keep gigabytes, of which its collector sees nothing.
// So their bytes are counted: of those that this thread has met, or has let go of, since its garbage was collected last.

import { atomic } from '../memory/atomics.js';
import { H_CYCLE, H_EXTERNAL, H_GATE, H_LIVE_CELLS, H_SLOTS, R_HOLDING } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import {
  dropDeadNow,
  dropWaiting,
  findDead,
  garbageCollected,
  pageCounts,
  pinsWait,
  shatter,
  shatterPages,
  weaken,
} from './pages.js';
import { requestCollection } from './room.js';
import { S_OPEN } from './types.js';

/** What the platform can do for a thread that stays in one job. */
export interface Relief {
  /** Lets the engine forget which WeakRefs were looked at, in the middle of a job. */
  checkpoint(): void;
  /** Collects this thread's JavaScript garbage. */
  collectGarbage(): void;
}

let relief: Relief | undefined;

export function relieveWith(how: Relief): void {
  relief = how;
}

/** Strong Pages are weakened when there are so many, and they are a quarter of all. */
const STRONG_MAX = 1024;
/** Cells that live through this thread's pins alone, from which on its JavaScript garbage is collected. */
const NUDGE_CELLS = 32_768;
/**
 * Bytes of buffers from which on it is collected, and no less than a part of those that are kept: only a part, for some of these are garbage
 * that the next time finds, and it must not wait longer and longer. Threads share that, but not below a quarter: each would do little else.
 */
export const NUDGE_BYTES = 64 * 1024 * 1024;
const OUTSIDE_PART = 2;
const SHARES = 4;
/** A buffer from so many bytes on is let go of by itself, although its Page is held. */
const LARGE = 64 * 1024;
/** And not again before so many times the time that it took have passed. */
const REST = 3;

let seenCycle = 0;
/** A turn of the event loop was asked for at the last collection and has not come. */
let turning = false;
/** Garbage was collected, and pins of what it has found are still to go. */
let letting = false;
/** What they kept alive is so much that a collection is worth while. */
let worthwhile = false;
/** The last collection that began before those pins went: what it has counted is of no use. */
let countedBefore = -1;
/** The least that this thread's pins have kept alive since then; Infinity = that was not counted yet. */
let settled = 0;
/** What they kept alive when that was decided. */
let nudgedAt = 0;
/** It was of little use, and so is worth a second time, which finds what was shattered in the first; or that was the second time. */
let again = false;
/** Milliseconds, as of `atomic.now`. */
let restUntil = 0;
/** Bytes of buffers that this thread has met, and of those that it kept for all and has let go of, since its garbage was collected. */
let met = 0;
let left = 0;
/** The least bytes of buffers that were kept since then. What is kept now may be what this thread should let go of. */
let settledOutside = 0;
/** The pages where cells of large ones lie. */
const outsidePages = new Set<number>();

/**
 * Whether a collection has ended since the last time that the answer was yes: then this thread gives its pages back, so that they are
 * swept too, and calls `afterCollection`. Between operations: nothing on the stack holds an address of a cell whose wrapper it does not use
 * any more.
 */
export function collectionEnded(): boolean {
  const { strong, all } = pageCounts();
  if (strong > STRONG_MAX && strong * 4 > all) weaken();
  if (V.I32[H_GATE >>> 2] !== S_OPEN) return false;
  if (letting || pinsWait()) letGo();
  if (V.I32[H_CYCLE >>> 2] === seenCycle) return false;
  seenCycle = V.I32[H_CYCLE >>> 2]!;
  return true;
}

/** Lets go of what JavaScript does not hold any more: now if this job has been going on since the collection before, else after it. */
export function afterCollection(): void {
  weaken();
  if (turning) midJob();
  else {
    turning = true;
    turn(() => {
      turning = false;
      betweenJobs();
    });
  }
}

/** A job of its own, which keeps no event loop alive. */
function turn(action: () => void): void {
  const timer = setTimeout(action, 0) as { unref?: () => void };
  timer.unref?.();
}

function midJob(): void {
  if (relief === undefined) return;
  relief.checkpoint();
  const much = isMuchOutside();
  if (isHeldByPins() || much) nudge(relief, much);
  else {
    findDead();
    shatter(true);
  }
  relief.checkpoint();
}

function betweenJobs(): void {
  findDead();
  shatter(false);
  const much = isMuchOutside();
  if ((!isHeldByPins() && !much) || relief === undefined) return;
  // In the turn after: what this one has looked at is kept until it ends.
  turn(() => {
    if (relief !== undefined) nudge(relief, much);
  });
}

/** Collects JavaScript's garbage, and lets go of what that has found. `much`: because of buffers. */
function nudge(how: Relief, much: boolean): void {
  const began = atomic.now();
  const { all } = pageCounts();
  if (much) {
    // A Page may be held for long, and a few cells in it stand for all that memory. What was just looked at is kept until the checkpoint.
    shatterPages(outsidePages);
    how.checkpoint();
    nudgedAt = atomic.load(record + R_HOLDING);
  }
  collectGarbage(how);
  const found = findDead();
  // What is left is held. If that is not what keeps so much alive the next collection tells, and by then there is a WeakRef for each.
  if (!much) shatter(true, true);
  const ended = atomic.now();
  restUntil = ended + REST * (ended - began);
  letting = true;
  worthwhile = much || again || found * 2 > all;
  if (!pinsWait()) haveLetGo();
}

/** Whether pins of what was found to be garbage are still to go, and can. */
export const isLate = (): boolean => letting && V.I32[H_GATE >>> 2] === S_OPEN;

/** Pins that could not go while marking go as soon as the gate is open, and not when the next collection is over. */
export function letGo(): void {
  dropWaiting();
  relief?.checkpoint();
  if (letting && !pinsWait()) haveLetGo();
}

function haveLetGo(): void {
  letting = false;
  countedBefore = atomic.load(H_CYCLE);
  settled = Infinity;
  // What they kept alive has been counted as live: it goes now, and not when as much again was made.
  if (worthwhile) requestCollection();
}

/**
 * Whether this thread's pins keep so much alive that its garbage is worth collecting: twice what was left the last time, and its share of
 * a quarter of the heap. Once more if the last time was of little use.
 */
function isHeldByPins(): boolean {
  if (letting || seenCycle <= countedBefore) return false;
  const kept = atomic.load(record + R_HOLDING);
  if (settled === Infinity) again = !again && kept * 2 > nudgedAt;
  settled = Math.min(settled, kept);
  if (kept <= NUDGE_CELLS || (kept <= 2 * settled && !again) || atomic.now() < restUntil) return false;
  if (kept * 4 * Math.max(1, atomic.load(H_SLOTS)) <= atomic.load(H_LIVE_CELLS)) return false;
  nudgedAt = kept;
  return true;
}

function collectGarbage(how: Relief | undefined): void {
  met = 0;
  left = 0;
  settledOutside = Infinity;
  how?.collectGarbage();
  garbageCollected();
}

/** This thread has made an object for a buffer of so many bytes, whose cell has this word index. */
export function meetOutside(bytes: number, cell: number): void {
  met += bytes;
  if (bytes >= LARGE) outsidePages.add(cell >>> 10);
}

/** Objects for buffers of so many bytes have become garbage of this thread, which kept them for all. */
export function leaveOutside(bytes: number): void {
  left += bytes;
}

/** Whether buffers make this thread's garbage worth collecting. */
export function isMuchOutside(): boolean {
  if (Math.max(met, left) * SHARES <= NUDGE_BYTES) return false;
  settledOutside = Math.min(settledOutside, V.F64[H_EXTERNAL >>> 3]!);
  const shares = Math.min(SHARES, Math.max(1, atomic.load(H_SLOTS)));
  if (Math.max(met, left) * shares <= Math.max(NUDGE_BYTES, settledOutside / OUTSIDE_PART)) return false;
  return relief !== undefined && atomic.now() >= restUntil;
}

/** Collects it, and lets go of pins: between operations, or where a cell is allocated, after this thread has given its pages back. */
export function relieveOutside(): void {
  if (relief === undefined) return;
  weaken();
  nudge(relief, true);
  relief.checkpoint();
}

/** This thread has nothing to do for a while, or the heap is full: lets go of all that JavaScript does not hold any more. */
export function tidyUp(): void {
  weaken();
  relief?.checkpoint();
  collectGarbage(relief);
  findDead();
  // What is tried again later may be tried never: the thread may park now.
  dropDeadNow();
}

/** The heap is full although that was done, and a collection has counted what pins alone hold: single pins go, of Pages of any age. */
export function tidyDeeply(): void {
  shatter(true, true);
  relief?.checkpoint();
  collectGarbage(relief);
  findDead();
  relief?.checkpoint();
}
