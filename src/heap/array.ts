// SharedArray: the interface of `Array`, on a shared array. What only reads works on one moment of the array; what changes it is one step
// for all other threads, but for what calls a function of the program's: that works on a copy and then writes the outcome.

import { adopt } from './adopt.js';
import {
  APPEND,
  ArrayCell,
  COPY,
  COUNT,
  EXCHANGE,
  LENGTH_MAX,
  OVERWRITE,
  READ,
  REARRANGE,
  RESIZE,
  WRITE,
} from './array-cell.js';
import { keptThroughCuts } from './cut.js';
import { describe } from './errors.js';
import { iterator, iterators } from './iterators.js';
import { type Compare, sorted } from './order.js';
import { type Copy, definePlain, jsonOf, shownOf } from './plain.js';
import { K_ARRAY } from './types.js';
import { defineKind, INSPECT, sharable, standsFor } from './values.js';

/** In the place of an index: that of the last element (kernel/arrays.ts). */
const LAST = -1;

type Callback<T, R> = (value: T, index: number, array: SharedArray<T>) => R;

export class SharedArray<T = unknown> extends ArrayCell {
  /**
   * A new array with these elements.
   * @throws TypeError for what is not iterable, a length too, and for an element that cannot be shared.
   */
  constructor(elements?: Iterable<T> | null, ...none: never[]) {
    super();
    if (elements === undefined || elements === null) return;
    if (none.length > 0 || typeof (elements as Partial<Iterable<T>>)[Symbol.iterator] !== 'function') {
      throw new TypeError(
        `new SharedArray() takes the elements in one iterable, as in new SharedArray([1, 2]), not ${describe(elements)}`,
      );
    }
    for (const element of elements) this.push(element);
  }

  /** Number of elements. Setting it cuts the array off, or fills it up with undefined. */
  get length(): number {
    return this[COUNT];
  }

  set length(length: number) {
    if (!Number.isInteger(length) || length < 0 || length > LENGTH_MAX) {
      throw new RangeError(`Invalid array length: ${describe(length)}; up to ${LENGTH_MAX} are possible`);
    }
    this[RESIZE](length);
  }

  /** The element at an index; a negative one counts from the end. */
  at(index: number): T | undefined {
    if (index >= 0) return this[READ](Math.trunc(index)) as T | undefined;
    const whole = Math.trunc(index) || 0;
    return this[READ](whole < 0 ? whole + this[COUNT] : whole) as T | undefined;
  }

  /**
   * Replaces the element at an index, or appends at the end; further behind, the gap is filled with undefined.
   * @throws RangeError for a negative index. TypeError for a value that cannot be shared.
   */
  set(index: number, value: T): this {
    if (!Number.isInteger(index) || index < 0 || index >= LENGTH_MAX) {
      throw new RangeError(
        `${describe(index)} is no index of a shared array: give an integer from 0 to ${LENGTH_MAX - 1}`,
      );
    }
    const own = sharable(value, 'an element');
    while (!this[WRITE](index, own)) {
      if (index === this[COUNT]) {
        if (this[APPEND](own) === index + 1) return this;
        // Another thread has appended first: the element is where it is, and ours goes over theirs.
        continue;
      }
      if (index >= this[COUNT]) this[RESIZE](index + 1);
    }
    return this;
  }

  /** Appends elements, one after another; returns the new length. */
  push(...values: T[]): number {
    if (values.length === 1) return this[APPEND](values[0]);
    let length = this[COUNT];
    for (const value of values) length = this[APPEND](value);
    return length;
  }

  /** Removes and returns the last element; undefined if there is none. */
  pop(): T | undefined {
    return this[EXCHANGE](LAST, 1, [], true)[0] as T | undefined;
  }

  /** Removes and returns the first element; undefined if there is none. */
  shift(): T | undefined {
    return this[EXCHANGE](0, 1, [], true)[0] as T | undefined;
  }

  /** Inserts elements at the beginning; returns the new length. */
  unshift(...values: T[]): number {
    this.splice(0, 0, ...values);
    return this[COUNT];
  }

  /** Removes `remove` elements at `start` and puts others in their place; returns those that were removed. */
  splice(start: number, remove?: number, ...values: T[]): T[] {
    const from = relative(start, this[COUNT]);
    // As Array does: all that is behind, if it is not said how many; nothing, if it is not said where.
    const count = arguments.length === 1 ? Infinity : remove;
    return this[EXCHANGE](from, clampCount(count), values, true) as T[];
  }

  /** Removes all elements. */
  clear(): void {
    this[RESIZE](0);
  }

  /** Sets the elements from `start` to `end` to one value. */
  fill(value: T, start = 0, end: number = Infinity): this {
    const length = this[COUNT];
    const from = relative(start, length);
    const to = Math.min(relative(end, length), length);
    if (to > from) this[OVERWRITE](from, new Array(to - from).fill(sharable(value, 'an element')));
    return this;
  }

  /** Turns the order around. */
  reverse(): this {
    this[REARRANGE]((items) => [...items.keys()].reverse());
    return this;
  }

  /** Sorts in place, as `Array` does: by text if there is no comparison. */
  sort(compare?: Compare<T>): this {
    if (compare !== undefined && typeof compare !== 'function') {
      throw new TypeError(`sort() takes a function that compares, not ${describe(compare)}`);
    }
    this[REARRANGE]((items) => sorted(items as T[], compare));
    return this;
  }

  /** Copies elements from `start` to `end` over those at `target`. */
  copyWithin(target: number, start: number, end?: number): this {
    this[REARRANGE]((items) => [...items.keys()].copyWithin(target, start, end));
    return this;
  }

  /** A plain array of all elements at one moment. */
  toArray(): T[] {
    return this[COPY]() as T[];
  }

  slice(start?: number, end?: number): T[] {
    return this.toArray().slice(start, end);
  }

  concat(...others: (T | readonly T[] | SharedArray<T>)[]): T[] {
    const plain = others.map((other) => (isSharedArray(other) ? other.toArray() : other));
    return this.toArray().concat(...(plain as T[]));
  }

  includes(value: T, from?: number): boolean {
    return this.toArray().includes(value, from);
  }

  indexOf(value: T, from?: number): number {
    return this.toArray().indexOf(value, from);
  }

  lastIndexOf(value: T, from: number = Infinity): number {
    return this.toArray().lastIndexOf(value, from);
  }

  join(separator?: string): string {
    // As Array does: one that is in itself is empty there.
    if (joining.has(this)) return '';
    joining.add(this);
    try {
      return this.toArray().join(separator);
    } finally {
      joining.delete(this);
    }
  }

  forEach(callback: Callback<T, void>, self?: unknown): void {
    check('forEach', callback);
    // As Array does: what is appended meanwhile is not visited.
    for (let index = 0, length = this[COUNT]; index < length; index++) {
      const value = this[READ](index) as T;
      if (value !== undefined || index < this[COUNT]) callback.call(self, value, index, this);
    }
  }

  map<R>(callback: Callback<T, R>, self?: unknown): R[] {
    check('map', callback);
    return this.toArray().map((value, index) => callback.call(self, value, index, this));
  }

  filter<S extends T>(callback: (value: T, index: number, array: SharedArray<T>) => value is S, self?: unknown): S[];
  filter(callback: Callback<T, unknown>, self?: unknown): T[];
  filter(callback: Callback<T, unknown>, self?: unknown): T[] {
    check('filter', callback);
    return this.toArray().filter((value, index) => callback.call(self, value, index, this));
  }

  flatMap<R>(callback: Callback<T, R | readonly R[]>, self?: unknown): R[] {
    check('flatMap', callback);
    return this.toArray().flatMap((value, index) => callback.call(self, value, index, this));
  }

  flat(depth = 1): unknown[] {
    const items: unknown[] = [];
    const add = (item: unknown, left: number): void => {
      if (left >= 0 && isSharedArray(item)) for (const each of item.toArray()) add(each, left - 1);
      else items.push(item);
    };
    add(this, Math.max(0, Math.trunc(depth) || 0));
    return items;
  }

  find(callback: Callback<T, unknown>, self?: unknown): T | undefined {
    check('find', callback);
    return this.toArray().find((value, index) => callback.call(self, value, index, this));
  }

  findIndex(callback: Callback<T, unknown>, self?: unknown): number {
    check('findIndex', callback);
    return this.toArray().findIndex((value, index) => callback.call(self, value, index, this));
  }

  findLast(callback: Callback<T, unknown>, self?: unknown): T | undefined {
    check('findLast', callback);
    return this.toArray().findLast((value, index) => callback.call(self, value, index, this));
  }

  findLastIndex(callback: Callback<T, unknown>, self?: unknown): number {
    check('findLastIndex', callback);
    return this.toArray().findLastIndex((value, index) => callback.call(self, value, index, this));
  }

  some(callback: Callback<T, unknown>, self?: unknown): boolean {
    check('some', callback);
    return this.toArray().some((value, index) => callback.call(self, value, index, this));
  }

  every(callback: Callback<T, unknown>, self?: unknown): boolean {
    check('every', callback);
    return this.toArray().every((value, index) => callback.call(self, value, index, this));
  }

  reduce(callback: (before: T, value: T, index: number, array: SharedArray<T>) => T): T;
  reduce<R>(callback: (before: R, value: T, index: number, array: SharedArray<T>) => R, initial: R): R;
  reduce<R>(...args: [callback: (before: R, value: T, index: number, array: SharedArray<T>) => R, initial?: R]): R {
    return this.#reduce('reduce', args);
  }

  reduceRight(callback: (before: T, value: T, index: number, array: SharedArray<T>) => T): T;
  reduceRight<R>(callback: (before: R, value: T, index: number, array: SharedArray<T>) => R, initial: R): R;
  reduceRight<R>(
    ...args: [callback: (before: R, value: T, index: number, array: SharedArray<T>) => R, initial?: R]
  ): R {
    return this.#reduce('reduceRight', args);
  }

  #reduce<R>(
    method: 'reduce' | 'reduceRight',
    [callback, ...initial]: [callback: (before: R, value: T, index: number, array: SharedArray<T>) => R, initial?: R],
  ): R {
    check(method, callback);
    const step = (before: R, value: T, index: number): R => callback(before, value, index, this);
    const items = this.toArray();
    return (items[method] as (step: unknown, ...initial: unknown[]) => R).call(items, step, ...initial);
  }

  toReversed(): T[] {
    return this.toArray().reverse();
  }

  toSorted(compare?: Compare<T>): T[] {
    return this.toArray().sort(compare);
  }

  toSpliced(...how: [start: number, remove?: number, ...values: T[]]): T[] {
    const items = this.toArray();
    items.splice(...(how as [number, number, ...T[]]));
    return items;
  }

  with(index: number, value: T): T[] {
    return this.toArray().with(index, value);
  }

  keys(): IterableIterator<number> {
    let index = 0;
    let over = false;
    return iterator(() => {
      if (over || index >= this[COUNT]) {
        over = true;
        return { done: true, value: undefined };
      }
      return { done: false, value: index++ };
    });
  }

  entries(): IterableIterator<[number, T]> {
    const values = this.values();
    let index = 0;
    return iterator(() => {
      const { done, value } = values.next() as IteratorResult<T>;
      return done === true ? { done: true, value: undefined } : { done: false, value: [index++, value] };
    });
  }

  /** The elements in order; those that are appended meanwhile come too. */
  values(): IterableIterator<T> {
    return new Values(this);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values();
  }

  toJSON(): unknown {
    return jsonOf(this);
  }

  override toString(): string {
    return this.join();
  }

  override toLocaleString(...how: Parameters<(typeof Array.prototype)['toLocaleString']>): string {
    return this.toArray().toLocaleString(...how);
  }

  [INSPECT](depth?: number | null, options?: object): unknown {
    return shownOf(this, depth, options);
  }

  get [Symbol.toStringTag](): string {
    return 'SharedArray';
  }
}

/** Arrays that are being joined in this thread. */
const joining = new Set<object>();

keptThroughCuts(() => {
  const outer = [...joining];
  return () => {
    joining.clear();
    for (const array of outer) joining.add(array);
  };
});

/** Also of a view by index. */
export const isSharedArray = (value: unknown): value is SharedArray<never> =>
  typeof value === 'object' && value !== null && (ArrayCell.is(value) || standsFor.has(value));

/** An index from the end, or past it, as a place in an array. */
function relative(index: number, length: number): number {
  const whole = Math.trunc(index) || 0;
  return whole < 0 ? Math.max(0, whole + length) : Math.min(whole, length);
}

const clampCount = (count: number | undefined): number =>
  Math.min(Math.max(0, Math.trunc(count ?? 0) || 0), LENGTH_MAX);

function check(method: string, callback: unknown): void {
  if (typeof callback !== 'function') throw new TypeError(`${method}() takes a function, not ${describe(callback)}`);
}

/** A class, and one read an element: the engine then makes no object of what `next` returns. */
class Values<T> implements IterableIterator<T> {
  array: SharedArray<T> | undefined;
  index = 0;

  constructor(array: SharedArray<T>) {
    this.array = array;
  }

  next(): IteratorResult<T, undefined> {
    const { array, index } = this;
    if (array === undefined) return { done: true, value: undefined };
    let value = array[READ](index);
    if (value === undefined) {
      if (index >= array[COUNT]) {
        this.array = undefined;
        return { done: true, value: undefined };
      }
      // It may have been appended just now.
      value = array[READ](index);
    }
    this.index = index + 1;
    return { done: false, value: value as T };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

Object.setPrototypeOf(Values.prototype, iterators);

defineKind(K_ARRAY, (cell, page) => adopt(SharedArray, cell, page));

function copyOut(value: object): Copy {
  const items = (value as SharedArray).toArray();
  const copy: unknown[] = [];
  return {
    copy,
    fill(plain) {
      for (const item of items) copy.push(plain(item));
    },
  };
}

definePlain({
  prototype: SharedArray.prototype,
  is: ArrayCell.is,
  copy: copyOut,
  json: copyOut,
  show(value, elements) {
    const array = value as SharedArray;
    const count = array[COUNT];
    if (count <= elements) return copyOut(value);
    // Of the others nothing is printed but how many there are.
    const copy: unknown[] = [];
    return {
      copy,
      fill(plain) {
        for (let at = 0; at < elements; at++) copy.push(plain(array[READ](at)));
        copy.length = count;
      },
    };
  },
});
