// What all queues have in common: items go in at one end and come out at the other, in any thread, with or without waiting.

import { seenFrom } from '../closure/errors.js';
import { detach, takeMarked } from '../closure/transfer.js';
import { attend } from '../heap/allocate.js';
import { goneText } from '../heap/plain.js';
import { Q_CLOSED, Q_DONE, Q_FULL, Q_MAX, Q_NEVER, Q_NOT_EMPTY, Q_NOT_FULL } from '../heap/types.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { blockUntil } from '../memory/park.js';
import { isPlain, packCopy, unpack } from '../parcel/parcel.js';
import { eventually } from '../sync/acquirable.js';
import { addressOf, isAdopting, isGone, ownAddress, QUEUE, SIMPLE_QUEUE, SyncCell } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { attentive, isEnding, mask, poll, unmask } from '../sync/safepoint.js';
import { addressText, entitle } from '../sync/titles.js';
import { CLOSED, giveBack, keep, NOTHING, offer, prepare, queueHeader, sizeOf, take } from './cell.js';
import { Empty, Full, ShutDown } from './errors.js';
import { dropWrapping, Keyed } from './keyed.js';
import { ASYNC_WAITS, checkWait, type QueueAsyncOptions, type QueueWaitOptions, WAITS, waitOf } from './options.js';
import { Turn } from './turn.js';

/** An item on its way in. */
export interface Offer {
  /** Tries to put it: Q_DONE, Q_FULL, Q_SHUT. */
  readonly attempt: (mode: number) => number;
  /** What it was packed into, which is not needed here when it was put, or will not be. */
  readonly packed: unknown;
}

/** How a queue puts what it was given. */
export const OFFER: unique symbol = Symbol('heddle.offer');
/** Takes back what it has given. */
export const RETURN: unique symbol = Symbol('heddle.return');
/** Names of the options of `put` and `putAsync`. */
export const PUT_OPTIONS: unique symbol = Symbol('heddle.put-options');

/** What tells a kind of queue from others. */
interface Sort {
  readonly kind: number;
  readonly order: number;
}

const sorts = new Map<unknown, Sort>();

/** Says which cells are a class's, and in which order it gives out. */
export function defineOrder(Class: unknown, kind: number, order: number): void {
  sorts.set(Class, { kind, order });
}

/** An end where items go in, and one where they come out. */
export abstract class Channel<T> extends SyncCell implements Iterable<T>, AsyncIterable<T> {
  /** @internal */
  constructor(Class: { readonly name: string }, base: { readonly name: string }, most = 0, name?: string) {
    const sort = sorts.get(Class);
    const isNew = !isAdopting();
    if (sort === undefined) {
      throw new TypeError(`${base.name} cannot be extended: hold a queue in a field instead`);
    }
    super(queueHeader(sort.kind));
    if (isNew) {
      const cell = ownAddress(this, QUEUE, SIMPLE_QUEUE);
      prepare(cell, sort.order, most);
      entitle(cell, name);
    }
    Object.preventExtensions(this);
  }

  /** @internal */
  [OFFER](item: T, _options: object | undefined): Offer {
    const packed = packCopy(item, 'item');
    return { attempt: (mode) => offer(ownAddress(this, QUEUE, SIMPLE_QUEUE), packed, mode), packed };
  }

  /** @internal */
  [RETURN](cell: number, taken: unknown): void {
    giveBack(cell, taken);
  }

  /** @internal */
  get [PUT_OPTIONS](): readonly string[] {
    return WAITS;
  }

  /** How many items are in the queue right now. It may have changed by the time you look at the answer. */
  get size(): number {
    return sizeOf(ownAddress(this, QUEUE, SIMPLE_QUEUE));
  }

  /**
   * Whether no item is in the queue right now.
   *
   * @example
   * console.log(new Queue().empty());
   */
  empty(): boolean {
    return this.size === 0;
  }

  /**
   * Puts an item into the queue. Waits for room if the queue is full, unless told otherwise.
   *
   * An item is anything that an argument of a thread can be: primitives and shared objects arrive as they are, plain data as a copy.
   *
   * @param options `wait: false` only tries; `timeout` is how many milliseconds to wait at most.
   * @throws Full when there was no room. ShutDown when the queue was shut down. CaptureError when the item cannot travel.
   * @throws RangeError for a negative time-out, TypeError for wrong arguments.
   * @throws KeyboardInterrupt in the main thread if one was pending already; nothing is done then.
   * @example
   * const jobs = new Queue<number>({ maxSize: 1 });
   * jobs.put(1);
   * try {
   *   jobs.put(2, { timeout: 10 });
   * } catch (error) {
   *   console.log(error instanceof Full);
   * }
   */
  put(item: T, options?: QueueWaitOptions): void {
    // Fast path: everything unusual makes one of the tests fail.
    const cell = ownAddress(this, QUEUE, SIMPLE_QUEUE);
    if (options === undefined && isPlain(item) && !attentive() && offer(cell, item, Q_NEVER) === Q_DONE) return;
    putWithin(this, cell, item, options);
  }

  /**
   * `put(item, { wait: false })`.
   *
   * @example
   * const jobs = new Queue<number>();
   * jobs.putNowait(1);
   */
  putNowait(item: T): void {
    this.put(item, { wait: false });
  }

  /**
   * As `put`, but waits without blocking this thread; the event loop stays alive meanwhile.
   * @param options `timeout` in milliseconds; `signal` gives up when aborted.
   * @throws the signal's reason when it is aborted; nothing was put then.
   * @example
   * const jobs = new Queue<number>({ maxSize: 1 });
   * await jobs.putAsync(1, { timeout: 1000 });
   */
  async putAsync(item: T, options: QueueAsyncOptions = {}): Promise<void> {
    const moved = takeMarked(item);
    const timeout = waitOf(options, asyncOptions(this[PUT_OPTIONS]));
    const cell = ownAddress(this, QUEUE, SIMPLE_QUEUE);
    checkPutWait(cell, timeout);
    const { attempt, packed } = offered(this, item, options, this.putAsync);
    const waiting = new Turn(cell, Q_NOT_FULL, attempt, Q_FULL);
    try {
      if (!(await turned(this, waiting, timeout, options.signal))) throw full(cell, timeout);
    } finally {
      dropWrapping(packed);
    }
    checkPut(waiting.outcome, cell, timeout);
    detach(moved);
  }

  /**
   * Takes the next item out of the queue. Waits for one if there is none, unless told otherwise.
   *
   * @param options `wait: false` only tries; `timeout` is how many milliseconds to wait at most.
   * @throws Empty when there was no item. ShutDown when the queue was shut down and nothing is left in it.
   * @throws ThreadError when the item cannot be rebuilt in a thread that does not return to its event loop: it needs a module that was not
   * loaded here. It stays in the queue.
   * @throws RangeError for a negative time-out, TypeError for wrong arguments.
   * @throws KeyboardInterrupt in the main thread if one was pending already; nothing is done then.
   * @example
   * const jobs = new Queue<number>();
   * jobs.put(1);
   * console.log(jobs.get({ timeout: 1000 }));
   */
  get(options?: QueueWaitOptions): T {
    // A thread that takes items in a loop, and allocates nothing, comes to no other place.
    attend();
    // Fast path, as of `put`.
    const cell = ownAddress(this, QUEUE, SIMPLE_QUEUE);
    if (options === undefined && !attentive()) {
      const taken = take(cell, Q_NEVER);
      if (typeof taken !== 'object' && taken !== NOTHING && taken !== CLOSED) {
        keep();
        return taken as T;
      }
      if (typeof taken === 'object') return opened(this, cell, taken) as T;
    }
    return getWithin(this, cell, options) as T;
  }

  /**
   * `get({ wait: false })`.
   *
   * @example
   * try {
   *   new Queue().getNowait();
   * } catch (error) {
   *   console.log(error instanceof Empty);
   * }
   */
  getNowait(): T {
    return this.get({ wait: false });
  }

  /**
   * As `get`, but waits without blocking this thread; the event loop stays alive meanwhile.
   * @param options `timeout` in milliseconds; `signal` gives up when aborted.
   * @throws the signal's reason when it is aborted; no item was taken then.
   * @example
   * const jobs = new Queue<number>();
   * startNewThread(() => jobs.put(1), []);
   * console.log(await jobs.getAsync());
   */
  async getAsync(options: QueueAsyncOptions = {}): Promise<T> {
    const timeout = waitOf(options, ASYNC_WAITS);
    checkWait(timeout);
    attend();
    const cell = ownAddress(this, QUEUE, SIMPLE_QUEUE);
    const waiting = new Turn(cell, Q_NOT_EMPTY, (mode) => take(ownAddress(this, QUEUE, SIMPLE_QUEUE), mode), NOTHING);
    if (!(await turned(this, waiting, timeout, options.signal))) throw empty(cell, timeout);
    const taken = waiting.outcome;
    if (taken === CLOSED) throw closed();
    const content = contentOf(taken);
    const item = content instanceof Promise ? await content : content;
    dropWrapping(taken);
    return item as T;
  }

  /** Takes items, and blocks while there is none. Ends when the queue is shut down and empty. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (;;) {
      let item: T;
      try {
        item = this.get();
      } catch (error) {
        if (error instanceof ShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  /** As the iterator, without blocking this thread: `for await (const item of queue)`. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (;;) {
      let item: T;
      try {
        item = await this.getAsync();
      } catch (error) {
        if (error instanceof ShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  /** @throws TypeError: a queue cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('a queue cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  override toString(): string {
    return `<${this.constructor.name} of ${this.size} items ${addressText(ownAddress(this, QUEUE, SIMPLE_QUEUE))}>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

const asyncOptions = (options: readonly string[]): readonly string[] => [
  ...options.filter((name) => name !== 'wait'),
  'signal',
];

/** What was put, from a taken value: a promise of it when modules must be imported first. */
const contentOf = (taken: unknown): unknown => unpack(taken instanceof Keyed ? taken.item : taken);

function putWithin<T>(queue: Channel<T>, cell: number, item: T, options: QueueWaitOptions | undefined): void {
  const moved = takeMarked(item);
  const timeout = waitOf(options, queue[PUT_OPTIONS]);
  checkPutWait(cell, timeout);
  const { attempt, packed } = offered(queue, item, options, queue.put);
  poll();
  mask();
  let answer: unknown;
  try {
    answer = attempt(Q_NEVER);
    if (answer === Q_FULL && timeout > 0) answer = waited(new Turn(cell, Q_NOT_FULL, attempt, Q_FULL), timeout);
  } finally {
    dropWrapping(packed);
    unmask();
  }
  if (answer === Q_FULL) poll();
  checkPut(answer, cell, timeout);
  detach(moved);
}

/** The item, made ready: what tries to put it. `above` is the public function that was called. */
function offered<T>(
  queue: Channel<T>,
  item: T,
  options: object | undefined,
  above: (...args: never[]) => unknown,
): Offer {
  try {
    return queue[OFFER](item, options);
  } catch (error) {
    throw seenFrom(error, above);
  }
}

function getWithin<T>(queue: Channel<T>, cell: number, options: QueueWaitOptions | undefined): unknown {
  const timeout = waitOf(options);
  checkWait(timeout);
  for (;;) {
    poll();
    mask();
    let taken: unknown;
    try {
      taken = take(cell, Q_NEVER);
      if (taken === NOTHING && timeout > 0) {
        taken = waited(new Turn(cell, Q_NOT_EMPTY, (mode) => take(addressOf(queue), mode), NOTHING), timeout);
      }
      // With an item in hand no interrupt is delivered: it would be lost.
      if (isItem(taken) && isEnding()) {
        queue[RETURN](cell, taken);
        continue;
      }
    } finally {
      unmask();
    }
    if (isItem(taken)) return opened(queue, cell, taken);
    poll();
    throw taken === CLOSED ? closed() : empty(cell, timeout);
  }
}

const isItem = (taken: unknown): boolean => taken !== NOTHING && taken !== CLOSED;

/** Blocks until it is this thread's turn, or the time is over; what came of it. */
function waited(turn: Turn, timeout: number): unknown {
  try {
    turn.watch();
    blockUntil(turn, timeout);
    return turn.outcome;
  } finally {
    turn.giveUp();
  }
}

/** As `waited`, on the event loop; whether its turn has come. */
async function turned(queue: SyncCell, turn: Turn, timeout: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await eventually(() => turn, {
      ...(timeout !== Infinity && { timeout }),
      ...(signal !== undefined && { signal }),
    });
  } finally {
    // Its scope may have ended just now.
    if (!isGone(queue)) turn.giveUp();
  }
}

/** What was put, in a thread that does not return to its event loop now. */
function opened<T>(queue: Channel<T>, cell: number, taken: unknown): unknown {
  const item = contentOf(taken);
  if (!(item instanceof Promise)) {
    keep();
    dropWrapping(taken);
    return item;
  }
  // The thread that gets the item needs it again.
  item.catch(() => {});
  queue[RETURN](cell, taken);
  throw new ThreadError(
    'get() cannot rebuild the item without the event loop, because this thread has not loaded a module that it needs: use await getAsync(), ' +
      'or start the thread with a function that uses the module. The item is still in the queue',
  );
}

/** Python looks at the time-out of a put only where there is a limit. */
function checkPutWait(cell: number, timeout: number): void {
  if (timeout >= 0 || atomic.load(cell + Q_MAX) === 0) return;
  if (atomic.load(cell + Q_CLOSED) !== 0) throw closed();
  checkWait(timeout);
}

function checkPut(answer: unknown, cell: number, timeout: number): void {
  if (answer === Q_DONE) return;
  throw answer === Q_FULL ? full(cell, timeout) : closed();
}

const within = (timeout: number): string => (timeout > 0 ? ` within ${timeout} ms` : '');

function empty(cell: number, timeout: number): Empty {
  return new Empty(`no item was in the queue at 0x${cell.toString(16)}${within(timeout)}`);
}

function full(cell: number, timeout: number): Full {
  return new Full(
    `there was no room in the queue at 0x${cell.toString(16)}, which holds ${atomic.load(cell + Q_MAX)} items${within(timeout)}`,
  );
}

function closed(): ShutDown {
  return new ShutDown('the queue was shut down');
}
