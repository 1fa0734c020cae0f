// The end of the main thread, and with it of the process.
//
//   H_SHUTDOWN   LIVING   the main thread runs
//                ENDING   it has ended: callbacks are called, then threads are waited for. It starts no more threads
//                OVER     nobody is waited for any more; only the program's own exit handlers are left. No thread starts another
//
// Written by the main thread alone, upwards only. A thread that wants to know of the end parks on it; the word behind counts those that wait on
// event loops.
//
//   the event loop is empty   → ENDING, wait on the event loop for one thread after the other, so that Ctrl-C is delivered as ever
//   exit(), an error          → ENDING, wait in the exit event, before the program's handlers. The supervisor goes on meanwhile
//   one of these while it waits already, such as an uncaught KeyboardInterrupt → it waits no longer
//   process.exit()            → ENDING, OVER: it does not wait, as everywhere in the platform
//
// The process waits for the threads with R_KEEPS, also for those that others start meanwhile, and for what layers above have named
// (`waitAtEnd`). When such a thread has ended, the process waits for one more turn of its event loop: so what the thread has left there,
// such as the report of a rejection, is not lost.

import { atomic } from '../memory/atomics.js';
import {
  H_KEPT_THREADS,
  H_SHUTDOWN,
  H_SIGINT_TAKEN,
  R_ATTENTION,
  R_KEEPS,
  R_LEAVES,
  R_THREAD,
  R_TURNED,
} from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { awaitLater, blockUntil, type Wanted, wake } from '../memory/park.js';
import { record, recordOf } from '../memory/self.js';
import { onLoopDry } from '../platform/loop.js';
import { exitHere, onExit, renounceSigint } from '../platform/process.js';
import { addressOf, loadValue, SyncCell } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { describeOwner, describeThread } from '../sync/names.js';
import { endOf, fateOf, NOT_OVER, OVER as THREAD_IS_OVER, THREAD_OVER, thisThread } from '../sync/owner.js';
import { INTERRUPT, poll } from '../sync/safepoint.js';
import { report } from './report.js';
import { SIGINT_RENOUNCED, sigintIsTaken } from './sigint.js';
import { slots } from './table.js';

export const LIVING = 0;
export const ENDING = 1;
export const OVER = 2;

/** Milliseconds that a turn of an ended thread's event loop is waited for: what it runs there may go on for ever. */
const TURN_PATIENCE = 1_000;

const callbacks: (() => void)[] = [];

/** What is waited for besides threads. */
const sources: (() => Wanted | undefined)[] = [];

/** Whether the event loop is kept alive by the wait for threads. */
let waiting = false;

/** Whether the main thread ends by what waits for threads. */
let waitsInExit = false;

/** How far the process has come to its end. */
export const phase = (): number => atomic.load(H_SHUTDOWN);

/**
 * Calls `callback` when the main thread has ended, before its threads are waited for: the last that was registered first. In the main
 * thread only; other threads look at `phase()`, or wait for H_SHUTDOWN to change.
 *
 * @throws ThreadError when it is too late.
 */
export function atShutdown(callback: () => void): void {
  if (slot !== 0) throw new ThreadError("can't register atexit outside the main thread");
  if (phase() !== LIVING) throw new ThreadError("can't register atexit after shutdown");
  callbacks.push(callback);
}

/**
 * The end of the process waits for what `source` gives, as for threads, until it gives nothing more. In the main thread only.
 */
export function waitAtEnd(source: () => Wanted | undefined): void {
  sources.push(source);
}

/** What is said when nobody is waited for any more, before the program's own exit handlers. */
const lastWords: (() => void)[] = [];

/** Calls `callback` when all that the end of the process waits for is over. In the main thread only. */
export function atVeryEnd(callback: () => void): void {
  lastWords.push(callback);
}

/**
 * `late` says that it is for what the end waits for, a task that was submitted before.
 * @throws ThreadError when this thread starts no more threads, because the process ends.
 */
export function checkShutdown(late: boolean): void {
  const now = phase();
  if (now === OVER || (now === ENDING && slot === 0 && !late)) {
    throw new ThreadError("can't create new thread at interpreter shutdown");
  }
}

/** Whether the main thread, if it ended now, would have to wait for others. */
export const mustWaitForThreads = (): boolean => phase() === LIVING && (callbacks.length > 0 || isAnyoneLeft());

/** Whether the main thread has ended and waits on its event loop. */
export const isWaitingForThreads = (): boolean => waiting;

/** Ends the process when its threads have ended: they are waited for, unless that was done already. */
export function exitAfterThreads(status: number): never {
  waitsInExit = true;
  return exitHere(status);
}

/** Makes the main thread's end wait. */
export function attendShutdown(): void {
  onLoopDry(() => {
    if (!mustWaitForThreads()) return;
    end();
    waitOnLoop();
  });
  onExit(() => {
    if (!waiting) {
      if (phase() === LIVING) end();
      if (waitsInExit) block();
    }
    for (const callback of lastWords) callback();
    advance(OVER);
    isLeaving = true;
  });
}

/** Whether nobody can say any more that a thread will ever come to do something: the main thread is in the program's exit handlers. */
let isLeaving = false;

/** A wait begins. @throws ThreadError at the very end: what a live thread has is not waited for then. */
export function checkLeaving(wanted: Wanted): void {
  if (!isLeaving) return;
  const holder = wanted.holder?.() ?? 0;
  if (holder === 0 || holder === thisThread.mark || fateOf(holder) !== 'alive') return;
  throw new ThreadError(
    `${wanted.describe()} would wait for ever while the program ends, for ${describeOwner(holder)}`,
  );
}

function advance(to: number): void {
  atomic.store(H_SHUTDOWN, to);
  wake(H_SHUTDOWN, Infinity);
}

/** The main thread's code has ended: the threads that join it go on. */
function end(): void {
  advance(ENDING);
  const main = atomic.load(recordOf(0) + R_THREAD) >>> 0;
  if (main !== 0) {
    atomic.store(main + THREAD_OVER, THREAD_IS_OVER);
    wake(main + THREAD_OVER, Infinity);
  }
  for (let callback = callbacks.pop(); callback !== undefined; callback = callbacks.pop()) {
    try {
      callback();
    } catch (error) {
      report('Exception ignored at shutdown:', error);
    }
  }
}

const isAnyoneLeft = (): boolean => next() !== undefined;

/**
 * What has to be waited for, a thread or something else. A thread may leave something to the others and end: they are looked at after it, or,
 * if they were looked at before, again.
 */
function next(): Wanted | undefined {
  for (;;) {
    const started = atomic.load(H_KEPT_THREADS);
    const wanted = nextThread() ?? nextOfSources() ?? nextTurn();
    if (wanted !== undefined) return { ...wanted, idle: true };
    if (atomic.load(H_KEPT_THREADS) === started) return undefined;
  }
}

function nextOfSources(): Wanted | undefined {
  for (const source of sources) {
    const wanted = source();
    if (wanted !== undefined) return wanted;
  }
  return undefined;
}

/** The end of some thread that has to be waited for. */
function nextThread(): Wanted | undefined {
  for (const slot of slots()) {
    const record = recordOf(slot);
    if (atomic.load(record + R_KEEPS) === 0 || atomic.load(record + R_THREAD) === 0) continue;
    // Has pinned it, if it is still there.
    const thread = loadValue(record + R_THREAD);
    if (!(thread instanceof SyncCell)) continue;
    const cell = addressOf(thread);
    if (atomic.load(cell + THREAD_OVER) !== NOT_OVER) continue;
    // A start that fails takes its Thread away again.
    const isOff = (): boolean => atomic.load(record + R_THREAD) >>> 0 !== cell;
    return endOf(cell, () => `the end of the program waits for ${describeThread(slot)}`, isOff);
  }
  return undefined;
}

/** This thread has ended, and its event loop has had a turn since. */
export function noteTurn(): void {
  atomic.store(record + R_TURNED, atomic.load(record + R_LEAVES));
  if (phase() !== LIVING) wake(record + R_TURNED, Infinity);
}

/** Ended threads whose turn has not come in time. */
const givenUp = new Set<number>();

/** A turn of the event loop of some thread that has ended. */
function nextTurn(): Wanted | undefined {
  for (const slot of slots()) {
    const record = recordOf(slot);
    const ended = atomic.load(record + R_LEAVES);
    if (ended === 0 || atomic.load(record + R_KEEPS) === 0 || givenUp.has(ended)) continue;
    const turned = atomic.load(record + R_TURNED);
    if (turned === ended) continue;
    const deadline = atomic.now() + TURN_PATIENCE;
    return {
      word: record + R_TURNED,
      attempt() {
        if (atomic.load(record + R_TURNED) !== turned || atomic.load(record + R_LEAVES) !== ended) return undefined;
        if (atomic.now() < deadline) return turned;
        givenUp.add(ended);
        return undefined;
      },
      describe: () => `the end of the program waits for what ${describeThread(slot)} has left on its event loop`,
    };
  }
  return undefined;
}

function waitOnLoop(): void {
  const wanted = next();
  waiting = wanted !== undefined;
  if (wanted !== undefined) awaitLater(wanted, Infinity, waitOnLoop);
}

function block(): void {
  // Its handlers would not get to run.
  if (sigintIsTaken()) {
    atomic.store(H_SIGINT_TAKEN, SIGINT_RENOUNCED);
    renounceSigint();
  }
  const attention = recordOf(0) + R_ATTENTION;
  const isInterrupted = (): boolean => (atomic.load(attention) & INTERRUPT) !== 0;
  for (let wanted = next(); wanted !== undefined; wanted = next()) {
    const { attempt } = wanted;
    blockUntil({ ...wanted, attempt: () => (isInterrupted() ? undefined : attempt()) }, Infinity);
    try {
      poll();
    } catch (interrupt) {
      report('Exception ignored at shutdown:', interrupt);
      return;
    }
  }
}
