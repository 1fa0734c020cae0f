// What was done before what: a clock for each thread, and of each thread how much of all others' it has seen (C. Fidge, F. Mattern, 1988; as in C.
// Flanagan, S. N. Freund, "FastTrack: Efficient and Precise Dynamic Race Detection", 2009).
//
//   epoch   {number of a thread, its clock then}: a number. It happened before what this thread does now if this thread has seen that clock.
//   places  for each lock and the like, what its releases have seen: a store, or a step that changes the word, gives what its thread has seen and
//           takes what is there; a look takes. A place is found by address. Where there are too many, two addresses have one, which then says too much,
//           so that a race may be missed, and none is made up.
//
// The step itself and what it does to the clocks are one for others: who sees its effect waits for the place, which has a lock of its own.

import { GONE } from '../../futures/pool.js';
import { allocateRaw } from '../../heap/room.js';
import { K_SYNC, KIND_MASK, SHAPE_SHIFT, SYNC_MASK } from '../../heap/types.js';
import { cellAt } from '../../heap/whereabouts.js';
import {
  H_FUTURES,
  H_GLOBALS,
  HEAP_START,
  R_WAKE,
  RECORD_SIZE,
  RECORDS_START,
  SHAPES_START,
} from '../../memory/layout.js';
import { refresh, slot, V } from '../../memory/memory.js';
import { recordOf } from '../../memory/self.js';
import { EXECUTOR } from '../../sync/cell.js';
import { CLOCKS, type Equipment, PLACES_OF_CLOCKS } from '../equipment.js';
import { raw } from '../raw.js';

/** Of an epoch: the thread's part. */
const ROUND = 2 ** 40;

/** This thread's epoch, where accessors compare it. */
export const EPOCH = new Float64Array(1);

/** What this thread has seen of each. */
const seen = new Float64Array(CLOCKS);
let clocks: Float64Array = new Float64Array(0);
let own: Float64Array = new Float64Array(0);
/** Words of the places' locks; behind them the word that counts threads. */
let locks = 0;
/** And of the addresses that have them. */
let keys = 0;
let me = 0;
/** Threads that there have been, CLOCKS at most. */
let threads = 1;

const BYTES = PLACES_OF_CLOCKS * 8 + 4096;

/** By the main thread: the words of the locks. */
export const makeLocks = (): number => allocateRaw(BYTES / 4096);

export function attach({ shadow, locks: words }: Equipment): void {
  clocks = new Float64Array(shadow!.clocks);
  own = new Float64Array(shadow!.own);
  locks = words;
  keys = words + PLACES_OF_CLOCKS * 4;
  refresh();
}

const counter = (): number => locks + PLACES_OF_CLOCKS * 8;

/**
 * This thread, or the next one here, begins. It has seen what its starter had. Numbers are given again when there are no more: then two threads
 * are taken for one.
 */
export function beginThread(describe: (number: number) => void): void {
  const count = slot === 0 ? 0 : raw.add(counter(), 1) + 1;
  me = count < CLOCKS ? count : 1 + (count % (CLOCKS - 1));
  seen.fill(0);
  if (slot !== 0) acquire(recordOf(slot) + R_WAKE);
  seen[me] = own[me * 2]! + 1;
  setEpoch();
  describe(me);
}

function setEpoch(): void {
  own[me * 2] = seen[me]!;
  EPOCH[0] = (me + 1) * ROUND + seen[me]!;
}

export const noteText = (number: number, text: number): void => {
  own[number * 2 + 1] = text;
};

/** Whose epoch it is. */
export const threadOf = (epoch: number): number => Math.floor(epoch / ROUND) - 1;

/** The number of the text of what a thread is. */
export const textOfThread = (number: number): number => own[number * 2 + 1]!;

/** Whether what was done then is before what this thread does now. */
export function isBefore(epoch: number): boolean {
  const thread = threadOf(epoch);
  // Nobody's epoch is before all.
  return epoch === 0 || thread === me || seen[thread]! >= epoch - (thread + 1) * ROUND;
}

/** What an executor keeps of its threads orders nothing that its tasks do: that it is over does, and what is in the cells of tasks. */
const isBookkeeping = (header: number, offset: number): boolean =>
  (header & KIND_MASK) === K_SYNC && ((header >>> SHAPE_SHIFT) & SYNC_MASK) === EXECUTOR && offset !== GONE;

/** Whether steps on a word order what threads do. */
export function orders(address: number): boolean {
  const at = address >>> 0;
  if (at >= HEAP_START) {
    const cell = cellAt(at);
    return cell !== 0 && !isBookkeeping(V.I32[cell >>> 2]!, at - cell);
  }
  if (at >= RECORDS_START) return at < SHAPES_START && ((at - RECORDS_START) & (RECORD_SIZE - 1)) === R_WAKE;
  return at === H_GLOBALS || at === H_FUTURES;
}

/** Places beside the first that an address may have. */
const PROBES = 16;

/** The place of an address: it is written beside that. */
function placeOf(address: number): number {
  const first = Math.imul(address >>> 2, 0x9e3779b1) >>> 16;
  for (let probe = 0; probe < PROBES; probe++) {
    const place = (first + probe) & (PLACES_OF_CLOCKS - 1);
    const key = keys + place * 4;
    const before = V.I32[key >>> 2]! || raw.compareExchange(key, 0, address);
    if (before === 0 || before === (address | 0)) return place;
  }
  return first & (PLACES_OF_CLOCKS - 1);
}

function lock(place: number): void {
  while (raw.compareExchange(locks + place * 4, 0, 1) !== 0);
  threads = Math.min(CLOCKS, raw.load(counter()) + 1);
}

const unlock = (place: number): void => raw.store(locks + place * 4, 0);

/** Takes what is there, and gives what this thread has seen. */
function exchange(base: number): void {
  for (let thread = 0; thread < threads; thread++) {
    const there = clocks[base + thread]!;
    const here = seen[thread]!;
    if (here > there) clocks[base + thread] = here;
    else if (there > here && thread !== me) seen[thread] = there;
  }
}

function take(base: number): void {
  for (let thread = 0; thread < threads; thread++) {
    const there = clocks[base + thread]!;
    if (there > seen[thread]! && thread !== me) seen[thread] = there;
  }
}

/** What this thread does from now on is not before what it has given. */
function tick(): void {
  seen[me]!++;
  setEpoch();
}

/** The place of a word on which a step is about to be made, whose effect is seen by nobody before `end`. */
export function begin(address: number): number {
  const place = placeOf(address);
  lock(place);
  return place;
}

/** The step is made: it has changed the word, or has only looked. */
export function end(place: number, changed: boolean): void {
  if (changed) exchange(place * CLOCKS);
  else take(place * CLOCKS);
  unlock(place);
  if (changed) tick();
}

/** Before an operation that others may find done. */
export function release(address: number): void {
  const place = placeOf(address);
  lock(place);
  exchange(place * CLOCKS);
  unlock(place);
  tick();
}

/** After an operation that has found what others have done. */
export function acquire(address: number): void {
  const place = placeOf(address);
  lock(place);
  take(place * CLOCKS);
  unlock(place);
}
