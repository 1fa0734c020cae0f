// How a thread gets rid of pins that it no longer needs: between operations, in a blocking loop, on its event loop.
//
// A WeakRef that was made or looked at keeps its target until the job ends, and a thread in a loop never ends its job. So a collection
// that finds this thread in the same job as the one before makes it take a checkpoint in the middle of the job (the platform has one),
// and look for dead Pages itself; and if pins are what keeps much of the heap alive, JavaScript's garbage is collected too.
//
// The collector says how much that is (R_HOLDING). It does not count pins, but what lives through them: a forgotten pin on an old element of a
// queue keeps all later elements. If a collection began before pins went, its count is out of date and is ignored. Pins that could not go
// because of a collection go as soon as it is over, not after the next one.
//
// Buffers lie outside (src/heap/buffer.ts). A few small JavaScript objects may keep gigabytes that JavaScript's collector does not see. So their
// bytes are counted: those that this thread has met, or has let go of, since its last garbage collection.

import { atomic } from '../memory/atomics.js';
import {
  H_ASKED,
  H_CYCLE,
  H_EXTERNAL,
  H_GATE,
  H_HEEDED,
  H_LIVE_BYTES,
  H_LIVE_CELLS,
  H_SINCE,
  H_SLOTS,
  H_TAKEN,
  PAGE_SIZE,
  R_HEEDED,
  R_HOLDING,
  R_HOLDING_SIZE,
} from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { wordsInUse } from '../memory/park.js';
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
  spare,
  weaken,
} from './pages.js';
import { dropReleased, dropTexts, hasOldTexts, releasesWait } from './release.js';
import { requestCollection, waitGate } from './room.js';
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
/** KiB of those cells, the same: a few large ones are few. */
const NUDGE_SIZE = 2 * 1024;
/** KiB that do not wait for the end of the job. */
const URGENT_SIZE = 4 * 1024;
/** Bytes of a cell, on average, from which on single wrappers are looked at before JavaScript's garbage is collected, and not after it. */
const LARGE_CELLS = 512;
/** What pins are found to keep first, after garbage was collected, is at least so much of what is held. */
const NEWS_PART = 0.75;
/**
 * Bytes of buffers from which on it is collected, and no less than a part of those that are kept: only a part, for some of these are garbage
 * that the next time finds, and it must not wait longer and longer. Threads share that, but not below a quarter: each would do little else.
 */
export const NUDGE_BYTES = 64 * 1024 * 1024;
const OUTSIDE_PART = 2;
const SHARES = 4;
/** A buffer from so many bytes on is let go of by itself, although its Page is held. */
const LARGE = 64 * 1024;
/** And not again before so many times the time that it took have passed; less where what pins alone keep has grown by so many KiB. */
const REST = 3;
const RESTS: readonly (readonly [size: number, rest: number])[] = [
  [16 * 1024, 0.5],
  [4 * 1024, 1],
];

/** What lives through this thread's pins alone, as the collector counts it: in a word of the thread's record. */
class Gauge {
  readonly #word: number;
  readonly #least: number;
  readonly #all: () => number;
  readonly #news: () => number;
  /** The least that it was since JavaScript's garbage was collected last; Infinity = that was not counted yet. */
  #settled = 0;
  /** What it was when that was decided. */
  #nudgedAt = 0;
  /** It was of little use, and so is worth a second time, which finds what was shattered in the first; or that was the second time. */
  again = false;

  /** `all` is what the whole heap has of it; `news` is what may have come since garbage was collected, and be garbage again: a quarter at most. */
  constructor(word: number, least: number, all: () => number, news: () => number) {
    this.#word = word;
    this.#least = least;
    this.#all = all;
    this.#news = news;
  }

  get kept(): number {
    return atomic.load(record + this.#word);
  }

  /** What has come since then. */
  get grown(): number {
    return this.kept - this.#settled;
  }

  /** Whether it is so much that the garbage is worth collecting: twice what was left the last time, and its share of a quarter of the heap. */
  isMuch(): boolean {
    const { kept } = this;
    if (this.#settled === Infinity) this.again = !this.again && kept * 2 > this.#nudgedAt;
    this.#settled = Math.min(this.#settled, Math.max(kept - this.#news(), NEWS_PART * kept));
    if (kept <= this.#least || (kept <= 2 * this.#settled && !this.again)) return false;
    return kept * 4 * Math.max(1, atomic.load(H_SLOTS)) > this.#all();
  }

  /** It is about to be collected. */
  note(): void {
    this.#nudgedAt = this.kept;
  }

  /** Pins of what was found have gone. */
  restart(): void {
    this.#settled = Infinity;
  }
}

const cells = new Gauge(
  R_HOLDING,
  NUDGE_CELLS,
  () => atomic.load(H_LIVE_CELLS),
  () => 0,
);
const sizes = new Gauge(
  R_HOLDING_SIZE,
  NUDGE_SIZE,
  () => V.F64[H_LIVE_BYTES >>> 3]! / 1024,
  () => ((atomic.load(H_TAKEN) - takenBefore) * PAGE_SIZE) / 1024,
);
const gauges = [cells, sizes];

let seenCycle = 0;
/** How often all threads had been asked to let go when this one has done so last. */
let heeded = atomic.load(H_ASKED);
/** A turn of the event loop was asked for at the last collection and has not come. */
let turning = false;
/** Garbage was collected, and pins of what it has found are still to go. */
let letting = false;
/** What they kept alive is so much that a collection is worth while. */
let worthwhile = false;
/** The last collection that began before those pins went: what it has counted is of no use. */
let countedBefore = -1;
/** And how many pages had been taken by then. */
let takenBefore = 0;
/** When that was last, and how long it took. Milliseconds, as of `atomic.now`. */
let nudgeEnded = 0;
let nudgeTook = 0;
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
  if (letting || pinsWait() || releasesWait()) letGo();
  if (V.I32[H_CYCLE >>> 2] === seenCycle) return false;
  seenCycle = V.I32[H_CYCLE >>> 2]!;
  return true;
}

/** Whether this thread has something to look after: a collection has ended, or began; somebody asks; it keeps texts that are old. */
export const isToLook = (): boolean => V.I32[H_CYCLE >>> 2] !== seenCycle || isAsked() || hasOldTexts();

/**
 * Lets go of what JavaScript does not hold any more: now if this job has been going on since the collection before, or if it may be so much
 * that the heap fills meanwhile; else after the job.
 */
export function afterCollection(): void {
  weaken();
  if (turning || sizes.grown > URGENT_SIZE) midJob();
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
  }
  // One wrapper that is held keeps its whole page, and so the few that keep much go by themselves.
  const large = sizes.kept * 1024 > LARGE_CELLS * cells.kept;
  if (large) {
    shatter(true, true);
    how.checkpoint();
  }
  for (const gauge of gauges) gauge.note();
  collectGarbage(how);
  const found = findDead();
  // What is left is held. If that is not what keeps so much alive the next collection tells, and by then there is a WeakRef for each.
  if (!much && !large) shatter(true, true);
  const ended = atomic.now();
  nudgeEnded = ended;
  nudgeTook = ended - began;
  letting = true;
  worthwhile = much || large || gauges.some(({ again }) => again) || found * 2 > all;
  if (!pinsWait()) haveLetGo();
}

/** Whether pins of what was found to be garbage are still to go, and can. */
export const isLate = (): boolean => letting && V.I32[H_GATE >>> 2] === S_OPEN;

/** Pins that could not go while marking go as soon as the gate is open, and not when the next collection is over. */
export function letGo(): void {
  dropWaiting();
  dropReleased();
  relief?.checkpoint();
  if (letting && !pinsWait()) haveLetGo();
}

function haveLetGo(): void {
  letting = false;
  countedBefore = atomic.load(H_CYCLE);
  takenBefore = atomic.load(H_TAKEN) + atomic.load(H_SINCE);
  for (const gauge of gauges) gauge.restart();
  // What they kept alive has been counted as live: it goes now, and not when as much again was made.
  if (worthwhile) requestCollection();
}

/** Whether this thread's pins keep so much alive that its garbage is worth collecting; once more if the last time was of little use. */
function isHeldByPins(): boolean {
  if (letting || seenCycle <= countedBefore) return false;
  // Each looks, also if another has said yes: it notes what was left.
  const much = gauges.map((gauge) => gauge.isMuch());
  return much.includes(true) && hasRested();
}

/** Whether this thread has done enough else since its garbage was collected. */
function hasRested(): boolean {
  const { grown } = sizes;
  const [, rest] = RESTS.find(([size]) => grown > size) ?? [0, REST];
  return atomic.now() >= nudgeEnded + rest * nudgeTook;
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
  return relief !== undefined && hasRested();
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

/** Looks whether pins can go, of who has been asked to let go of all that it can. */
const HEED_LOOKS = 20_000;

/** Whether somebody has found no room since this thread has let go of all that it could. */
export const isAsked = (): boolean => V.I32[H_ASKED >>> 2] !== heeded;

/** Lets go of all that it can, and says so. After it has given its pages back. */
export function heed(): void {
  const asked = atomic.load(H_ASKED);
  if (relief !== undefined) {
    spare(wordsInUse());
    weaken();
    shatter(true, true);
    tidyUp();
    dropTexts();
    // What is tried again later may be tried never: the thread may park now.
    for (let looks = 0; (pinsWait() || releasesWait()) && looks < HEED_LOOKS; looks++) {
      waitGate();
      dropWaiting();
      dropReleased();
    }
    relief.checkpoint();
    spare([]);
  }
  answer(asked);
}

/** Says that this thread has heeded, or has nothing more to let go of. */
export function answer(asked = atomic.load(H_ASKED)): void {
  heeded = asked;
  atomic.store(record + R_HEEDED, heeded);
  atomic.add(H_HEEDED, 1);
  atomic.notify(H_HEEDED, Infinity);
}
