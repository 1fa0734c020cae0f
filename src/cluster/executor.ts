// The executor whose threads are on other machines.

import { CaptureError } from '../closure/errors.js';
import type { AnyFunction } from '../closure/values/functions.js';
import { Future } from '../futures/future.js';
import { type MapOptions, MapResults, readMapArguments } from '../futures/map.js';
import { siteOf } from '../futures/site.js';
import { randomUUID, sha256 } from '../platform/crypto.js';
import { SimpleQueue } from '../queue/simple.js';
import { onAbort } from '../sync/aborts.js';
import { ThreadError } from '../sync/errors.js';
import { asClusterFuture, type ClusterFuture, newFuture, settleFuture } from './future.js';
import { listenTo, type ProgressNote } from './notices.js';
import { checkOptions, count, name as nameOf } from './options.js';
import { ask, type Connection } from './requests.js';
import { Border } from './wire/border.js';

export interface ClusterTaskOptions {
  /** How often a task may be begun again when its worker has died. Default: 1. */
  readonly retries?: number | undefined;
  /** Milliseconds after which another worker gets the task when its own has died. Default: 30 s. */
  readonly lease?: number | undefined;
  /** 1 goes first, then 2, …; none = after all that have one. */
  readonly priority?: number | undefined;
  /** Milliseconds for which the outcome is kept. Default: 1 h. */
  readonly resultTTL?: number | undefined;
  /** Milliseconds after which a task that still waits is not begun any more. Default: 24 h. */
  readonly expires?: number | undefined;
  /** Whether what the task prints is printed here too. Default: false. */
  readonly logs?: boolean | undefined;
  /** Called, in the thread that has submitted the task, with what it gives to `currentTask().progress()`. */
  readonly onProgress?: ((value: unknown, id: string) => void) | undefined;
  /** When it is aborted, the task is cancelled, even while it runs. */
  readonly signal?: AbortSignal | undefined;
  /** Names the task: submitted again with the same key while its outcome is kept, it is not run again, and has that outcome. */
  readonly key?: string | undefined;
}

export interface ClusterExecutorOptions extends Omit<ClusterTaskOptions, 'key' | 'signal'> {
  /** The queue that its tasks wait in: workers say which they take from. Default: 'default'. */
  readonly queue?: string | undefined;
  /** How many tasks of the queue may begin in how many milliseconds, all workers together. */
  readonly rateLimit?: { readonly max: number; readonly duration: number } | undefined;
}

const OF_TASK = ['retries', 'lease', 'priority', 'resultTTL', 'expires', 'logs', 'onProgress'];
/** The engine looks for what has no worker any more every quarter of a second. */
const SHORTEST_LEASE = 500;
const HIGHEST_PRIORITY = 2_097_152;

export function checkExecutorOptions(options: ClusterExecutorOptions): void {
  checkOptions('executor()', options, [...OF_TASK, 'queue', 'rateLimit']);
  checkTask(options);
  const { queue, rateLimit } = options;
  if (queue !== undefined && !/^[\w.-]{1,64}$/.test(nameOf('queue', queue))) {
    throw new TypeError(`queue must be a name of letters, digits, _ . and -, not '${queue}'`);
  }
  if (rateLimit !== undefined) {
    checkOptions('rateLimit', rateLimit, ['max', 'duration']);
    count('rateLimit.max', rateLimit.max, 1);
    count('rateLimit.duration', rateLimit.duration, 1);
  }
}

function checkTask({ retries, lease, priority, resultTTL, expires, logs, onProgress }: ClusterTaskOptions): void {
  if (retries !== undefined) count('retries', retries, 0);
  if (lease !== undefined) count('lease', lease, SHORTEST_LEASE);
  if (resultTTL !== undefined) count('resultTTL', resultTTL, 1000);
  if (expires !== undefined) count('expires', expires, 1000);
  if (priority !== undefined) {
    count('priority', priority, 1);
    if (priority > HIGHEST_PRIORITY)
      throw new RangeError(`priority must be at most ${HIGHEST_PRIORITY}, not ${priority}`);
  }
  if (logs !== undefined && typeof logs !== 'boolean')
    throw new TypeError(`logs must be true or false, not ${String(logs)}`);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new TypeError(`onProgress must be a function, not ${String(onProgress)}`);
  }
}

/** What this thread has of a connection. */
interface Here {
  readonly border: Border;
  /** Hashes of what was handed over to the station. */
  readonly handed: Set<string>;
  /** Where the station puts the progress of this thread's tasks; read while there is somebody who wants it. */
  readonly notes: SimpleQueue<ProgressNote>;
  readonly listeners: Map<string, (value: unknown, id: string) => void>;
  reading: AbortController | undefined;
}

const connections = new WeakMap<object, Here>();

export function hereOf(cluster: Connection): Here {
  const { clusterRequests, clusterSettings } = cluster;
  let here = connections.get(clusterRequests);
  if (here === undefined) {
    const border = new Border(clusterSettings.border);
    here = { border, handed: new Set(), notes: new SimpleQueue(), listeners: new Map(), reading: undefined };
    connections.set(clusterRequests, here);
  }
  return here;
}

/** Of what a message needs, that which the station has not got from this thread. */
export function handOver(
  here: Pick<Here, 'handed'>,
  blobs: readonly { readonly hash: string; readonly bytes: Uint8Array }[],
): (readonly [string, Uint8Array])[] {
  const fresh = blobs.filter(({ hash }) => !here.handed.has(hash));
  for (const { hash } of fresh) here.handed.add(hash);
  return fresh.map(({ hash, bytes }) => [hash, bytes] as const);
}

const RETRIES = 1;
const RESULT_TTL = 3_600_000;
const EXPIRES = 86_400_000;

/**
 * Calls functions on other machines. A function goes there with what it has captured, as to a thread; the workers need only the packages that it
 * imports.
 *
 * @example
 * const cluster = await Cluster.connect({ address: 'redis://localhost', key: 'a secret of the cluster' });
 * const executor = cluster.executor({ retries: 2 });
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 */
export class ClusterExecutor {
  readonly #cluster: Connection;
  readonly #options: ClusterTaskOptions;
  readonly #queue: string;
  /** Names its tasks for the station. */
  readonly #group: string;
  #closed = false;

  /** @internal */
  constructor(
    cluster: Connection,
    { queue = 'default', rateLimit, ...options }: ClusterExecutorOptions,
    group = randomUUID(),
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#queue = queue;
    this.#group = group;
    if (rateLimit !== undefined) Future.look(ask(cluster, 'limit', queue, { ...rateLimit }));
  }

  /**
   * Calls `fn` with `args` at a worker. The function goes with what it has captured, arguments and result are copied. What lives in this
   * process's memory alone, such as shared objects and locks, is refused by name.
   *
   * If something cannot go, the future fails with a CaptureError.
   *
   * @throws ThreadError "cannot schedule new futures after shutdown".
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): ClusterFuture<Awaited<R>> {
    return this.#submit(fn, args, this.submit, this.#options) as ClusterFuture<Awaited<R>>;
  }

  /** The same executor with options for what is submitted through it. */
  withOptions(options: ClusterTaskOptions): ClusterSubmitter {
    checkOptions('withOptions()', options, [...OF_TASK, 'key', 'signal']);
    checkTask(options);
    if (options.key !== undefined) nameOf('key', options.key);
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
      throw new TypeError(`signal must be an AbortSignal, not ${String(options.signal)}`);
    }
    const own = { ...this.#options, ...options };
    const submit: ClusterSubmitter['submit'] = (fn, ...args) => this.#submit(fn, args, submit, own) as never;
    return {
      submit,
      map: ((fn: AnyFunction, ...rest: unknown[]) => this.#map(fn, rest, own)) as ClusterSubmitter['map'],
    };
  }

  /** As `ThreadPoolExecutor.map`: results in the order of the items, blocking (`for … of`) or not (`for await … of`). */
  map<T, R>(fn: (item: T) => R, items: Iterable<T> | AsyncIterable<T>, options?: MapOptions): MapResults<Awaited<R>>;
  map<A extends readonly unknown[], R>(
    fn: (...items: A) => R,
    ...iterables: { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> }
  ): MapResults<Awaited<R>>;
  map(fn: AnyFunction, ...rest: readonly unknown[]): MapResults<unknown> {
    return this.#map(fn, rest, this.#options);
  }

  /**
   * No more tasks are taken. Those that were submitted are still run, unless they are cancelled. Blocks until they are done, unless `wait` is
   * false.
   */
  shutdown(options: { readonly wait?: boolean; readonly cancelFutures?: boolean } = {}): void {
    this.#close(options)?.result();
  }

  /** As `shutdown`, without blocking this thread. */
  async shutdownAsync(options: { readonly wait?: boolean; readonly cancelFutures?: boolean } = {}): Promise<void> {
    await this.#close(options);
  }

  [Symbol.dispose](): void {
    this.shutdown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdownAsync();
  }

  #close(options: { readonly wait?: boolean; readonly cancelFutures?: boolean }): Future<unknown> | undefined {
    checkOptions('shutdown()', options, ['wait', 'cancelFutures']);
    this.#closed = true;
    if (options.cancelFutures === true) Future.look(ask(this.#cluster, 'cancelAll', this.#queue, this.#group));
    return options.wait === false ? undefined : ask(this.#cluster, 'idle', this.#queue, this.#group);
  }

  #map(fn: AnyFunction, rest: readonly unknown[], options: ClusterTaskOptions): MapResults<unknown> {
    const { inputs, options: how } = readMapArguments(rest);
    const above = this.map as AnyFunction;
    return new MapResults(
      (args) => {
        const future = this.#submit(fn, args, above, options);
        Future.look(future);
        return future;
      },
      inputs,
      how,
    );
  }

  #submit(
    fn: AnyFunction,
    args: readonly unknown[],
    above: AnyFunction,
    options: ClusterTaskOptions,
  ): ClusterFuture<unknown> {
    if (this.#closed) throw new ThreadError('cannot schedule new futures after shutdown');
    const cluster = this.#cluster;
    const id = options.key === undefined ? randomUUID() : idFor(this.#queue, options.key);
    const future = newFuture(id);
    const queue = this.#queue;
    const own = asClusterFuture(future, (of) => Promise.resolve(ask<boolean>(cluster, 'cancel', queue, of, future)));
    try {
      if (typeof fn !== 'function') {
        throw new TypeError(
          `${String(fn)} is not a function: give the function itself, then its arguments, as in submit(work, 1, 2)`,
        );
      }
      Future.noteSite(future, siteOf(fn, above));
      if (options.signal?.aborted === true) {
        settleFuture(future, { cancelled: true });
        return own;
      }
      this.#send(fn, args, id, future, options);
    } catch (error) {
      // Whoever reads it wants to see the call that failed, not how deep inside it was found.
      if (error instanceof CaptureError || error instanceof TypeError) Error.captureStackTrace(error, above);
      settleFuture(future, { error });
    }
    return own;
  }

  #send(
    fn: AnyFunction,
    args: readonly unknown[],
    id: string,
    future: Future<unknown>,
    options: ClusterTaskOptions,
  ): void {
    const here = hereOf(this.#cluster);
    const {
      retries = RETRIES,
      lease,
      priority,
      resultTTL = RESULT_TTL,
      expires = EXPIRES,
      logs,
      onProgress,
      signal,
      key,
    } = options;
    const said = { subject: id, until: Date.now() + expires, retries, lease, logs, keep: resultTTL };
    const { bytes, blobs } = here.border.sealCall(fn, args, said);
    if (onProgress !== undefined) this.#listen(here, id, future, onProgress);
    this.#cluster.clusterRequests.put({
      kind: 'submit',
      future,
      id,
      queue: this.#queue,
      group: this.#group,
      bytes,
      blobs: handOver(here, blobs),
      priority,
      keep: resultTTL,
      known: key !== undefined,
      heard: logs === true || onProgress !== undefined,
    });
    if (signal !== undefined)
      Future.whenDone(
        future,
        onAbort(signal, () => void (future as ClusterFuture).cancel()),
      );
  }

  #listen(here: Here, id: string, future: Future<unknown>, onProgress: (value: unknown, id: string) => void): void {
    here.listeners.set(id, onProgress);
    listenTo(id, here.notes);
    readNotes(here);
    Future.whenDone(future, () => {
      // What the task has said before its outcome may still be on its way.
      setTimeout(() => {
        listenTo(id, undefined);
        here.listeners.delete(id);
        if (here.listeners.size === 0) here.reading?.abort();
      }, LINGER).unref();
    });
  }
}

/** Milliseconds for which somebody listens to a task that is over. */
const LINGER = 250;

/** Reads while there are listeners: it keeps the thread's event loop alive. */
function readNotes(here: Here): void {
  if (here.reading !== undefined) return;
  const reading = new AbortController();
  here.reading = reading;
  void (async () => {
    try {
      for (;;) {
        const { id, value } = await here.notes.getAsync({ signal: reading.signal });
        here.listeners.get(id)?.(value, id);
      }
    } catch (error) {
      if (!reading.signal.aborted) throw error;
    } finally {
      here.reading = undefined;
      if (here.listeners.size > 0 && reading.signal.aborted) readNotes(here);
    }
  })();
}

/** The same for the same key, in the form that all ids have. */
function idFor(queue: string, key: string): string {
  const hash = sha256(Buffer.from(JSON.stringify([queue, key])));
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-');
}

/** What `withOptions` returns. */
export interface ClusterSubmitter {
  /** As `ClusterExecutor.submit`. */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): ClusterFuture<Awaited<R>>;
  /** As `ClusterExecutor.map`. */
  map: ClusterExecutor['map'];
}
