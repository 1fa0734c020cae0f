// Starting a thread: capture the call, find a worker, hand over.
//
//   the call, in a cell                               throws what cannot travel; nothing is claimed yet
//   slot ← an idle worker                             a compare-exchange in the table
//        | one that is about to become idle           a short wait: much cheaper than a new worker
//        | a free slot, and ask the supervisor        it makes the worker, or says that it cannot
//   give away what only one thread can have           ports and streams: from here on the caller has lost them
//   the cell is in flight to the slot; note the label
//   wake the worker
//
// The worker finds the cell because its record refers to it before the word that it parks on changes. A new worker is given its job before
// it is made, so that it need not park; but if something is given away, it is made first.

import type { NamedGift } from '../closure/out/luggage.js';
import { detach, takeAllMarked } from '../closure/transfer.js';
import { holdInflight, settleInflight } from '../heap/inflight.js';
import { hold } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import {
  H_KEPT_THREADS,
  H_STACK_SIZE,
  R_KEEPS,
  R_STACK,
  R_STATE,
  R_THREAD,
  R_WAKE,
  R_WORKER,
} from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { callOf, giveAway, Job, writeCall } from '../parcel/call.js';
import { STACK_CEILING } from '../platform/worker.js';
import { addressOf } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { setLabel, setName } from '../sync/names.js';
import { markOfNext, THREAD_MARK } from '../sync/owner.js';
import { mask, unmask } from '../sync/safepoint.js';
import { checkShutdown } from './shutdown.js';
import { ask, awaitSigintWatch } from './supervisor.js';
import {
  CLAIMED,
  changeState,
  claimFree,
  claimIdle,
  FAILED,
  FREE,
  identOf,
  LEFTOVER,
  RUNNING,
  SPAWNING,
  slots,
  stateOf,
  unclaim,
} from './table.js';

/** The slot that ran this thread's last job: it knows our code already. */
let lastSlot = 0;

/** Milliseconds to wait for a worker that has ended its thread and is about to park. A new worker takes 12 to 40. */
const PARKING_PATIENCE = 0.3;

/** Milliseconds after which a supervisor that does not answer is taken for dead. */
const SPAWN_PATIENCE = 60_000;

/** What must be done before there is another thread. */
const preparations: (() => void)[] = [];

export function beforeStart(prepare: () => void): void {
  preparations.push(prepare);
}

/** What a thread of the layers above is besides a function. */
export interface Identity {
  /** Byte address of the cell of its Thread object, which the caller keeps alive; its word THREAD_MARK gets the thread's mark. */
  readonly cell: number;
  readonly name: string;
  /** Whether the process waits for its end. */
  readonly keeps: boolean;
  /** Whether the main thread may start it when it has ended and waits for others. */
  readonly late?: boolean;
  /** Bytes; 0 = the platform's default. None = what stack_size() says. */
  readonly stackSize?: number | undefined;
  /** What it runs, for reports; none = the function and where it is. */
  readonly label?: string | undefined;
  /** What error messages call its arguments. */
  readonly names?: readonly string[] | undefined;
}

/** What a slot is claimed for. */
interface Start {
  readonly job: Job;
  readonly label: string;
  readonly identity: Identity | undefined;
}

/**
 * Starts a thread that calls `fn` with `args` and, if given, `kwargs` as one last argument.
 * @returns its identifier.
 * @throws CaptureError when something cannot travel; ThreadError "can't start new thread" when there is no room for one, and "can't create
 * new thread at interpreter shutdown" when the process ends.
 */
export function startThread(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  kwargs?: object,
  identity?: Identity,
): number {
  const all = kwargs === undefined ? args : [...args, kwargs];
  const moved = takeAllMarked(all);
  checkShutdown(identity?.late === true);
  mask();
  hooks.compound(true);
  try {
    for (const prepare of preparations) prepare();
    const job = new Job();
    const name = (at: number): string => identity?.names?.[at] ?? (at === args.length ? 'kwargs' : `args[${at}]`);
    const { label, gifts } = writeCall(callOf(job), fn, all, name);
    const start = { job, label: identity?.label ?? label, identity };
    const stackSize = identity?.stackSize ?? (V.F64[H_STACK_SIZE >>> 3] as number);
    let slot = claimIdle(stackSize, lastSlot);
    if (slot < 0) slot = claimParking(stackSize);
    if (slot < 0 && gifts.length === 0) {
      slot = spawn(stackSize, start);
    } else {
      if (slot < 0) slot = spawn(stackSize);
      giveFor(slot, gifts);
      handOver(slot, start);
    }
    lastSlot = slot;
    detach(moved);
    return identOf(slot);
  } finally {
    hooks.compound(false);
    unmask();
  }
}

/** A worker whose thread has ended, once it has parked; -1 = none within PARKING_PATIENCE. */
function claimParking(stackSize: number): number {
  for (const slot of slots()) {
    const record = recordOf(slot);
    if (atomic.load(record + R_STATE) !== LEFTOVER || atomic.load(record + R_STACK) !== stackSize) continue;
    atomic.wait(record + R_STATE, LEFTOVER, PARKING_PATIENCE);
    return claimIdle(stackSize, slot);
  }
  return -1;
}

/** Gives away what a claimed slot's thread is to have; if that fails, the slot is free for others. */
function giveFor(slot: number, gifts: readonly NamedGift[]): void {
  try {
    giveAway(gifts);
  } catch (error) {
    unclaim(slot);
    throw error;
  }
}

/** Gives a job to the worker of a slot that this thread has claimed. */
function handOver(slot: number, start: Start): void {
  const record = recordOf(slot);
  load(slot, start);
  if (atomic.compareExchange(record + R_STATE, CLAIMED, RUNNING) !== CLAIMED) {
    // It was a new one, and has died before it was ready.
    unload(slot);
    throw new ThreadError("can't start new thread");
  }
  atomic.add(record + R_WAKE, 1);
  atomic.notify(record + R_WAKE, 1);
}

/**
 * Has a worker made, and waits until it exists; its boot is not waited for. Its slot is this thread's claim then, or with a job the thread
 * that does it.
 */
function spawn(stackSize: number, start?: Start): number {
  const slot = stackSize > STACK_CEILING ? -1 : claimFree(stackSize);
  if (slot < 0) throw new ThreadError("can't start new thread");
  const record = recordOf(slot);
  try {
    if (start !== undefined) {
      load(slot, start);
      atomic.store(record + R_WAKE, 1);
    }
    atomic.store(record + R_STATE, SPAWNING);
    ask({ type: 'spawn', slot, worker: atomic.load(record + R_WORKER) });
    while (atomic.load(record + R_STATE) === SPAWNING) {
      if (atomic.wait(record + R_STATE, SPAWNING, SPAWN_PATIENCE) === 'timed-out') break;
    }
    const state = stateOf(slot);
    if (state === FAILED || state === SPAWNING) throw new ThreadError("can't start new thread");
    awaitSigintWatch();
  } catch (error) {
    unload(slot);
    changeState(slot, FREE);
    throw error;
  }
  return slot;
}

/** What the worker finds in its record. */
function load(slot: number, { job, label, identity }: Start): void {
  const record = recordOf(slot);
  setLabel(slot, label);
  // Before the Thread is seen there: the end of the process must not take it for a thread that it waits for.
  atomic.store(record + R_KEEPS, identity?.keeps === true ? 1 : 0);
  if (identity !== undefined) {
    setName(slot, identity.name);
    atomic.store(identity.cell + THREAD_MARK, markOfNext(slot));
    atomic.store(record + R_THREAD, identity.cell);
    // After it: a thread that has looked too early sees that there is one more.
    if (identity.keeps) atomic.add(H_KEPT_THREADS, 1);
  }
  holdInflight(slot, addressOf(job));
  hold(job);
  hooks.starting(slot);
}

/** Takes back what `load` has put there. */
function unload(slot: number): void {
  settleInflight(slot);
  atomic.store(recordOf(slot) + R_THREAD, 0);
}
