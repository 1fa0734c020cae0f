// map(): calls for items, results in the order of the items.

import { forgetMarks } from '../closure/transfer.js';
import { atomic } from '../memory/atomics.js';
import { onAbort } from '../sync/aborts.js';
import { timeoutOf } from '../sync/arguments.js';
import { discard } from '../sync/cell.js';
import { TimeoutError } from './errors.js';
import type { Future } from './future.js';

export interface Progress {
  /** Results taken so far. */
  readonly done: number;
  /** Calls submitted so far: all of them unless there is a `bufferSize`, or the input is not read to its end. */
  readonly submitted: number;
}

export interface MapOptions {
  /** Milliseconds from the call of `map` until the last result; none = for ever. */
  readonly timeout?: number | undefined;
  /** How many calls are submitted ahead of the results that were taken; none = all at once. */
  readonly bufferSize?: number | undefined;
  /** When it is aborted, calls that have not begun are cancelled, and taking the next result throws its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called, in the thread that takes them, after each result. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Timers count in 32 bits: one that is longer ends at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Input = Iterable<unknown> | AsyncIterable<unknown>;

const KNOWN = ['timeout', 'bufferSize', 'signal', 'onProgress'];

const isIterable = (value: unknown): value is Input =>
  typeof value === 'string' ||
  (typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value));

/** What follows the function: iterables, and perhaps options. */
export function readMapArguments(rest: readonly unknown[]): { inputs: readonly Input[]; options: MapOptions } {
  const last = rest.at(-1);
  const hasOptions = rest.length > 1 && typeof last === 'object' && last !== null && !isIterable(last);
  const inputs = hasOptions ? rest.slice(0, -1) : rest;
  const options = (hasOptions ? last : {}) as MapOptions;
  if (inputs.length === 0) throw new TypeError('map() takes a function and at least one iterable');
  for (const input of inputs) if (!isIterable(input)) throw new TypeError(`${describe(input)} is not iterable`);
  timeoutOf(options, KNOWN);
  const { bufferSize, signal, onProgress } = options;
  if (bufferSize !== undefined && (typeof bufferSize !== 'number' || !Number.isInteger(bufferSize))) {
    throw new TypeError(`bufferSize must be an integer, not ${describe(bufferSize)}`);
  }
  if (bufferSize !== undefined && bufferSize < 1)
    throw new RangeError(`bufferSize must be at least 1, not ${bufferSize}`);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${describe(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new TypeError(`onProgress must be a function, not ${describe(onProgress)}`);
  }
  return { inputs: inputs as Input[], options };
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `an object of ${value.constructor?.name ?? 'no class'}`
    : String(value);
}

/**
 * Results of `map`, each to be taken once: both ways of iterating take from the same.
 *
 * @example
 * const executor = new ThreadPoolExecutor();
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 * executor.shutdown();
 */
export class MapResults<T> implements Iterable<T>, AsyncIterable<T>, Disposable {
  readonly #submit: (args: readonly unknown[]) => Future<unknown>;
  readonly #options: MapOptions;
  readonly #deadline: number;
  /** Undefined when an input is asynchronous. */
  #sync: Iterator<unknown>[] | undefined;
  #async: (Iterator<unknown> | AsyncIterator<unknown>)[];
  /** Inputs that can be read both ways, as queues: how results are taken first says which way. */
  #either: readonly Iterable<unknown>[] | undefined;
  /** Submitted, and not taken. */
  #futures: Future<unknown>[] = [];
  /** Index in `#futures` of the next to be taken. */
  #next = 0;
  #submitted = 0;
  #taken = 0;
  #exhausted = false;
  /** Does not listen to the signal any more. */
  #ignore: () => void;
  /** A read of asynchronous inputs that is under way. */
  #reading: Promise<void> | undefined;
  readonly #inputs: readonly Input[];

  /** @internal */
  constructor(submit: (args: readonly unknown[]) => Future<unknown>, inputs: readonly Input[], options: MapOptions) {
    this.#submit = submit;
    this.#options = options;
    this.#inputs = inputs;
    const timeout = timeoutOf(options, KNOWN);
    this.#deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
    this.#async = [];
    this.#ignore = () => {};
    try {
      this.#begin();
    } catch (error) {
      this.#forgetRest();
      throw error;
    }
  }

  #begin(): void {
    const inputs = this.#inputs;
    const { signal } = this.#options;
    this.#async = inputs.map((input) =>
      Symbol.asyncIterator in Object(input)
        ? (input as AsyncIterable<unknown>)[Symbol.asyncIterator]()
        : (input as Iterable<unknown>)[Symbol.iterator](),
    );
    const isSync = inputs.every((input) => !(Symbol.asyncIterator in Object(input)));
    this.#sync = isSync ? (this.#async as Iterator<unknown>[]) : undefined;
    signal?.throwIfAborted();
    this.#ignore = onAbort(signal, this.#abort);
    if (isSync) {
      this.#fill();
    } else if (inputs.every((input) => Symbol.iterator in Object(input))) {
      this.#either = inputs as readonly Iterable<unknown>[];
      queueMicrotask(() => void this.#read().catch(() => {}));
    } else {
      void this.#read().catch(() => {});
    }
  }

  /** Blocks for each result. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    if (this.#either !== undefined) {
      this.#sync = this.#either.map((input) => input[Symbol.iterator]());
      this.#async = this.#sync;
      this.#either = undefined;
    }
    if (this.#sync === undefined) {
      throw new TypeError('an input of map() is an async iterable: take the results with for await (… of …)');
    }
    try {
      for (;;) {
        this.#options.signal?.throwIfAborted();
        this.#fill();
        const future = this.#first();
        if (future === undefined) return;
        let result: T;
        try {
          result = future.result(this.#left()) as T;
        } catch (error) {
          throw this.#asLate(error, future);
        }
        this.#take();
        yield result;
      }
    } finally {
      this.cancel();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        this.#options.signal?.throwIfAborted();
        if (this.#sync !== undefined) this.#fill();
        else {
          // Inputs may be slower than results: those that are there go first.
          const reading = this.#read();
          if (this.#first() === undefined) await this.#within(Promise.race([reading, this.#firstRead()]));
          else reading.catch(() => {});
        }
        const future = this.#first();
        if (future === undefined) {
          if (!this.#exhausted) continue;
          return;
        }
        const result = await this.#within(future);
        this.#take();
        yield result as T;
      }
    } finally {
      this.cancel();
    }
  }

  /**
   * Cancels the calls that have not begun, and takes no more items.
   *
   * @example
   * const executor = new ThreadPoolExecutor();
   * const results = executor.map((n: number) => n * n, [1, 2, 3], { bufferSize: 1 });
   * results.cancel();
   * executor.shutdown();
   */
  cancel(): void {
    this.#ignore();
    for (const future of this.#futures.slice(this.#next)) future.cancel();
    this.#futures = [];
    this.#next = 0;
    if (this.#exhausted) return;
    this.#exhausted = true;
    this.#forgetRest();
    for (const iterator of this.#async) void iterator.return?.();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  readonly #abort = (): void => {
    for (const future of this.#futures.slice(this.#next)) future.cancel();
  };

  #first(): Future<unknown> | undefined {
    return this.#futures[this.#next];
  }

  /** The first result was taken. */
  #take(): void {
    this.#taken++;
    // Nobody else has ever seen it.
    discard(this.#futures[this.#next++]!);
    if (this.#next * 2 > this.#futures.length && this.#next > 64) {
      this.#futures.splice(0, this.#next);
      this.#next = 0;
    }
    this.#options.onProgress?.({ done: this.#taken, submitted: this.#submitted });
  }

  #isFull(): boolean {
    return this.#submitted - this.#taken >= (this.#options.bufferSize ?? Infinity);
  }

  /** Submits as many as may be. */
  #fill(): void {
    while (!this.#exhausted && !this.#isFull()) {
      const items: unknown[] = [];
      for (const iterator of this.#sync!) {
        const { done, value } = iterator.next();
        if (done === true) {
          this.#end(iterator, items);
          return;
        }
        items.push(value);
      }
      this.#add(items);
    }
  }

  /** As `#fill`, as far as items come; one read at a time. */
  #read(): Promise<void> {
    if (this.#sync !== undefined) return Promise.resolve();
    this.#either = undefined;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    while (!this.#exhausted && !this.#isFull()) {
      const items: unknown[] = [];
      for (const iterator of this.#async) {
        const { done, value } = await iterator.next();
        if (this.#exhausted || done === true) {
          this.#end(iterator, items);
          return;
        }
        items.push(value);
      }
      this.#add(items);
      // A loop that waits for the first result gets it before the rest is read.
      this.#tellFirst();
    }
  }

  #tellFirst = (): void => {};

  /** An item has come. */
  #firstRead(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
  }

  #add(items: unknown[]): void {
    this.#futures.push(this.#submit(items));
    this.#submitted++;
  }

  /** The shortest input is at its end, or nobody wants more; `items` were taken from the others for a call that is not made. */
  #end(ended: unknown, items: readonly unknown[]): void {
    forgetMarks(items);
    if (this.#exhausted) return;
    this.#exhausted = true;
    this.#forgetRest();
    for (const iterator of this.#async) if (iterator !== ended) void iterator.return?.();
  }

  /** What was not taken is not sent: what `transfer` has marked of it is not marked any more. An iterator makes its items only as they are taken. */
  #forgetRest(): void {
    for (const input of this.#inputs) {
      const items = Array.isArray(input) ? input : input instanceof Set ? [...input] : [];
      for (let at = this.#submitted; at < items.length; at++) forgetMarks(items[at]);
    }
  }

  #left(): number | undefined {
    return this.#deadline === Infinity ? undefined : Math.max(0, this.#deadline - atomic.now());
  }

  /** What a promise gives, if it is settled in time. */
  #within<V>(promise: PromiseLike<V>): Promise<V> {
    const left = this.#left();
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const timer =
        left === undefined || left > LONGEST_TIMER
          ? undefined
          : setTimeout(() => over(() => reject(this.#late())), left);
      const abort = (): void => over(() => reject(signal?.reason));
      const over = (then: () => void): void => {
        if (timer !== undefined) clearTimeout(timer);
        ignore();
        then();
      };
      const ignore = onAbort(signal, abort);
      promise.then(
        (value) => over(() => resolve(value)),
        (error) => over(() => reject(error)),
      );
    });
  }

  #asLate(error: unknown, future: Future<unknown>): unknown {
    return error instanceof TimeoutError && !future.done() ? this.#late() : error;
  }

  #late(): TimeoutError {
    return new TimeoutError(
      `map() has not given all results within ${this.#options.timeout} ms: ${this.#taken} were taken`,
    );
  }
}
