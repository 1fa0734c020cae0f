// SharedArray: the interface of `Array`, on a shared array. Methods that only read see one moment of the array. Methods that change it are
// one step for all other threads. Those that call a function of the program are an exception: they work on a copy, and then write the
// outcome.

import { adopt } from './adopt.js';
import {
  APPEND,
  ArrayCell,
  COUNT,
  EXCHANGE,
  LENGTH_MAX,
  OVERWRITE,
  READ,
  REARRANGE,
  REPLACE,
  RESIZE,
  STORED,
  WRITE,
} from './array-cell.js';
import { ReadingArray } from './array-reading.js';
import { describe } from './errors.js';
import { tagOf } from './likeness.js';
import { type Compare, sorted } from './order.js';
import { type Copy, definePlain, jsonOf, type PlainKind, shownOf } from './plain.js';
import type { ELEMENT, ElementOf, OrPlain } from './plain-form.js';
import { replaceBy } from './replace.js';
import { K_ARRAY } from './types.js';
import { defineKind, INSPECT, sharable } from './values.js';

/** In the place of an index: that of the last element (kernel/arrays.ts). */
const LAST = -1;

export class SharedArray<T = unknown> extends ReadingArray<T> {
  declare readonly [ELEMENT]?: () => T;

  /**
   * A new array with these elements.
   * @throws TypeError for what is not iterable, a length too, and for an element that cannot be shared.
   */
  constructor(elements?: Iterable<OrPlain<T>> | null, ...none: never[]) {
    super();
    if (elements === undefined || elements === null) return;
    if (none.length > 0 || typeof (elements as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function') {
      throw new TypeError(
        `new SharedArray() takes the elements in one iterable, as in new SharedArray([1, 2]), not ${describe(elements)}`,
      );
    }
    for (const element of elements) this[APPEND](element);
  }

  /**
   * As `Array.from`: what an iterable or an array-like has, each through `map` if it is given.
   *
   * @throws TypeError for an element that cannot be shared, and for what is neither iterable nor array-like.
   * @example
   * const squares = SharedArray.from({ length: 3 }, (_, at) => at * at);
   */
  static from(elements: unknown, map?: (element: unknown, index: number) => unknown, self?: unknown): SharedArray {
    if (map !== undefined && typeof map !== 'function') {
      throw new TypeError(`SharedArray.from() takes a function as its second argument, not ${describe(map)}`);
    }
    const array = new SharedArray();
    let index = 0;
    for (const element of elementsOf(elements)) {
      array[APPEND](map === undefined ? element : map.call(self, element, index));
      index++;
    }
    return array;
  }

  /**
   * As `Array.of`: an array of the arguments.
   *
   * @example
   * const numbers = SharedArray.of(1, 2, 3);
   */
  static of(...elements: unknown[]): SharedArray {
    const array = new SharedArray();
    for (const element of elements) array[APPEND](element);
    return array;
  }

  /** Number of elements. Setting it cuts the array off, or fills it up with undefined. */
  get length(): number {
    return this[COUNT];
  }

  set length(length: number) {
    if (!Number.isInteger(length) || length < 0 || length > LENGTH_MAX) {
      throw new RangeError(`Invalid array length: ${describe(length)}; at most ${LENGTH_MAX} elements are possible`);
    }
    this[RESIZE](length);
  }

  /**
   * Replaces the element at an index, or appends at the end; further behind, the gap is filled with undefined.
   * @throws RangeError for a negative index. TypeError for a value that cannot be shared.
   * @example
   * const numbers = new SharedArray([1, 2]);
   * numbers.set(0, 5);
   * console.log(numbers.at(0));
   */
  set<A>(this: A, index: number, value: OrPlain<ElementOf<A>>): A;
  set(index: number, value: unknown): this {
    if (!Number.isInteger(index) || index < 0 || index >= LENGTH_MAX) {
      throw new RangeError(
        `${describe(index)} is not an index of a shared array: give an integer from 0 to ${LENGTH_MAX - 1}`,
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

  /**
   * Replaces the element at an index by what `change` makes of it, as one step: if another thread has changed it meanwhile `change` is
   * called again with what is there now. It runs without a lock; if it throws, nothing has changed.
   *
   * @returns the new element.
   * @throws RangeError if there is no element at that index; TypeError for a value that cannot be shared.
   * @example
   * const counts = new SharedArray([0, 0]);
   * console.log(counts.update(1, (count) => count + 1));
   */
  update<A>(
    this: A,
    index: number,
    change: (element: ElementOf<A>, index: number) => OrPlain<ElementOf<A>>,
  ): ElementOf<A>;
  update(index: number, change: (element: never, index: number) => unknown): unknown {
    if (typeof change !== 'function') throw new TypeError(`update() takes a function, not ${describe(change)}`);
    return replaceBy(
      () => {
        const stored = Number.isInteger(index) && index >= 0 ? this[STORED](index) : undefined;
        if (stored !== undefined) return stored;
        throw new RangeError(
          `update() takes the index of an element, and ${describe(index)} is none: the array has ${this[COUNT]} elements`,
        );
      },
      (element) => sharable(change(element as never, index), 'an element'),
      (value, before) => this[REPLACE](index, value, before),
      () => `element ${index}`,
      'element',
    );
  }

  /** Appends elements, one after another; returns the new length. */
  push<A>(this: A, ...values: OrPlain<ElementOf<A>>[]): number;
  push(...values: unknown[]): number {
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
  unshift<A>(this: A, ...values: OrPlain<ElementOf<A>>[]): number;
  unshift(...values: unknown[]): number {
    this[EXCHANGE](0, 0, values, false);
    return this[COUNT];
  }

  /** Removes `remove` elements at `start` and puts others in their place; returns those that were removed. */
  splice<A>(this: A, start: number, remove?: number, ...values: OrPlain<ElementOf<A>>[]): ElementOf<A>[];
  splice(start: number, remove?: number, ...values: unknown[]): unknown[] {
    const from = relative(start, this[COUNT]);
    // As Array does: all that is behind, if it is not said how many; nothing, if it is not said where.
    const count = arguments.length === 1 ? Infinity : remove;
    return this[EXCHANGE](from, clampCount(count), values, true);
  }

  /**
   * Removes all elements.
   *
   * @example
   * const numbers = new SharedArray([1, 2]);
   * numbers.clear();
   * console.log(numbers.length);
   */
  clear(): void {
    this[RESIZE](0);
  }

  /** Sets the elements from `start` to `end` to one value. */
  fill<A>(this: A, value: OrPlain<ElementOf<A>>, start?: number, end?: number): A;
  fill(value: unknown, start = 0, end: number = Infinity): this {
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

  toJSON(): unknown {
    return jsonOf(this);
  }

  [INSPECT](depth?: number | null, options?: object): unknown {
    return shownOf(this, depth, options);
  }

  /** Itself: those who compare by `valueOf` would otherwise find any two equal. */
  override valueOf(): this {
    return this;
  }

  /** The class's name and the content, by which assert.deepStrictEqual and the like compare. */
  get [Symbol.toStringTag](): string {
    return tagOf(this, 'SharedArray');
  }
}

/** What an iterable or an array-like has. */
function elementsOf(given: unknown): Iterable<unknown> {
  if (given !== null && given !== undefined) {
    if (typeof (given as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function') return given as Iterable<unknown>;
    if (typeof given === 'object' && 'length' in given) return Array.prototype.values.call(given);
    if (typeof (given as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function') {
      throw new TypeError(
        'SharedArray.from() cannot wait for an async iterable: collect it first, and share the array',
      );
    }
  }
  throw new TypeError(`SharedArray.from() takes an iterable or an array-like, not ${describe(given)}`);
}

/** An index from the end, or past it, as a place in an array. */
function relative(index: number, length: number): number {
  const whole = Math.trunc(index) || 0;
  return whole < 0 ? Math.max(0, whole + length) : Math.min(whole, length);
}

const clampCount = (count: number | undefined): number =>
  Math.min(Math.max(0, Math.trunc(count ?? 0) || 0), LENGTH_MAX);

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

const plain: PlainKind = {
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
};

/** Shared arrays: how a thread makes its object for one, and what is copied out and printed. */
export function defineArrays(): void {
  defineKind(K_ARRAY, (cell, page) => adopt(SharedArray, cell, page));
  definePlain(plain);
}
