// What a thread does so that its pins go: between operations, in a blocking loop, on its event loop.
//
// A WeakRef that was made or looked at keeps its target until the job ends, and a thread in a loop never ends its job. So a collection
// that finds this thread in the same job as the one before makes it take a checkpoint in the middle of the job (the platform has one),
// and look for dead Pages itself; and if pins are what keeps most of the heap alive, JavaScript's garbage is collected too.

import { atomic } from '../memory/atomics.js';
import { H_CYCLE, H_GATE, H_LIVE_CELLS, R_PINNED_ONLY } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { dropDeadNow, findDead, garbageCollected, pageCounts, shatter, weaken } from './pages.js';
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
/** Cells that only this thread's pins keep alive, from which on its JavaScript garbage is collected. */
const NUDGE_CELLS = 65_536;

let seenCycle = 0;
/** A turn of the event loop was asked for at the last collection and has not come. */
let turning = false;
/** Cells that were pinned only after garbage was collected last. */
let nudgedAt = 0;

/**
 * Whether a collection has ended since the last time that the answer was yes: then this thread gives its pages back, so that they are
 * swept too, and calls `afterCollection`. Between operations: nothing on the stack holds an address of a cell whose wrapper it does not use
 * any more.
 */
export function collectionEnded(): boolean {
  const { strong, all } = pageCounts();
  if (strong > STRONG_MAX && strong * 4 > all) weaken();
  if (V.I32[H_CYCLE >>> 2] === seenCycle || V.I32[H_GATE >>> 2] !== S_OPEN) return false;
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
  if (isHeldByPins()) nudge(relief);
  else findDead();
  shatter(true);
  relief.checkpoint();
}

/** Collects JavaScript's garbage, and lets go of what that has found. */
function nudge({ collectGarbage }: Relief): void {
  const before = pageCounts().all;
  collectGarbage();
  garbageCollected();
  const found = findDead();
  // What is left, if its cells are as many to a page as those that went.
  nudgedAt = (pinnedOnly() * (before - found)) / Math.max(1, before);
  // What they kept alive has been counted as live: it goes now, and not when as much again was made.
  if (found * 2 > before) requestCollection();
}

function betweenJobs(): void {
  shatter(false);
  if (!isHeldByPins() || relief === undefined) return;
  // In the turn after: what this one has looked at is kept until it ends.
  turn(() => {
    if (relief !== undefined) nudge(relief);
  });
}

const pinnedOnly = (): number => atomic.load(record + R_PINNED_ONLY);

/** Whether this thread's pins keep so much alive that its garbage is worth collecting: twice what was left the last time. */
function isHeldByPins(): boolean {
  const pinned = pinnedOnly();
  return pinned > NUDGE_CELLS && pinned * 4 > atomic.load(H_LIVE_CELLS) && pinned > 2 * nudgedAt;
}

/** This thread has nothing to do for a while, or the heap is full: lets go of all that JavaScript does not hold any more. */
export function tidyUp(): void {
  weaken();
  relief?.checkpoint();
  relief?.collectGarbage();
  garbageCollected();
  findDead();
  // What is tried again later may be tried never: the thread may park now.
  dropDeadNow();
}

/** The heap is full although that was done, and a collection has counted what pins alone hold: single pins go, of Pages of any age. */
export function tidyDeeply(): void {
  shatter(true, 0);
  relief?.checkpoint();
  relief?.collectGarbage();
  shatter(true);
  relief?.checkpoint();
}
