// Starting a thread: capture the function, find a worker, hand over.
//
//   capture(function, arguments)                      throws what cannot travel; nothing is claimed yet
//   slot ← an idle worker                             a compare-exchange in the table
//        | one that is about to become idle           a short wait: much cheaper than a new worker
//        | a free slot, and ask the supervisor        it makes the worker, or says that it cannot
//   hold the shared cells that travel, note the label
//   post the packet on the link to the worker, then wake it
//
// The worker finds the packet because it is in the port's queue before the word it parks on changes. A function that the worker keeps
// and that takes no arguments needs no packet: its number goes into the record.

import { type CapturedCall, captureCall, Ledger } from '../closure/capture.js';
import { takeAllMarked } from '../closure/transfer.js';
import { holdInflight, settleInflight } from '../heap/inflight.js';
import { atomic } from '../memory/atomics.js';
import {
  H_KEPT_THREADS,
  H_STACK_SIZE,
  R_KEEPS,
  R_KEPT,
  R_STACK,
  R_STATE,
  R_THREAD,
  R_WAKE,
  R_WORKER,
} from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { MessageChannel, type MessagePort, STACK_CEILING, type Transferable } from '../platform/worker.js';
import { ThreadError } from '../sync/errors.js';
import { setLabel, setName } from '../sync/names.js';
import { markOfNext, THREAD_MARK } from '../sync/owner.js';
import { mask, unmask } from '../sync/safepoint.js';
import { checkShutdown } from './shutdown.js';
import { ask, awaitSigintWatch } from './supervisor.js';
import {
  changeState,
  claimFree,
  claimIdle,
  FAILED,
  FREE,
  identOf,
  LEFTOVER,
  RUNNING,
  SPAWNING,
  serial,
  slots,
  stateOf,
  unclaim,
} from './table.js';

/** A channel on which this thread hands jobs to one worker. */
interface Outbox {
  readonly port: MessagePort;
  /** What the worker has been sent before. */
  ledger: Ledger;
}

/** Outboxes by the serial of the worker at the other end. */
const outboxes = new Map<number, Outbox>();

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

interface Job {
  readonly call: CapturedCall;
  /** Buffers that go with the message instead of a copy. */
  readonly moved: readonly ArrayBuffer[];
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
  checkShutdown(identity?.late === true);
  const moved = takeAllMarked(kwargs === undefined ? args : [...args, kwargs]);
  mask();
  try {
    for (const prepare of preparations) prepare();
    const call = captureCall(fn, args, kwargs, identity?.names);
    const stackSize = identity?.stackSize ?? (V.F64[H_STACK_SIZE >>> 3] as number);
    const job = { call, moved, identity };
    let slot = claimIdle(stackSize, lastSlot);
    if (slot < 0) slot = claimParking(stackSize);
    if (slot < 0) slot = spawnFor(job, stackSize);
    else handOver(slot, job);
    lastSlot = slot;
    return identOf(slot);
  } finally {
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

/** Gives a job to the parked worker of a slot that this thread has claimed. */
function handOver(slot: number, job: Job): void {
  const record = recordOf(slot);
  const outbox = outboxTo(slot);
  try {
    load(slot, job, outbox);
  } catch (error) {
    // What the ledger says was sent was not.
    outbox.ledger = new Ledger();
    settleInflight(slot);
    atomic.store(record + R_THREAD, 0);
    unclaim(slot);
    throw error;
  }
  atomic.store(record + R_STATE, RUNNING);
  atomic.add(record + R_WAKE, 1);
  atomic.notify(record + R_WAKE, 1);
}

/** Has a worker made for a job, and waits until it exists; its boot is not waited for. */
function spawnFor(job: Job, stackSize: number): number {
  const slot = stackSize > STACK_CEILING ? -1 : claimFree(stackSize);
  if (slot < 0) throw new ThreadError("can't start new thread");
  const record = recordOf(slot);
  try {
    const { port1, port2 } = new MessageChannel();
    const outbox = openOutbox(slot, port1);
    load(slot, job, outbox);
    atomic.store(record + R_WAKE, 1);
    atomic.store(record + R_STATE, SPAWNING);
    const worker = atomic.load(record + R_WORKER);
    ask({ type: 'spawn', slot, worker, link: { from: serial, port: port2 } }, [port2]);
    while (atomic.load(record + R_STATE) === SPAWNING) {
      if (atomic.wait(record + R_STATE, SPAWNING, SPAWN_PATIENCE) === 'timed-out') break;
    }
    const state = stateOf(slot);
    if (state === FAILED || state === SPAWNING) throw new ThreadError("can't start new thread");
    awaitSigintWatch();
  } catch (error) {
    outboxes.delete(atomic.load(record + R_WORKER));
    settleInflight(slot);
    atomic.store(record + R_THREAD, 0);
    changeState(slot, FREE);
    throw error;
  }
  return slot;
}

/** Puts the job into the worker's port, and what it refers to into its keeping. */
function load(slot: number, { call, moved, identity }: Job, outbox: Outbox): void {
  const record = recordOf(slot);
  setLabel(slot, identity?.label ?? call.label);
  // Before the Thread is seen there: whoever waits for threads that are waited for must not take it for one.
  atomic.store(record + R_KEEPS, identity?.keeps === true ? 1 : 0);
  if (identity !== undefined) {
    setName(slot, identity.name);
    atomic.store(identity.cell + THREAD_MARK, markOfNext(slot));
    atomic.store(record + R_THREAD, identity.cell);
    // After it: whoever has looked for it too early sees that there is one more.
    if (identity.keeps) atomic.add(H_KEPT_THREADS, 1);
  }
  const kept = call.kept(outbox.ledger);
  atomic.store(record + R_KEPT, kept);
  if (kept !== 0) return;
  const packet = call.packet(outbox.ledger);
  holdInflight(slot, call.handles);
  try {
    outbox.port.postMessage(packet, [...(call.transfer as Transferable[]), ...moved]);
  } catch (cause) {
    // A port that was passed on before, for one: the platform does not say which.
    throw new TypeError(`${call.label} cannot start: one of its arguments cannot be passed on (${String(cause)})`, {
      cause,
    });
  }
}

/** The outbox to the worker of a slot that this thread has claimed; a new one is passed on by the supervisor. */
function outboxTo(slot: number): Outbox {
  const worker = atomic.load(recordOf(slot) + R_WORKER);
  const known = outboxes.get(worker);
  if (known !== undefined) return known;
  const { port1, port2 } = new MessageChannel();
  ask({ type: 'link', slot, to: worker, link: { from: serial, port: port2 } }, [port2]);
  return openOutbox(slot, port1);
}

function openOutbox(slot: number, port: MessagePort): Outbox {
  const worker = atomic.load(recordOf(slot) + R_WORKER);
  const outbox = { port, ledger: new Ledger() };
  outboxes.set(worker, outbox);
  port.on('close', () => outboxes.delete(worker));
  port.unref();
  return outbox;
}
