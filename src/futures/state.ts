// The state of a future is one shared word. Every change is one compare-exchange of it, so only one thread makes a change, and a
// thread that is killed leaves the future in one of these states.
//
//   word                   state     may become
//   PENDING                waits     mark of the thread that runs it · RUNNING · CANCELLED · mark | SETTLING
//   mark                   runs      mark | SETTLING      by that thread, or by the one that finds it dead, with its own mark
//                                    CANCELLED            if it is interruptible: the thread is stopped afterwards
//   RUNNING                runs      mark | SETTLING      a future that is run by hand: any thread may settle it
//   mark | SETTLING        runs      FINISHED · FAILED    by that thread, which writes the outcome meanwhile; another | SETTLING if it is dead
//   CANCELLED              is done   NOTIFIED             by the one that would have run it by hand
//   NOTIFIED, FINISHED, FAILED       nothing: the outcome was written before
//
// Marks (src/sync/owner.ts) have a slot's number of at most 2 ** 13 in their low bits; SETTLING lies above it, and the low bits of the
// constants are no slot's.
//
// The word behind counts asynchronous waiters (src/memory/park.ts). The one behind that is WATCHED since somebody waits for this future
// among others: then H_FUTURES is raised when it is done. Both sides write their word before they read the other's. It is LOOKED since
// somebody has asked for the outcome, or is to be told of it. Above these it has the future's number; 0 = none yet (unseen.ts).

import { atomic } from '../memory/atomics.js';
import { H_FUTURES } from '../memory/layout.js';
import { patience, wake } from '../memory/park.js';
import { fateOf } from '../sync/owner.js';

/** Where in its cell a future's state is. */
export const STATE = 4;

export const SETTLING = 2 ** 14;
const CONSTANT = 2 ** 14 - 1;
const constant = (number: number): number => (number << 15) | CONSTANT;

export const PENDING = 0;
export const RUNNING = constant(1);
export const CANCELLED = constant(2);
export const NOTIFIED = constant(3);
export const FINISHED = constant(4);
export const FAILED = constant(5);

const WATCH = 8;
const WATCHED = 1;
const LOOKED = 2;
const NUMBER_SHIFT = 2;

const isConstant = (state: number): boolean => (state & CONSTANT) === CONSTANT;

/** Whether the outcome is there, or there will be none. */
export const isOver = (state: number): boolean => isConstant(state) && state !== RUNNING;

export const isRunning = (state: number): boolean => state !== PENDING && !isOver(state);

/** Whether a thread is about to write its outcome. */
export const isSettling = (state: number): boolean => !isConstant(state) && (state & SETTLING) !== 0;

/** As Python calls it. */
export function nameOf(state: number): string {
  if (state === PENDING) return 'pending';
  if (!isOver(state)) return 'running';
  return isCancelled(state) ? 'cancelled' : 'finished';
}

/** Mark of the thread that runs it; 0 = none. */
export const runnerOf = (state: number): number => (isConstant(state) ? 0 : state & ~SETTLING);

/** Whether the thread that runs it is over, so that it will not settle it. */
export function isOrphaned(state: number): boolean {
  const runner = runnerOf(state);
  return runner !== 0 && fateOf(runner) !== 'alive';
}

/** The thread of a mark will run it. Of several that try, and of one that cancels it, one succeeds. */
export function claim(word: number, by: number): boolean {
  return atomic.compareExchange(word, PENDING, by) === PENDING;
}

/** Cancels what a thread runs; that thread's mark, 0 = none does, or it is about to write the outcome. */
export function cancelRun(word: number): number {
  const before = atomic.load(word);
  if (before === PENDING || isConstant(before) || isSettling(before)) return 0;
  if (atomic.compareExchange(word, before, CANCELLED) !== before) return 0;
  tell(word);
  return before;
}

export const isCancelled = (state: number): boolean => state === CANCELLED || state === NOTIFIED;

/** Whether it is cancelled now. */
export function cancel(word: number): boolean {
  const before = atomic.compareExchange(word, PENDING, CANCELLED);
  if (before === PENDING) tell(word);
  return before === PENDING || isCancelled(before);
}

/** The thread of a mark may write the outcome, and nobody else, if the state is still `from`: which is not over. */
function beginSettling(word: number, from: number, by: number): boolean {
  return atomic.compareExchange(word, from, by | SETTLING) === from;
}

/** The outcome was written by the only one who may. */
function endSettling(word: number, outcome: number): void {
  atomic.store(word, outcome);
  tell(word);
}

/**
 * The thread of a mark has run it: `write` writes its outcome, FINISHED or FAILED. False, and nothing happens, if somebody has settled it by
 * hand or cancelled it.
 */
export function settle(word: number, by: number, outcome: number, write: () => void): boolean {
  if (!beginSettling(word, by, by)) return false;
  write();
  endSettling(word, outcome);
  return true;
}

/** As `settle`, of what waits, or runs somewhere else. False: it is over. */
export function settleByHand(word: number, by: number, outcome: number, write: () => void): boolean {
  for (;;) {
    const state = atomic.load(word);
    if (isOver(state)) return false;
    // Somebody is about to: a matter of a moment, unless that thread is killed.
    if (isSettling(state) && !isOrphaned(state)) atomic.wait(word, state, patience.slice);
    else if (beginSettling(word, state, by)) break;
  }
  write();
  endSettling(word, outcome);
  return true;
}

/**
 * An attempt to find it over: undefined = it is, else its state. If the thread that ran it is dead it fails, and `write` writes how: of
 * several threads that find out, one does so.
 */
export function attemptEnd(word: number, by: number, write: () => void): number | undefined {
  let state = atomic.load(word);
  if (isOver(state)) return undefined;
  if (!isOrphaned(state)) return state;
  if (beginSettling(word, state, by)) {
    write();
    endSettling(word, FAILED);
    return undefined;
  }
  state = atomic.load(word);
  return isOver(state) ? undefined : state;
}

/** From now on H_FUTURES is raised when it is done; it may be already. */
export function watch(word: number): void {
  atomic.or(word + WATCH, WATCHED);
}

/** From now on its failing is no news. */
export function lookAt(word: number): void {
  atomic.or(word + WATCH, LOOKED);
}

export const isLookedAt = (word: number): boolean => (atomic.load(word + WATCH) & LOOKED) !== 0;

export const numberOf = (word: number): number => atomic.load(word + WATCH) >>> NUMBER_SHIFT;

/** Gives a number to one that has none: its maker does so, or the thread that is about to fail it. */
export function setNumber(word: number, number: number): void {
  atomic.or(word + WATCH, number << NUMBER_SHIFT);
}

function tell(word: number): void {
  wake(word, Infinity);
  if ((atomic.load(word + WATCH) & WATCHED) === 0) return;
  atomic.add(H_FUTURES, 1);
  wake(H_FUTURES, Infinity);
}
