// One collection: marking beside the program, then a short time with the gate closed. Any thread can be the collector, one at a time: it
// holds H_GC_LOCK. The steps are functions of their own, so that tests can put other threads' steps between them.
//
//   begin       H_CYCLE + 1; the mark stack is empty before the gate says MARKING: from then on logs fill
//   handshake   every thread is outside its guards once: from now on each touch is logged, and pins are kept
//   mark        roots, then each thread's pins; logs in between
//   close       the gate says CLOSED; handshake: nobody is inside a guard, and nobody enters
//   finish      the last entries of the logs
//   sweep       allocated := marked
//   open

import { atomic } from '../memory/atomics.js';
import {
  H_CYCLE,
  H_FROM_ROOTS,
  H_GATE,
  H_GC_DONE,
  H_GC_LOCK,
  H_GC_REQUEST,
  H_LIVE_BYTES,
  H_LIVE_CELLS,
  H_MARK_STACK,
  H_MARKING,
  H_PAUSE,
  H_SEGMENTS,
  H_SINCE,
  H_SLOTS,
  H_TAKEN,
  H_THRESHOLD,
  PAGE_SIZE,
  R_GUARD,
  R_HOLDING,
  R_HOLDING_SIZE,
  R_PINS,
} from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { k } from './kernel.js';
import { FIRST_THRESHOLD, STACK_PAGES } from './room.js';
import { GC_COLLECTOR, S_CLOSED, S_MARKING, S_OPEN } from './types.js';

/** Children traced between two looks at the logs. */
const BUDGET = 4_000;
/** Looks at a guard before the collector naps, and how long in milliseconds. */
const SPINS = 300;
const NAP = 0.05;
/** Part of the live pages that may be taken before the next collection begins. */
const GROWTH = 0.7;
/** Of its share of the pins, a part that makes a thread responsible for all that they keep. */
const PART = 4;
/** Where cells have more bytes than this, on average, a collection is little work for what it frees: the least between two is this. */
const LARGE_CELLS = 512;
const LARGE_THRESHOLD = FIRST_THRESHOLD / 2;
const LOCK_PATIENCE = 50;

/** What one collection was. Milliseconds. */
export interface Collection {
  readonly marking: number;
  readonly closed: number;
}

/** Takes the collector's lock; false = somebody else collects, and `wait` is not wanted. */
export function lockCollector(owner: number, wait: boolean): boolean {
  for (;;) {
    const holder = atomic.compareExchange(H_GC_LOCK, 0, owner);
    if (holder === 0) return true;
    if (!wait) return false;
    atomic.wait(H_GC_LOCK, holder, LOCK_PATIENCE);
  }
}

export function unlockCollector(): void {
  atomic.store(H_GC_LOCK, 0);
  atomic.notify(H_GC_LOCK, Infinity);
}

/** Collects as the thread with this number, slot + 1 or GC_COLLECTOR. Waits if another thread does at the moment. */
export function collectNow(owner: number = GC_COLLECTOR): Collection {
  lockCollector(owner, true);
  try {
    return collectLocked();
  } finally {
    unlockCollector();
  }
}

/** Looks at the heap at the end of every collection, while the gate is closed: src/heap/check.ts. */
let inspect: (() => void) | undefined;

export function inspectWith(look: () => void): void {
  inspect = look;
}

/** A whole collection; the lock is held. */
export function collectLocked(): Collection {
  const started = atomic.now();
  steps.begin();
  steps.handshake();
  steps.mark();
  const closing = atomic.now();
  steps.close();
  steps.handshake();
  steps.finish();
  steps.sweep();
  try {
    inspect?.();
  } finally {
    steps.open();
  }
  const opened = atomic.now();
  const collection = { marking: closing - started, closed: opened - closing };
  V.F64[H_PAUSE >>> 3] = collection.closed;
  V.F64[H_MARKING >>> 3] = collection.marking;
  setThreshold();
  atomic.add(H_GC_DONE, 1);
  atomic.notify(H_GC_DONE, Infinity);
  atomic.store(H_GC_REQUEST, 0);
  atomic.notify(H_GC_REQUEST, Infinity);
  return collection;
}

export const steps = {
  begin(): void {
    refresh();
    k.beginMarking(atomic.load(H_MARK_STACK), STACK_PAGES * PAGE_SIZE);
    atomic.add(H_TAKEN, atomic.exchange(H_SINCE, 0));
    atomic.add(H_CYCLE, 1);
    atomic.store(H_GATE, S_MARKING);
  },

  /** Waits until each thread has been outside its guards. One that is blocked or computes is outside. */
  handshake(): void {
    const slots = Math.max(1, atomic.load(H_SLOTS));
    for (let slot = 0; slot < slots; slot++) {
      const guard = recordOf(slot) + R_GUARD;
      for (let looks = 0; atomic.load(guard) !== 0; looks++) {
        if (looks < SPINS) continue;
        // One that waits inside for room in its log needs us.
        k.drainLogs();
        atomic.wait(guard, 1, NAP);
      }
    }
  },

  mark(): void {
    steps.markRoots();
    const counts = steps.countPins();
    const before = k.markedSize();
    for (const slot of taking()) steps.markPins(slot);
    tellSizes(counts, k.markedSize() - before);
    steps.drain();
  },

  /** All that needs no thread's JavaScript. Fresh cells are looked at before anything is traced. */
  markRoots(): void {
    k.markRoots();
    traceAll();
    atomic.store(H_FROM_ROOTS, k.markedCells());
  },

  /** Tells each Page how many of its pins keep something alive that no root does; how many that are, by slot. */
  countPins(): Map<number, number> {
    const segments = atomic.load(H_SEGMENTS);
    const counts = new Map<number, number>();
    for (const slot of taking()) {
      let count = 0;
      for (let segment = 0; segment < segments; segment++) count += k.countPins(recordOf(slot), segment);
      counts.set(slot, count);
    }
    return counts;
  },

  /** Tells the thread how much lives through its pins alone, or through those and the ones of threads after it. */
  markPins(slot: number): void {
    const segments = atomic.load(H_SEGMENTS);
    const before = k.markedCells();
    const size = k.markedSize();
    for (let segment = 0; segment < segments; segment++) if (k.markPins(recordOf(slot), segment) > 0) traceAll();
    atomic.store(recordOf(slot) + R_HOLDING, k.markedCells() - before);
    atomic.store(recordOf(slot) + R_HOLDING_SIZE, k.markedSize() - size);
  },

  /** What comes in now is little; the rest is for the closed time. */
  drain(): void {
    for (let round = 0; round < 4 && k.drainLogs() > 0; round++) traceAll();
  },

  close(): void {
    atomic.store(H_GATE, S_CLOSED);
  },

  finish(): void {
    do while (k.trace(BUDGET) !== 0);
    while (k.drainLogs() > 0);
  },

  sweep(): void {
    k.sweep(atomic.load(H_CYCLE));
  },

  open(): void {
    atomic.store(H_GATE, S_OPEN);
    atomic.notify(H_GATE, Infinity);
  },
};

/**
 * What several threads keep is counted for the first of them, but goes when all let go: so each that has its part of the pins is told the
 * size of all that lives through pins alone.
 */
function tellSizes(counts: ReadonlyMap<number, number>, all: number): void {
  const pins = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const [slot, count] of counts) {
    if (count > 0 && count * PART * counts.size >= pins) atomic.store(recordOf(slot) + R_HOLDING_SIZE, all);
  }
}

/** Slots whose threads have, or had, shared objects. */
function taking(): number[] {
  const slots = Math.max(1, atomic.load(H_SLOTS));
  return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => atomic.load(recordOf(slot) + R_PINS) !== 0);
}

function traceAll(): void {
  while (k.trace(BUDGET) !== 0) k.drainLogs();
}

function setThreshold(): void {
  const bytes = V.F64[H_LIVE_BYTES >>> 3]!;
  const least = bytes > LARGE_CELLS * atomic.load(H_LIVE_CELLS) ? LARGE_THRESHOLD : FIRST_THRESHOLD;
  atomic.store(H_THRESHOLD, Math.max(least, Math.floor((bytes / PAGE_SIZE) * GROWTH)));
}

/** A thread has died, perhaps inside the kernel: from now on nobody waits for it. */
export function releaseDead(slot: number): void {
  k.releaseDead(recordOf(slot), slot + 1);
}

/** A dead thread's pages go back, and its pins are forgotten. The caller holds the collector's lock, with the gate open. */
export function buryThread(slot: number): void {
  k.buryThread(recordOf(slot), slot + 1, GC_COLLECTOR);
}
