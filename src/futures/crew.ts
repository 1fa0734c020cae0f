// The threads of an executor: a table of raw words in its cell. Any thread can read from it, at any moment, which threads there are and what they
// do. It holds no counts, which a killed thread could leave wrong.
//
//   MARK   0                        the place is free             → mark of the starter    (compare-exchange)
//          mark of the starter      the thread is on its way      → mark of the thread                    (compare-exchange, by the thread)
//          mark of the thread       it is in one of the states    → 0                                     by the thread, as it leaves
//          mark of a dead thread    it was killed                 → mark of the finder, then 0
//   STATE  of a place that is not free; written by its thread, and STARTING before the place is free again
//          STARTING, RUNNING        counts as one that runs
//          LOOKING                  as well: its task is done, or about to be, and it looks for the next one
//          PARKED                   as well: it waits for a task
//          RESTING                  PARKED since a moment: what its tasks have left at once on its event loop has not had its turn yet
//          BLOCKED                  its task waits for something: another thread may run in its place
//          RESERVE                  waits until fewer run than may: it ran in the place of one that was blocked
//
// running(executor) = places in STARTING, RUNNING, LOOKING, PARKED or RESTING. At most `max` of them are started; a thread that finds more goes to RESERVE.

import { atomic } from '../memory/atomics.js';
import { fateOf } from '../sync/owner.js';

/** Places for threads, of two words each. */
export const PLACES = 112;
export const PLACE = 8;

export const STARTING = 0;
export const RUNNING = 1;
export const PARKED = 2;
export const BLOCKED = 3;
export const RESERVE = 4;
export const LOOKING = 5;
export const RESTING = 6;

const STATE = 4;

/** What a look at the table finds. */
export interface Census {
  /** In each state; those that are RESTING are PARKED. */
  readonly counts: number[];
  /** Those of the parked that are RESTING. */
  resting: number;
  /** Those that are not free. */
  all: number;
  /** Those that count as running. */
  active: number;
}

const census: Census = { counts: [0, 0, 0, 0, 0, 0], resting: 0, all: 0, active: 0 };

export class Crew {
  readonly #table: number;
  /** Word: places that were ever used. Only grows. */
  readonly #used: number;

  constructor(table: number, used: number) {
    this.#table = table;
    this.#used = used;
  }

  /** The states of all threads, which may have changed by the time it is read. The same object each time. */
  take(): Census {
    const { counts } = census;
    counts.fill(0);
    census.all = 0;
    census.resting = 0;
    for (let place = this.#table, end = place + atomic.load(this.#used) * PLACE; place < end; place += PLACE) {
      if (atomic.load(place) === 0) continue;
      const state = atomic.load(place + STATE);
      if (state === RESTING) census.resting++;
      counts[state === RESTING ? PARKED : state]!++;
      census.all++;
    }
    census.active = counts[STARTING]! + counts[RUNNING]! + counts[LOOKING]! + counts[PARKED]!;
    return census;
  }

  /** A free place, for a thread that the thread of a mark is about to start; -1 = none. */
  claim(by: number): number {
    for (let index = 0; index < PLACES; index++) {
      if (index >= atomic.load(this.#used)) atomic.compareExchange(this.#used, index, index + 1);
      const place = this.#placeOf(index);
      if (atomic.load(place) === 0 && atomic.compareExchange(place, 0, by) === 0) return index;
    }
    return -1;
  }

  /** A place goes from its starter to its thread; whether it was still the starter's. */
  handOver(index: number, from: number, to: number): boolean {
    return atomic.compareExchange(this.#placeOf(index), from, to) === from;
  }

  /** Whose place it is. */
  ownerOf(index: number): number {
    return atomic.load(this.#placeOf(index));
  }

  setState(index: number, state: number): void {
    atomic.store(this.#placeOf(index) + STATE, state);
  }

  /** Called by the thread that has the place. */
  free(index: number): void {
    const place = this.#placeOf(index);
    atomic.store(place + STATE, STARTING);
    atomic.store(place, 0);
  }

  /** Frees the places of the dead: how many there were, how many of them had never begun, and the mark of one that had not. */
  bury(by: number): { readonly dead: number; readonly unbegun: number; readonly stillborn: number } {
    let dead = 0;
    let unbegun = 0;
    let stillborn = 0;
    for (let index = atomic.load(this.#used) - 1; index >= 0; index--) {
      const place = this.#placeOf(index);
      const mark = atomic.load(place);
      if (mark === 0 || fateOf(mark) === 'alive') continue;
      if (atomic.compareExchange(place, mark, by) !== mark) continue;
      if (atomic.load(place + STATE) === STARTING) {
        unbegun++;
        stillborn = mark;
      }
      this.free(index);
      dead++;
    }
    return { dead, unbegun, stillborn };
  }

  #placeOf(index: number): number {
    return this.#table + index * PLACE;
  }
}
