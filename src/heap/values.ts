// Values in words and numbers: how each is written, and how what was written becomes a value again. Kinds of cells are
// registered here (kinds.ts), so that nothing above has to be known.

import { atomic } from '../memory/atomics.js';
import { PAGE_SHIFT, R_TOUCHED } from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { allocateFresh, attend } from './allocate.js';
import { describe, goneError, ShareError } from './errors.js';
import { k } from './kernel.js';
import { type Page, pageAt, pages, shardOf } from './pages.js';
import { noteText } from './release.js';
import { waitGate } from './room.js';
import { allocateString, bytesIn, decodeString } from './strings.js';
import {
  BUSY,
  EMPTY,
  FALSE,
  K_BIGINT,
  K_BOX,
  K_STR8,
  K_STR16,
  KIND_MASK,
  NO_PINS,
  NULL,
  OTHER,
  SMALL_MAX,
  TRUE,
  UNDEFINED,
} from './types.js';

/** Numbers from here on are references. */
export const REFERENCES = 2 ** 1000;
const BEYOND = 2 ** 1001;
const MANTISSA = 2 ** 52;
const UNSCALED = 2 ** -1000;

/** The word index of a wrapper whose scope has ended: out of the memory, so that reads find nothing and the slow path says why. */
export const GONE = 2 ** 30;

/** A method of every wrapper: its cell's word index. With an argument it is told that its scope has ended. */
export const CELL: unique symbol = Symbol('heddle.cell');

/** Node's way to be printed. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** The number that stands for a word. */
export const numberOf = (word: number): number => REFERENCES * (1 + (word >>> 0) / MANTISSA);

/** The word that a number of that range stands for. */
export const wordIn = (number: number): number => (number * UNSCALED - 1) * MANTISSA;

/** Makes the wrapper, or the value, of a cell that is pinned; the caller puts it into the Page. */
type Decoder = (cell: number, page: Page, header: number) => unknown;
const decoders: (Decoder | undefined)[] = [];

export function defineKind(kind: number, decode: Decoder): void {
  decoders[kind] = decode;
}

/** Makes a shared object of one that is not: copy.ts knows how. */
let copyIn: (value: object, where: string) => object = (value, where) => {
  throw new ShareError(`${where} cannot hold ${describe(value)}`);
};

export function copyWith(copy: typeof copyIn): void {
  copyIn = copy;
}

/**
 * A value as the heap can hold it: plain data becomes a shared copy. A caller that encodes it more than once, or allocates afterwards, holds
 * this until the heap does.
 */
export function sharable(value: unknown, where: string): unknown {
  if (typeof value !== 'object' || value === null || cellOf(value) !== 0) return value;
  return copyIn(value, where);
}

/** Something was used up to here: the engine cannot have collected it before. */
export function hold(value: unknown): void {
  held.value = value;
  held.value = undefined;
}
const held: { value: unknown } = { value: undefined };

/** Views that stand for a shared object, such as `indexed()`. */
export const standsFor = new WeakMap<object, object>();

/** Cells of wrappers that are the platform's own objects: dates, errors, views on shared buffers. */
const natives = new WeakMap<object, { readonly cell: number; readonly page: Page }>();

/** Notes a platform's object as the wrapper of a cell, which this thread has pinned; the caller puts it into the Page. */
export function nativeWrapper<T extends object>(value: T, cell: number): T {
  // Its Page lives as long as it does, as that of any other wrapper.
  natives.set(value, { cell, page: pageAt(cell >>> 10) });
  return value;
}

/**
 * The word index of the cell that an object is the wrapper of; 0 = it is not one. What an object says of itself is only believed if it is
 * the one that this thread's Page has for that cell.
 * @throws ReferenceError after the end of its scope.
 */
export function cellOf(value: object): number {
  const method = (value as { [CELL]?: () => number })[CELL];
  if (typeof method !== 'function') {
    const native = natives.get(value)?.cell;
    return native !== undefined && isWrapper(native, value) ? native : 0;
  }
  const cell = method.call(value);
  if (isWrapper(cell, value)) return cell;
  if (cell === GONE) throw goneError();
  const behind = standsFor.get(value);
  return behind === undefined ? 0 : cellOf(behind);
}

function isWrapper(cell: unknown, value: object): cell is number {
  if (typeof cell !== 'number' || cell <= 0 || cell >= GONE || (cell & 3) !== 0) return false;
  const granule = (cell & 1023) >> 2;
  const page = pages[cell >>> 10] ?? (cell < V.I32.length ? pageAt(cell >>> 10) : undefined);
  if (page === undefined) return false;
  if (page[granule] === value) return true;
  if (page[granule] !== undefined) return false;
  // A shattered Page.
  const shard = shardOf(page, granule);
  if (shard !== undefined) page[granule] = shard;
  return shard === value;
}

/**
 * The word for a value; allocates a fresh cell where one is needed, so the word is stored before the next allocation.
 * @param where for errors: "field 'name'".
 * @throws TypeError for what cannot be shared.
 */
export function wordOf(value: unknown, where: string): number {
  switch (typeof value) {
    case 'number':
      return wordOfNumber(value);
    case 'string':
      return value === '' ? EMPTY : allocateString(value) << 2;
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'undefined':
      return UNDEFINED;
    case 'bigint':
      return allocateBigint(value) << 2;
    case 'object':
      if (value === null) return NULL;
      return (cellOf(value) || cellOf(copyIn(value, where))) << 2;
    case 'function': {
      const cell = cellOf(value);
      if (cell !== 0) return cell << 2;
      throw new ShareError(`${where} cannot hold a function: functions travel to threads as arguments or captures`);
    }
    default:
      throw new ShareError(`${where} cannot hold ${describe(value)}: a symbol belongs to its thread`);
  }
}

/** Whether a value is an integer of 31 bits, which a word holds; -0 is none. */
export function isSmall(value: unknown): value is number {
  return typeof value === 'number' && (value << 1) >> 1 === value && (value !== 0 || 1 / value > 0);
}

function wordOfNumber(value: number): number {
  if (isSmall(value)) return (value << 1) | 1;
  return allocateBox(value) << 2;
}

function allocateBox(value: number): number {
  const cell = allocateFresh(16, K_BOX, 0);
  V.F64[(cell + 2) >> 1] = value;
  V.I32[cell] = K_BOX;
  return cell;
}

/** The number for a value. As `wordOf`. */
export function encode(value: unknown, where: string): number {
  if (typeof value === 'number') {
    if (!(value >= REFERENCES && value < BEYOND)) return value;
    return numberOf(allocateBox(value) << 2);
  }
  return numberOf(wordOf(value, where));
}

/** Machines on which plain stores are seen in order; on others a reference must be stored after what it refers to. */
export const ORDERED = isOrdered();

function isOrdered(): boolean {
  const { process } = globalThis as { process?: { arch?: string } };
  return process?.arch === 'x64' || process?.arch === 'ia32';
}

/** The views end before a word: its wrapper is gone, or the memory has grown since, and a store would be lost. */
function reachTo(index: number): void {
  if (index >= GONE) throw goneError();
  refresh();
}

/** Stores a word where others see it at once. `index` is a word index inside a cell that this thread has pinned. */
export function storeWord(index: number, word: number): void {
  if (index >= V.I32.length) reachTo(index);
  if (ORDERED) V.I32[index] = word;
  else atomic.store(index * 4, word);
}

/** As `storeWord` for a number that may be a reference; the index is even. */
export function storeNumber(index: number, number: number): void {
  if (index >= V.I32.length) reachTo(index);
  // What the number refers to is written before, also where stores have no order of their own.
  if (!ORDERED) atomic.add(record + R_TOUCHED, 0);
  V.F64[index >> 1] = number;
}

/** The value of a word that is no reference. */
export function constantOf(word: number): unknown {
  if ((word & 1) !== 0) return word >> 1;
  switch (word) {
    case NULL:
      return null;
    case TRUE:
      return true;
    case FALSE:
      return false;
    case EMPTY:
      return '';
    default:
      return undefined;
  }
}

/** Slow path of reading a word: the wrapper is not known yet. The index is that of a word in a cell that this thread has pinned. */
export function loadWord(index: number): unknown {
  if (index >= GONE) throw goneError();
  for (;;) {
    const word = k.touch(index * 4, record);
    if (word === BUSY) waitGate();
    else if (word === NO_PINS) makeTouched();
    else if (word !== 0 && (word & 15) === 0) return wrapperOf(word);
    else return constantOf(word);
  }
}

/** As `loadWord`, where a program reads a field of `holder`: it may come nowhere else, and let go of nothing otherwise. */
export function fetchWord(index: number, holder: object): unknown {
  attend();
  const value = loadWord(index);
  hold(holder);
  return value;
}

/** As `loadNumber`, in the same place. */
export function fetchNumber(index: number, number: number, holder: object): unknown {
  if (number >= REFERENCES && number < BEYOND) attend();
  const value = loadNumber(index, number);
  hold(holder);
  return value;
}

/** The kernel has found a cell whose page has no JavaScript object yet. */
export function makeTouched(): void {
  pageAt((atomic.load(record + R_TOUCHED) >>> PAGE_SHIFT) & 0xfffff);
}

/** Reads a word whose wrapper may be known. */
export function readWord(index: number): unknown {
  const word = V.I32[index]!;
  if (word !== 0 && (word & 15) === 0) {
    const known = pages[word >>> 12]?.[(word & 4095) >> 4];
    return known === undefined ? loadWord(index) : known;
  }
  return word === undefined ? loadWord(index) : constantOf(word);
}

/**
 * The value of a number that is not below REFERENCES: NaN, infinite, undefined because the memory ends before it, or a word.
 * `index` is where it was read, as for `loadWord`; it is even.
 */
export function loadNumber(index: number, number: number): unknown {
  if (index >= GONE) throw goneError();
  if (number === undefined) {
    refresh();
    return readNumber(index);
  }
  for (let read = number; ; ) {
    // Not a number, or infinite, or a number of its own beyond the range.
    if (!(read >= REFERENCES && read < BEYOND)) return read;
    const word = wordIn(read);
    const low = word | 0;
    if (low === 0 || (low & 15) !== 0) return constantOf(low);
    const known = pages[low >>> 12]?.[(low & 4095) >> 4];
    if (known !== undefined) return known;
    const touched = k.touchNumber(index * 4, record);
    if (touched === BUSY) waitGate();
    else if (touched === NO_PINS) makeTouched();
    else if (touched !== OTHER && touched !== 0 && (touched & 15) === 0) return wrapperOf(touched);
    else if (touched !== OTHER) return constantOf(touched);
    read = V.F64[index >> 1]!;
  }
}

/** Kinds of cells of which a primitive is made, so that nobody needs the cell any more. */
const PRIMITIVES = (1 << K_STR8) | (1 << K_STR16) | (1 << K_BOX) | (1 << K_BIGINT);

/** The primitive of a cell that somebody keeps alive during the call; NO_PRIMITIVE = it is an object's. */
function primitiveIn(address: number): unknown {
  const cell = address >>> 2;
  if (cell >= V.I32.length) refresh();
  const header = V.I32[cell]!;
  switch (header & KIND_MASK) {
    case K_STR8:
      return decodeString(cell, false);
    case K_STR16:
      return decodeString(cell, true);
    default:
      if (((1 << (header & KIND_MASK)) & PRIMITIVES) === 0) return NO_PRIMITIVE;
      return decoders[header & KIND_MASK]!(cell, [], header);
  }
}
const NO_PRIMITIVE: unique symbol = Symbol('no primitive');

/** The value of what was taken out of a queue, and lies in R_TAKEN or is pinned. */
export function takenValue(address: number): unknown {
  const value = primitiveIn(address);
  return value === NO_PRIMITIVE ? wrapperOf(address) : value;
}

/**
 * The value of a word that stays what it is for as long as the cell that it lies in is kept, which this thread has pinned: a text in it needs
 * no pin of its own, and leaves none behind.
 */
export function readHeld(index: number): unknown {
  const word = V.I32[index];
  if (word === undefined || word === 0 || (word & 15) !== 0) return readWord(index);
  const value = primitiveIn(word);
  return value === NO_PRIMITIVE ? readWord(index) : value;
}

/** Reads a number, whatever it is. */
export function readNumber(index: number): unknown {
  const number = V.F64[index >> 1]!;
  return number < REFERENCES ? number : loadNumber(index, number);
}

/** This thread's object, or value, for a cell that is pinned. */
export function wrapperOf(address: number): unknown {
  const cell = address >>> 2;
  if (cell >= V.I32.length) refresh();
  const page = pages[address >>> 12] ?? pageAt(address >>> 12);
  const granule = (address & 4095) >> 4;
  let wrapper: unknown = page[granule] ?? shardOf(page, granule);
  if (wrapper === undefined) {
    const header = V.I32[cell]!;
    const decode = decoders[header & KIND_MASK];
    if (decode === undefined)
      throw new Error(`the shared heap holds a cell of kind ${header & KIND_MASK} at ${cell * 4}`);
    wrapper = decode(cell, page, header);
  }
  page[granule] = wrapper;
  return wrapper;
}

/** The value of a number that the kernel has given out, pinned. */
export function pinnedValue(number: number): unknown {
  if (!(number >= REFERENCES && number < BEYOND)) return number;
  const word = wordIn(number) | 0;
  return word === 0 || (word & 15) !== 0 ? constantOf(word) : wrapperOf(word);
}

const BIGINT_HEAD = 8;
/** Hexadecimal places of a word, and of a digit: made of two. */
const WORD_PLACES = 8;
const DIGIT_PLACES = 16;

/**
 * {header, sign in the top bit and bytes of digits, digits of 64 bits, the lowest first}. By way of hexadecimal text, which takes time in
 * proportion to the length; shifting off one digit after the other takes its square.
 */
function allocateBigint(value: bigint): number {
  const text = value === 0n ? '' : (value < 0n ? -value : value).toString(16);
  const digits = Math.ceil(text.length / DIGIT_PLACES);
  const second = (digits * 8) | (value < 0n ? 0x80000000 : 0);
  const bytes = BIGINT_HEAD + digits * 8;
  const cell = allocateFresh(bytes, K_BIGINT, second);
  const words = V.I32;
  for (let at = cell + 2, end = text.length; end > 0; end -= WORD_PLACES) {
    words[at++] = Number.parseInt(text.slice(Math.max(0, end - WORD_PLACES), end), 16);
  }
  words[cell + 1] = second;
  if (bytes <= SMALL_MAX) words[cell] = K_BIGINT;
  return cell;
}

defineKind(K_BIGINT, (cell) => {
  const second = V.I32[cell + 1]!;
  const parts = ['0x0'];
  for (let at = ((second & 0x7fffffff) >>> 2) - 1; at >= 0; at--) {
    parts.push((V.I32[cell + 2 + at]! >>> 0).toString(16).padStart(WORD_PLACES, '0'));
  }
  const value = BigInt(parts.join(''));
  return second < 0 ? -value : value;
});

/** A text that will be in its cell's Page. */
function decodeText(cell: number, wide: boolean): string {
  noteText(cell * 4, bytesIn(cell, wide));
  return decodeString(cell, wide);
}

defineKind(K_STR8, (cell) => decodeText(cell, false));
defineKind(K_STR16, (cell) => decodeText(cell, true));
defineKind(K_BOX, (cell) => V.F64[(cell + 2) >> 1]);
