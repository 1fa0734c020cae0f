// The cell of a future: its layout, and what is written into it and read from it by whoever has one. The class is in future.ts.

import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { blockUntil, type Wanted } from '../memory/park.js';
import { CALL_WORDS } from '../parcel/call.js';
import { addressOf, loadValue, storeValue } from '../sync/cell.js';
import { thisThread } from '../sync/owner.js';
import { mask, unmask } from '../sync/safepoint.js';
import { blocking } from './blocking.js';
import { BrokenExecutor, InvalidStateError } from './errors.js';
import type { Future } from './future.js';
import { packError } from './outcome.js';
import {
  attemptEnd,
  FAILED,
  isCancelled,
  isOrphaned,
  nameOf,
  PENDING,
  runnerOf,
  STATE,
  settle,
  settleByHand,
} from './state.js';
import { afterFailure, noteFailure } from './unseen.js';

type AnyFuture = Future<unknown>;

export const WORKER = 16;
export const INTERRUPTIBLE = 20;
export const OUTCOME = 24;
export const CALL = 28;
export const OWNER = CALL + CALL_WORDS * 4;
/** Where it was submitted, as text, if its submitter has said so. */
export const SITE = OWNER + 4;

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
    // Whoever runs it. If that thread is over there is an outcome: the next attempt makes one.
    holder() {
      const state = atomic.load(word);
      return isOrphaned(state) ? 0 : runnerOf(state);
    },
  };
}

/** Blocks until the future is done; false = the time has passed. */
export function waitFor(future: AnyFuture, limit: number): boolean {
  const wanted = wantedOf(future);
  mask();
  blocking.enter();
  try {
    return blockUntil(wanted, limit);
  } finally {
    blocking.leave();
    unmask();
  }
}

/** An attempt to find it over; see `attemptEnd`. */
export function attempt(future: AnyFuture): number | undefined {
  const address = addressOf(future);
  return attemptEnd(address + STATE, thisThread.mark, () => {
    const keeper = loadValue(address + OWNER) as Keeper | undefined;
    const name = keeper?.describeWorker(atomic.load(address + WORKER)) ?? 'the thread';
    const error = new BrokenExecutor(
      `the task is lost: ${name}, which ran it, has died before it was done. Its report on stderr says of what`,
    );
    writeFailure(address, packError(error));
    forgetTask(address);
  });
}

/** Said before the state says so: nobody looks between. */
function writeFailure(address: number, packed: unknown): void {
  storeValue(address + OUTCOME, packed, 'an error');
  noteFailure(address + STATE, packed, loadValue(address + SITE) as string | undefined);
}

/** What ran is of no use any more, and holds its arguments. */
export function forgetTask(address: number): void {
  V.I32.fill(0, (address + CALL) >>> 2, (address + OWNER) >>> 2);
}

/** Whether a future that this thread runs was cancelled meanwhile. */
export const wasCancelled = (future: AnyFuture): boolean => isCancelled(atomic.load(addressOf(future) + STATE));

/** The outcome of a future that this thread runs, unless it has one. */
export function finish(future: AnyFuture, outcome: number, packed: unknown): void {
  const address = addressOf(future);
  const mine = settle(address + STATE, thisThread.mark, outcome, () => {
    writeOutcome(address, outcome, packed);
    forgetTask(address);
  });
  if (!mine) forgetTask(address);
  else if (outcome === FAILED) afterFailure(address + STATE);
}

function writeOutcome(address: number, outcome: number, packed: unknown): void {
  if (outcome === FAILED) writeFailure(address, packed);
  else storeValue(address + OUTCOME, packed, 'the result');
}

export function setByHand(future: AnyFuture, outcome: number, packed: unknown): void {
  const address = addressOf(future);
  if (settleByHand(address + STATE, thisThread.mark, outcome, () => writeOutcome(address, outcome, packed))) {
    if (outcome === FAILED) afterFailure(address + STATE);
    return;
  }
  throw new InvalidStateError(`${nameOf(atomic.load(address + STATE)).toUpperCase()}: ${String(future)}`);
}

/** Fails a future that this thread has claimed. */
export function failClaimed(future: AnyFuture, error: unknown): void {
  finish(future, FAILED, packError(error));
}
