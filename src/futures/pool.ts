// What threads share of an executor, and how they tell each other.
//
// Cell {header, signal, asynchronous waiters, gone, asynchronous waiters, flags, most threads, names given, places used, waking, room,
//       asynchronous waiters, unbegun, table,
//       head, tail, name, initializer, cause}
//
//   signal   raised by a thread that adds a task, or wants the threads to look again; idle threads park on it
//   room     raised when a thread of the reserve may run; they park on it
//   gone     raised by a thread that leaves; threads that wait for all to be gone park on it
//   waking   1 = a thread was woken for a task and has not looked yet: others need not be, since it wakes the next if there is more to do.
//            Cleared by every thread that looks before it parks, so at the latest when the next one does if that one is killed
//   unbegun  threads that have died on their way here, one after another: cleared by each that begins
//   cause    what the initializer has thrown, or what the last thread has died of, as a parcel or as it is; written before BROKEN is set
//   flags    SHUTDOWN: no more tasks; BROKEN: the initializer has failed, or, with LIFELESS, no thread gets as far as that. Only set
//
// The rest is in backlog.ts (tasks), crew.ts (threads), worker.ts (what a thread does), exit.ts (the end of the process).

import { adopt } from '../heap/adopt.js';
import { MemoryError } from '../heap/errors.js';
import { k } from '../heap/kernel.js';
import { waitGate } from '../heap/room.js';
import { BUSY } from '../heap/types.js';
import { CELL, constantOf } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { R_TASK } from '../memory/layout.js';
import { wake } from '../memory/park.js';
import { record } from '../memory/self.js';
import type { Job } from '../parcel/call.js';
import { unpack } from '../parcel/parcel.js';
import { addressOf, EXECUTOR, loadValue, SyncCell, storeValue, syncHeader } from '../sync/cell.js';
import { deathOf } from '../sync/deaths.js';
import { thisThread } from '../sync/owner.js';
import { Backlog } from './backlog.js';
import { failClaimed } from './cell.js';
import { BLOCKED, Crew, LOOKING, PARKED, PLACE, PLACES, RESERVE, RUNNING, STARTING } from './crew.js';
import { BrokenExecutor } from './errors.js';
import { Future } from './future.js';
import { packError } from './outcome.js';
import { claim, STATE } from './state.js';

const SIGNAL = 4;
export const GONE = 12;
export const FLAGS = 20;
export const MAX = 24;
const NAMES = 28;
const USED = 32;
const WAKING = 36;
const ROOM = 40;
const UNBEGUN = 48;
const TABLE = 52;
const WORDS = 12 + (PLACES * PLACE) / 4;
const HEAD = TABLE + PLACES * PLACE;
export const NAME = HEAD + 8;
export const INITIALIZER = HEAD + 12;
const CAUSE = HEAD + 16;
const HEADER = syncHeader(EXECUTOR, WORDS, 5);

export const SHUTDOWN = 1;
export const BROKEN = 2;

const LIFELESS = 4;

const BROKEN_TEXT = 'A thread initializer failed, the thread pool is not usable anymore';
const LIFELESS_TEXT =
  'the threads of this executor die before they can take a task: what they have died of is reported on stderr. Mend that, and make a new ' +
  'executor; if it is an option of Node or a module that it preloads, run the program without it';

/** So many die in succession, none having begun, before nobody starts more. */
const MOST_UNBEGUN = 3;

/** Starts a thread for a place in the crew of an executor, under a number. */
export type StartWorker = (executor: Pool, index: number, number: number) => void;

/** worker.ts has what such a thread runs. src/wiring.ts puts it in. */
let startWorker: StartWorker = () => {
  throw new Error('executors are not wired in this thread');
};

export function startWorkersBy(how: StartWorker): void {
  startWorker = how;
}

/** What only the class can tell of its objects. */
let inside!: { crewOf(executor: Pool): Crew; backlogOf(executor: Pool): Backlog };

/** The cell of an executor. */
export class Pool extends SyncCell {
  #parts: { readonly crew: Crew; readonly backlog: Backlog } | undefined;

  static {
    inside = {
      crewOf: (executor) => executor.#own().crew,
      backlogOf: (executor) => executor.#own().backlog,
    };
  }

  constructor() {
    super(HEADER);
  }

  #own(): { readonly crew: Crew; readonly backlog: Backlog } {
    const address = addressOf(this);
    this.#parts ??= { crew: new Crew(address + TABLE, address + USED), backlog: new Backlog(address + HEAD) };
    return this.#parts;
  }
}

/** For the family of `Pool` only. */
export const { crewOf, backlogOf } = inside;

export const flagsOf = (executor: Pool): number => atomic.load(addressOf(executor) + FLAGS);

/** Whether its threads are to leave when nothing waits. */
export const isClosed = (executor: Pool): boolean => flagsOf(executor) !== 0;

/** Whether it is of no use any more. */
export const isBroken = (executor: Pool): boolean => (flagsOf(executor) & BROKEN) !== 0;

export function brokenError(executor: Pool): BrokenExecutor {
  const text = (flagsOf(executor) & LIFELESS) === 0 ? BROKEN_TEXT : LIFELESS_TEXT;
  const cause = unpack(loadValue(addressOf(executor) + CAUSE));
  if (cause === undefined) return new BrokenExecutor(text);
  if (!(cause instanceof Promise)) return new BrokenExecutor(text, { cause });
  // It needs modules that this thread has not imported.
  cause.catch(() => {});
  return new BrokenExecutor(text);
}

/** The word that its idle threads park on. */
export const signalOf = (executor: Pool): number => addressOf(executor) + SIGNAL;

/** The word that threads of its reserve park on. */
export const roomOf = (executor: Pool): number => addressOf(executor) + ROOM;

/** Has all idle threads look again. */
export function rouse(executor: Pool): void {
  for (const word of [signalOf(executor), roomOf(executor)]) {
    atomic.add(word, 1);
    wake(word, Infinity);
  }
}

/** Has one idle thread look for a task, unless one is about to. */
export function rouseOne(executor: Pool): void {
  const signal = signalOf(executor);
  atomic.add(signal, 1);
  if (atomic.exchange(addressOf(executor) + WAKING, 1) === 0) wake(signal, 1);
}

/** This thread looks for a task, and parks on the signal if it finds none and that is still what this returns. */
export function beginLook(executor: Pool): number {
  atomic.store(addressOf(executor) + WAKING, 0);
  return atomic.load(signalOf(executor));
}

/** Whether more run than may. */
export const isCrowded = (executor: Pool): boolean => crewOf(executor).take().active > maxOf(executor);

/** Whether one more may run. */
export const hasRoom = (executor: Pool): boolean => crewOf(executor).take().active < maxOf(executor);

/** This thread was idle and has found a task: wakes the next one if there are more. */
export function passOn(executor: Pool): void {
  if (backlogOf(executor).size > 0 && crewOf(executor).take().counts[PARKED]! > 0) rouseOne(executor);
}

/**
 * Starts a thread, or lets one out of the reserve, if tasks wait for nobody and one more may run. What waits in a broken executor, since who
 * was to fail it has died, is failed.
 */
export function summon(executor: Pool): void {
  const waiting = backlogOf(executor).size;
  if (waiting === 0) return;
  if (isBroken(executor)) {
    failAll(executor);
    return;
  }
  const crew = crewOf(executor);
  const { counts, active } = crew.take();
  // Those that are on their way will look for a task too.
  if (waiting <= counts[STARTING]! + counts[PARKED]! + counts[LOOKING]! || active >= maxOf(executor)) return;
  if (counts[RESERVE]! > 0) {
    atomic.add(roomOf(executor), 1);
    wake(roomOf(executor), 1);
    return;
  }
  startOne(executor);
}

/**
 * Starts a thread if there is none, before anything waits.
 * @throws ThreadError when it cannot be started.
 */
export function summonFirst(executor: Pool): void {
  bury(executor);
  if (crewOf(executor).take().all === 0) startOne(executor);
}

function startOne(executor: Pool): void {
  const crew = crewOf(executor);
  const index = crew.claim(thisThread.mark);
  if (index < 0) return;
  // Others may have come to the same conclusion.
  if (crew.take().active > maxOf(executor)) {
    crew.free(index);
    return;
  }
  const number = atomic.add(addressOf(executor) + NAMES, 1);
  try {
    startWorker(executor, index, number);
  } catch (error) {
    crew.free(index);
    throw error;
  }
}

export const maxOf = (executor: Pool): number => atomic.load(addressOf(executor) + MAX);

export const nameOfWorker = (executor: Pool, number: number): string =>
  `${String(loadValue(addressOf(executor) + NAME))}_${number}`;

export const initializerOf = (executor: Pool): Job | undefined =>
  loadValue(addressOf(executor) + INITIALIZER) as Job | undefined;

/**
 * Takes the first task that waits, until `endTask`. Its future is this thread's root meanwhile: a pin would stay until JavaScript's collector
 * comes by, and keep the outcome that long.
 */
export function takeTask(executor: Pool): Future<unknown> | undefined {
  const task = backlogOf(executor).shift(claimMine, readTask);
  if (task === undefined) atomic.store(record + R_TASK, 0);
  return task;
}

/** The future in a place of the backlog. */
function readTask(place: number): unknown {
  for (;;) {
    const word = k.touchInto(place, record + R_TASK, record);
    if (word === BUSY) {
      waitGate();
      continue;
    }
    if (word === 0 || (word & 15) !== 0) return constantOf(word);
    return adopt(Future, word >>> 2, []);
  }
}

/** This thread does not use a task's future any more. */
export function endTask(task: Future<unknown>): void {
  atomic.store(record + R_TASK, 0);
  task[CELL](true);
}

const claimMine = (future: Future<unknown>): boolean => claim(addressOf(future) + STATE, thisThread.mark);

/** Empties the backlog. */
export function drain(executor: Pool, each: (future: Future<unknown>) => boolean): void {
  while (backlogOf(executor).shift(each) !== undefined);
}

/** A thread of the executor has begun. */
export function tellBegun(executor: Pool): void {
  atomic.store(addressOf(executor) + UNBEGUN, 0);
}

/** The initializer has thrown something: nothing that waits will be done. */
export function breakBy(executor: Pool, error: unknown, how = 0): void {
  try {
    storeValue(addressOf(executor) + CAUSE, packError(error), '');
  } catch (full) {
    // It was printed.
    if (!(full instanceof MemoryError)) throw full;
  }
  breakDown(executor, how);
}

function breakDown(executor: Pool, how: number): void {
  atomic.or(addressOf(executor) + FLAGS, BROKEN | how);
  failAll(executor);
  rouse(executor);
}

export function failAll(executor: Pool): void {
  drain(executor, (future) => {
    if (!claimMine(future)) return false;
    failClaimed(future, brokenError(executor));
    return true;
  });
}

/** The places of threads that have died are free again. Threads that never begin would be replaced for ever: then the executor is broken. */
export function bury(executor: Pool): void {
  const { dead, unbegun, stillborn } = crewOf(executor).bury(thisThread.mark);
  if (dead > 0) tellGone(executor);
  if (unbegun === 0 || atomic.add(addressOf(executor) + UNBEGUN, unbegun) + unbegun < MOST_UNBEGUN) return;
  const why = deathOf(stillborn);
  if (why === undefined) breakDown(executor, LIFELESS);
  else breakBy(executor, bare(why), LIFELESS);
}

/** An error of nobody's code. */
function bare(text: string): Error {
  const error = new Error(text);
  error.stack = `Error: ${text}`;
  return error;
}

/** A thread is gone. */
export function tellGone(executor: Pool): void {
  const gone = addressOf(executor) + GONE;
  atomic.add(gone, 1);
  wake(gone, Infinity);
}

/** Whether nothing waits and nothing runs. At the end of the process: threads that rest are told. */
export function isQuiet(executor: Pool): boolean {
  bury(executor);
  summon(executor);
  // In this order: a thread says that it runs before it takes what waits.
  if (backlogOf(executor).size > 0) return false;
  const { counts, resting } = crewOf(executor).take();
  if (resting > 0) rouse(executor);
  return counts[STARTING]! + counts[RUNNING]! + counts[LOOKING]! + counts[BLOCKED]! + resting === 0;
}

/** The executor whose thread this is. */
export const here: { executor: Pool | undefined } = { executor: undefined };

/** This thread works for an executor from now on, or for none. */
export function workFor(executor: Pool | undefined): void {
  here.executor = executor;
}
