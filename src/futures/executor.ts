// ThreadPoolExecutor: threads that take calls from a backlog in the shared heap. No thread is between a submitter and a worker, and no
// event loop: a submission is a cell, a place in the backlog, and a wake-up. pool.ts has what all threads share of it.

import { detach, orForgetMarks, takeAllMarked } from '../closure/transfer.js';
import type { AnyFunction } from '../closure/values/functions.js';
import { attend } from '../heap/allocate.js';
import { describe, MemoryError } from '../heap/errors.js';
import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { awaitLater, blockUntil, type Wanted } from '../memory/park.js';
import { type CallParcels, giveAway, jobOf, type Written, writeCall, writeParcels } from '../parcel/call.js';
import { cores } from '../platform/process.js';
import { onAbort } from '../sync/aborts.js';
import { addressOf, EXECUTOR, isAdopting, loadValue, ownAddress, refuseSubclass, storeValue } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { CALL, forgetTask, INTERRUPTIBLE, OWNER } from './cell.js';
import { PLACES } from './crew.js';
import { Future } from './future.js';
import { type MapOptions, MapResults, readMapArguments } from './map.js';
import { checkOptions, checkTaskOptions, type ExecutorOptions, type TaskOptions } from './options.js';
import {
  backlogOf,
  brokenError,
  bury,
  crewOf,
  drain,
  FLAGS,
  GONE,
  here,
  INITIALIZER,
  isBroken,
  isClosed,
  MAX,
  NAME,
  nameOfWorker,
  Pool,
  rouse,
  rouseOne,
  SHUTDOWN,
  summon,
  summonFirst,
} from './pool.js';
import { siteOf } from './site.js';
import { cancel, STATE } from './state.js';

export type { ExecutorOptions, TaskOptions } from './options.js';

export interface ShutdownOptions {
  /** Whether to return only when all tasks are done and all threads gone. Default: true. */
  readonly wait?: boolean;
  /** Whether tasks that have not begun are cancelled. Default: false. */
  readonly cancelFutures?: boolean;
}

/**
 * Calls functions on threads of its own. It is the same object in every thread: any thread may submit to it. Threads are started when they are
 * needed. At most `maxWorkers` run at the same time. A thread does not count while its task waits for a future, or waits long for a lock, so tasks
 * that wait for each other cannot use up the threads. Idle threads end after some seconds. Tasks keep the process alive, idle threads do
 * not.
 *
 * @example
 * const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
 * const squares = [...executor.map((n: number) => n * n, [1, 2, 3])];
 * executor.shutdown();
 */
export class ThreadPoolExecutor extends Pool {
  /**
   * @param options `maxWorkers`: how many threads may run at the same time; default min(32, cores + 4). `threadNamePrefix`: threads are
   * called "prefix_0" and so on. `initializer`: called in each thread before its first task, with `initargs`; if it throws, the executor is
   * broken.
   * @throws TypeError, RangeError for wrong options. CaptureError for an initializer that cannot travel.
   */
  constructor(options: ExecutorOptions = {}) {
    const fresh = !isAdopting();
    if (fresh) {
      refuseSubclass(new.target, ThreadPoolExecutor);
      orForgetMarks(() => checkOptions(options, PLACES), options?.initargs);
    }
    super();
    if (!fresh) return;
    const { maxWorkers = Math.min(32, cores + 4), threadNamePrefix, initializer, initargs = [] } = options;
    const address = ownAddress(this, EXECUTOR);
    atomic.store(address + MAX, maxWorkers);
    storeValue(address + NAME, threadNamePrefix || `ThreadPoolExecutor-${nextExecutor()}`, 'threadNamePrefix');
    const moved = takeAllMarked(initargs);
    if (initializer !== undefined) storeValue(address + INITIALIZER, jobOf(initializer, initargs), 'the initializer');
    backlogOf(this).open();
    detach(moved);
  }

  /**
   * Calls `fn` with `args` on a thread of the executor. Arguments and result travel as for `startNewThread`: shared objects are the same, all
   * else is copied. If the result is a promise, the future gets the value to which it resolves.
   *
   * If something cannot travel, the future fails with a CaptureError.
   *
   * @throws ThreadError "cannot schedule new futures after shutdown". BrokenExecutor when the initializer has failed, or no thread gets as far as that.
   * @example
   * const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
   * console.log(await executor.submit((a: number, b: number) => a + b, 1, 2));
   * executor.shutdown();
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return submitTo(this, fn, args, this.submit) as Future<Awaited<R>>;
  }

  /**
   * The same executor with options for what is submitted through it: `executor.withOptions({ signal }).submit(fn)`.
   * @param options `signal`: when it is aborted, tasks that have not begun are cancelled. `interruptible`: they can be cancelled while they run,
   * by the signal too; see `Future.cancel`.
   * @example
   * const executor = new ThreadPoolExecutor();
   * const future = executor.withOptions({ signal: AbortSignal.timeout(60_000) }).submit(() => 1);
   * console.log(await future);
   * executor.shutdown();
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
   * @example
   * const executor = new ThreadPoolExecutor();
   * console.log([...executor.map((n: number) => n * n, [1, 2, 3])]);
   * executor.shutdown();
   */
  map<T, R>(fn: (item: T) => R, items: Iterable<T> | AsyncIterable<T>, options?: MapOptions): MapResults<Awaited<R>>;
  map<A extends readonly unknown[], R>(
    fn: (...items: A) => R,
    ...iterables: { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> }
  ): MapResults<Awaited<R>>;
  map(fn: AnyFunction, ...rest: readonly unknown[]): MapResults<unknown> {
    const { inputs, options } = orForgetMarks(() => readMapArguments(rest), ...rest);
    const above = this.map as AnyFunction;
    return new MapResults(
      (args) => {
        const future = submitTo(this, fn, args, above);
        // The loop that takes the results looks at it, or says by leaving that the others are of no interest.
        Future.look(future);
        return future;
      },
      inputs,
      options,
    );
  }

  /**
   * No more tasks are taken. Those that wait are still made, unless they are cancelled. May be called again.
   * @throws TypeError for wrong options. ThreadError when a thread of this executor waits for itself.
   * @example
   * const executor = new ThreadPoolExecutor();
   * executor.submit(() => console.log('done'));
   * executor.shutdown();
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

  /**
   * As `shutdown`, without blocking this thread.
   *
   * @example
   * const executor = new ThreadPoolExecutor();
   * executor.submit(() => console.log('done'));
   * await executor.shutdownAsync();
   */
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
    throw new TypeError(
      'ThreadPoolExecutor cannot be written as JSON: pass it to a thread as an argument, or capture it',
    );
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

  #close({ cancelFutures = false }: ShutdownOptions): void {
    atomic.or(ownAddress(this, EXECUTOR) + FLAGS, SHUTDOWN);
    if (cancelFutures) drain(this, (future) => cancel(addressOf(future) + STATE));
    rouse(this);
    summon(this);
  }

  #allGone(): Wanted {
    const word = ownAddress(this, EXECUTOR) + GONE;
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
    return `executor '${String(loadValue(ownAddress(this, EXECUTOR) + NAME))}'`;
  }
}

/**
 * What `withOptions` returns.
 *
 * @example
 * const executor = new ThreadPoolExecutor();
 * const stoppable = executor.withOptions({ interruptible: true });
 * const future = stoppable.submit(() => { for (;;); });
 * future.cancel();
 * executor.shutdown();
 */
export class Submitter {
  readonly #executor: ThreadPoolExecutor;
  readonly #signal: AbortSignal | undefined;
  readonly #interruptible: boolean;

  constructor(executor: ThreadPoolExecutor, options: TaskOptions) {
    checkTaskOptions(options);
    this.#executor = executor;
    this.#signal = options.signal;
    this.#interruptible = options.interruptible === true;
  }

  /**
   * As `ThreadPoolExecutor.submit`.
   *
   * @example
   * const executor = new ThreadPoolExecutor();
   * console.log(await executor.withOptions({ interruptible: true }).submit((n: number) => n + 1, 1));
   * executor.shutdown();
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    const future = submitTo(this.#executor, fn, args, this.submit, {
      cancelled: this.#signal?.aborted === true,
      interruptible: this.#interruptible,
    });
    if (this.#signal !== undefined) cancelOn(this.#signal, future);
    return future as Future<Awaited<R>>;
  }
}

/** The signal does not keep the future alive, nor is it left with a listener for each that is done. */
function cancelOn(signal: AbortSignal, future: Future<unknown>): void {
  if (future.done()) return;
  const abort = (): void => void future.cancel();
  Future.whenDone(future, onAbort(signal, abort));
}

const PLAIN = { cancelled: false, interruptible: false };

/** `above` is the public function whose caller has submitted it. With `cancelled` it is cancelled before anyone can begin it. */
export function submitTo(
  executor: ThreadPoolExecutor,
  fn: AnyFunction,
  args: readonly unknown[],
  above: AnyFunction,
  options: typeof PLAIN = PLAIN,
): Future<unknown> {
  hooks.compound(true);
  try {
    return submitNow(executor, fn, args, above, options);
  } finally {
    hooks.compound(false);
  }
}

function submitNow(
  executor: ThreadPoolExecutor,
  fn: AnyFunction,
  args: readonly unknown[],
  above: AnyFunction,
  { cancelled, interruptible }: typeof PLAIN,
): Future<unknown> {
  const moved = takeAllMarked(args);
  refuseClosed(executor);
  attend();
  const future = new Future<unknown>();
  const address = addressOf(future);
  mask();
  try {
    const gifts = orFail(future, above, () => writeTask(future, fn, args));
    if (gifts === undefined) return future;
    if (gifts.length > 0 && !cancelled) {
      // If no thread can be started, they are still here.
      summonFirst(executor);
      const given = orFail(future, above, () => {
        giveAway(gifts);
        return true;
      });
      if (given === undefined) return future;
    }
    Future.noteSite(future, siteOf(fn, above));
    if (cancelled) {
      cancel(address + STATE);
      return future;
    }
    hooks.submitted(address, fn);
    enqueue(executor, future, interruptible);
    detach(moved);
  } catch (error) {
    // The reader wants to see the call that failed, not how deep inside it was found.
    if (error instanceof Error) Error.captureStackTrace(error, above);
    throw error;
  } finally {
    unmask();
  }
  // It may have been closed, and its threads gone, between the look and the push.
  if (isClosed(executor)) summon(executor);
  return future;
}

/** Writes the call into the future. What is to be given away with it is still here. */
function writeTask(future: Future<unknown>, fn: AnyFunction, args: readonly unknown[]): Written['gifts'] {
  if (typeof fn !== 'function') {
    const given = typeof fn === 'object' ? describe(fn) : String(fn);
    throw new TypeError(
      `${given} is not a function: give the function itself, then its arguments, as in run(work, 1, 2)`,
    );
  }
  return writeCall(addressOf(future) + CALL, fn, args).gifts;
}

/**
 * Submits a call that has come as parcels; it can be cancelled while it runs. `begun` gets its future before any thread does.
 * @throws ThreadError after shutdown, BrokenExecutor, MemoryError.
 */
export function submitParcels(
  executor: ThreadPoolExecutor,
  call: CallParcels,
  begun: (future: Future<unknown>) => void,
): Future<unknown> {
  refuseClosed(executor);
  attend();
  const future = new Future<unknown>();
  mask();
  try {
    writeParcels(addressOf(future) + CALL, call);
    begun(future);
    enqueue(executor, future, true);
  } finally {
    unmask();
  }
  if (isClosed(executor)) summon(executor);
  return future;
}

/** The call is written: from now on a thread may take it. */
function enqueue(executor: ThreadPoolExecutor, future: Future<unknown>, interruptible: boolean): void {
  const address = addressOf(future);
  if (interruptible) atomic.store(address + INTERRUPTIBLE, 1);
  storeValue(address + OWNER, executor, '');
  backlogOf(executor).push(future);
  rouseOne(executor);
  summonFor(executor, future);
}

/**
 * Does a part of a submission. What is wrong with the call is the future's error, so that it comes where all errors of the
 * call are looked for. Then this returns undefined.
 * @throws MemoryError: then there is no room for an error either.
 */
function orFail<T>(future: Future<unknown>, above: AnyFunction, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof MemoryError) throw error;
    forgetTask(addressOf(future));
    if (error instanceof Error) Error.captureStackTrace(error, above);
    future.setException(error);
    return undefined;
  }
}

function refuseClosed(executor: ThreadPoolExecutor): void {
  if (!isClosed(executor)) return;
  if (isBroken(executor)) throw brokenError(executor);
  throw new ThreadError('cannot schedule new futures after shutdown');
}

/** As `summon`, for a task that was just submitted: if no thread can be started it is submitted only if there is one. */
function summonFor(executor: ThreadPoolExecutor, future: Future<unknown>): void {
  try {
    summon(executor);
  } catch (error) {
    if (crewOf(executor).take().all === 0 && future.cancel()) throw error;
  }
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

function refuseOwn(executor: ThreadPoolExecutor): void {
  if (here.executor !== executor) return;
  throw new ThreadError(
    'cannot join current thread: a task cannot wait for the end of its own executor; use { wait: false }',
  );
}

let executors = 0;
const nextExecutor = (): number => executors++;
