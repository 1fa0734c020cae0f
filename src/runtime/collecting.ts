// Who collects: a worker of its own that does nothing else, made when the first collection is due. In the main thread of a program that
// has no threads yet, a small heap is collected on the spot.

import { catchUp, releasePages } from '../heap/allocate.js';
import { ownBuffers } from '../heap/buffer.js';
import { checkHeap } from '../heap/check.js';
import { buryThread, collectNow, inspectWith, lockCollector, releaseDead, unlockCollector } from '../heap/collector.js';
import { locksPinnedBy } from '../heap/pins.js';
import { type Collecting, me } from '../heap/room.js';
import { collectionEnded, leaveOutside, type Relief, tidyDeeply, tidyUp } from '../heap/tidy.js';
import { GC_COLLECTOR } from '../heap/types.js';
import { atomic } from '../memory/atomics.js';
import { H_COLLECTOR, H_GC_DONE, H_GC_REQUEST, H_LIVE_CELLS, H_SLOTS } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { checkpoint } from '../platform/checkpoint.js';
import { collectGarbage } from '../platform/garbage.js';
import { heapIsChecked } from '../platform/process.js';
import { wakeLock } from '../sync/lock.js';
import { mask, unmask } from '../sync/safepoint.js';
import { askAll } from './asking.js';
import { OVER, phase } from './shutdown.js';
import { ask } from './supervisor.js';

/** Up to so many live cells a collection takes a few milliseconds: less than a worker for it. */
const SMALL = 100_000;
/** Milliseconds between looks at whether a collection is done, and in all. */
const LOOK = 20;
const PATIENCE = 60_000;

/** With HEDDLE_CHECK=1 every collection that this thread makes checks the heap. */
export function checkCollections(): void {
  if (heapIsChecked) inspectWith(() => void checkHeap('closed'));
}

/** How this thread's heap gets its collections. */
export const collecting: Collecting = {
  request,
  urgent: collectAndWait,
  // The page that is being filled, too: what was let go of in it may be what holds everything else.
  nudge() {
    releasePages();
    tidyUp();
  },
  push: tidyDeeply,
  ask: askAll,
};

/** How this thread's pins go in long jobs. */
export const relief: Relief = { checkpoint, collectGarbage: collectUnlessOver };

/** A thread that waits on its event loop, and so comes to no allocation, lets go after collections as well. */
export function catchUpOnLoop(): void {
  watchCollections(() => {
    if (collectionEnded()) catchUp();
  });
}

/** A worker that the end of the process cuts short while it gets at the engine's collector says so on standard error. */
export function collectUnlessOver(): void {
  if (slot === 0 || phase() !== OVER) collectGarbage();
}

/**
 * Calls `action` in this thread's event loop after collections; several may have ended since it was called last. Keeps no thread alive.
 * @returns a function that ends it.
 */
export function watchCollections(action: () => void): () => void {
  let over = false;
  const watch = (): void => {
    const done = atomic.load(H_GC_DONE);
    const waiting = atomic.waitAsync(H_GC_DONE, done, Infinity, () => {
      if (over) return;
      watch();
      if (atomic.load(H_GC_DONE) !== done) action();
    });
    // Given up at once, so that it does not hold the event loop: it still tells when it is woken.
    waiting.abandon();
  };
  watch();
  return () => {
    over = true;
  };
}

function request(): void {
  if (isAlone() && atomic.load(H_LIVE_CELLS) < SMALL) collectHere();
  else summon();
}

/** Whether no other thread was ever started. */
const isAlone = (): boolean => slot === 0 && atomic.load(H_SLOTS) <= 1 && atomic.load(H_COLLECTOR) === 0;

function collectHere(): void {
  mask();
  try {
    collectNow(me);
    leaveOutside(ownBuffers.sweep());
  } finally {
    unmask();
  }
}

/** Calls inside each other that making a worker may take. */
const DEEP = 400;

/** Whether there is room on the stack for what makes a worker. */
function hasStack(): boolean {
  const descend = (left: number): number => (left === 0 ? 0 : 1 + descend(left - 1));
  try {
    return descend(DEEP) === DEEP;
  } catch {
    return false;
  }
}

/** Wakes the collector; the first time it is made. */
function summon(): void {
  // At the end of the stack half a worker would be made, and all would wait for it. The next allocation asks again.
  if (atomic.load(H_COLLECTOR) === 0 && !hasStack()) return;
  if (atomic.compareExchange(H_GC_REQUEST, 0, 1) === 0) atomic.notify(H_GC_REQUEST, Infinity);
  if (atomic.compareExchange(H_COLLECTOR, 0, 1) === 0) ask({ type: 'collector' });
}

/** Runs a collection that begins after the call, and returns when it is done. */
export function collectAndWait(): void {
  if (slot === 0) {
    // The main thread ends with the process only: it can be the collector.
    collectHere();
    return;
  }
  const done = atomic.load(H_GC_DONE);
  // One that is under way began before: it does not count.
  for (let waited = 0; waited < PATIENCE && atomic.load(H_GC_DONE) - done < 2; waited += LOOK) {
    summon();
    atomic.wait(H_GC_REQUEST, 1, LOOK);
    if (atomic.load(H_GC_DONE) - done === 1 && atomic.load(H_GC_REQUEST) === 0) break;
  }
}

/** The collector's worker: for ever. `tell` is called after each collection. */
export function collectForever(tell: () => void): void {
  for (;;) {
    atomic.wait(H_GC_REQUEST, 0, Infinity);
    if (atomic.load(H_GC_REQUEST) === 0) continue;
    collectNow(GC_COLLECTOR);
    tell();
  }
}

/** Milliseconds until a burial that a collection was in the way of is tried again. */
const BURIAL_RETRY = 5;

/**
 * A thread has died: opens what it held inside the heap, wakes the threads that wait for locks which it may have been about to hand on, and lets go of
 * what it kept alive. Then, perhaps later, `done`.
 */
export function buryInHeap(dead: number, violent: boolean, done: () => void): void {
  if (violent) releaseDead(dead);
  const bury = (): void => {
    if (!lockCollector(GC_COLLECTOR, false)) {
      setTimeout(bury, BURIAL_RETRY);
      return;
    }
    try {
      for (const lock of locksPinnedBy(dead)) wakeLock(lock);
      buryThread(dead);
    } finally {
      unlockCollector();
    }
    done();
  };
  bury();
}
