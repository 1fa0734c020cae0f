// Shared arrays. The cell has a reference to its data and a length; the data is replaced by a larger cell when it is full. A wrapper keeps
// the data that it has last seen pinned, so that reading an element is a few loads; the kernel does what changes the array
// (kernel/arrays.ts), as one step under the array's lock.

import { V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { adopted, adopting } from './adopt.js';
import { allocateFresh, allocatePinned, allocatePinnedBytes, classOf, fresh, roomIn } from './allocate.js';

import { describe, goneError } from './errors.js';
import { k } from './kernel.js';
import { type Page, pageAt, SPARE } from './pages.js';
import { type Stored, storedAs } from './replace.js';
import { allocateRaw, me, waitGate } from './room.js';
import { BUSY, K_ARRAY, K_NUMBERS, NO_PINS, PUSH_BUSY, SMALL_MAX } from './types.js';
import {
  CELL,
  encode,
  fetchNumber,
  GONE,
  makeTouched,
  REFERENCES,
  readNumber,
  sharable,
  storeNumber,
} from './values.js';

const DATA = 1;
const LENGTH = 2;
const SIZE_CLASS = classOf(16);
/** Of a data cell, in bytes and words. */
const HEAD = 8;
const ITEMS = 2;
/** As of `Array`, so that lengths stay what programs expect. */
export const LENGTH_MAX = 2 ** 27;
const NONE: readonly unknown[] = [];

// Methods for SharedArray and for this library, not for programs.
export const COUNT: unique symbol = Symbol('heddle.count');
export const READ: unique symbol = Symbol('heddle.read');
export const WRITE: unique symbol = Symbol('heddle.write');
export const APPEND: unique symbol = Symbol('heddle.append');
export const RESERVE: unique symbol = Symbol('heddle.reserve');
export const EXCHANGE: unique symbol = Symbol('heddle.exchange');
export const STORED: unique symbol = Symbol('heddle.stored');
export const REPLACE: unique symbol = Symbol('heddle.replace');
export const COPY: unique symbol = Symbol('heddle.copy');
export const REARRANGE: unique symbol = Symbol('heddle.rearrange');
export const OVERWRITE: unique symbol = Symbol('heddle.overwrite');
export const RESIZE: unique symbol = Symbol('heddle.resize');

const FIRST_CAPACITY = 3;

/** Two words that the kernel answers in; by thread. */
let answers = 0;

function answerWords(): number {
  if (answers === 0) answers = allocateRaw(1);
  return answers;
}

/** In a Page, what an array has pinned there. A scope that gives the page up tells the array so. */
class Hold {
  readonly #array: ArrayCell;

  constructor(array: ArrayCell) {
    this.#array = array;
  }

  [CELL](): number {
    this.#array[CELL](false);
    return 0;
  }
}

/** What the wrapper keeps of the data that it has last seen. */
export class ArrayCell {
  #cell: number;
  #page: Page | undefined;
  /** Address as in the cell's word, word index of the first element, elements that fit. */
  #data = 0;
  #base = 0;
  #capacity = 0;
  /** Keeps the data pinned. */
  #dataPage: Page | undefined;
  /** Stands for the data in its Page, and is nobody's value. */
  readonly #hold = new Hold(this);

  constructor() {
    if (adopting.cell !== 0) {
      this.#cell = adopting.cell;
      this.#page = adopting.page;
      adopted();
      return;
    }
    const cell = allocatePinned(SIZE_CLASS);
    this.#cell = cell;
    this.#page = fresh.page;
    V.I32[cell] = K_ARRAY;
    this.#page[(cell & 1023) >> 2] = this;
  }

  /** @internal */
  [CELL](gone?: boolean): number {
    if (!(#cell in this)) return 0;
    // Its data may lie in a page that a scope gives up although the array itself goes on.
    if (gone !== undefined) {
      this.#data = 0;
      this.#capacity = 0;
      this.#dataPage = undefined;
      if (gone) {
        this.#cell = GONE;
        this.#page = undefined;
      }
    }
    return this.#cell;
  }

  static is(value: object): value is ArrayCell {
    return #cell in value;
  }

  get [COUNT](): number {
    return V.I32[this.#cell + LENGTH] ?? fail();
  }

  /** Pins the data that the array has now. */
  #see(): void {
    if (this.#cell >= GONE) throw goneError();
    const old = (this.#data & 4095) >> 4;
    if (this.#dataPage?.[old] === this.#hold) this.#dataPage[old] = undefined;
    for (;;) {
      const word = k.touch((this.#cell + DATA) * 4, record);
      if (word === BUSY) waitGate();
      else if (word === NO_PINS) makeTouched();
      else {
        this.#data = word;
        this.#capacity = 0;
        if (word === 0) return;
        const page = pageAt(word >>> 12);
        page[(word & 4095) >> 4] = this.#hold;
        this.#dataPage = page;
        this.#base = (word >>> 2) + ITEMS;
        this.#capacity = V.I32[(word >>> 2) + 1]!;
        return;
      }
    }
  }

  /** The element at an index that may be anything; undefined where there is none. */
  [READ](index: number): unknown {
    const words = V.I32;
    const cell = this.#cell;
    if (words[cell + DATA] !== this.#data) this.#see();
    // Both: the length may have been read after the data was replaced.
    if (!(index >= 0 && index < this.#capacity && index < words[cell + LENGTH]!)) return undefined;
    const number = V.F64[(this.#base >> 1) + index]!;
    return number < REFERENCES ? number : fetchNumber(this.#base + 2 * index, number, this);
  }

  /** Replaces an element; false = there is none at that index. */
  [WRITE](index: number, value: unknown): boolean {
    const plain = typeof value === 'number' && value < REFERENCES;
    const number = plain ? value : encode(value, 'an element');
    for (;;) {
      const answer = plain
        ? k.arraySetNumber(this.#address(), index, number, me)
        : k.arraySet(this.#address(), index, number, me);
      if (answer !== BUSY) return answer === 1;
      waitGate();
    }
  }

  /** The element at an index with how it is stored, to be compared later; undefined if there is none. */
  [STORED](index: number): Stored | undefined {
    for (;;) {
      if (V.I32[this.#cell + DATA] !== this.#data) this.#see();
      if (index >= this[COUNT]) return undefined;
      // The length may have been read after the data was replaced.
      if (index >= this.#capacity) continue;
      const number = V.F64[(this.#base >> 1) + index];
      const stored = number === undefined ? undefined : storedAs(number);
      if (stored !== undefined) return stored;
      // Once more, now that what it refers to is known here.
      this[READ](index);
    }
  }

  /** Replaces an element if it is still stored as it was; whether it was. */
  [REPLACE](index: number, value: unknown, before: Stored): boolean {
    const number = encode(value, 'an element');
    for (;;) {
      const answer = k.arrayReplace(this.#address(), index, before.number, number, me);
      if (answer !== BUSY) return answer === 1;
      waitGate();
    }
  }

  /** Appends an element; the new length. */
  [APPEND](value: unknown): number {
    // Once: what becomes of plain data, with the getters that it has.
    const own = sharable(value, 'an element');
    for (;;) {
      const number = typeof own === 'number' && own < REFERENCES ? own : encode(own, 'an element');
      const length = k.arrayPush(this.#address(), number, me);
      if (length > 0) return length;
      if (length === PUSH_BUSY) waitGate();
      else this[RESERVE](this[COUNT] + 1);
    }
  }

  /** Makes room for so many elements. */
  [RESERVE](needed: number): void {
    if (!(needed <= LENGTH_MAX))
      throw new RangeError(`Invalid array length: ${needed} elements; at most ${LENGTH_MAX} are possible`);
    const wanted = Math.min(LENGTH_MAX, Math.max(needed, FIRST_CAPACITY, Math.ceil(this[COUNT] * 1.5)));
    const data = allocateLarger(wanted);
    while (k.arrayGrow(this.#address(), data, needed, record, me) === BUSY) waitGate();
  }

  /** Replaces `remove` elements at `start` by others, in one step; what was removed, if it is asked for. */
  [EXCHANGE](start: number, remove: number, others: readonly unknown[], keep: boolean): unknown[] {
    const out = answerWords();
    // A copy, whose length is what it says.
    const values = others.length === 0 ? NONE : Array.from(others);
    const inserted = values.length === 0 ? undefined : dataOf(values);
    for (;;) {
      const removed = keep ? allocateData(Math.max(1, Math.min(remove, this[COUNT] - start))) : undefined;
      const answer = k.arraySplice(
        this.#address(),
        start,
        remove,
        values.length,
        inserted?.address ?? 0,
        removed?.address ?? 0,
        out,
        record,
        me,
      );
      if (answer === BUSY) waitGate();
      else if (answer === 2) this[RESERVE](this[COUNT] + values.length);
      else if (answer === 0) {
        inserted?.hold();
        return removed === undefined ? [] : removed.items(V.I32[out >>> 2]!);
      }
    }
  }

  /** All elements as one moment of the array, as this thread's values. */
  [COPY](): unknown[] {
    const data = this.#copy();
    return data === undefined ? [] : data.items(data.count);
  }

  #copy(): (Data & { count: number }) | undefined {
    const out = answerWords();
    for (;;) {
      const expected = this[COUNT];
      if (expected === 0) return undefined;
      const data = allocateData(expected);
      while (k.arrayCopy(this.#address(), 0, data.address, out, record, me) === BUSY) waitGate();
      const copied = V.I32[out >>> 2]!;
      // It may have grown between the look and the copy.
      if (copied === V.I32[(out >>> 2) + 1]!) return Object.assign(data, { count: copied });
    }
  }

  /**
   * Puts the elements into another order, in one step: `order` is given them and says which of them, by index, come first. Again if
   * the array was changed meanwhile.
   */
  [REARRANGE](order: (items: unknown[]) => readonly number[]): void {
    for (;;) {
      const before = this.#copy();
      if (before === undefined) return;
      const indexes = order(before.items(before.count));
      const after = allocateData(before.count);
      for (let at = 0; at < before.count; at++) {
        const from = indexes[at]!;
        if (!(from >= 0 && from < before.count))
          throw new RangeError(`an order of ${before.count} elements names ${from}`);
        V.F64[(after.address >>> 3) + 1 + at] = V.F64[(before.address >>> 3) + 1 + Math.trunc(from)]!;
      }
      const done = this.#write(0, after, before.count, before.address);
      before.hold();
      if (done) return;
    }
  }

  /** Writes values over elements from `start` on; all at once, or none because the array has become too short. */
  [OVERWRITE](start: number, values: readonly unknown[]): boolean {
    return values.length === 0 || this.#write(start, dataOf(values), values.length, 0);
  }

  #write(start: number, data: Data, count: number, expected: number): boolean {
    for (;;) {
      const answer = k.arrayWrite(this.#address(), start, data.address, count, expected, record, me);
      if (answer === BUSY) {
        waitGate();
        continue;
      }
      data.hold();
      return answer === 0;
    }
  }

  [RESIZE](length: number): void {
    if (!(length >= 0 && length <= LENGTH_MAX)) throw new RangeError(`Invalid array length: ${describe(length)}`);
    for (;;) {
      const answer = k.arrayResize(this.#address(), length, record, me);
      if (answer === 0) return;
      if (answer === BUSY) waitGate();
      else this[RESERVE](length);
    }
  }

  /** Signed, as the kernel takes it: a product would have to be looked at for overflow. */
  #address(): number {
    const cell = this.#cell;
    if (cell >= GONE) throw goneError();
    return cell << 2;
  }
}

function fail(): never {
  throw goneError();
}

/** A data cell that this thread has pinned, as long as JavaScript holds this object and it is used. */
class Data {
  readonly address: number;
  readonly #page: Page;

  constructor(cell: number, page: Page) {
    this.address = cell * 4;
    this.#page = page;
  }

  /** Until here the cell was used. */
  hold(): void {
    this.#page[SPARE] = undefined;
  }

  /** Its first elements. */
  items(count: number): unknown[] {
    const items = new Array<unknown>(count);
    const first = (this.address >>> 2) + ITEMS;
    for (let at = 0; at < count; at++) items[at] = readNumber(first + 2 * at);
    this.hold();
    return items;
  }
}

/** A pinned data cell for so many elements, with nothing in it. */
function allocateData(elements: number): Data {
  const bytes = HEAD + elements * 8;
  const capacity = (roomIn(bytes) - HEAD) >>> 3;
  return new Data(allocatePinnedBytes(bytes, K_NUMBERS, capacity), fresh.page);
}

/** A pinned data cell with these values. */
function dataOf(values: readonly unknown[]): Data {
  const data = allocateData(values.length);
  const first = (data.address >>> 2) + ITEMS;
  values.forEach((value, at) => {
    const number = encode(value, 'an element');
    storeNumber(first + 2 * at, number);
  });
  data.hold();
  return data;
}

/** A fresh data cell for so many elements. */
function allocateLarger(elements: number): number {
  const bytes = HEAD + elements * 8;
  const capacity = Math.min(LENGTH_MAX, (roomIn(bytes) - HEAD) >>> 3);
  const cell = allocateFresh(bytes, K_NUMBERS, capacity);
  if (bytes <= SMALL_MAX) {
    V.I32[cell + 1] = capacity;
    V.I32[cell] = K_NUMBERS;
  }
  return cell * 4;
}
