// What shared maps and sets have in common: a table in insertion order (kernel/tables.ts), keys, iteration.
//
// A key is a number to the kernel, or the content of a value's cell: characters of a string, digits of a bigint. Those are written to
// this thread's scratch page to be looked for, and become a cell only when an entry is new.

import { atomic } from '../memory/atomics.js';
import { R_SCRATCH } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { adopted, adopting } from './adopt.js';
import {
  allocateFresh,
  allocatePinned,
  allocatePinnedBytes,
  attend,
  classOf,
  fresh,
  pinCell,
  roomIn,
} from './allocate.js';
import { describe, goneError } from './errors.js';
import { k } from './kernel.js';
import { type Page, SPARE } from './pages.js';
import { type Stored, storedAs } from './replace.js';
import { me, takePart, waitGate } from './room.js';
import { allocatePinnedString, kindOf, SHORT, writeShort, writeText } from './strings.js';
import {
  ABSENT,
  BUSY,
  EMPTY,
  K_BIGINT,
  K_BOX,
  K_MAP,
  K_SET,
  K_STR8,
  K_STR16,
  K_TABLE,
  KIND_MASK,
  NO_PINS,
  PUT_FULL,
  PUT_KEYLESS,
  SCRATCH_KEY,
  SMALL_MAX,
  T_BUCKETS,
  T_HEADS,
  T_ORDINAL,
  T_WIDTH,
} from './types.js';
import {
  CELL,
  cellOf,
  encode,
  GONE,
  hold,
  makeTouched,
  numberOf,
  ORDERED,
  pinnedValue,
  REFERENCES,
  sharable,
  wordIn,
} from './values.js';

const LIVE = 3;
const SIZE_CLASS = classOf(20);
const FIRST_CAPACITY = 4;
const INFO = 12;
/** As numbers: there is no entry; the kernel cannot answer now; the key has no cell yet. */
const NOTHING = numberOf(ABSENT);
const BUSY_NUMBER = numberOf(BUSY);
const NO_PINS_NUMBER = numberOf(NO_PINS);
const UNMADE = NO_PINS_NUMBER;
// Methods for the classes below and for this library, not for programs.
export const LOOKUP: unique symbol = Symbol('heddle.lookup');
export const FIND: unique symbol = Symbol('heddle.find');
export const STORED: unique symbol = Symbol('heddle.stored');
export const PUT: unique symbol = Symbol('heddle.put');
export const REMOVE: unique symbol = Symbol('heddle.remove');
export const NEXT: unique symbol = Symbol('heddle.next');

/** There is no entry, where the answer is a value: any number may be one. */
export const NONE: unique symbol = Symbol('none');

/** The key that was prepared last, as the kernel wants it. */
const key: { number: number; kind: number; second: number; bytes: number; length: number; page: Page | undefined } = {
  number: 0,
  kind: 0,
  second: 0,
  bytes: 0,
  length: 0,
  page: undefined,
};

export class TableCell {
  #cell: number;
  #page: Page | undefined;

  constructor(header: number) {
    if (adopting.cell !== 0) {
      this.#cell = adopting.cell;
      this.#page = adopting.page;
      adopted();
      return;
    }
    if (header !== K_MAP && header !== K_SET) throw new TypeError('make a SharedMap or a SharedSet');
    const cell = allocatePinned(SIZE_CLASS);
    this.#cell = cell;
    this.#page = fresh.page;
    V.I32[cell] = header;
    this.#page[(cell & 1023) >> 2] = this;
    this.#replace(FIRST_CAPACITY, true);
  }

  /** @internal */
  [CELL](gone?: boolean): number {
    if (!(#cell in this)) return 0;
    if (gone === true) {
      this.#cell = GONE;
      this.#page = undefined;
    }
    return this.#cell;
  }

  static is(value: object): value is TableCell {
    return #cell in value;
  }

  /** Entries that it has right now. */
  get size(): number {
    return V.I32[this.#cell + LIVE] ?? fail();
  }

  /** @internal The value of a key, or undefined. */
  [LOOKUP](of: unknown): unknown {
    // The usual keys by the shortest way; all others, and values that are no numbers, by the other.
    if (ORDERED) {
      if (typeof of === 'number') {
        if (of < REFERENCES) {
          // Zero has a sign; as a key it has none.
          const found = k.tableGetNumber(this.#address(), of + 0);
          if (found < REFERENCES) return found;
        }
      } else if (typeof of === 'string' && of.length <= SHORT && of.length !== 0 && writeShort(of, scratch())) {
        const found = k.tableGetContent(this.#address(), K_STR8, of.length, scratchPage, of.length);
        if (found < REFERENCES) return found;
      }
    }
    const value = this[FIND](of);
    return value === NONE ? undefined : value;
  }

  /** @internal The value of a key, or NONE as a number; a set's key itself. */
  [FIND](of: unknown): unknown {
    if (!prepare(of, true)) return NONE;
    const { number, kind, second, bytes, length } = key;
    let found: number;
    if (!ORDERED) found = k.tableGet(this.#address(), number, kind, second, bytes, length);
    else if (kind === 0) found = k.tableGetNumber(this.#address(), number);
    else found = k.tableGetContent(this.#address(), kind, second, bytes, length);
    if (found < REFERENCES) return found;
    return this.#found(found, number, kind, second, bytes, length);
  }

  /** Slow path: the value is a reference, or nothing, or could not be read. */
  #found(found: number, number: number, kind: number, second: number, bytes: number, length: number): unknown {
    attend();
    for (let read = found; ; ) {
      if (read === NOTHING) return NONE;
      if (read !== BUSY_NUMBER) {
        const word = read >= REFERENCES && read < 2 * REFERENCES ? wordIn(read) | 0 : 1;
        // A number, a constant, or an object that this thread has already.
        if (word === 0 || (word & 15) !== 0) return pinnedValue(read);
      }
      const touched = k.tableTouch(this.#address(), number, kind, second, bytes, length, record);
      if (touched === BUSY_NUMBER) waitGate();
      else if (touched === NO_PINS_NUMBER) makeTouched();
      else if (touched === NOTHING) return NONE;
      else return pinnedValue(touched);
      read = BUSY_NUMBER;
    }
  }

  /** @internal A key's value with how it is stored, to be compared later; what it refers to stays pinned while `page` is held. */
  [STORED](of: unknown): Stored {
    for (;;) {
      const value = this[FIND](of);
      // Once more, now that what it refers to is known here.
      if (value === NONE || !prepare(of, true)) return { value: undefined, number: NOTHING, page: undefined };
      const number = k.tableGet(this.#address(), key.number, key.kind, key.second, key.bytes, key.length);
      if (number === BUSY_NUMBER || number === NOTHING) continue;
      const stored = storedAs(number);
      if (stored !== undefined) return stored;
    }
  }

  /** @internal Stores an entry, with `expected` as of `stored` if that is the mode; the kernel's answer, PUT_…. */
  [PUT](of: unknown, value: unknown, mode: number, expected = 0): number {
    const own = sharable(of, 'a key');
    const content = sharable(value, 'an entry');
    let cell = UNMADE;
    let page: Page | undefined;
    for (;;) {
      prepare(own, false);
      // The value last: it may be a fresh cell, which the next allocation would leave unprotected.
      const number = typeof content === 'number' && content < REFERENCES ? content : encode(content, 'an entry');
      const answer = k.tablePut(
        this.#address(),
        key.number,
        key.kind,
        key.second,
        key.bytes,
        key.length,
        cell,
        number,
        expected,
        mode,
        record,
        me,
      );
      if (key.page !== undefined) key.page[SPARE] = undefined;
      if (answer === BUSY) waitGate();
      else if (answer === PUT_FULL) this.#makeRoom();
      else if (answer === PUT_KEYLESS) {
        cell = numberOf(allocateKey(own) * 4);
        page = fresh.page;
      } else {
        // Until here they were pinned: the key's cell, and what became of plain data.
        if (page !== undefined) page[SPARE] = undefined;
        hold(own);
        hold(content);
        return answer;
      }
    }
  }

  /** @internal */
  [REMOVE](of: unknown): boolean {
    for (;;) {
      if (!prepare(of, true)) return false;
      const answer = k.tableDelete(
        this.#address(),
        key.number,
        key.kind,
        key.second,
        key.bytes,
        key.length,
        record,
        me,
      );
      if (answer !== BUSY) return answer === 1;
      waitGate();
    }
  }

  /** Removes all entries. */
  clear(): void {
    this.#replace(FIRST_CAPACITY, false);
  }

  #makeRoom(): void {
    const live = this.size;
    // Half of it may be deleted entries.
    this.#replace(Math.max(FIRST_CAPACITY, live * 2), true);
  }

  /** A new table for so many entries, with those that there are if `keep`. */
  #replace(entries: number, keep: boolean): void {
    for (let capacity = entries; ; capacity *= 2) {
      const table = this.#makeTable(capacity);
      for (;;) {
        const answer = k.tableReplace(this.#address(), table, keep ? 1 : 0, record, me);
        if (answer === BUSY) waitGate();
        else if (answer === 1) return;
        else break;
      }
    }
  }

  #makeTable(capacity: number): number {
    const width = (V.I32[this.#cell]! & KIND_MASK) === K_SET ? 8 : 16;
    const buckets = 2 ** Math.ceil(Math.log2(capacity));
    const head = T_HEADS + buckets * 4;
    const bytes = head + capacity * (width + INFO);
    // What is left over in the cell is for entries too.
    const fitting = Math.min(buckets, Math.floor((roomIn(bytes) - head) / (width + INFO)));
    const cell = allocateFresh(bytes, K_TABLE, fitting);
    V.I32[cell + 1] = fitting;
    V.I32[cell + T_BUCKETS / 4] = buckets;
    V.I32[cell + T_ORDINAL / 4] = 1;
    V.I32[cell + T_WIDTH / 4] = width;
    if (bytes <= SMALL_MAX) V.I32[cell] = K_TABLE;
    return cell * 4;
  }

  /** @internal The next entry behind an ordinal; false = there is none. */
  [NEXT](cursor: Cursor): boolean {
    attend();
    const out = scratch() + SCRATCH_KEY;
    for (;;) {
      const answer = k.tableNext(this.#address(), cursor.ordinal, cursor.hint, out, record);
      if (answer === -BUSY) waitGate();
      else if (answer === -NO_PINS) makeTouched();
      else if (answer === 0) return false;
      else {
        cursor.ordinal = answer;
        cursor.hint = V.I32[(out >>> 2) + 4]!;
        const number = V.F64[(out >>> 3) + 1]!;
        cursor.key = pinnedValue(V.F64[out >>> 3]!);
        cursor.value = pinnedValue(number);
        return true;
      }
    }
  }

  /** Signed, as the kernel takes it: a product would have to be looked at for overflow. */
  #address(): number {
    const cell = this.#cell;
    if (cell >= GONE) throw goneError();
    return cell << 2;
  }
}

/** Where an iteration is. */
export interface Cursor {
  ordinal: number;
  hint: number;
  key: unknown;
  value: unknown;
}

/** Adds what a constructor was given, if anything. @throws TypeError when it is not iterable. */
export function fill<T>(given: Iterable<T> | null | undefined, name: string, add: (item: T) => void): void {
  if (given === undefined || given === null) return;
  if (typeof given[Symbol.iterator] !== 'function')
    throw new TypeError(`new ${name}() takes an iterable, not ${describe(given)}`);
  for (const item of given) add(item);
}

export const beginning = (): Cursor => ({ ordinal: 0, hint: -1, key: undefined, value: undefined });

function fail(): never {
  throw goneError();
}

/** Of this thread, for as long as it lives. */
let scratchPage = 0;

function scratch(): number {
  if (scratchPage === 0) {
    takePart();
    scratchPage = atomic.load(record + R_SCRATCH) >>> 0;
  }
  return scratchPage;
}

/** Writes a key for the kernel to look for; false = it cannot be a key of any table, and `lookup` asks for nothing more. */
function prepare(of: unknown, lookup: boolean): boolean {
  key.kind = 0;
  key.page = undefined;
  switch (typeof of) {
    case 'number':
      if (of < REFERENCES || !Number.isFinite(of)) key.number = of === 0 ? 0 : of;
      else prepareBox(of);
      return true;
    case 'string':
      if (of === '') key.number = numberOf(EMPTY);
      else prepareString(of);
      return true;
    case 'bigint':
      prepareBigint(of);
      return true;
    default:
      if (lookup && (typeof of === 'symbol' || (isObject(of) && cellOf(of) === 0))) return false;
      key.number = encode(of, 'a key');
      return true;
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function prepareString(of: string): void {
  const units = of.length;
  if (units <= SHORT && writeShort(of, scratch())) {
    key.kind = K_STR8;
    key.second = units;
    key.length = units;
    key.bytes = scratchPage;
    return;
  }
  const kind = kindOf(of);
  const length = kind === K_STR16 ? units * 2 : units;
  key.kind = kind;
  key.second = units;
  key.length = length;
  if (length <= SCRATCH_KEY) {
    key.bytes = scratch();
    writeText(of, kind, key.bytes);
  } else {
    key.bytes = allocatePinnedString(of, kind) * 4 + 12;
    key.page = fresh.page;
  }
}

function prepareBox(of: number): void {
  key.kind = K_BOX;
  key.second = 0;
  key.length = 8;
  key.bytes = scratch();
  V.F64[key.bytes >>> 3] = of;
}

/** Sign and digits as src/heap/values.ts writes them. */
function prepareBigint(of: bigint): void {
  const word = encode(of, 'a key');
  const cell = (wordIn(word) >>> 0) >>> 2;
  key.kind = K_BIGINT;
  key.second = V.I32[cell + 1]!;
  key.length = key.second & 0x7fffffff;
  if (key.length > SCRATCH_KEY) {
    key.bytes = cell * 4 + 8;
    key.page = pinCell(cell * 4);
    return;
  }
  key.bytes = scratch();
  V.U8.copyWithin(key.bytes, cell * 4 + 8, cell * 4 + 8 + key.length);
}

/** A pinned cell with the key that was prepared; its Page is `fresh.page`. */
function allocateKey(of: unknown): number {
  if (typeof of === 'string') return allocatePinnedString(of, kindOf(of));
  const { kind, second, length } = key;
  const cell = allocatePinnedBytes(8 + length, kind, second);
  V.U8.copyWithin(cell * 4 + 8, key.bytes, key.bytes + length);
  return cell;
}
