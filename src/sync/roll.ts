// The threads that are inside something where several may be at once: a table of marks (src/sync/owner.ts) in a cell, so that a thread that
// dies there can be named. A thread changes its own entries only, and those of the dead.
//
//   used      the entries from here on were never used: a look through the table ends here. Only grows.
//   unnamed   how many are in without an entry, because all were taken: they cannot be named, nor told apart
//   entries   PLACES of them, each 0 or the mark of a thread that is in. A thread looks for a free one from a place of its own upwards, so
//             that threads seldom meet. One that is in several times has several; it leaves by the lowest of them.
//
// Looks through the table go upwards, `unnamed` last. So they see a thread that has been in all the while, also when it has entered again
// behind their back and left where they have not been yet: its highest entry stays.
//
// To enter is one compare-exchange, to leave is one store. There is no count beside the table that a dead thread could leave wrong, except
// for `unnamed`.

import { atomic } from '../memory/atomics.js';
import { fateOf, slotOf } from './owner.js';

/** So that the cells that have a roll are 256 bytes. */
export const PLACES = 50;
/** Words of a roll. */
export const ROLL_WORDS = PLACES + 2;

const USED = 0;
const UNNAMED = 4;
const ENTRIES = 8;

const entryAt = (roll: number, place: number): number => roll + ENTRIES + place * 4;

/** Where a thread's entry is if nobody was in its way. There are as many places above all of these. */
const homeOf = (mark: number): number => slotOf(mark) % (PLACES / 2);

/** Enters a mark. */
export function enroll(roll: number, mark: number): void {
  for (let place = homeOf(mark); place < PLACES; place++) {
    // Before the entry: a thread that looks through the table afterwards must come by it.
    if (atomic.load(roll + USED) <= place) raiseUsed(roll, place + 1);
    if (atomic.compareExchange(entryAt(roll, place), 0, mark) === 0) return;
  }
  atomic.add(roll + UNNAMED, 1);
}

function raiseUsed(roll: number, end: number): void {
  for (let used = atomic.load(roll + USED); used < end; ) {
    const before = atomic.compareExchange(roll + USED, used, end);
    if (before === used) return;
    used = before;
  }
}

/** Takes an entry of this mark out; whether there was one. Where threads are in that have no entry, it may be one of these. */
export function strike(roll: number, mark: number): boolean {
  const place = placeOf(roll, mark);
  if (place >= 0) {
    atomic.store(entryAt(roll, place), 0);
    return true;
  }
  for (let unnamed = atomic.load(roll + UNNAMED); unnamed > 0; ) {
    const before = atomic.compareExchange(roll + UNNAMED, unnamed, unnamed - 1);
    if (before === unnamed) return true;
    unnamed = before;
  }
  return false;
}

/** Whether a mark has an entry. */
export function isEnrolled(roll: number, mark: number): boolean {
  return placeOf(roll, mark) >= 0;
}

function placeOf(roll: number, mark: number): number {
  // Mostly it is the first, and where the table ends does not matter.
  let place = homeOf(mark);
  if (atomic.load(entryAt(roll, place)) === mark) return place;
  for (const end = atomic.load(roll + USED); ++place < end; ) {
    if (atomic.load(entryAt(roll, place)) === mark) return place;
  }
  return -1;
}

/** Whether nobody is in. */
export function isDeserted(roll: number): boolean {
  return someoneIn(roll, () => true) === 0 && atomic.load(roll + UNNAMED) === 0;
}

/** The mark of a thread that is in and that the question is true of; 0 = there is none. */
export function someoneIn(roll: number, asked: (mark: number) => boolean): number {
  for (let place = 0, end = atomic.load(roll + USED); place < end; place++) {
    const mark = atomic.load(entryAt(roll, place));
    if (mark !== 0 && asked(mark)) return mark;
  }
  return 0;
}

/** Whether a mark's thread will never leave: it was killed, or ended by an error. */
export const isDead = (mark: number): boolean => fateOf(mark) === 'died';

/** Takes the entries of the dead out. */
export function strikeDead(roll: number): void {
  for (let place = 0, end = atomic.load(roll + USED); place < end; place++) {
    const mark = atomic.load(entryAt(roll, place));
    if (mark !== 0 && isDead(mark)) atomic.compareExchange(entryAt(roll, place), mark, 0);
  }
}
