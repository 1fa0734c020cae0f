// What a thread of an executor does.
//
//   initializer, once                if it fails, here or in another thread before: leave
//   loop
//     take a task                  → call it; if it gives a promise, wait for that on the event loop; settle the future
//     none, and more run than may  → RESERVE: park until fewer do
//     none, and closed             → leave
//     none                         → PARKED: park on the executor's signal; or wait for it on the event loop if tasks have left timers
//     parked for TIDY_AFTER        → a turn of the event loop, so that garbage goes
//     parked for IDLE_LIMIT        → leave
//
// A task is never between two owners: its future says which thread runs it (state.ts). When a task waits for something, the thread is
// BLOCKED and another may be started; when it goes on there may be one more than should run, until one of them has finished its task.

import { registerExports } from '../closure/exports.js';
import type { Call } from '../closure/rebuild.js';
import { releasePages } from '../heap/allocate.js';
import { tidyUp } from '../heap/tidy.js';
import { atomic } from '../memory/atomics.js';
import { awaitLater, blockUntil, patience, type Wanted } from '../memory/park.js';
import { soon } from '../platform/process.js';
import { print } from '../runtime/console.js';
import { callCancellable } from '../runtime/interrupt.js';
import { loopLoad } from '../runtime/load.js';
import { describeError } from '../runtime/report.js';
// It says what a thread does about waits that last; what is said below goes before.
import '../runtime/heap.js';
// Sets the hooks that are extended below.
import { pack } from '../data/parcel.js';
import { startThread } from '../runtime/start.js';
import { addressOf } from '../sync/cell.js';
import { isThenable } from '../sync/held.js';
import { mark, THREAD_MARK } from '../sync/owner.js';
import { makeRunning, PLAIN } from '../threading/thread.js';
import { blocking } from './blocking.js';
import { BLOCKED, LOOKING, PARKED, RESERVE, RUNNING } from './crew.js';
import { enlist, strike, tellQuiet } from './exit.js';
import { type Future, finish, forgetTask, INTERRUPTIBLE, WORKER, wasCancelled } from './future.js';
import { packError, showHere } from './outcome.js';
import {
  backlogOf,
  beginLook,
  breakDown,
  crewOf,
  hasRoom,
  here,
  initializerOf,
  isBroken,
  isClosed,
  isCrowded,
  nameOfWorker,
  type Pool,
  passOn,
  roomOf,
  signalOf,
  starter,
  summon,
  takeTask,
  tellGone,
} from './pool.js';
import { FAILED, FINISHED } from './state.js';
import { forgetFunctions, readCall, unpackCall } from './task.js';
import * as self from './worker.js';

/**
 * Milliseconds to look for the next task before parking. Where a core is free for it, a task that comes then is begun in 2 µs instead of 14.
 * Where there is none it keeps others from running, so after each time in vain it is left out for twice as many times, up to SPIN_LESS.
 */
const SPIN = 0.02;
const SPIN_LESS = 64;
/** Milliseconds of idleness after which garbage is collected. */
const TIDY_AFTER = 200;
/** And after which the thread ends. */
const IDLE_LIMIT = 5_000;
/** Milliseconds of work after which the event loop gets a turn: timers that tasks have left, finalizers. */
const TURN_AFTER = 50;

starter.start = (executor, index, number) => {
  enlist(executor);
  const name = nameOfWorker(executor, number);
  const thread = makeRunning(PLAIN, name);
  startThread(serve, [executor, index, number, mark], undefined, {
    cell: addressOf(thread),
    name,
    keeps: false,
    late: true,
    label: 'tasks of an executor',
  });
  // If this thread ends now, the place is not the dead's.
  crewOf(executor).handOver(index, mark, atomic.load(addressOf(thread) + THREAD_MARK));
};

/** What this thread is, if it is a worker. */
interface Post {
  readonly executor: Pool;
  readonly index: number;
  /** Waits under way, of which all but the first are inside another. */
  waits: number;
  /** Futures that its task waits for on the event loop. */
  awaited: number;
  /** Whether its task has returned a promise that is not settled. */
  suspended: boolean;
  /** Whether it is BLOCKED. */
  blocked: boolean;
}

let post: Post | undefined;

/** Waits count once they last: the state says so. */
function review(): void {
  if (post === undefined) return;
  const { executor, index } = post;
  const blocked = post.waits > 0 || (post.suspended && post.awaited > 0);
  if (blocked === post.blocked) return;
  post.blocked = blocked;
  crewOf(executor).setState(index, blocked ? BLOCKED : RUNNING);
  if (blocked) summonQuietly(executor);
}

/** A thread that cannot be started now will be at the next look. */
function summonQuietly(executor: Pool): void {
  try {
    summon(executor);
  } catch {
    // There is no room for one: the task waits for those that run.
  }
}

blocking.enter = () => {
  if (post === undefined) return;
  post.waits++;
  review();
};

blocking.leave = () => {
  if (post === undefined) return;
  post.waits--;
  review();
};

blocking.attend = () => {
  const mine = post;
  if (mine === undefined) return () => {};
  mine.awaited++;
  review();
  return () => {
    mine.awaited--;
    if (mine === post) review();
  };
};

// Any other wait that lasts: for a lock, a queue, an event.
{
  const { look, leave } = patience;
  let lasting = 0;
  patience.look = (wanted, forever) => {
    if (post !== undefined && wanted.idle !== true && lasting++ === 0) blocking.enter();
    look(wanted, forever);
  };
  patience.leave = () => {
    if (lasting > 0) {
      lasting = 0;
      blocking.leave();
    }
    leave();
  };
}

/** The life of a worker. `by` is the mark of the thread that has started it, and has its place so far. */
export async function serve(executor: Pool, index: number, number: number, by: number): Promise<void> {
  const crew = crewOf(executor);
  if (!crew.handOver(index, by, mark) && crew.ownerOf(index) !== mark) return;
  crew.setState(index, RUNNING);
  // From here on the runtime holds the event loop for this thread.
  await undefined;
  const baseline = loopLoad();
  post = { executor, index, waits: 0, awaited: 0, suspended: false, blocked: false };
  here.executor = executor;
  try {
    if (await initialize(executor)) await work(executor, index, number, baseline);
  } finally {
    post = undefined;
    here.executor = undefined;
    forgetFunctions();
    crew.free(index);
    strike(executor);
    tellGone(executor);
    // What came in since the last look, for nobody.
    summonQuietly(executor);
    tellQuiet();
  }
}

/** Whether this thread may run tasks. Also after a shutdown it is prepared first: what waits is still made. */
async function initialize(executor: Pool): Promise<boolean> {
  const packed = initializerOf(executor);
  if (packed === undefined) return true;
  if (isBroken(executor)) return false;
  try {
    const { fn, args } = await unpackCall(packed);
    await fn(...args);
    return true;
  } catch (error) {
    print(2, `Exception in initializer:\n${describeError(error)}\n`);
    breakDown(executor);
    return false;
  }
}

async function work(executor: Pool, index: number, number: number, baseline: number): Promise<void> {
  const idler = new Idler(executor, index, baseline);
  let turned = atomic.now();
  for (;;) {
    const crowded = isCrowded(executor);
    const task = crowded ? undefined : takeTask(executor);
    if (task === undefined) {
      // What tasks have left for the microtask queue.
      await undefined;
      if (!crowded && idler.spin()) continue;
      const going = idler.wait(crowded);
      if (going !== true && !(await going)) return;
    }
    const mine = task ?? idler.found;
    if (mine === undefined) continue;
    idler.found = undefined;
    crewOf(executor).setState(index, RUNNING);
    atomic.store(addressOf(mine) + WORKER, number);
    const pending = perform(mine);
    if (pending !== undefined) await pending;
    if (atomic.now() - turned > TURN_AFTER) {
      await turn();
      turned = atomic.now();
    }
  }
}

/** Waiting for tasks. */
class Idler {
  readonly #executor: Pool;
  readonly #index: number;
  readonly #baseline: number;
  /** A task, or to be told to leave. */
  readonly #task: Wanted;
  /** That fewer run than may, or to be told to leave. */
  readonly #room: Wanted;
  /** How many times the spinning is left out now, and how many it will be. */
  #skipped = 0;
  #left = 0;
  /** What the wait was for. */
  found: Future<unknown> | undefined;

  constructor(executor: Pool, index: number, baseline: number) {
    this.#executor = executor;
    this.#index = index;
    this.#baseline = baseline;
    const room = roomOf(executor);
    this.#task = {
      word: signalOf(executor),
      attempt: () => this.#attempt(),
      describe: () => 'a task',
      idle: true,
    };
    this.#room = {
      word: room,
      attempt: () => {
        const seen = atomic.load(room);
        return hasRoom(executor) || this.#isToLeave() ? undefined : seen;
      },
      describe: () => 'a task',
      idle: true,
    };
  }

  /** Whether there is something to do within a moment. */
  spin(): boolean {
    if (this.#left-- > 0) return false;
    const backlog = backlogOf(this.#executor);
    for (const end = atomic.now() + SPIN; atomic.now() < end; ) {
      if (backlog.size === 0) continue;
      this.#skipped = 0;
      return true;
    }
    this.#skipped = Math.min(SPIN_LESS, this.#skipped * 2 + 1);
    this.#left = this.#skipped;
    return false;
  }

  /** Waits until there is a task, or this thread is to look around: true. False: to leave. A promise only if it takes long. */
  wait(crowded: boolean): boolean | Promise<boolean> {
    const wanted = crowded ? this.#room : this.#task;
    this.#setState(crowded ? RESERVE : PARKED);
    tellQuiet();
    const got = this.#park(wanted, TIDY_AFTER);
    return got === true ? this.#resume() : this.#waitLong(wanted, got);
  }

  async #waitLong(wanted: Wanted, first: boolean | Promise<boolean>): Promise<boolean> {
    if (await first) return this.#resume();
    releasePages();
    tidyUp();
    // Finalizers run in the turns between.
    await turn();
    await turn();
    return (await this.#park(wanted, IDLE_LIMIT)) && this.#resume();
  }

  #resume(): boolean {
    this.#setState(LOOKING);
    return this.found !== undefined || !this.#isToLeave();
  }

  #park(wanted: Wanted, limit: number): boolean | Promise<boolean> {
    if (loopLoad() <= this.#baseline) return blockUntil(wanted, limit);
    // Tasks have left timers or handles, which are to run.
    return new Promise((resolve) => void awaitLater(wanted, limit, resolve));
  }

  #attempt(): number | undefined {
    const seen = beginLook(this.#executor);
    if (backlogOf(this.#executor).size > 0) {
      // Said first: who sees nothing waiting must see that something runs.
      this.#setState(LOOKING);
      this.found = takeTask(this.#executor);
      if (this.found !== undefined) {
        passOn(this.#executor);
        return undefined;
      }
      this.#setState(PARKED);
    }
    return this.#isToLeave() ? undefined : seen;
  }

  #isToLeave(): boolean {
    return isClosed(this.#executor) && backlogOf(this.#executor).size === 0;
  }

  #setState(state: number): void {
    crewOf(this.#executor).setState(this.#index, state);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void soon(resolve));

/** Makes a task's call and throws what that throws; undefined if it was cancelled, and has been ended. */
function makeCall(task: Future<unknown>, { fn, args }: Call): { readonly value: unknown } | undefined {
  const interruptible = addressOf(task) + INTERRUPTIBLE;
  if (atomic.load(interruptible) !== 1) return { value: fn(...args) };
  const outcome = callCancellable(
    () => wasCancelled(task),
    () => fn(...args),
  );
  if (outcome === undefined) return undefined;
  if ('error' in outcome) throw outcome.error;
  if (isThenable(outcome.value)) atomic.store(interruptible, 0);
  return outcome;
}

/** A task that was cancelled while it ran, and does not any more. */
function abandon(task: Future<unknown>): void {
  lookNext();
  forgetTask(addressOf(task));
}

/** Makes a task's call; a promise when that is not done on return. */
function perform(task: Future<unknown>): Promise<void> | undefined {
  let result: unknown;
  try {
    const call = readCall(task);
    if (call instanceof Promise) return performLater(task, call);
    const outcome = makeCall(task, call);
    if (outcome === undefined) {
      abandon(task);
      return undefined;
    }
    result = outcome.value;
    if (isThenable(result)) return performLater(task, Promise.resolve({ fn: () => result, args: [] }));
  } catch (error) {
    fail(task, error);
    return undefined;
  }
  succeed(task, result);
  return undefined;
}

async function performLater(task: Future<unknown>, call: Promise<Call>): Promise<void> {
  try {
    const outcome = makeCall(task, await call);
    if (outcome === undefined) {
      abandon(task);
      return;
    }
    suspend(true);
    succeed(task, await outcome.value);
  } catch (error) {
    fail(task, error);
  } finally {
    suspend(false);
  }
}

function suspend(suspended: boolean): void {
  if (post === undefined) return;
  post.suspended = suspended;
  review();
}

/** Said before the future is: who is told of it may have another task, which is for this thread. */
function lookNext(): void {
  if (post !== undefined) crewOf(post.executor).setState(post.index, LOOKING);
}

function succeed(task: Future<unknown>, result: unknown): void {
  if (wasCancelled(task)) {
    abandon(task);
    return;
  }
  let packed: unknown;
  try {
    packed = pack(result, 'the result');
  } catch (error) {
    fail(task, error);
    return;
  }
  lookNext();
  finish(task, FINISHED, packed);
}

function fail(task: Future<unknown>, error: unknown): void {
  if (wasCancelled(task)) {
    abandon(task);
    return;
  }
  showHere(error);
  const packed = packError(error);
  lookNext();
  finish(task, FAILED, packed);
}

registerExports(import.meta.url, self);
