// Before a MemoryError is thrown, every thread is asked to let go of the objects that it no longer uses. Only the thread itself can find these,
// since each thread has its own JavaScript collector.
//
//   the thread that asks    raises H_ASKED, wakes all threads, and waits until all that it can reach have heeded
//   a thread that is asked  heeds before it parks, on its event loop, when it allocates, or when it reads an object for the first time
//
// A thread that does none of these computes, or is blocked by something outside of this library. It is waited for once, and then not again
// until it has heeded.

import { heedNow } from '../heap/allocate.js';
import { answer, isAsked } from '../heap/tidy.js';
import { atomic } from '../memory/atomics.js';
import { H_ASKED, H_HEEDED, H_SLOTS, R_HEEDED, R_PINS, R_STATE, R_WAKE } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { rouse } from '../memory/park.js';
import { recordOf } from '../memory/self.js';
import { IDLE, isRunning } from './table.js';

/** Milliseconds to wait for one that may come by, and between looks. */
const PATIENCE = 1_000;
const LOOK = 20;

/** Slots that were waited for in vain, with what their R_HEEDED was. */
const silent = new Map<number, number>();

/** How often it has heeded in the wait that it is in, and how often is enough. */
let times = 0;
const ENOUGH = 3;

/** This thread is about to park, and has done so `looks` times in this wait: it heeds. */
export function heedBeforeParking(looks: number): void {
  if (looks === 0) times = 0;
  if (!isAsked()) return;
  // Nothing of the program's has run here since.
  if (times++ < ENOUGH) heedNow();
  else answer();
}

function heedIfAsked(): void {
  if (isAsked()) heedNow();
}

/** From now on this thread heeds on its event loop, which that does not hold. */
export function heedOnLoop(): void {
  const asked = atomic.load(H_ASKED);
  const waiting = atomic.waitAsync(H_ASKED, asked, Infinity, () => {
    heedOnLoop();
    heedIfAsked();
  });
  waiting.abandon();
}

/** Asks all threads, and waits for them. */
export function askAll(): void {
  const round = atomic.add(H_ASKED, 1) + 1;
  heedIfAsked();
  const asked = others();
  for (const other of asked) {
    rouse(other);
    atomic.notify(recordOf(other) + R_WAKE, Infinity);
  }
  atomic.notify(H_ASKED, Infinity);
  const deadline = atomic.now() + PATIENCE;
  for (;;) {
    const seen = atomic.load(H_HEEDED);
    const late = asked.filter((other) => isToHeed(other, round));
    const left = deadline - atomic.now();
    if (left <= 0) for (const other of late) silent.set(other, heededBy(other));
    if (left <= 0 || late.length === 0) return;
    atomic.wait(H_HEEDED, seen, Math.min(left, LOOK));
    // Two may ask each other.
    heedIfAsked();
  }
}

const heededBy = (other: number): number => atomic.load(recordOf(other) + R_HEEDED);

function isToHeed(other: number, round: number): boolean {
  return (heededBy(other) - round) >> 0 < 0 && silent.get(other) !== heededBy(other) && isThere(other);
}

const isThere = (other: number): boolean => isRunning(other) || atomic.load(recordOf(other) + R_STATE) === IDLE;

/** Slots of other threads that may have pinned something. */
function others(): number[] {
  const slots = Math.max(1, atomic.load(H_SLOTS));
  return Array.from({ length: slots }, (_, at) => at).filter(
    (at) => at !== slot && atomic.load(recordOf(at) + R_PINS) !== 0 && isThere(at),
  );
}
