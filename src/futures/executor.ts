// ThreadPoolExecutor: threads that take calls from a backlog in the shared heap. No thread is between a submitter and a worker, and no
// event loop: a submission is a cell, a place in the backlog, and a wake-up.
//
// Cell {header, signal, asynchronous waiters, gone, asynchronous waiters, flags, most threads, names given, places used, waking, table,
//       head, tail, name, initializer}
//
//   signal   raised by whoever adds a task, or wants the threads to look again; idle threads park on it
//   gone     raised by a thread that leaves; who waits for all to be gone parks on it
//   waking   1 = a thread was woken for a task and has not looked yet: others need not be, since it wakes the next if there is more to do.
//            Cleared by every thread that looks before it parks, so at the latest when the next one does if that one is killed
//   flags    SHUTDOWN: no more tasks; BROKEN: the initializer has failed. Only set
//
// The rest is in backlog.ts (tasks), crew.ts (threads), worker.ts (what a thread does), exit.ts (the end of the process).

import type { AnyFunction } from '../closure/functions.js';
import type { Parcel } from '../data/parcel.js';
import { atomic } from '../memory/atomics.js';
import { awaitLater, blockUntil, wake, type Wanted } from '../memory/park.js';
import { cores } from '../platform/process.js';
import {
  addressOf,
  defineSyncClass,
  EXECUTOR,
  isAdopting,
  loadValue,
  refuseSubclass,
  SyncCell,
  storeValue,
  syncHeader,
} from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { mark } from '../sync/owner.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { Backlog } from './backlog.js';
import { BLOCKED, Crew, PARKED, PLACE, PLACES, RESERVE, RUNNING, STARTING } from './crew.js';
import { BrokenExecutor } from './errors.js';
import { Future, failClaimed, OWNER, STATE } from './future.js';
import { type MapOptions, MapResults, readMapArguments } from './map.js';
import { checkOptions, type ExecutorOptions, type TaskOptions } from './options.js';
import { siteOf } from './site.js';
import { cancel, claim } from './state.js';
import { packCall, writeCall } from './task.js';

export type { ExecutorOptions, TaskOptions } from './options.js';

const SIGNAL = 4;
const GONE = 12;
const FLAGS = 20;
const MAX = 24;
const NAMES = 28;
const USED = 32;
const WAKING = 36;
const TABLE = 40;
const WORDS = 9 + (PLACES * PLACE) / 4;
const HEAD = TABLE + PLACES * PLACE;
const NAME = HEAD + 8;
const INITIALIZER = HEAD + 12;
const HEADER = syncHeader(EXECUTOR, WORDS, 4);

const SHUTDOWN = 1;
const BROKEN = 2;

const BROKEN_TEXT = 'A thread initializer failed, the thread pool is not usable anymore';

/** How a thread is started; set by worker.ts, which has what it runs. */
export const starter = {
  start(_executor: ThreadPoolExecutor, _index: number, _number: number): void {},
};

export interface ShutdownOptions {
  /** Whether to return only when all tasks are done and all threads gone. Default: true. */
  readonly wait?: boolean;
  /** Whether tasks that have not begun are cancelled. Default: false. */
  readonly cancelFutures?: boolean;
}

/** Inside this module's family only. */
export let crewOf: (executor: ThreadPoolExecutor) => Crew;
export let backlogOf: (executor: ThreadPoolExecutor) => Backlog;

/**
 * Calls functions on threads of its own. It is the same object in every thread: any thread may submit to it. Threads are started as they are
 * needed, `maxWorkers` at most that run at the same time: one whose task waits for a future, or long for a lock, does not count, so tasks
 * that wait for each other cannot use the threads up. Idle threads end after some seconds; they do not keep the process alive, but tasks
 * do.
 */
export class ThreadPoolExecutor extends SyncCell {
  #parts: { readonly crew: Crew; readonly backlog: Backlog } | undefined;

  static {
    crewOf = (executor) => executor.#own().crew;
    backlogOf = (executor) => executor.#own().backlog;
  }

  /**
   * @param options `maxWorkers`: threads that run at the same time at most; default min(32, cores + 4). `threadNamePrefix`: threads are
   * called "prefix_0" and so on. `initializer`: called in each thread before its first task, with `initargs`; if it throws the executor is
   * broken.
   * @throws TypeError, RangeError for wrong options. CaptureError for an initializer that cannot travel.
   */
  constructor(options: ExecutorOptions = {}) {
    const fresh = !isAdopting();
    if (fresh) {
      refuseSubclass(new.target, ThreadPoolExecutor);
      checkOptions(options, PLACES);
    }
    super(HEADER);
    if (!fresh) return;
    const { maxWorkers = Math.min(32, cores + 4), threadNamePrefix, initializer, initargs = [] } = options;
    const address = addressOf(this);
    atomic.store(address + MAX, maxWorkers);
    storeValue(address + NAME, threadNamePrefix || `ThreadPoolExecutor-${nextExecutor()}`, 'threadNamePrefix');
    if (initializer !== undefined) storeValue(address + INITIALIZER, packCall(initializer, initargs), 'the initializer');
    this.#own().backlog.open();
  }

  /**
   * Has a thread call `fn` with `args`. What they may be and how they travel is as for `startNewThread`: shared objects by reference, all
   * else as a copy; so does the result. If it is a promise, the future gets what that resolves to.
   *
   * @throws ThreadError "cannot schedule new futures after shutdown". BrokenExecutor when the initializer has failed.
   * @throws CaptureError when something cannot travel.
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return submitTo(this, fn, args, this.submit) as Future<Awaited<R>>;
  }

  /**
   * The same executor with options for what is submitted through it: `executor.withOptions({ signal }).submit(fn)`.
   * @param options `signal`: when it is aborted, tasks that have not begun are cancelled.
   */
  withOptions(options: TaskOptions): Submitter {
    return new Submitter(this, options);
  }

  /**
   * Calls `fn` for each item of an iterable, or with one item of each of several until the shortest ends; results come in the order of the
   * items, blocking (`for … of`) or not (`for await … of`). All items are taken and submitted at once, unless there is a `bufferSize`; those
   * of an async iterable as they come. An error is thrown in its place, and what has not begun is then cancelled, also when the loop is left.
   *
   * @param options `timeout`: milliseconds from this call until the last result; then TimeoutError. `bufferSize`: so many are submitted ahead
   * of what was taken, so inputs may be infinite. `signal`: cancels and throws its reason. `onProgress`: called as results are taken.
   */
  map<T, R>(fn: (item: T) => R, items: Iterable<T> | AsyncIterable<T>, options?: MapOptions): MapResults<Awaited<R>>;
  map<A extends readonly unknown[], R>(
    fn: (...items: A) => R,
    ...iterables: { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> }
  ): MapResults<Awaited<R>>;
  map(fn: AnyFunction, ...rest: readonly unknown[]): MapResults<unknown> {
    const { inputs, options } = readMapArguments(rest);
    const above = this.map as AnyFunction;
    return new MapResults((args) => submitTo(this, fn, args, above), inputs, options);
  }

  /**
   * No more tasks are taken. Those that wait are still made, unless they are cancelled. May be called again.
   * @throws TypeError for wrong options. ThreadError when a thread of this executor waits for itself.
   */
  shutdown(options: ShutdownOptions = {}): void {
    const { wait = true } = checkShutdown(options);
    this.#close(options);
    if (!wait) return;
    refuseOwn(this);
    poll();
    mask();
    try {
      blockUntil(this.#allGone(), Infinity);
    } finally {
      unmask();
    }
    poll();
  }

  /** As `shutdown`, without blocking this thread. */
  async shutdownAsync(options: ShutdownOptions = {}): Promise<void> {
    const { wait = true } = checkShutdown(options);
    this.#close(options);
    if (!wait) return;
    refuseOwn(this);
    await new Promise<void>((resolve, reject) => {
      awaitLater(this.#allGone(), Infinity, (_got, error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  [Symbol.dispose](): void {
    this.shutdown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdownAsync();
  }

  toJSON(): never {
    throw new TypeError("cannot pickle 'ThreadPoolExecutor' object: pass it to a thread as an argument, or capture it");
  }

  get [Symbol.toStringTag](): string {
    return 'ThreadPoolExecutor';
  }

  /** @internal Somebody waits for one of its tasks, which nobody has begun: the dead are replaced. */
  lookAfter(): void {
    bury(this);
    summon(this);
  }

  /** @internal */
  describeWorker(number: number): string {
    return `thread '${nameOfWorker(this, number)}'`;
  }

  #own(): { readonly crew: Crew; readonly backlog: Backlog } {
    const address = addressOf(this);
    this.#parts ??= { crew: new Crew(address + TABLE, address + USED), backlog: new Backlog(address + HEAD) };
    return this.#parts;
  }

  #close({ cancelFutures = false }: ShutdownOptions): void {
    atomic.or(addressOf(this) + FLAGS, SHUTDOWN);
    if (cancelFutures) drain(this, (future) => cancel(addressOf(future) + STATE));
    rouse(this);
    summon(this);
  }

  #allGone(): Wanted {
    const word = addressOf(this) + GONE;
    return {
      word,
      attempt: () => {
        const seen = atomic.load(word);
        this.lookAfter();
        return crewOf(this).take().all === 0 ? undefined : seen;
      },
      describe: () => `shutdown() of ${this.#name()}`,
    };
  }

  #name(): string {
    return `executor '${String(loadValue(addressOf(this) + NAME))}'`;
  }
}

defineSyncClass(EXECUTOR, ThreadPoolExecutor as new () => ThreadPoolExecutor);

/** What `withOptions` returns. */
export class Submitter {
  readonly #executor: ThreadPoolExecutor;
  readonly #signal: AbortSignal | undefined;

  constructor(executor: ThreadPoolExecutor, { signal }: TaskOptions) {
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`);
    }
    this.#executor = executor;
    this.#signal = signal;
  }

  /** As `ThreadPoolExecutor.submit`. */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    const future = submitTo(this.#executor, fn, args, this.submit, this.#signal?.aborted);
    if (this.#signal !== undefined) cancelOn(this.#signal, future);
    return future as Future<Awaited<R>>;
  }
}

/** The signal does not keep the future alive, nor is it left with a listener for each that is done. */
function cancelOn(signal: AbortSignal, future: Future<unknown>): void {
  if (future.done()) return;
  const abort = (): void => void future.cancel();
  signal.addEventListener('abort', abort, { once: true });
  future.addDoneCallback(() => signal.removeEventListener('abort', abort));
}

/** `above` is the public function whose caller has submitted it. With `cancelled` it is cancelled before anyone can begin it. */
export function submitTo(
  executor: ThreadPoolExecutor,
  fn: AnyFunction,
  args: readonly unknown[],
  above: AnyFunction,
  cancelled = false,
): Future<unknown> {
  refuseClosed(executor);
  const future = new Future<unknown>();
  Future.noteSite(future, siteOf(fn, above));
  const address = addressOf(future);
  if (typeof fn !== 'function') {
    // As in Python it is found out when it is called.
    future.setException(new TypeError(`${String(fn)} is not a function`));
    return future;
  }
  mask();
  try {
    writeCall(future, fn, args);
    if (cancelled) {
      cancel(address + STATE);
      return future;
    }
    storeValue(address + OWNER, executor, '');
    backlogOf(executor).push(future);
    rouseOne(executor);
    summonFor(executor, future);
  } catch (error) {
    // Whoever reads it wants to see the call that failed, not how deep inside it was found.
    if (error instanceof Error) Error.captureStackTrace(error, above);
    throw error;
  } finally {
    unmask();
  }
  // It may have been closed, and its threads gone, between the look and the push.
  if ((flagsOf(executor) & (SHUTDOWN | BROKEN)) !== 0) afterClosing(executor);
  return future;
}

function afterClosing(executor: ThreadPoolExecutor): void {
  if ((flagsOf(executor) & BROKEN) !== 0) failAll(executor);
  else summon(executor);
}

function refuseClosed(executor: ThreadPoolExecutor): void {
  const flags = flagsOf(executor);
  if (flags === 0) return;
  if ((flags & BROKEN) !== 0) throw new BrokenExecutor(BROKEN_TEXT);
  throw new ThreadError('cannot schedule new futures after shutdown');
}

const flagsOf = (executor: ThreadPoolExecutor): number => atomic.load(addressOf(executor) + FLAGS);

/** Whether its threads are to leave when nothing waits. */
export const isClosed = (executor: ThreadPoolExecutor): boolean => flagsOf(executor) !== 0;

/** The word that its idle threads park on. */
export const signalOf = (executor: ThreadPoolExecutor): number => addressOf(executor) + SIGNAL;

/** Has all idle threads look again. */
export function rouse(executor: ThreadPoolExecutor): void {
  const signal = signalOf(executor);
  atomic.add(signal, 1);
  wake(signal, Infinity);
}

/** Has one idle thread look for a task, unless one is about to. */
export function rouseOne(executor: ThreadPoolExecutor): void {
  const signal = signalOf(executor);
  atomic.add(signal, 1);
  if (atomic.exchange(addressOf(executor) + WAKING, 1) === 0) wake(signal, 1);
}

/** This thread looks for a task, and parks if it finds none. */
export function beginLook(executor: ThreadPoolExecutor): number {
  atomic.store(addressOf(executor) + WAKING, 0);
  return atomic.load(signalOf(executor));
}

/** This thread was idle and has found a task: wakes the next one if there are more. */
export function passOn(executor: ThreadPoolExecutor): void {
  if (backlogOf(executor).size > 0 && crewOf(executor).take().counts[PARKED]! > 0) rouseOne(executor);
}

/** Starts a thread, or lets one out of the reserve, if tasks wait for nobody and one more may run. */
export function summon(executor: ThreadPoolExecutor): void {
  const waiting = backlogOf(executor).size;
  if (waiting === 0) return;
  const crew = crewOf(executor);
  const { counts, active } = crew.take();
  if (waiting <= counts[PARKED]! || active >= maxOf(executor)) return;
  if (counts[RESERVE]! > 0) {
    rouse(executor);
    return;
  }
  const index = crew.claim(mark);
  if (index < 0) return;
  // Others may have come to the same conclusion.
  if (crew.take().active > maxOf(executor)) {
    crew.free(index);
    return;
  }
  const number = atomic.add(addressOf(executor) + NAMES, 1);
  try {
    starter.start(executor, index, number);
  } catch (error) {
    crew.free(index);
    throw error;
  }
}

/** As `summon`, for a task that was just submitted: if no thread can be started it is submitted only if there is one. */
function summonFor(executor: ThreadPoolExecutor, future: Future<unknown>): void {
  try {
    summon(executor);
  } catch (error) {
    if (crewOf(executor).take().all === 0 && future.cancel()) throw error;
  }
}

export const maxOf = (executor: ThreadPoolExecutor): number => atomic.load(addressOf(executor) + MAX);

export const nameOfWorker = (executor: ThreadPoolExecutor, number: number): string =>
  `${String(loadValue(addressOf(executor) + NAME))}_${number}`;

export const initializerOf = (executor: ThreadPoolExecutor): Parcel | undefined =>
  loadValue(addressOf(executor) + INITIALIZER) as Parcel | undefined;

/** Takes the first task that waits. */
export function takeTask(executor: ThreadPoolExecutor): Future<unknown> | undefined {
  return backlogOf(executor).shift(claimMine);
}

const claimMine = (future: Future<unknown>): boolean => claim(addressOf(future) + STATE, mark);

/** Empties the backlog. */
function drain(executor: ThreadPoolExecutor, each: (future: Future<unknown>) => boolean): void {
  while (backlogOf(executor).shift(each) !== undefined);
}

/** The initializer has failed: nothing that waits will be done. */
export function breakDown(executor: ThreadPoolExecutor): void {
  atomic.or(addressOf(executor) + FLAGS, BROKEN);
  failAll(executor);
  rouse(executor);
}

function failAll(executor: ThreadPoolExecutor): void {
  drain(executor, (future) => {
    if (!claimMine(future)) return false;
    failClaimed(future, new BrokenExecutor(BROKEN_TEXT));
    return true;
  });
}

/** The places of threads that have died are free again. */
export function bury(executor: ThreadPoolExecutor): void {
  if (crewOf(executor).bury(mark)) tellGone(executor);
}

/** A thread is gone. */
export function tellGone(executor: ThreadPoolExecutor): void {
  const gone = addressOf(executor) + GONE;
  atomic.add(gone, 1);
  wake(gone, Infinity);
}

/** Whether nothing waits and nothing runs. */
export function isQuiet(executor: ThreadPoolExecutor): boolean {
  bury(executor);
  summon(executor);
  // In this order: a thread says that it runs before it takes what waits.
  if (backlogOf(executor).size > 0) return false;
  const { counts } = crewOf(executor).take();
  return counts[STARTING]! + counts[RUNNING]! + counts[BLOCKED]! === 0;
}

function checkShutdown(options: ShutdownOptions): ShutdownOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`shutdown() takes options such as { wait: false }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'wait' && key !== 'cancelFutures') {
      throw new TypeError(`unknown option '${key}': known are wait, cancelFutures`);
    }
  }
  return options;
}

/** The executor whose thread this is. */
export const here: { executor: ThreadPoolExecutor | undefined } = { executor: undefined };

function refuseOwn(executor: ThreadPoolExecutor): void {
  if (here.executor !== executor) return;
  throw new ThreadError('cannot join current thread: a task cannot wait for the end of its own executor; use { wait: false }');
}

let executors = 0;
const nextExecutor = (): number => executors++;
