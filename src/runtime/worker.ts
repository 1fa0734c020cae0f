// A thread's worker: parks until it is given a job, runs it, and parks again. One job at a time; what the job leaves behind on the
// event loop is finished before the next.
//
//   park      wait until WAKE changes
//     rebuild the function and its arguments from the cell that is in flight, and settle that
//     call the function
//       it returned       → end the thread
//       it threw          → report, unless it was SystemExit; end the thread
//       it gave a promise → end the thread so when that settles; hold the event loop until then
//     end the thread: LEFTOVER
//   a turn of the event loop: microtasks of the job run
//   resume    if nothing is left on the event loop: IDLE, park
//   the event loop runs dry when the job's timers and handles are done: IDLE, park
//
// An error on the event loop that nobody caught is reported too. If it belongs to the thread that runs, that thread ends, and so does the
// worker, since the thread's promise cannot be cancelled. If it belongs to what an earlier thread has left there, nothing ends (author.ts).

import { releasePages } from '../heap/allocate.js';
import { inflight, settleInflight } from '../heap/inflight.js';
import { tidyUp } from '../heap/tidy.js';
import { atomic } from '../memory/atomics.js';
import { holdLoop } from '../memory/hold.js';
import { hooks } from '../memory/hooks.js';
import { R_STATE, R_WAKE } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { type Call, readJob } from '../parcel/call.js';
import { callOutside, watchMicrotasks } from '../platform/context.js';
import { onLoopDry, soon } from '../platform/loop.js';
import { adaptProcess, exitHere, onUncaughtError, rememberHandlers } from '../platform/process.js';
import { hideBoot, workerBoot } from '../platform/worker.js';
import { noteDeath } from '../sync/deaths.js';
import { isExit, SystemExit } from '../sync/errors.js';
import { isThenable } from '../sync/held.js';
import { beginLeftover, countEnd, endLeftover, renewMark } from '../sync/owner.js';
import { heedBeforeParking } from './asking.js';
import { Author, blameAuthorOf } from './author.js';
import { redirectConsole } from './console.js';
import { endsHere } from './ends.js';
import { loopIsQuiet } from './load.js';
import type { ThreadBoot } from './messages.js';
import { prepareRun } from './preparations.js';
import { tell } from './report.js';
import { noteTurn } from './shutdown.js';
import { connectSupervisor } from './supervisor.js';
import { BOOTING, changeState, IDLE, LEFTOVER, RETIRING } from './table.js';

/** Milliseconds of idleness after which garbage is collected, so that locks which only it can reach are given back. */
const TIDY_AFTER = 200;

/** The author of what a thread leaves on the event loop. */
class Thread extends Author {
  protected override lose(error: unknown): void {
    endByEvent(this, error);
  }
}

/** Jobs taken so far; R_WAKE says how many there are. */
let jobs = 0;

/** The thread that runs: its function has not returned, or the promise has not settled. */
let running: Author | undefined;

/** Holds the event loop while the thread's promise is pending. */
let letGo: (() => void) | undefined;

/** Whether nothing was done since garbage was collected. */
let tidy = true;

/** What a thread has put on `process` is not to catch the errors of the next. */
let forgetHandlers = (): void => {};

/** Makes this worker one of a thread: it takes work from the next turn of its event loop on. */
export function serve(): void {
  const boot = workerBoot();
  const { control } = boot.data as ThreadBoot;
  redirectConsole();
  connectSupervisor(control);
  hideBoot();
  adaptProcess(boot.argv, (code) => {
    throw new SystemExit(code);
  });
  watchMicrotasks();
  onUncaughtError(blameAuthorOf);
  onLoopDry(park);
  forgetHandlers = rememberHandlers();
  if (atomic.load(record + R_STATE) === BOOTING) changeState(slot, IDLE);
  soon(park);
}

function park(): void {
  if (running !== undefined) return;
  if (atomic.load(record + R_STATE) === LEFTOVER) {
    forgetHandlers();
    // What it has left behind is over too, and the next thread has nothing of it.
    endLeftover(slot, false);
    renewMark();
    changeState(slot, IDLE);
  }
  while (atomic.load(record + R_WAKE) === jobs) {
    if (atomic.wait(record + R_WAKE, jobs, tidy ? Infinity : TIDY_AFTER) !== 'timed-out') {
      // Somebody may look for room.
      heedBeforeParking(tidy ? 1 : 0);
      continue;
    }
    tidy = true;
    releasePages();
    tidyUp();
    // Finalizers run in the turns between.
    soon(() => soon(resume));
    return;
  }
  if (atomic.load(record + R_STATE) === RETIRING) exitHere(0);
  jobs++;
  tidy = false;
  const author = new Thread();
  running = author;
  author.call(() => run(author));
}

/** A turn after a job: what it left for the microtask queue has run. Parks at once if that has left nothing on the event loop. */
function resume(): void {
  noteTurn();
  if (loopIsQuiet()) park();
}

function run(author: Author): void {
  try {
    const preparation = prepareRun();
    const read = (): Call | Promise<Call> => readJob(inflight(slot));
    // What it imports may need what is prepared.
    const call = preparation === undefined ? read() : preparation.then(read);
    if (call instanceof Promise) {
      awaitOnLoop();
      call.then((ready) => start(author, ready)).catch((error) => fail(author, error));
    } else {
      start(author, call);
    }
  } catch (error) {
    fail(author, error);
  }
}

function start(author: Author, { fn, args }: Call): void {
  // This thread has what it was sent.
  settleInflight(slot);
  hooks.began();
  const result = fn(...args);
  if (isThenable(result)) {
    awaitOnLoop();
    result.then(
      () => succeed(author),
      (error) => fail(author, error),
    );
  } else {
    succeed(author);
  }
}

/** A promise that was kept cannot be broken, nor one that was broken be kept: only a thread's first end counts. */
const runs = (author: Author): boolean => author === running && !author.isOver;

function succeed(author: Author): void {
  if (runs(author)) endThread(false);
}

/** The thread ends by an error. */
function fail(author: Author, error: unknown): void {
  if (!runs(author)) return;
  author.end();
  noteIfDeath(error);
  const told = hooks.failed(error) ? undefined : tell(error);
  if (told === undefined) {
    endThread(isDeath(error));
  } else {
    awaitOnLoop();
    void told.then(() => endThread(isDeath(error)));
  }
}

/** The thread has left an error on the event loop: it ends by it, and its worker too. */
function endByEvent(author: Author, error: unknown): void {
  author.end();
  noteIfDeath(error);
  const told = tell(error);
  const end = (): never => {
    endThread(isDeath(error));
    noteTurn();
    return exitHere(0);
  };
  if (told === undefined) end();
  else void told.then(end);
}

const isDeath = (error: unknown): boolean => !isExit(error);

function noteIfDeath(error: unknown): void {
  if (running !== undefined && isDeath(error)) noteDeath(slot, error);
}

function endThread(died: boolean): void {
  if (running === undefined) return;
  running.end();
  running = undefined;
  letGo?.();
  letGo = undefined;
  settleInflight(slot);
  endsHere();
  beginLeftover();
  countEnd(slot, died);
  hooks.ended();
  renewMark();
  changeState(slot, LEFTOVER);
  // Without anything on the event loop the worker would end. The next thread has nothing of this one's context.
  callOutside(() => soon(resume));
}

function awaitOnLoop(): void {
  letGo ??= holdLoop();
}
