// A queue's cell, and what is done with it in one step each: kernel/queues.ts. Values go in packed (src/parcel/parcel.ts), and come out
// pinned.

import { allocateFresh } from '../heap/allocate.js';
import { k } from '../heap/kernel.js';
import { me, waitGate } from '../heap/room.js';
import {
  ABSENT,
  BUSY,
  K_NUMBERS,
  NO_PINS,
  OTHER,
  Q_BACK,
  Q_BRING,
  Q_DATA,
  Q_DONE,
  Q_GROW,
  Q_HEAD,
  Q_LOOK,
  Q_MAX,
  Q_NOT_EMPTY,
  Q_NOT_FULL,
  Q_ORDER,
  Q_PRIORITY,
  Q_TAIL,
  Q_UNFINISHED,
  Q_WAKE,
  Q_WORDS,
  SMALL_MAX,
} from '../heap/types.js';
import { constantOf, encode, makeTouched, numberOf, REFERENCES, takenValue, wordIn } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { R_ANSWER, R_KEY, R_TAKEN } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { wake } from '../memory/park.js';
import { own, record } from '../memory/self.js';
import { syncHeader } from '../sync/cell.js';

export const queueHeader = (kind: number): number => syncHeader(kind, Q_WORDS, 1);

/** What `take` answers instead of an item. */
export const NOTHING: unique symbol = Symbol('nothing');
export const CLOSED: unique symbol = Symbol('closed');

const BEYOND = 2 ** 1001;
const ANSWER = R_ANSWER >>> 2;
const TAKEN = R_TAKEN >>> 2;
const FIRST_CAPACITY = 16;
/** Entries that a priority queue begins with, and numbers of each. */
const FIRST_ENTRIES = 7;
const ENTRY = 3;
/** Bytes before the numbers of a data cell. */
const HEAD = 8;

/** A new cell's words, before anybody else knows of it. */
export function prepare(cell: number, order: number, most: number): void {
  V.I32[(cell + Q_ORDER) >>> 2] = order;
  V.I32[(cell + Q_MAX) >>> 2] = most;
}

/** What the word to park on was when the last attempt has failed. */
export const turn = (): number => own[ANSWER]!;

/** The key of the item that was taken last. */
export const lastKey = (): number => V.F64[(record + R_KEY) >>> 3]!;

export const sizeOf = (cell: number): number => (atomic.load(cell + Q_TAIL) - atomic.load(cell + Q_HEAD)) & 0x7fffffff;

/** Texts of so many units are written only when there is room for them: else it would be for each look at a full queue. */
const LARGE = 4096;
const LOOK = numberOf(Q_LOOK);

/** Whether to ask for room before the value is written. */
const asks = (cell: number, value: unknown): boolean =>
  typeof value === 'string' && value.length >= LARGE && sizeOf(cell) >= V.I32[(cell + Q_MAX) >>> 2]!;

/** Puts a value that the heap holds as it is, and wakes a thread that waits for it. Q_DONE, Q_FULL, Q_SHUT. */
export function offer(cell: number, value: unknown, mode: number): number {
  for (let first = asks(cell, value) && mode !== Q_BACK; ; ) {
    const number = first ? LOOK : typeof value === 'number' && value < REFERENCES ? value : numberFor(value, mode);
    const answer = k.queuePut(cell, number, mode, record, me);
    if (answer === Q_DONE) return Q_DONE;
    if (answer === Q_WAKE) {
      wake(cell + Q_NOT_EMPTY, 1);
      return Q_DONE;
    }
    if (answer === BUSY) waitGate();
    else if (answer === Q_BRING) first = false;
    else if (answer === Q_GROW) grow(cell);
    else return answer;
  }
}

/** As `offer`, for a priority queue; `key` is a number, or the object that holds key and value. Also Q_MIXED. */
export function offerByKey(cell: number, key: unknown, value: unknown, keys: number, mode: number): number {
  for (let first = asks(cell, value) && mode !== Q_BACK; ; ) {
    // An object is pinned; so the only fresh cell is the value's.
    const order = typeof key === 'number' ? key : encode(key, 'an item');
    const number = first ? LOOK : numberFor(value, mode);
    const answer = k.queuePutByKey(cell, order, number, keys, mode, record, me);
    if (answer === Q_DONE) return Q_DONE;
    if (answer === Q_WAKE) {
      wake(cell + Q_NOT_EMPTY, 1);
      return Q_DONE;
    }
    if (answer === BUSY) waitGate();
    else if (answer === Q_BRING) first = false;
    else if (answer === Q_GROW) grow(cell);
    else return answer;
  }
}

/** What is given back is in its cell still, if it was in one: that needs no room. */
const numberFor = (value: unknown, mode: number): number =>
  mode === Q_BACK && own[TAKEN] !== 0 ? numberOf(own[TAKEN]!) : encode(value, 'an item');

/** Takes the next value, and wakes a thread that waits for its place; or NOTHING, CLOSED. A thread that keeps it says so: `keep`. */
export function take(cell: number, mode: number): unknown {
  for (;;) {
    const number = k.queueGet(cell, mode, record, me);
    let value: unknown = number;
    // Not if it is no number.
    if (number >= REFERENCES && number < BEYOND) {
      const word = wordIn(number) | 0;
      if (word === ABSENT) return NOTHING;
      if (word === OTHER) return CLOSED;
      if (word === BUSY) {
        waitGate();
        continue;
      }
      if (word === NO_PINS) {
        makeTouched();
        continue;
      }
      const wakes = own[ANSWER];
      value = word !== 0 && (word & 15) === 0 ? takenValue(word) : constantOf(word);
      if (wakes === 1) wake(cell + Q_NOT_FULL, 1);
      return value;
    }
    if (own[ANSWER] === 1) wake(cell + Q_NOT_FULL, 1);
    return value;
  }
}

/** Larger data. That of a ring has a power of two. */
function grow(cell: number): void {
  const count = sizeOf(cell);
  let capacity = FIRST_CAPACITY;
  if (V.I32[(cell + Q_ORDER) >>> 2] === Q_PRIORITY) capacity = ENTRY * (1 + Math.max(FIRST_ENTRIES, count * 2));
  else while (capacity <= count) capacity *= 2;
  const bytes = HEAD + capacity * 8;
  const data = allocateFresh(bytes, K_NUMBERS, capacity);
  if (bytes <= SMALL_MAX) {
    V.I32[data + 1] = capacity;
    V.I32[data] = K_NUMBERS;
  }
  while (k.queueGrow(cell, data * 4, record, me) === BUSY) waitGate();
}

/** What was taken is not given back. */
export function keep(): void {
  own[TAKEN] = 0;
}

/** Gives back a value that was taken: it is the next one again. */
export function giveBack(cell: number, value: unknown): void {
  offer(cell, value, Q_BACK);
}

/** This thread is counted among those that wait on a side, and does not wait any longer. */
export function leave(cell: number, side: number): void {
  for (;;) {
    const answer = k.queueLeave(cell, side, me);
    if (answer === BUSY) waitGate();
    else {
      if (answer === Q_WAKE) wake(cell + side, 1);
      return;
    }
  }
}

/** Shuts the queue down, and tells everybody. */
export function shut(cell: number, drain: boolean): void {
  while (k.queueShut(cell, drain ? 1 : 0, record, me) === BUSY) waitGate();
  for (const word of [Q_NOT_EMPTY, Q_NOT_FULL, Q_UNFINISHED]) wake(cell + word, Infinity);
}

/** One item is done: false = there was none that was not. */
export function finishOne(cell: number): boolean {
  const word = cell + Q_UNFINISHED;
  for (;;) {
    const unfinished = atomic.load(word);
    if (unfinished <= 0) return false;
    if (atomic.compareExchange(word, unfinished, unfinished - 1) !== unfinished) continue;
    if (unfinished === 1) wake(word, Infinity);
    return true;
  }
}

/** For tests and reports: whether there is data. */
export const hasData = (cell: number): boolean => atomic.load(cell + Q_DATA) !== 0;
