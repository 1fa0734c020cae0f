// The cell of a future: its layout, and what is written into it and read from it by any thread that has one. The class is in future.ts.

import { MemoryError } from '../heap/errors.js';
import { ABSENT } from '../heap/types.js';
import { storeWord, wordOf } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { blockUntil, type Wanted } from '../memory/park.js';
import { CALL_WORDS } from '../parcel/call.js';
import { Parcel } from '../parcel/parcel.js';
import { addressOf, discard, loadValue, type SyncCell } from '../sync/cell.js';
import { thisThread } from '../sync/owner.js';
import { mask, unmask } from '../sync/safepoint.js';
import { enterBlocking, leaveBlocking } from './blocking.js';
import { BrokenExecutor, InvalidStateError } from './errors.js';
import { packError } from './outcome.js';
import { Spin } from './spin.js';
import {
  attemptEnd,
  FAILED,
  isCancelled,
  isOrphaned,
  isOver,
  nameOf,
  PENDING,
  runnerOf,
  STATE,
  settle,
  settleByHand,
} from './state.js';
import { afterFailure, noteFailure, type Place } from './unseen.js';

/** A future, of which only the cell matters here. */
type AnyFuture = SyncCell;

export const WORKER = 16;
export const INTERRUPTIBLE = 20;
export const OUTCOME = 24;
export const CALL = 28;
export const OWNER = CALL + CALL_WORDS * 4;
/** Where it was submitted, if its submitter has said so: a Place (unseen.ts). */
export const SITE = OWNER + 4;

const placeOf = (address: number): Place | undefined => loadValue(address + SITE) as Place | undefined;

/** What a future asks of the executor that it waits in. */
export interface Keeper {
  /** It has waited for a while: whether anybody is left to run it. */
  lookAfter(): void;
  /** "thread 'pool_3'" */
  describeWorker(number: number): string;
}

/** A future's end as something to wait for. */
export function wantedOf(future: AnyFuture): Wanted {
  const address = addressOf(future);
  const word = address + STATE;
  let looks = 0;
  return {
    word,
    attempt() {
      const state = attempt(future);
      // It has waited for a while, and nobody has begun.
      if (state === PENDING && looks++ > 0) (loadValue(address + OWNER) as Keeper | undefined)?.lookAfter();
      return state;
    },
    describe: () => `the result of future 0x${address.toString(16)}, which is ${nameOf(atomic.load(word))}`,
    // The thread that runs it. If that is over there is an outcome: the next attempt makes one.
    holder() {
      const state = atomic.load(word);
      return isOrphaned(state) ? 0 : runnerOf(state);
    },
  };
}

const spin = new Spin();

/** Blocks until the future is done; false = the time has passed. */
export function waitFor(future: AnyFuture, limit: number): boolean {
  const word = addressOf(future) + STATE;
  if (spin.until(() => isOver(atomic.load(word)))) return true;
  const wanted = wantedOf(future);
  mask();
  enterBlocking();
  try {
    return blockUntil(wanted, limit);
  } finally {
    leaveBlocking();
    unmask();
  }
}

/** What a future fails with for whose error there was no room: ABSENT is its outcome. */
export const LOST_TEXT =
  'the shared heap was full when the task had failed, so that its error could not be told: see configureHeap()';

/** The word for an outcome. All that it needs of the heap is there before the state says that somebody writes it. */
const wordFor = (packed: unknown): number => wordOf(packed, 'the outcome');

/** An outcome is in the heap, or was read: its parcel is not needed here any more. */
export function dropParcel(packed: unknown): void {
  if (packed instanceof Parcel) discard(packed);
}

/** An attempt to find it over; see `attemptEnd`. @throws MemoryError when there is no room to say that it is. */
export function attempt(future: AnyFuture): number | undefined {
  const address = addressOf(future);
  const state = address + STATE;
  const before = atomic.load(state);
  if (!isOrphaned(before)) return isOver(before) ? undefined : before;
  const keeper = loadValue(address + OWNER) as Keeper | undefined;
  const name = keeper?.describeWorker(atomic.load(address + WORKER)) ?? 'the thread';
  const packed = packError(
    new BrokenExecutor(
      `the task is lost: ${name}, which ran it, has died before it was done. The report on stderr says why`,
    ),
  );
  const word = wordFor(packed);
  const seen = attemptEnd(state, thisThread.mark, () => {
    writeOutcome(address, FAILED, word, packed);
    forgetTask(address);
  });
  dropParcel(packed);
  return seen;
}

/** What ran is of no use any more, and holds its arguments. */
export function forgetTask(address: number): void {
  V.I32.fill(0, (address + CALL) >>> 2, (address + OWNER) >>> 2);
}

/** Whether a future that this thread runs was cancelled meanwhile. */
export const wasCancelled = (future: AnyFuture): boolean => isCancelled(atomic.load(addressOf(future) + STATE));

/**
 * The outcome of a future that this thread runs, unless it has one.
 * @throws MemoryError when there is no room for it; then the future runs still.
 */
export function finish(future: AnyFuture, outcome: number, packed: unknown): void {
  finishWith(future, outcome, wordFor(packed), packed);
}

/** The word is stored before anything else is allocated. */
function finishWith(future: AnyFuture, outcome: number, word: number, packed: unknown): void {
  const address = addressOf(future);
  const mine = settle(address + STATE, thisThread.mark, outcome, () => {
    writeOutcome(address, outcome, word, packed);
    forgetTask(address);
  });
  if (!mine) forgetTask(address);
  else if (outcome === FAILED) afterFailure(address + STATE, placeOf(address));
  dropParcel(packed);
}

/** Said before the state says so: nobody looks between. */
function writeOutcome(address: number, outcome: number, word: number, packed: unknown): void {
  storeWord((address + OUTCOME) >>> 2, word);
  if (outcome !== FAILED || word === ABSENT) return;
  noteFailure(address + STATE, packed, placeOf(address));
}

export function setByHand(future: AnyFuture, outcome: number, packed: unknown): void {
  const address = addressOf(future);
  const word = wordFor(packed);
  const write = (): void => writeOutcome(address, outcome, word, packed);
  const mine = settleByHand(address + STATE, thisThread.mark, outcome, write);
  if (mine && outcome === FAILED) afterFailure(address + STATE, placeOf(address));
  dropParcel(packed);
  if (!mine) throw new InvalidStateError(`${nameOf(atomic.load(address + STATE)).toUpperCase()}: ${String(future)}`);
}

/** Fails a future that this thread has claimed: also where there is no room for the error. */
export function failClaimed(future: AnyFuture, error: unknown): void {
  let packed: unknown;
  let word: number;
  try {
    packed = packError(error);
    word = wordFor(packed);
  } catch (full) {
    if (!(full instanceof MemoryError)) throw full;
    word = ABSENT;
  }
  finishWith(future, FAILED, word, packed);
}
