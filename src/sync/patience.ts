// What a thread that has waited for a while finds out: that who has what it waits for is dead, or that nobody is left who could give it.
//
// Of a wait that has lasted for a slice, in the thread's record, written by the thread itself:
//   R_WAIT_MODE    NOT_LATE; BLOCKED: parked without a time-out; TIMED: parked with one; LOOPING: on its event loop, where nothing but
//                  waits without a time-out is left to happen
//   R_WAIT_TURN    counts waits: as long as it is the same, it is the same wait
//   R_WAIT_LOOKS   counts attempts that failed in it
//   R_WAIT_HOLDER  mark of the thread that has what is waited for; 0 = nobody in particular
//   R_WAIT_TEXT    what is waited for, and where in the program
//   R_DEADLOCK     turn + 1 of the wait that must end, because nobody is left (src/runtime/deadlock.ts)

import { R_WAIT_TEXT, R_WAIT_TEXT_END, R_WAIT_TEXT_LENGTH } from '../memory/layout.js';
import { patience, type Wanted } from '../memory/park.js';
import { ThreadError } from './errors.js';
import { describeOwner, type Place } from './names.js';
import { fateOf } from './owner.js';

export const NOT_LATE = 0;
export const BLOCKED = 1;
export const TIMED = 2;
export const LOOPING = 3;

export const WAIT_TEXT: Place = { length: R_WAIT_TEXT_LENGTH, start: R_WAIT_TEXT, end: R_WAIT_TEXT_END };

/**
 * Throws if the thread that has what is waited for will never let go of it: it has died; or it has ended, and nobody else can.
 * @throws ThreadError
 */
export function checkHolder(wanted: Wanted): void {
  const holder = wanted.holder?.() ?? 0;
  if (holder === 0) return;
  const fate = fateOf(holder);
  if (fate === 'alive' || (fate === 'ended' && wanted.owned !== true)) return;
  // Between the two looks it may have been let go of, and taken by another.
  if (wanted.holder?.() !== holder) return;
  throw new ThreadError(
    `${wanted.describe()} will never succeed: ${describeOwner(holder)}, ${fate === 'died' ? 'died' : 'ended'} holding it`,
  );
}

patience.begin = checkHolder;
patience.look = checkHolder;
