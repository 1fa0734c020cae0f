// What this thread does about its waits that last: it notes them in its record (src/sync/patience.ts), finds the dead and the deadlocks,
// and ends the waits that are part of one. For waits on the event loop, one timer does this for all.

import { atomic } from '../memory/atomics.js';
import { countHolds } from '../memory/hold.js';
import { R_ATTENTION } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { type Attendance, patience, type Wanted } from '../memory/park.js';
import { record } from '../memory/self.js';
import { whenLoopDry } from '../platform/loop.js';
import { listensToSignals } from '../platform/process.js';
import { forgetDeath } from '../sync/deaths.js';
import { setText } from '../sync/names.js';
import {
  BLOCKED,
  checkHolder,
  LOOPING,
  noteEnd,
  noteLook,
  noteTry,
  RESTING,
  TIMED,
  WAIT_TEXT,
} from '../sync/patience.js';
import { INTERRUPT } from '../sync/safepoint.js';
import { Detector, deadlockError, isDeadlocked, report } from './deadlock.js';
import { callSite, here } from './report.js';

const detector = new Detector();

/** Whether the wait that is under way has been noted. */
let noted = false;
/** Whether a look is under way: what that waits for, such as an output stream, is not looked after. */
let looking = false;

/** For `WaitCare`. */
export function look(wanted: Wanted, forever: boolean): void {
  if (looking) return;
  looking = true;
  try {
    checkHolder(wanted);
    if (!noted) {
      endLooping();
      noted = true;
      note(wanted, here());
    }
    const rests = wanted.idle === true;
    noteLook(slot, rests ? RESTING : forever ? BLOCKED : TIMED, wanted.holder?.() ?? 0);
    if (!forever || rests) return;
    findDeadlock();
    if (isDeadlocked(record)) throw deadlockError(slot);
  } finally {
    looking = false;
  }
}

function findDeadlock(): void {
  const stuck = detector.look();
  if (stuck === undefined) return;
  report(stuck, detector);
  // Whether we were the one who does that or not: another deadlock begins anew.
  detector.forget();
}

/** For `WaitCare`. */
export function heed(): void {
  if (looking) return;
  if (isDeadlocked(record)) throw deadlockError(slot);
  noteTry(slot);
}

/** For `WaitCare`. */
export function leave(): void {
  if (looking) return;
  noted = false;
  detector.forget();
  noteEnd(slot);
}

/** What is waited for, and where: `at` was made there. */
function note(wanted: Wanted, at: Error): void {
  const site = callSite(at);
  const text = wanted.describe() + (site === '' ? '' : ` at ${site}`);
  forgetDeath(slot);
  setText(slot, WAIT_TEXT, text);
}

/** An asynchronous wait under way. */
interface Attended {
  readonly wanted: Wanted;
  readonly forever: boolean;
  readonly fail: (error: unknown) => void;
  /** Where it began. */
  readonly at: Error;
  /** Attempts made, and how many there were at the last look that was noted. */
  tries: number;
  seen: number;
}

const attended = new Set<Attended>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Whether the record says LOOPING, or RESTING for what happens on the event loop. */
let looping = false;
/** Then: whether one has tried since the last look. */
let trying = false;

/** Frames of an asynchronous wait, which each of them has taken: ours, and the program's innermost. */
const DEPTH = 20;

/** For `WaitCare`. */
export function attend(wanted: Wanted, forever: boolean, fail: (error: unknown) => void): Attendance {
  endLooping();
  const entry: Attended = { wanted, forever, fail, at: here(DEPTH), tries: 0, seen: 0 };
  attended.add(entry);
  if (timer === undefined) {
    timer = setInterval(tick, patience.slice / 2);
    (timer as { unref?: () => void }).unref?.();
  }
  return {
    retry() {
      if (looping && !isIdle(entry) && isDeadlocked(record)) {
        const error = deadlockError(slot);
        endAll(error, entry);
        throw error;
      }
      entry.tries++;
      if (!looping || trying) return;
      trying = true;
      noteTry(slot);
    },
    leave() {
      attended.delete(entry);
      endLooping();
      if (attended.size === 0) endProbe();
    },
  };
}

const isIdle = ({ wanted }: Attended): boolean => wanted.idle === true;

/** The event loop is at it again, or waits for something else now. */
function endLooping(): void {
  if (!looping) return;
  looping = false;
  detector.forget();
  noteEnd(slot);
}

/** When the event loop has nothing left to do, that is the end of what runs on it again. */
function endProbe(): void {
  whenLoopDry(undefined);
  countHolds(true);
}

/** Half a slice has passed: each wait tries once a slice, and not at the same time. */
function tick(): void {
  endProbe();
  if (attended.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  for (const entry of [...attended]) {
    try {
      checkHolder(entry.wanted);
    } catch (error) {
      if (attended.has(entry)) entry.fail(error);
    }
  }
  if (looping && isDeadlocked(record)) endAll(deadlockError(slot));
  if (!mayBeStuck()) {
    endLooping();
    return;
  }
  // Without what holds it for our waits: if it ends, there is nothing else.
  const probe = whenLoopDry(() => {
    countHolds(true);
    // It may wait for something else than at the tick.
    if (mayBeStuck()) lookFromLoop();
  });
  if (probe) countHolds(false);
  else endLooping();
}

/** Whether all waits are for ever, and nobody can interrupt them. */
function mayBeStuck(): boolean {
  if (attended.size === 0 || listensToSignals()) return false;
  if ((atomic.load(record + R_ATTENTION) & INTERRUPT) !== 0) return false;
  for (const entry of attended) if (!entry.forever && !isIdle(entry)) return false;
  return true;
}

/** Nothing but waits for ever is left on the event loop. */
function lookFromLoop(): void {
  const waits = [...attended].filter((entry) => !isIdle(entry));
  const [first] = waits;
  const mode = first === undefined ? RESTING : LOOPING;
  const all = first === undefined ? [...attended] : waits;
  if (!looping) {
    looping = true;
    if (first !== undefined) note(first.wanted, first.at);
  } else if (all.some(({ tries, seen }) => tries === seen)) {
    return;
  }
  for (const entry of all) entry.seen = entry.tries;
  trying = false;
  noteLook(slot, mode, first?.wanted.holder?.() ?? 0);
  if (mode !== LOOPING) return;
  findDeadlock();
  if (isDeadlocked(record)) endAll(deadlockError(slot));
}

/** Ends the waits that are part of a deadlock, but one. */
function endAll(error: Error, except?: Attended): void {
  for (const entry of [...attended]) {
    if (entry !== except && !isIdle(entry) && attended.has(entry)) entry.fail(error);
  }
}
