// The thread table: one record for each slot, in shared memory, so that every thread can read it without anyone's help. A slot is a
// worker, and the thread that runs on it. No locks: a thread can be killed at any moment, and every change below is one
// compare-exchange or a store by the only one who may make it.
//
//   R_STATE
//     FREE      no worker                                         → CLAIMED   by the thread that wants one (compare-exchange)
//     CLAIMED   somebody prepares it; R_CLAIMER says who          → SPAWNING  claimer, there is no worker yet
//                                                                 → RUNNING   claimer, there is one (compare-exchange: it may have exited)
//                                                                 → IDLE/FREE claimer gives up, or died
//     SPAWNING  the supervisor was asked for a worker             → RUNNING   supervisor, the worker exists and finds its job
//                                                                 → CLAIMED   supervisor, the worker exists and its job comes (R_WAKE is 0)
//                                                                 → FAILED    supervisor, it cannot be made
//     FAILED    the claimer is about to see it                    → FREE      claimer
//     BOOTING   a worker boots ahead, with no job                 → IDLE      the worker
//     RUNNING   a thread runs                                     → LEFTOVER  the worker, when the thread has ended
//     LEFTOVER  microtasks, timers, handles of the thread remain      → IDLE      the worker, when its event loop has run dry
//     IDLE      parked, can be claimed                            → CLAIMED   compare-exchange by a starter
//                                                                 → RETIRING  compare-exchange by the supervisor
//     RETIRING  the supervisor ends the worker
//     any       the worker has exited                             → FREE      supervisor, after it has let go of what the worker held
//
//   R_WAKE      how many jobs the worker was given; it parks on this word. Written by the claimer.
//   R_ATTENTION see src/sync/safepoint.ts
//   R_CLAIMER   serial of the worker that claimed the slot, and starts the thread
//   R_STACK     bytes of stack the worker was asked for; 0 = default. Written by the claimer of a FREE slot.
//   R_WORKER    the worker's serial number. Written by the claimer of a FREE slot.
//   R_ENDED     how many threads, and leftovers of threads, have ended on the slot (src/sync/owner.ts). Written by the worker or supervisor.
//   R_WAITS     the word that the thread is parked on, 0 = none (src/memory/park.ts)
//   R_THREAD    a cell: the Thread object that runs, 0 = a thread of the low-level module. A root. Written by the claimer, and
//               cleared by the one who counts the end (src/sync/owner.ts)
//   R_KEEPS     1 = the process does not end before the thread does. Written by the claimer.
//   R_DEATHS    see src/sync/owner.ts;  R_NAME  src/sync/names.ts;  R_WAIT_…  src/sync/patience.ts
//   R_INFLIGHT  the job (src/heap/inflight.ts)
//   R_LABEL     UTF-8 of the function that the thread runs, for reports. Written by the claimer.

import { atomic } from '../memory/atomics.js';
import { H_SLOTS, H_WORKERS, MAX_THREADS, R_CLAIMER, R_STACK, R_STATE, R_WAKE, R_WORKER } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record, recordOf } from '../memory/self.js';
import { labelOf } from '../sync/names.js';

export const FREE = 0;
export const CLAIMED = 1;
export const SPAWNING = 2;
export const FAILED = 3;
export const BOOTING = 4;
export const RUNNING = 5;
export const LEFTOVER = 6;
export const IDLE = 7;
export const RETIRING = 8;

export const STATE_NAMES = [
  'free',
  'claimed',
  'spawning',
  'failed',
  'booting',
  'running',
  'leftover',
  'idle',
  'retiring',
] as const;

/** Serial of this thread's worker; 0 is the main thread, -1 a helper of Heddle's. */
export const serial = slot > 0 ? atomic.load(record + R_WORKER) : slot;

/** Serial of a slot's worker. */
export const serialOf = (slot: number): number => atomic.load(recordOf(slot) + R_WORKER);

/** Whether a thread, or what it has left on its event loop, runs on a slot. */
export function isRunning(slot: number): boolean {
  const state = stateOf(slot);
  return state === RUNNING || state === LEFTOVER;
}

/** Slot 0 belongs to the main thread from the start. */
export function seatMain(): void {
  atomic.compareExchange(H_SLOTS, 0, 1);
  atomic.store(recordOf(0) + R_STATE, RUNNING);
}

export function stateOf(slot: number): number {
  return atomic.load(recordOf(slot) + R_STATE);
}

/** The number that `get_ident()` gives in the slot's thread. Non-zero; used again by a later thread. */
export function identOf(slot: number): number {
  return slot + 1;
}

/** Every slot but the main thread's that was ever used. */
export function* slots(): Generator<number> {
  const end = atomic.load(H_SLOTS);
  for (let slot = 1; slot < end; slot++) yield slot;
}

/** Threads that were started and have not ended; the main thread is not counted. */
export function countThreads(): number {
  let count = 0;
  for (const slot of slots()) {
    const state = stateOf(slot);
    if (state === RUNNING || state === SPAWNING) count++;
  }
  return count;
}

/** An idle worker with this stack, now CLAIMED by this thread; -1 = none. `preferred` is tried first: it may know our code already. */
export function claimIdle(stackSize: number, preferred: number): number {
  if (preferred > 0 && claimIf(preferred, stackSize)) return preferred;
  for (const slot of slots()) if (claimIf(slot, stackSize)) return slot;
  return -1;
}

function claimIf(slot: number, stackSize: number): boolean {
  const record = recordOf(slot);
  if (atomic.load(record + R_STATE) !== IDLE || atomic.load(record + R_STACK) !== stackSize) return false;
  if (atomic.compareExchange(record + R_STATE, IDLE, CLAIMED) !== IDLE) return false;
  atomic.store(record + R_CLAIMER, serial);
  // It may have become another worker between the two looks.
  if (atomic.load(record + R_STACK) === stackSize) return true;
  unclaim(slot);
  return false;
}

/** A slot without a worker, now CLAIMED by this thread and given a worker's number; -1 = the table is full. */
export function claimFree(stackSize: number, claimer: number = serial): number {
  for (;;) {
    const end = Math.max(1, atomic.load(H_SLOTS));
    for (let slot = 1; slot < end; slot++) if (claimFreeSlot(slot, stackSize, claimer)) return slot;
    if (end >= MAX_THREADS) return -1;
    atomic.compareExchange(H_SLOTS, end, end + 1);
  }
}

function claimFreeSlot(slot: number, stackSize: number, claimer: number): boolean {
  const record = recordOf(slot);
  if (atomic.load(record + R_STATE) !== FREE) return false;
  if (atomic.compareExchange(record + R_STATE, FREE, CLAIMED) !== FREE) return false;
  atomic.store(record + R_CLAIMER, claimer);
  atomic.store(record + R_STACK, stackSize);
  atomic.store(record + R_WORKER, atomic.add(H_WORKERS, 1) + 1);
  atomic.store(record + R_WAKE, 0);
  return true;
}

/** Gives a slot with a parked worker back. */
export function unclaim(slot: number): void {
  changeState(slot, IDLE);
}

/** Sets a state that only the caller may set, and wakes the threads that wait for a change. */
export function changeState(slot: number, state: number): void {
  const word = recordOf(slot) + R_STATE;
  atomic.store(word, state);
  atomic.notify(word, Infinity);
}

/**
 * The table's invariants, for tests: throws when a record is not as it should be. With `quiet`, also when a thread still runs or a
 * hand-over is under way.
 */
export function checkTable(quiet: boolean): void {
  const serials = new Set<number>();
  for (const slot of slots()) {
    const record = recordOf(slot);
    const state = atomic.load(record + R_STATE);
    const name = STATE_NAMES[state];
    if (name === undefined) throw new Error(`slot ${slot} is in state ${state}, which does not exist`);
    if (state === FREE) continue;
    const worker = atomic.load(record + R_WORKER);
    if (worker <= 0 || worker > atomic.load(H_WORKERS)) throw new Error(`slot ${slot} has worker ${worker}`);
    if (serials.has(worker)) throw new Error(`worker ${worker} has two slots`);
    serials.add(worker);
    if (quiet && state !== IDLE) throw new Error(`slot ${slot} is ${name}: ${labelOf(slot)}`);
  }
}
