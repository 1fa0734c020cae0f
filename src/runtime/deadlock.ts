// Deadlocks: every thread that could go on waits for ever, in this library, for another one.
//
// A thread that has waited without a time-out for one slice (src/memory/park.ts) says so in its record (src/sync/patience.ts), and at
// every look from then on, one a slice, asks whether all the others are stuck as well. A single walk over the table cannot tell: a thread
// that was read as waiting may have been woken already. So it collects twice:
//
//   first    slot and turn of all threads that there are, twice in a row and the same; then how often each has tried
//   later    each has begun to try again since, and failed; then slot and turn of all threads that there are: the same
//
// All threads were in these waits at the end of the first collect, and still at the beginning of the second. In a wait a thread only makes
// attempts, which take something and never give anything. After the first collect each thread has made an attempt that failed. So all will
// fail for ever. A deadlock is reported two slices after the last thread has got stuck.
//
// The first thread that finds a deadlock reports it for all (H_DEADLOCK_REPORTER: its mark; if it dies meanwhile, the next one does). It
// writes into each record which wait must end, and there the threads throw DeadlockError. They keep the locks that they hold, unless `with` or
// `using` releases them on the way out.
//
// These threads may go on: a thread that computes, or is blocked outside of this library; a thread that waits with a time-out, or with a signal
// that can abort it; a thread with anything else alive on its event loop; the main thread, if it listens to a signal. Timers and handles that
// do not keep the event loop alive do not count.

import { atomic } from '../memory/atomics.js';
import {
  H_DEADLOCK_REPORTER,
  H_DEADLOCKS,
  H_SLOTS,
  H_WORKERS,
  R_ATTENTION,
  R_DEADLOCK,
  R_DEADLOCK_NUMBER,
  R_STATE,
  R_WAIT_HOLDER,
  R_WAIT_LOOKS,
  R_WAIT_MODE,
  R_WAIT_TURN,
  R_WAITS,
} from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { describeDeaths } from '../sync/deaths.js';
import { DeadlockError } from '../sync/errors.js';
import { describeOwner, describeThread, textOf } from '../sync/names.js';
import { fateOf, slotOf, thisThread } from '../sync/owner.js';
import { LOOPING, lastFailed, NOT_LATE, RESTING, TIMED, WAIT_TEXT } from '../sync/patience.js';
import { INTERRUPT } from '../sync/safepoint.js';
import { adviceFor } from './advice.js';
import { print } from './console.js';
import { BOOTING, FAILED, FREE, IDLE, LEFTOVER, RETIRING, RUNNING } from './table.js';

/** Milliseconds that a report waits for another thread to finish its line. */
const PRINT_PATIENCE = 200;

/** A slot whose thread is stuck, and the turn of its wait. */
export interface Stuck {
  readonly slot: number;
  readonly turn: number;
}

type Standing = 'none' | 'goes on' | Stuck;

function standingOf(slot: number): Standing {
  const record = recordOf(slot);
  const state = atomic.load(record + R_STATE);
  if (state === FREE || state === FAILED || state === BOOTING || state === IDLE || state === RETIRING) return 'none';
  if (state !== RUNNING && state !== LEFTOVER) return 'goes on';
  const turn = atomic.load(record + R_WAIT_TURN);
  const mode = atomic.load(record + R_WAIT_MODE);
  if (mode === NOT_LATE || mode === TIMED) return 'goes on';
  // It is about to throw.
  if (atomic.load(record + R_DEADLOCK) === ((turn + 1) | 0)) return 'goes on';
  // Its event loop will deliver it.
  if (mode === LOOPING && (atomic.load(record + R_ATTENTION) & INTERRUPT) !== 0) return 'goes on';
  return { slot, turn };
}

/** Of numbers that wrap around. */
const isAfter = (later: number, earlier: number): boolean => ((later - earlier) | 0) > 0;

const looksOf = (slot: number): number => atomic.load(recordOf(slot) + R_WAIT_LOOKS);

/** What a thread knows of the others while it waits. */
export class Detector {
  /** What the first collect has found, and how often each had tried after that. */
  #first: readonly Stuck[] | undefined;
  #looks: readonly number[] = [];
  /** How many workers there had been by then. */
  #workers = 0;
  /** The slot that could go on the last time: it is asked first. */
  #hope = 0;

  /** The caller has noted a look in its record. All threads there are, if none of them will ever go on. */
  look(): readonly Stuck[] | undefined {
    // Before the turns: an attempt of a later turn would say nothing of this one.
    const failed = this.#first?.every(({ slot }, index) => isAfter(lastFailed(looksOf(slot)), this.#looks[index] ?? 0));
    const now = this.#collect();
    // A thread that was started in between and has died already shows that somebody goes on.
    const isQuiet = atomic.load(H_WORKERS) === this.#workers;
    if (isQuiet && now !== undefined && sameAs(this.#first, now)) return failed === true ? now : undefined;
    this.#begin(now);
    return undefined;
  }

  /** The wait is over. */
  forget(): void {
    this.#first = undefined;
  }

  /** Whether all of these are still stuck, and nobody else is there. */
  confirms(stuck: readonly Stuck[]): boolean {
    const now = this.#collect();
    return now !== undefined && sameAs(stuck, now);
  }

  #begin(found: readonly Stuck[] | undefined): void {
    this.#workers = atomic.load(H_WORKERS);
    // A thread that was started behind the walk's back is there in the second one.
    this.#first = found !== undefined && this.confirms(found) ? found : undefined;
    this.#looks = this.#first?.map(({ slot }) => looksOf(slot)) ?? [];
  }

  /** All threads, if every one is stuck. */
  #collect(): Stuck[] | undefined {
    const end = atomic.load(H_SLOTS);
    if (this.#hope < end && standingOf(this.#hope) === 'goes on') return undefined;
    const found: Stuck[] = [];
    for (let slot = 0; slot < end; slot++) {
      const standing = standingOf(slot);
      if (standing === 'goes on') {
        this.#hope = slot;
        return undefined;
      }
      if (standing !== 'none') found.push(standing);
    }
    return found;
  }
}

function sameAs(before: readonly Stuck[] | undefined, now: readonly Stuck[]): boolean {
  return (
    before !== undefined &&
    before.length === now.length &&
    now.every(({ slot, turn }, index) => slot === before[index]?.slot && turn === before[index]?.turn)
  );
}

/** Reports a deadlock, unless somebody else does, and ends the waits. */
export function report(stuck: readonly Stuck[], detector: Detector): void {
  const slots = stuck.map(({ slot }) => slot).filter((slot) => !isResting(slot));
  if (slots.length === 0) return;
  const other = atomic.load(H_DEADLOCK_REPORTER);
  if (other !== 0 && fateOf(other) === 'alive') return;
  if (atomic.compareExchange(H_DEADLOCK_REPORTER, other, thisThread.mark) !== other) return;
  try {
    // It may have been reported since we looked.
    if (!detector.confirms(stuck)) return;
    print(2, `Deadlock: ${reportOf(slots)}`, PRINT_PATIENCE);
    const number = atomic.add(H_DEADLOCKS, 1) + 1;
    for (const { slot } of stuck) if (!isResting(slot)) atomic.store(recordOf(slot) + R_DEADLOCK_NUMBER, number);
    for (const { slot, turn } of stuck) if (!isResting(slot)) atomic.store(recordOf(slot) + R_DEADLOCK, turn + 1);
  } finally {
    atomic.store(H_DEADLOCK_REPORTER, 0);
  }
  // All at once, so that the messages are made before the records say something else.
  for (const slot of slots) {
    const word = atomic.load(recordOf(slot) + R_WAITS);
    if (word !== 0) atomic.notify(word, Infinity);
  }
}

const isResting = (slot: number): boolean => atomic.load(recordOf(slot) + R_WAIT_MODE) === RESTING;

/** Whether the wait that the record tells of was found to be part of a deadlock. */
export function isDeadlocked(record: number): boolean {
  return atomic.load(record + R_DEADLOCK) === ((atomic.load(record + R_WAIT_TURN) + 1) | 0);
}

/** For the wait of a slot that is part of a deadlock. */
export function deadlockError(slot: number): DeadlockError {
  const number = atomic.load(recordOf(slot) + R_DEADLOCK_NUMBER);
  const slots: number[] = [];
  for (let other = 0, end = atomic.load(H_SLOTS); other < end; other++) {
    if (atomic.load(recordOf(other) + R_DEADLOCK_NUMBER) === number) slots.push(other);
  }
  const holder = describeHolder(slot, slots).trim();
  const advice = adviceFor(textOf(slot, WAIT_TEXT), holderOf(slot, slots));
  // Perhaps the others wait for one of these.
  const died = describeDeaths()
    .map((death) => `${death.charAt(0).toUpperCase()}${death.slice(1)}. `)
    .join('');
  const error = new DeadlockError(
    `${textOf(slot, WAIT_TEXT)} will never succeed${holder === '' ? '' : ` (${holder})`}: ${summary(slots)}. ${died}${advice}`,
  );
  // The report was printed: the code that prints the error does not print it again.
  return Object.defineProperty(error, 'report', { value: reportOf(slots, slots), writable: true, configurable: true });
}

/** Who waits for what, and what to do. */
function reportOf(slots: readonly number[], alive: readonly number[] = []): string {
  const advice = new Set(slots.map((slot) => adviceFor(textOf(slot, WAIT_TEXT), holderOf(slot, alive))));
  const waits = slots.map((slot) => describeWait(slot, alive)).join('');
  const lines = [...describeDeaths(), ...advice];
  return `${summary(slots)}\n${waits}${lines.map((line) => `  ${line}\n`).join('')}`;
}

function summary(slots: readonly number[]): string {
  if (slots.length === 1) return 'the only thread that is left waits for ever';
  return `all ${slots.length} threads that are left wait for ever`;
}

/** `alive` are slots whose threads had not ended when the deadlock was found, whatever has become of them since. */
function describeWait(slot: number, alive: readonly number[] = []): string {
  return `  ${describeThread(slot)}\n    waits for ${textOf(slot, WAIT_TEXT)}${describeHolder(slot, alive)}\n`;
}

function holderOf(slot: number, alive: readonly number[]): 'itself' | 'another' | 'nobody' {
  const holder = atomic.load(recordOf(slot) + R_WAIT_HOLDER);
  if (holder === 0) return 'nobody';
  const fate = alive.includes(slotOf(holder)) ? 'alive' : fateOf(holder);
  if (fate !== 'alive') return 'nobody';
  return slotOf(holder) === slot ? 'itself' : 'another';
}

/** Who has what a slot's thread waits for, in a line of its own. */
export function describeHolder(slot: number, alive: readonly number[] = []): string {
  const holder = atomic.load(recordOf(slot) + R_WAIT_HOLDER);
  if (holder === 0) return '';
  const fate = alive.includes(slotOf(holder)) ? 'alive' : fateOf(holder);
  if (slotOf(holder) === slot && fate === 'alive') return '\n    held by the same thread';
  return `\n    held by ${describeOwner(holder)}${fate === 'alive' ? '' : `, which has ${fate}`}`;
}
