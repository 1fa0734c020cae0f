// Python's PriorityQueue: the smallest first. Among equals, the one that was put first.
//
// Python compares items with each other; here each item has a key, which is compared: the kernel keeps the heap, in one step each, and
// cannot run a program's comparison.

import { SharedArray } from '../heap/array.js';
import { Q_BACK, Q_KEYS, Q_MIXED } from '../heap/types.js';
import { REFERENCES } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { packCopy } from '../parcel/parcel.js';
import { addressOf, ownAddress, PRIORITY_QUEUE, type SyncCell } from '../sync/cell.js';
import { lastKey, offerByKey } from './cell.js';
import { OFFER, type Offer, PUT_OPTIONS, RETURN } from './channel.js';
import { Keyed, keyed } from './keyed.js';
import { type QueueAsyncOptions, type QueueWaitOptions, show, WAITS } from './options.js';
import { Queue } from './queue.js';

/** What items are ordered by. */
export type Priority = number | string | bigint;

/** Sorts of keys, as the cell says them. */
const SORTS = ['number', 'string', 'bigint'];
const OPTIONS: readonly string[] = [...WAITS, 'priority'];

/** The largest number that is no reference. Numbers between it and 2 ** 1001 are as good as equal. */
const LARGEST = REFERENCES * (1 - 2 ** -53);

/**
 * A `Queue` that gives out the smallest item first, and of equal ones the one that was put first. It compares the option `priority` of `put`.
 * Without that it compares the item itself, if it is a number, a string or a bigint, and otherwise the first element of the item, an array such
 * as `[priority, item]`. At one time a queue holds priorities of only one of the three sorts.
 *
 * @example
 * const jobs = new PriorityQueue<string>();
 * jobs.put('later', { priority: 2 });
 * jobs.put('first', { priority: 1 });
 * console.log(jobs.get());
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  /**
   * As `put` of a `Queue`.
   * @param options also `priority`: what the item is ordered by.
   * @throws TypeError when the item has no priority, or one of another sort than those in the queue.
   * @example
   * const jobs = new PriorityQueue<string>();
   * jobs.put('later', { priority: 2 });
   * jobs.put('first', { priority: 1 });
   * console.log(jobs.get());
   */
  override put(item: T, options?: QueueWaitOptions & { priority?: Priority }): void {
    super.put(item, options ?? {});
  }

  /**
   * As `put`, without waiting.
   * @throws Full when there is no room.
   *
   * @example
   * const jobs = new PriorityQueue<string>();
   * jobs.putNowait('first', { priority: 1 });
   */
  override putNowait(item: T, options: { priority?: Priority } = {}): void {
    super.put(item, { ...options, wait: false });
  }

  /**
   * As `put`, without blocking this thread.
   *
   * @example
   * const jobs = new PriorityQueue<string>();
   * await jobs.putAsync('first', { priority: 1 });
   */
  override putAsync(item: T, options: QueueAsyncOptions & { priority?: Priority } = {}): Promise<void> {
    return super.putAsync(item, options);
  }

  /** @internal */
  override [OFFER](item: T, options: { priority?: Priority } | undefined): Offer {
    const priority = priorityOf(item, options?.priority);
    const packed = packCopy(item, 'item');
    const keys = SORTS.indexOf(typeof priority) + 1;
    if (typeof priority === 'number') {
      const key = priority >= REFERENCES && priority < 2 * REFERENCES ? LARGEST : priority;
      const put = (mode: number): number => offerByKey(ownAddress(this, PRIORITY_QUEUE), key, packed, keys, mode);
      return { attempt: (mode) => checked(put(mode), this, keys), packed };
    }
    const holder = keyed(priority, packed);
    const put = (mode: number): number => offerByKey(ownAddress(this, PRIORITY_QUEUE), holder, undefined, keys, mode);
    return { attempt: (mode) => checked(put(mode), this, keys), packed: holder };
  }

  /** @internal */
  override [RETURN](cell: number, taken: unknown): void {
    if (taken instanceof Keyed) {
      offerByKey(cell, taken, undefined, SORTS.indexOf(typeof taken.key) + 1, Q_BACK);
    } else {
      offerByKey(cell, lastKey(), taken, 1, Q_BACK);
    }
  }

  /** @internal */
  override get [PUT_OPTIONS](): readonly string[] {
    return OPTIONS;
  }
}

function priorityOf(item: unknown, given: unknown): Priority {
  const priority = given !== undefined ? given : isTuple(item) ? item.at(0) : item;
  if (typeof priority === 'number' && Number.isNaN(priority)) {
    throw new RangeError('Invalid value NaN (not a number): a priority must have an order');
  }
  if (SORTS.includes(typeof priority)) return priority as Priority;
  throw new TypeError(
    `'<' not supported between instances of '${nameOf(priority)}': ${given !== undefined ? `the priority ${show(given)}` : 'the item'} has no order; ` +
      'give a number, a string or a bigint: put(item, { priority: 1 }), or put([1, item])',
  );
}

const isTuple = (item: unknown): item is { at(index: number): unknown } =>
  Array.isArray(item) || item instanceof SharedArray;

const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'Object') : typeof value;

function checked(answer: number, queue: SyncCell, keys: number): number {
  if (answer !== Q_MIXED) return answer;
  const there = SORTS[atomic.load(addressOf(queue) + Q_KEYS) - 1];
  throw new TypeError(
    `'<' not supported between instances of '${SORTS[keys - 1]}' and '${there}': all priorities in a queue must be of one sort`,
  );
}
