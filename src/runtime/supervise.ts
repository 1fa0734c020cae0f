// The supervisor: makes workers, keeps a spare one, buries the dead, carries interrupts to the main thread, and ends cancelled tasks. It
// waits for nothing but its event loop.

import { settleInflight } from '../heap/inflight.js';
import { atomic } from '../memory/atomics.js';
import { seatFor } from '../memory/kernel.js';
import {
  H_QUIT_WATCH,
  R_ANSWERS,
  R_ARMED,
  R_CLAIMER,
  R_STACK,
  R_STATE,
  R_WAITS,
  R_WAKE,
  R_WORKER,
} from '../memory/layout.js';
import { NO_SLOT } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { cores } from '../platform/process.js';
import { SIGNAL_FLAGS, watchesSigint } from '../platform/signal.js';
import {
  MessageChannel,
  type MessagePort,
  parentPort,
  receive,
  spawn,
  type Worker,
  type WorkerBoot,
  workerBoot,
} from '../platform/worker.js';
import { noteDeath } from '../sync/deaths.js';
import { nameOf } from '../sync/names.js';
import { countEnd, endLeftover, tellOver } from '../sync/owner.js';
import { noteEnd } from '../sync/patience.js';
import { BufferKeeper } from './buffers.js';
import { buryInHeap } from './collecting.js';
import { print, releaseOutput } from './console.js';
import { describeThreads, QUIT_BEGINS, QUIT_UNWATCHED, settleQuitWatch } from './dump.js';
import { MainInterrupter, TaskInterrupter } from './interrupter.js';
import type { Poke, Request, SupervisorBoot } from './messages.js';
import { reportThread, reportUnhandled } from './report.js';
import { declareSigintWatch, sigintIsTaken, watchSigintOnLoop } from './sigint.js';
import {
  BOOTING,
  CLAIMED,
  changeState,
  claimFree,
  FAILED,
  FREE,
  IDLE,
  LEFTOVER,
  RETIRING,
  RUNNING,
  SPAWNING,
  slots,
  stateOf,
} from './table.js';

/** Idle workers that are kept for good; more than these are ended within 2 × IDLE_LIMIT milliseconds. */
const KEPT = Math.max(4, 2 * cores);
const IDLE_LIMIT = 5_000;
/** Workers that must have been wanted before one is made ahead. */
const SEVERAL = 3;

/** The supervisor's number where a thread's serial is expected. */
const SUPERVISOR = -1;

/** How long a report waits for another thread to finish its line, in milliseconds. */
const PRINT_PATIENCE = 200;

interface Charge {
  readonly worker: Worker;
  readonly control: MessagePort;
  /** Why it is about to exit. */
  error?: unknown;
}

/** What this worker was given: set before anything below is called. */
let boot: WorkerBoot;
let given: SupervisorBoot;
let main: MessagePort;
let interrupter: MainInterrupter | undefined;

const charges = new Map<number, Charge>();
const buffers = new BufferKeeper();
const tasks = new TaskInterrupter();
/** Workers that threads were started for. */
let wanted = 0;
let retirement: NodeJS.Timeout | undefined;

/** Makes this worker the supervisor. */
export function supervise(): void {
  boot = workerBoot();
  given = boot.data as SupervisorBoot;
  main = parentPort();
  interrupter = given.processMain ? new MainInterrupter() : undefined;
  main.on('message', handle);
  const isWatched = given.processMain && watchesSigint && !sigintIsTaken();
  if (isWatched && !watchSigintOnLoop(interruptMain)) watchSigintApart();
  else declareSigintWatch();
}

function handle(request: Request): void {
  if (request.type === 'spawn') {
    // A starter that has lost patience may have given the slot back, and another one may have it now.
    if (atomic.load(recordOf(request.slot) + R_WORKER) === request.worker) makeWorker(request.slot, true);
    // What is made ahead must not hold up what was asked for.
    setImmediate(keepHouse);
  } else if (request.type === 'interrupt') {
    interruptMain();
  } else if (request.type === 'cancel') {
    const charge = charges.get(request.slot);
    if (charge !== undefined) tasks.interrupt(request.slot, charge.worker.threadId);
  } else if (request.type === 'collector') {
    makeCollector();
  } else if (request.type === 'dump') {
    void dump(request.answer);
  } else if (request.type === 'quit') {
    watchQuit();
  } else {
    buffers.handle(request);
  }
}

/** One more worker, which does nothing but collect. */
function makeCollector(): void {
  const collector = spawn(
    { role: 'collector', seat: seatFor(NO_SLOT), data: undefined, argv: boot.argv },
    { name: 'heddle collector', heapLimit: 16 },
  );
  collector.on('message', () => buffers.sweep());
  collector.on('error', (error) => {
    reportUnhandled('the collector of the shared heap', error, PRINT_PATIENCE);
  });
}

/** `isWanted`: somebody waits for it, with a job that is in flight already or comes when it is there. */
function makeWorker(slot: number, isWanted: boolean): void {
  const record = recordOf(slot);
  if (stateOf(slot) !== (isWanted ? SPAWNING : BOOTING)) return;
  const { port1, port2 } = new MessageChannel();
  let worker: Worker;
  try {
    worker = spawn(
      { role: 'thread', seat: seatFor(slot), data: { control: port2 }, argv: boot.argv },
      {
        // What a debugger shows. It cannot be changed, so a worker keeps the name of its first thread.
        name: (isWanted && nameOf(slot)) || `heddle thread ${slot + 1}`,
        stackSize: atomic.load(record + R_STACK),
        flags: given.flags,
        transfer: [port2],
      },
    );
  } catch {
    port1.close();
    changeState(slot, isWanted ? FAILED : FREE);
    return;
  }
  const charge: Charge = { worker, control: port1 };
  charges.set(slot, charge);
  port1.on('message', handle);
  worker.on('error', (error) => {
    charge.error = error;
  });
  worker.on('exit', (status) => bury(slot, charge, status));
  if (isWanted) {
    wanted++;
    changeState(slot, atomic.load(record + R_WAKE) > 0 ? RUNNING : CLAIMED);
  }
}

/** A worker has exited: says so if its thread had not ended, and lets go of all it held. */
function bury(slot: number, charge: Charge, status: number): void {
  const record = recordOf(slot);
  const worker = atomic.load(record + R_WORKER);
  const state = stateOf(slot);
  const died = charge.error ?? new Error('the thread was terminated from outside, or by process.reallyExit()');
  charges.delete(slot);
  // What it asked for before it died is still on the port: a thread that another waits for, perhaps.
  for (let request = receive(charge.control); request !== undefined; request = receive(charge.control)) {
    handle(request as Request);
  }
  charge.control.close();

  releaseOutput(slot);
  const violent = charge.error !== undefined || status !== 0;
  if (state === RUNNING) noteDeath(slot, died);
  if (state === RUNNING || (state === LEFTOVER && violent)) reportThread(slot, died, PRINT_PATIENCE);
  atomic.store(record + R_WAITS, 0);
  atomic.store(record + R_ARMED, 0);
  noteEnd(slot);
  settleInflight(slot);
  buryInHeap(slot, violent, () => freeSlot(slot, state, worker, violent));
}

/** The last of a worker that has exited: its slot can be another's. */
function freeSlot(slot: number, state: number, worker: number, violent: boolean): void {
  for (const other of slots()) {
    const given = stateOf(other);
    if ((given !== CLAIMED && given !== SPAWNING) || atomic.load(recordOf(other) + R_CLAIMER) !== worker) continue;
    settleInflight(other);
    // It was about to start a thread there, which somebody may wait for already.
    tellOver(other, true);
    changeState(other, charges.has(other) ? IDLE : FREE);
  }
  if (state === RUNNING) countEnd(slot, true);
  else if (state === LEFTOVER) endLeftover(slot, violent);
  changeState(slot, FREE);
  // One that fails before it is ready would fail again.
  if (state !== BOOTING) keepHouse();
}

/**
 * One spare worker as long as the cores are not all served: but only in a program that has wanted several, because most want one or two. No
 * more idle ones than KEPT for long.
 */
function keepHouse(): void {
  const spares = [...slots()].filter((slot) => stateOf(slot) === IDLE || stateOf(slot) === BOOTING);
  if (spares.length === 0 && wanted >= SEVERAL && charges.size <= cores) makeSpare();
  // Nobody tells us when a worker becomes idle, so we look from time to time while there could be too many.
  if (charges.size > KEPT && retirement === undefined) {
    retirement = setTimeout(retire, IDLE_LIMIT);
    retirement.unref();
  }
}

function makeSpare(): void {
  const slot = claimFree(0, SUPERVISOR);
  if (slot < 0) return;
  atomic.store(recordOf(slot) + R_STATE, BOOTING);
  makeWorker(slot, false);
}

/** Ends the idle workers that are too many. */
function retire(): void {
  retirement = undefined;
  const idle = [...slots()].filter((slot) => stateOf(slot) === IDLE);
  for (const slot of idle.slice(KEPT)) {
    const state = recordOf(slot) + R_STATE;
    if (atomic.compareExchange(state, IDLE, RETIRING) !== IDLE) continue;
    // It ends itself: ended from outside, it could be in the middle of something.
    atomic.add(recordOf(slot) + R_WAKE, 1);
    atomic.notify(recordOf(slot) + R_WAKE, 1);
  }
  keepHouse();
}

function interruptMain(): void {
  const poke: Poke = 'turn';
  main.postMessage(poke);
  void interrupter?.interrupt();
}

/** Says what each thread does, to the one who has asked or on standard error. */
async function dump(answer: { slot: number; port: MessagePort } | undefined): Promise<void> {
  const ids = new Map([[0, given.mainId]]);
  for (const [slot, { worker }] of charges) ids.set(slot, worker.threadId);
  const text = await describeThreads(ids);
  if (answer === undefined) {
    print(2, text, PRINT_PATIENCE);
    return;
  }
  answer.port.postMessage(text);
  answer.port.close();
  const word = recordOf(answer.slot) + R_ANSWERS;
  atomic.add(word, 1);
  atomic.notify(word, Infinity);
}

/** One more worker, which does nothing but wait for SIGQUIT (src/runtime/quit.ts). */
function watchQuit(): void {
  if (atomic.compareExchange(H_QUIT_WATCH, QUIT_UNWATCHED, QUIT_BEGINS) !== QUIT_UNWATCHED) return;
  try {
    const watcher = spawn(
      { role: 'quit', seat: seatFor(NO_SLOT), data: undefined, argv: boot.argv },
      { name: 'heddle sigquit', heapLimit: 16, flags: SIGNAL_FLAGS },
    );
    watcher.on('message', () => void dump(undefined));
    watcher.on('error', () => settleQuitWatch(false));
  } catch {
    // The platform does not know the option any more.
    settleQuitWatch(false);
  }
}

/** One more worker, which does nothing but wait for Ctrl-C (src/runtime/sigint-worker.ts). */
function watchSigintApart(): void {
  const watcher = spawn(
    { role: 'sigint', seat: seatFor(NO_SLOT), data: undefined, argv: boot.argv },
    { name: 'heddle sigint', heapLimit: 16 },
  );
  watcher.on('message', interruptMain);
  watcher.on('error', (error) => {
    reportUnhandled('the watch for Ctrl-C', error, PRINT_PATIENCE);
    declareSigintWatch();
  });
}
