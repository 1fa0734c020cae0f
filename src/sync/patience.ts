// What a thread finds out when it has waited for a while: that the holder is dead, or that no thread is left that could end the wait
// (src/runtime/deadlock.ts).
//
// Of a wait that has lasted for a slice, in the thread's record, written by the thread itself:
//   R_WAIT_MODE    NOT_LATE  no such wait: the thread runs, or has just begun to wait
//                  BLOCKED   parked without a time-out
//                  TIMED     parked with one
//                  LOOPING   on its event loop, where nothing but waits without a time-out is left to happen
//                  RESTING   it waits for work and for nothing else
//   R_WAIT_TURN    counts waits: as long as it is the same, it is the same wait. Goes on when the wait is over, before anything else is done
//   R_WAIT_LOOKS   2 × attempts begun, and 1 if the last one has failed for certain. That the next one has begun says it of the others
//   R_WAIT_HOLDER  mark of the thread that has what is waited for; 0 = nobody in particular
//   R_WAIT_TEXT    what is waited for, and where in the program. Stays when the wait is over. Of a thread that has died, what it died of
//   R_DEADLOCK     turn + 1 of the wait that must end, because nobody is left. Written by the one who reports it
//   R_DEADLOCK_NUMBER  which deadlock that is; written before

import { atomic } from '../memory/atomics.js';
import {
  R_WAIT_HOLDER,
  R_WAIT_LOOKS,
  R_WAIT_MODE,
  R_WAIT_TEXT,
  R_WAIT_TEXT_END,
  R_WAIT_TEXT_LENGTH,
  R_WAIT_TURN,
} from '../memory/layout.js';
import type { Wanted } from '../memory/park.js';
import { recordOf } from '../memory/self.js';
import { ThreadError } from './errors.js';
import { describeOwner, type Place } from './names.js';
import { fateOf, leavesSomething } from './owner.js';

export const NOT_LATE = 0;
export const BLOCKED = 1;
export const TIMED = 2;
export const LOOPING = 3;
export const RESTING = 4;

export const WAIT_TEXT: Place = { length: R_WAIT_TEXT_LENGTH, start: R_WAIT_TEXT, end: R_WAIT_TEXT_END };

/** A slot's thread that has waited for a while is about to try once more. */
export function noteTry(slot: number): void {
  const word = recordOf(slot) + R_WAIT_LOOKS;
  atomic.store(word, (atomic.load(word) | 1) + 1);
}

/** Of R_WAIT_LOOKS: as it was when the last attempt began that has failed for certain. */
export const lastFailed = (looks: number): number => (looks - 1) & ~1;

/** An attempt of a slot's thread has failed, after it has waited for a while. */
export function noteLook(slot: number, mode: number, holder: number): void {
  const record = recordOf(slot);
  atomic.store(record + R_WAIT_HOLDER, holder);
  atomic.or(record + R_WAIT_LOOKS, 1);
  // The last: a thread that reads it finds the rest.
  if (atomic.load(record + R_WAIT_MODE) !== mode) atomic.store(record + R_WAIT_MODE, mode);
}

/** The wait that was noted is over. */
export function noteEnd(slot: number): void {
  const record = recordOf(slot);
  if (atomic.load(record + R_WAIT_MODE) === NOT_LATE) return;
  atomic.store(record + R_WAIT_MODE, NOT_LATE);
  atomic.add(record + R_WAIT_TURN, 1);
}

/**
 * Throws if the thread that has what is waited for will never let go of it: it has died, and has left nothing behind that goes on; or it is
 * over, and nobody else can.
 * @throws ThreadError
 */
export function checkHolder(wanted: Wanted): void {
  const holder = wanted.holder?.() ?? 0;
  if (holder === 0) return;
  const fate = fateOf(holder);
  if (fate === 'alive') return;
  if (wanted.owned !== true && (fate === 'ended' || leavesSomething(holder))) return;
  // Between the two looks it may have been let go of, and taken by another.
  if (wanted.holder?.() !== holder) return;
  throw new ThreadError(
    `${wanted.describe()} will never succeed: ${describeOwner(holder)}, ${fate === 'died' ? 'died' : 'ended'} holding it`,
  );
}
