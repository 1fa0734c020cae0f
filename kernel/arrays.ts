// Arrays: {header, data, length, lock}; data is {header, capacity, numbers…}, larger than the length or as large. Numbers behind the
// length are 0 or undefined. What changes the length or moves elements holds the lock; what stores one element holds it too, so that the element
// is not lost in a copy. Reads take no lock: they check the length and the capacity of the data that they read from.

import { BUSY, PUSH_BUSY, S_CLOSED } from '../src/heap/types';
import { enterLocked, leaveLocked, lockWord, unlockWord } from './guard';
import { reach } from './reach';
import { forgetFresh, logRescan } from './mutator';

const DATA: usize = 4;
const LENGTH: usize = 8;
const LOCK: usize = 12;
const CAPACITY: usize = 4;
const ITEMS: usize = 8;
/** In the place of an index: that of the last element. */
const LAST: u32 = 0xffffffff;
/** `undefined` as a number: REFERENCE_BITS and the word 0. */
const HOLE: i64 = 0x7e70000000000000;

@inline
function itemAt(data: usize, index: u32): usize {
  return data + ITEMS + ((<usize>index) << 3);
}

/** The data of an array, all of which this thread reaches; 0 = there is none. */
@inline
function dataOf(array: usize): usize {
  const data = load<u32>(array + DATA);
  if (data != 0) {
    reach(data);
    reach(data + <u32>ITEMS + (load<u32>(data + CAPACITY) << 3) - 1);
  }
  return data;
}

/** What is not in the array any more becomes undefined: a reader that has seen the old length sees that, and nothing that never was. */
function clear(data: usize, from: u32, to: u32): void {
  for (let at = from; at < to; at++) atomic.store<i64>(itemAt(data, at), HOLE);
}

/** Stores an element; 1 = done, 0 = the index is past the end; BUSY: try again. */
export function arraySet(array: usize, index: u32, value: f64, me: i32): i32 {
  if (!lockWord(array + LOCK, me)) return BUSY;
  const inside = index < load<u32>(array + LENGTH);
  if (inside) atomic.store<i64>(itemAt(dataOf(array), index), reinterpret<i64>(value));
  unlockWord(array + LOCK);
  return inside ? 1 : 0;
}

/** As `arraySet` for plain numbers, which publish nothing: no fence of their own. */
export function arraySetNumber(array: usize, index: u32, value: f64, me: i32): i32 {
  if (!lockWord(array + LOCK, me)) return BUSY;
  const inside = index < load<u32>(array + LENGTH);
  if (inside) store<f64>(itemAt(dataOf(array), index), value);
  unlockWord(array + LOCK);
  return inside ? 1 : 0;
}

/**
 * Stores an element where another is, if it still is; 1 = done, 0 = the index is past the end, 2 = another is there; BUSY: try again. Not a
 * number is not a number, whatever its bits.
 */
export function arrayReplace(array: usize, index: u32, expected: f64, value: f64, me: i32): i32 {
  if (!lockWord(array + LOCK, me)) return BUSY;
  let answer = 0;
  if (index < load<u32>(array + LENGTH)) {
    const place = itemAt(dataOf(array), index);
    answer = isSame(load<f64>(place), expected) ? 1 : 2;
    if (answer == 1) atomic.store<i64>(place, reinterpret<i64>(value));
  }
  unlockWord(array + LOCK);
  return answer;
}

@inline
function isSame(one: f64, other: f64): bool {
  return reinterpret<i64>(one) == reinterpret<i64>(other) || (isNaN(one) && isNaN(other));
}

/** Stores a number where another is, if it still is; 1 = done, 0 = not. The place lies in a record that the thread has pinned. */
export function numberReplace(place: usize, expected: f64, value: f64): i32 {
  const now = atomic.load<i64>(place);
  if (!isSame(reinterpret<f64>(now), expected)) return 0;
  return atomic.cmpxchg<i64>(place, now, reinterpret<i64>(value)) == now ? 1 : 0;
}

/** Appends an element; the new length, or 0: there is no room; PUSH_BUSY: try again. */
export function arrayPush(array: usize, value: f64, me: i32): u32 {
  if (!lockWord(array + LOCK, me)) return PUSH_BUSY;
  const length = load<u32>(array + LENGTH);
  const data = dataOf(array);
  let answer: u32 = 0;
  if (data != 0 && length < load<u32>(data + CAPACITY)) {
    atomic.store<i64>(itemAt(data, length), reinterpret<i64>(value));
    answer = length + 1;
    atomic.store<i32>(array + LENGTH, answer);
  }
  unlockWord(array + LOCK);
  return answer;
}

/**
 * Puts the fresh cell `data`, which is larger, in the place of the array's data and copies the elements; not if another thread has made
 * room for `needed` elements meanwhile. 0 = done; BUSY: try again.
 */
export function arrayGrow(array: usize, data: usize, needed: u32, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, array + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const old = dataOf(array);
  const length = load<u32>(array + LENGTH);
  const capacity = old == 0 ? <u32>0 : load<u32>(old + CAPACITY);
  // Nothing is lost if it has become larger than what we brought: then it is large enough.
  if (capacity < needed && length <= load<u32>(data + CAPACITY)) {
    if (old != 0) memory.copy(data + ITEMS, old + ITEMS, (<usize>length) << 3);
    // It was a root already if it is large, and may have been traced when nothing was in it.
    logRescan(thread, gate, <u32>data);
    atomic.store<i32>(array + DATA, <i32>data);
  }
  forgetFresh(thread, <u32>data);
  leaveLocked(thread, array + LOCK);
  return 0;
}

/**
 * Replaces `remove` elements at `start` by the `insert` elements of the data cell `inserted`, in place: what is behind moves. Both are
 * clamped to the length. The number of elements removed goes to `out`, the elements to the data cell `removed` if that is not 0; both data
 * cells are this thread's. 0 = done; BUSY: try again; 2: there is no room, grow first; 3: `removed` is too small.
 */
export function arraySplice(
  array: usize, start: u32, remove: u32, insert: u32, inserted: usize, removed: usize, out: usize, thread: usize, me: i32,
): i32 {
  const gate = enterLocked(thread, array + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const answer = spliceInside(array, start, remove, insert, inserted, removed, out, gate, thread);
  leaveLocked(thread, array + LOCK);
  return answer;
}

function spliceInside(
  array: usize, first: u32, count: u32, insert: u32, inserted: usize, removed: usize, out: usize, gate: i32, thread: usize,
): i32 {
  const length = load<u32>(array + LENGTH);
  const start = first == LAST ? (length == 0 ? 0 : length - 1) : min(first, length);
  const remove = min(count, length - start);
  const data = dataOf(array);
  const capacity = data == 0 ? <u32>0 : load<u32>(data + CAPACITY);
  store<u32>(out, remove);
  store<u32>(out + 4, start);
  if (length - remove + insert > capacity) return 2;
  if (removed != 0 && remove > load<u32>(removed + CAPACITY)) return 3;
  if (data == 0) return 0;
  // A copy whose source is about to go: the collector may have passed neither.
  if (removed != 0 && remove != 0) {
    memory.copy(removed + ITEMS, itemAt(data, start), (<usize>remove) << 3);
    logRescan(thread, gate, <u32>removed);
  }
  const behind = length - start - remove;
  if (behind != 0 && insert != remove) memory.copy(itemAt(data, start + insert), itemAt(data, start + remove), (<usize>behind) << 3);
  if (insert != 0) memory.copy(itemAt(data, start), inserted + ITEMS, (<usize>insert) << 3);
  logRescan(thread, gate, <u32>data);
  const after = length - remove + insert;
  clear(data, after, length);
  atomic.store<i32>(array + LENGTH, after);
  return 0;
}

/**
 * Copies up to the capacity of the fresh data cell `copy` from `start` on, as one moment of the array; how many were copied goes to
 * `out`, the array's length behind it. 0 = done; BUSY: try again.
 */
export function arrayCopy(array: usize, start: u32, copy: usize, out: usize, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, array + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const length = load<u32>(array + LENGTH);
  const count = start >= length ? 0 : min(length - start, load<u32>(copy + CAPACITY));
  if (count != 0) memory.copy(copy + ITEMS, itemAt(dataOf(array), start), (<usize>count) << 3);
  logRescan(thread, gate, <u32>copy);
  store<u32>(out, count);
  store<u32>(out + 4, length);
  leaveLocked(thread, array + LOCK);
  return 0;
}

/**
 * Puts elements of the data cell `from`, which is this thread's, into the array at `start`: all or none. With `expected`, another data
 * cell, only if those are all elements of the array. 0 = done; BUSY: try again; 2: the array has become shorter than that, or is not as
 * expected.
 */
export function arrayWrite(array: usize, start: u32, from: usize, count: u32, expected: usize, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, array + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  let answer = 2;
  const length = load<u32>(array + LENGTH);
  const data = dataOf(array);
  if (start <= length && count <= length - start && (expected == 0 || (length == count && sameItems(data, expected, count)))) {
    answer = 0;
    if (count != 0) memory.copy(itemAt(data, start), from + ITEMS, (<usize>count) << 3);
    if (data != 0) logRescan(thread, gate, <u32>data);
  }
  leaveLocked(thread, array + LOCK);
  return answer;
}

function sameItems(data: usize, expected: usize, count: u32): bool {
  for (let at: u32 = 0; at < count; at++) if (load<i64>(itemAt(data, at)) != load<i64>(itemAt(expected, at))) return false;
  return true;
}

/** Sets the length; what is new is undefined. 0 = done; BUSY: try again; 2: there is no room, grow first. */
export function arrayResize(array: usize, length: u32, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, array + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const before = load<u32>(array + LENGTH);
  const data = dataOf(array);
  const capacity = data == 0 ? <u32>0 : load<u32>(data + CAPACITY);
  let answer = 0;
  if (length > capacity) {
    answer = 2;
  } else {
    clear(data, length, before);
    for (let at = before; at < length; at++) store<i64>(itemAt(data, at), HOLE);
    atomic.store<i32>(array + LENGTH, length);
  }
  leaveLocked(thread, array + LOCK);
  return answer;
}
