// The methods of a shared array that only read. Each sees one moment of the array.

import { ArrayCell, COPY, COUNT, READ } from './array-cell.js';
import { describe } from './errors.js';
import { iterator, iterators } from './iterators.js';
import type { Compare } from './order.js';
import { standsFor } from './values.js';

type Callback<T, R, A> = (value: T, index: number, array: A) => R;

/** Only to be extended by SharedArray. */
export abstract class ReadingArray<T> extends ArrayCell {
  /** The element at an index; a negative one counts from the end. */
  at(index: number): T | undefined {
    if (index >= 0) return this[READ](Math.trunc(index)) as T | undefined;
    const whole = Math.trunc(index) || 0;
    return this[READ](whole < 0 ? whole + this[COUNT] : whole) as T | undefined;
  }

  /**
   * A plain array of all elements at one moment.
   *
   * @example
   * const numbers = new SharedArray([1, 2]);
   * console.log(numbers.toArray().map((n) => n * 2));
   */
  toArray(): T[] {
    return this[COPY]() as T[];
  }

  slice(start?: number, end?: number): T[] {
    return this.toArray().slice(start, end);
  }

  concat(...others: (T | readonly T[] | ReadingArray<T>)[]): T[] {
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

  forEach(callback: Callback<T, void, this>, self?: unknown): void {
    check('forEach', callback);
    // As Array does: what is appended meanwhile is not visited.
    for (let index = 0, length = this[COUNT]; index < length; index++) {
      const value = this[READ](index) as T;
      if (value !== undefined || index < this[COUNT]) callback.call(self, value, index, this);
    }
  }

  map<R>(callback: Callback<T, R, this>, self?: unknown): R[] {
    check('map', callback);
    return this.toArray().map((value, index) => callback.call(self, value, index, this));
  }

  filter<S extends T>(callback: (value: T, index: number, array: this) => value is S, self?: unknown): S[];
  filter(callback: Callback<T, unknown, this>, self?: unknown): T[];
  filter(callback: Callback<T, unknown, this>, self?: unknown): T[] {
    check('filter', callback);
    return this.toArray().filter((value, index) => callback.call(self, value, index, this));
  }

  flatMap<R>(callback: Callback<T, R | readonly R[], this>, self?: unknown): R[] {
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

  find(callback: Callback<T, unknown, this>, self?: unknown): T | undefined {
    check('find', callback);
    return this.toArray().find((value, index) => callback.call(self, value, index, this));
  }

  findIndex(callback: Callback<T, unknown, this>, self?: unknown): number {
    check('findIndex', callback);
    return this.toArray().findIndex((value, index) => callback.call(self, value, index, this));
  }

  findLast(callback: Callback<T, unknown, this>, self?: unknown): T | undefined {
    check('findLast', callback);
    return this.toArray().findLast((value, index) => callback.call(self, value, index, this));
  }

  findLastIndex(callback: Callback<T, unknown, this>, self?: unknown): number {
    check('findLastIndex', callback);
    return this.toArray().findLastIndex((value, index) => callback.call(self, value, index, this));
  }

  some(callback: Callback<T, unknown, this>, self?: unknown): boolean {
    check('some', callback);
    return this.toArray().some((value, index) => callback.call(self, value, index, this));
  }

  every(callback: Callback<T, unknown, this>, self?: unknown): boolean {
    check('every', callback);
    return this.toArray().every((value, index) => callback.call(self, value, index, this));
  }

  reduce(callback: (before: T, value: T, index: number, array: this) => T): T;
  reduce<R>(callback: (before: R, value: T, index: number, array: this) => R, initial: R): R;
  reduce<R>(...args: [callback: (before: R, value: T, index: number, array: this) => R, initial?: R]): R {
    return this.#reduce('reduce', args);
  }

  reduceRight(callback: (before: T, value: T, index: number, array: this) => T): T;
  reduceRight<R>(callback: (before: R, value: T, index: number, array: this) => R, initial: R): R;
  reduceRight<R>(...args: [callback: (before: R, value: T, index: number, array: this) => R, initial?: R]): R {
    return this.#reduce('reduceRight', args);
  }

  #reduce<R>(
    method: 'reduce' | 'reduceRight',
    [callback, ...initial]: [callback: (before: R, value: T, index: number, array: this) => R, initial?: R],
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

  override toString(): string {
    return this.join();
  }

  override toLocaleString(...how: Parameters<(typeof Array.prototype)['toLocaleString']>): string {
    return this.toArray().toLocaleString(...how);
  }
}

/** Arrays that are being joined in this thread. */
const joining = new Set<object>();

/** A call was cut short: what was joined in it is so no more. */
export function saveJoining(): () => void {
  const outer = [...joining];
  return () => {
    joining.clear();
    for (const array of outer) joining.add(array);
  };
}

/** Also of a view by index. */
export const isSharedArray = (value: unknown): value is ReadingArray<never> =>
  typeof value === 'object' && value !== null && (ArrayCell.is(value) || standsFor.has(value));

function check(method: string, callback: unknown): void {
  if (typeof callback !== 'function') throw new TypeError(`${method}() takes a function, not ${describe(callback)}`);
}

/** A class, and one read an element: the engine then makes no object of what `next` returns. */
class Values<T> implements IterableIterator<T> {
  array: ReadingArray<T> | undefined;
  index = 0;

  constructor(array: ReadingArray<T>) {
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
