// What a thread does so that its pins go: between operations, in a blocking loop, on its event loop.
//
// A WeakRef that was made or looked at keeps its target until the job ends, and a thread in a loop never ends its job. So a collection
// that finds this thread in the same job as the one before makes it take a checkpoint in the middle of the job (the platform has one),
// and look for dead Pages itself; and if pins are what keeps much of the heap alive, JavaScript's garbage is collected too.
//
// How much that is the collector says (R_HOLDING): not how many pins there are, but what lives through them. One that was forgotten on an
// old element of a queue keeps all elements that came later. What a collection has counted that began before pins went says nothing, and
// is not acted upon; pins that could not go because of a collection go as soon as it is over, and not after the next.

import { atomic } from '../memory/atomics.js';
import { H_CYCLE, H_GATE, H_LIVE_CELLS, H_SLOTS, R_HOLDING } from '../memory/layout.js';
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
  if (isHeldByPins()) nudge(relief);
  else {
    findDead();
    shatter(true);
  }
  relief.checkpoint();
}

function betweenJobs(): void {
  findDead();
  shatter(false);
  if (!isHeldByPins() || relief === undefined) return;
  // In the turn after: what this one has looked at is kept until it ends.
  turn(() => {
    if (relief !== undefined) nudge(relief);
  });
}

/** Collects JavaScript's garbage, and lets go of what that has found. */
function nudge({ collectGarbage }: Relief): void {
  const began = atomic.now();
  const { all } = pageCounts();
  collectGarbage();
  garbageCollected();
  const found = findDead();
  // What is left is held. If that is not what keeps so much alive the next collection tells, and by then there is a WeakRef for each.
  shatter(true, true);
  const ended = atomic.now();
  restUntil = ended + REST * (ended - began);
  letting = true;
  worthwhile = again || found * 2 > all;
  if (!pinsWait()) haveLetGo();
}

/** Pins that could not go while marking go as soon as the gate is open, and not when the next collection is over. */
function letGo(): void {
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
  shatter(true, true);
  relief?.checkpoint();
  relief?.collectGarbage();
  garbageCollected();
  findDead();
  relief?.checkpoint();
}
