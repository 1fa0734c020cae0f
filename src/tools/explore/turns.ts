// Who has the turn. A thread that takes part in an exploration comes here before each step that others can see (`point`), when it waits, and
// when it ends; the one that has the turn chooses the next.
//
// Nobody can run: time goes on, to the first time-out. If there is none either, it is a deadlock; or all bodies are done, and those that are left wait
// for work, or nobody would wait for it.
//
// A schedule that has failed is given up: everybody runs on, without turns, to the end. A thread that waits, or begins to, throws Abort, for which this
// library is made: a wait may throw. All other steps are done as ever.

import { here as workplace } from '../../futures/pool.js';
import { V } from '../../memory/memory.js';
import { parking } from '../../memory/park.js';
import { raw } from '../raw.js';
import {
  BLOCKED,
  BODIES,
  CHANGE,
  CHANGES,
  CHOICES,
  CLOCK,
  COUNT,
  CULPRIT,
  DEADLOCK,
  DONE,
  ENDLESS,
  enabled,
  FREE,
  GIVEN,
  GIVEN_UP,
  GO,
  get,
  getTime,
  LOG,
  MODE,
  MOST_POINTS,
  ORDER,
  OUT,
  OUTCOME,
  OVER,
  of,
  P_DEADLINE,
  P_FOREVER,
  P_GO,
  P_IDLE,
  P_KEEPS,
  P_LOOKS,
  P_ORDER,
  P_PRIORITY,
  P_STATE,
  P_WOKEN,
  P_WORD,
  P_WORKER,
  PARKED,
  PCT,
  POINTS,
  place,
  RANDOM,
  RUNNABLE,
  random,
  STEP,
  set,
  setTime,
} from './board.js';

/** What ends the waits of a schedule that is given up. */
export class Abort extends Error {
  static {
    Abort.prototype.name = 'Abort';
  }
  constructor() {
    super('the schedule is over');
  }
}

/** This thread's number; -1 = it takes no part. */
export const self = {
  number: -1,
  /** Made since the schedule was given up. */
  steps: 0,
  /** Whether it was this thread that has given the schedule up: nobody tells it. */
  gaveUp: false,
};

/** It takes part from now on. */
export function join(number: number): void {
  self.number = number;
  self.steps = 0;
  self.gaveUp = false;
}

/** Whether the schedule has been given up. */
export const isGivenUp = (): boolean => get(GIVEN_UP) === 1;

/** Looks before a thread parks: the turn is often back soon. */
const SPINS = 400;
/** Steps after a schedule was given up; more, and the program is in a loop that only another thread would end. */
const LAST_STEPS = 200_000;
/** Looks that a worker of an executor takes in a wait without end: its executor starts another thread at the first. */
const LOOKS = 2;
/** Virtual milliseconds that pass when the time is asked for, so that loops until a time end. */
const TICK = 0.01;

/** A thread waits for its turn: GO, FREE or QUIT. */
export function awaitTurn(number = self.number): number {
  const go = place.board + of(number, P_GO);
  for (let spins = 0; spins < SPINS; spins++) if (raw.load(go) !== PARKED) break;
  while (raw.load(go) === PARKED) raw.wait(go, PARKED, Infinity);
  return raw.exchange(go, PARKED);
}

export function give(thread: number, what = GO): void {
  const go = place.board + of(thread, P_GO);
  raw.store(go, what);
  raw.notify(go, 1);
}

const popcount = (mask: number): number => {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count++;
  return count;
};

const lowest = (mask: number): number => 31 - Math.clz32(mask & -mask);

/** Of those in the mask, the next to run. */
export function choose(mask: number, current: number): number {
  const step = get(STEP);
  set(STEP, step + 1);
  const isIn = (thread: number): boolean => thread >= 0 && ((mask >>> thread) & 1) === 1;
  let chosen = -1;
  if (step < get(GIVEN)) {
    const given = V.U8[place.board + CHOICES + step]!;
    if (isIn(given)) chosen = given;
  }
  if (chosen < 0) {
    const mode = get(MODE);
    if (mode === RANDOM) {
      let rest = mask;
      for (let skip = random() % popcount(mask); skip > 0; skip--) rest &= rest - 1;
      chosen = lowest(rest);
    } else if (mode === PCT) {
      for (let thread = 0; thread < get(COUNT); thread++) {
        if (!isIn(thread)) continue;
        if (chosen < 0 || get(of(thread, P_PRIORITY)) > get(of(chosen, P_PRIORITY))) chosen = thread;
      }
    } else {
      chosen = isIn(current) ? current : lowest(mask);
    }
  }
  if (step < MOST_POINTS) {
    set(LOG + step * 8, mask);
    set(LOG + step * 8 + 4, chosen | ((current & 0xff) << 8));
  }
  return chosen;
}

/** Before a step: somebody else may have the turn first. `mayThrow`: the step is one that the program has called. */
export function point(mayThrow = false): void {
  if (isGivenUp()) {
    if (mayThrow || ++self.steps > LAST_STEPS) throw new Abort();
    return;
  }
  const { number } = self;
  const points = get(POINTS) + 1;
  set(POINTS, points);
  if (points >= MOST_POINTS) {
    giveUp(ENDLESS);
    return;
  }
  if (get(MODE) === PCT) {
    for (let change = 0, changes = get(CHANGES); change < changes; change++) {
      if (get(CHANGE + change * 4) === points) set(of(number, P_PRIORITY), -change - 1);
    }
  }
  const next = choose(enabled(), number);
  if (next === number) return;
  give(next);
  awaitTurn();
}

/** This thread waits until the word is notified, or time is up. */
export function block(word: number, timeout: number): 'ok' | 'timed-out' {
  const { number } = self;
  const wanted = parking.on;
  set(of(number, P_WORD), word);
  set(of(number, P_FOREVER), wanted !== undefined && parking.forever ? 1 : 0);
  set(of(number, P_IDLE), wanted?.idle === true ? 1 : 0);
  set(of(number, P_WORKER), workplace.executor === undefined ? 0 : 1);
  setTime(of(number, P_DEADLINE), getTime(CLOCK) + timeout);
  const order = get(ORDER) + 1;
  set(ORDER, order);
  set(of(number, P_ORDER), order);
  set(of(number, P_WOKEN), 0);
  set(of(number, P_STATE), BLOCKED);
  pass();
  if (self.gaveUp || awaitTurn() !== GO) throw new Abort();
  return get(of(number, P_WOKEN)) === 1 ? 'ok' : 'timed-out';
}

/** Those that wait on the word can run, at most so many, those that wait longest first; how many. */
export function unblock(word: number, count: number): number {
  let woken = 0;
  for (; woken < count; woken++) {
    let first = -1;
    for (let thread = 0, all = get(COUNT); thread < all; thread++) {
      if (get(of(thread, P_STATE)) !== BLOCKED || get(of(thread, P_WORD)) !== word) continue;
      if (first < 0 || get(of(thread, P_ORDER)) < get(of(first, P_ORDER))) first = thread;
    }
    if (first < 0) break;
    set(of(first, P_WOKEN), 1);
    set(of(first, P_LOOKS), 0);
    set(of(first, P_STATE), RUNNABLE);
  }
  return woken;
}

/** Somebody else has the turn: this thread waits, or is done. */
function pass(): void {
  let mask = enabled();
  if (mask === 0) mask = letTimePass();
  if (mask !== 0) give(choose(mask, -1));
}

/** Nobody can run. Who can, now that time has passed; 0 = nobody ever. */
function letTimePass(): number {
  const count = get(COUNT);
  let first = -1;
  let bodies = false;
  let stuck = false;
  let left = false;
  const isSooner = (thread: number): boolean =>
    first < 0 || getTime(of(thread, P_DEADLINE)) < getTime(of(first, P_DEADLINE));
  for (let thread = 0; thread < count; thread++) {
    if (get(of(thread, P_STATE)) !== BLOCKED) continue;
    left = true;
    if (thread < get(BODIES)) bodies = true;
    if (get(of(thread, P_IDLE)) === 1) continue;
    const forever = get(of(thread, P_FOREVER)) === 1;
    const looks = get(of(thread, P_WORKER)) === 1 && get(of(thread, P_LOOKS)) < LOOKS;
    if (forever && !looks && (thread < get(BODIES) || get(of(thread, P_KEEPS)) === 1)) stuck = true;
    if ((!forever || looks) && isSooner(thread)) first = thread;
  }
  if (first < 0 && stuck) {
    giveUp(DEADLOCK);
    return 0;
  }
  if (first < 0 && !bodies) {
    // A thread that waits for work goes when it has waited for long enough.
    for (let thread = 0; thread < count; thread++) {
      if (get(of(thread, P_STATE)) !== BLOCKED || get(of(thread, P_IDLE)) === 0) continue;
      if (isSooner(thread)) first = thread;
    }
  }
  if (first < 0) {
    // Threads that nobody waits for.
    if (left) giveUp(get(OUTCOME));
    return 0;
  }
  setTime(CLOCK, Math.max(getTime(CLOCK), getTime(of(first, P_DEADLINE))));
  set(of(first, P_LOOKS), get(of(first, P_LOOKS)) + 1);
  set(of(first, P_WOKEN), 0);
  set(of(first, P_STATE), RUNNABLE);
  return 1 << first;
}

/** The clock of the schedule, in milliseconds from its beginning. */
export function virtualNow(): number {
  const now = getTime(CLOCK) + TICK;
  setTime(CLOCK, now);
  return now;
}

/** Ends the schedule: all run on, without turns. */
export function giveUp(outcome: number): void {
  set(OUTCOME, outcome);
  set(CULPRIT, self.number);
  set(GIVEN_UP, 1);
  self.gaveUp = true;
  for (let thread = 0, count = get(COUNT); thread < count; thread++) {
    if (thread !== self.number && get(of(thread, P_STATE)) !== DONE) give(thread, FREE);
  }
}

/** This thread has ended. */
export function leave(): void {
  const { number } = self;
  const free = isGivenUp();
  set(of(number, P_STATE), DONE);
  if (!free) pass();
  self.number = -1;
  // Of those that were given up, several may be here at once.
  if (raw.add(place.board + OUT, 1) + 1 < raw.load(place.board + COUNT)) return;
  raw.store(place.board + OVER, 1);
  raw.notify(place.board + OVER, 1);
}
