// Queues: a cell {header, lock, words…, data} (src/heap/types.ts: Q_…). Each operation is one step under the lock.
//
// Data of a ring is {header, capacity, numbers…}: its capacity is a power of two, and HEAD and TAIL run on without end, so that one store of
// either makes an item come or go: a thread that is killed before has done nothing, and one that is killed after has done all.
//
// Data of a priority queue is a binary heap of entries {key, serial, value}, from entry 1 on. Entry 0 is the hand. What moves entries
// first takes one in hand, and says by Q_HOLE where it belongs for now and by Q_TARGET how many there will be: from then on the thread that has the
// lock can finish it (`mend`), also for a thread that was killed on the way.
//
// Who waits. A thread that found nothing is counted in WAITING, and parks as long as TURN is what it was then. A thread that brings something
// calls one of them, if any is not called yet: CALLED + 1, TURN + 1, and wakes after it has left the lock. Each time that one of those that
// are counted looks again, CALLED is one less. So
//
//   WAITING - CALLED >= how many are parked, or about to, and have not been called
//
// and between a call and the waking of the thread that is called, others are not called in vain. A thread that dies stays counted, which costs a wake-up
// in vain; if it had been called, what it was called for is found by the others when they look around (src/memory/park.ts).

import { R_ANSWER, R_KEY } from '../src/memory/layout';
import {
  ABSENT, EMPTY, K_BIGINT, K_STR16, KIND_MASK, OTHER, Q_AGAIN, Q_BACK, Q_CALLED, Q_CLOSED, Q_DATA, Q_DONE, Q_FIRST, Q_FULL, Q_GROW, Q_HEAD, Q_HOLE,
  Q_BRING, Q_KEPT, Q_KEYS, Q_LIFO, Q_LOCK, Q_LOOK, Q_MAX, Q_MIXED, Q_NOT_EMPTY, Q_NOT_FULL, Q_ORDER, Q_PRIORITY, Q_SERIAL, Q_SHUT, Q_TAIL, Q_TARGET, Q_TURN, Q_UNFINISHED,
  Q_WAITING, Q_WAKE, BUSY, REFERENCE_BITS, S_CLOSED, S_MARKING,
} from '../src/heap/types';
import { enterLocked, leaveLocked, lockWord, logIfMarking, unlockWord } from './guard';
import { forgetFresh, holdTaken, logRescan } from './mutator';
import { reach } from './reach';

const CAPACITY: usize = 4;
const ITEMS: usize = 8;
/** Bytes of an entry {key, serial, value}. */
const ENTRY: usize = 24;
const SERIAL: usize = 8;
const VALUE: usize = 16;
const HOLE: i64 = 0x7e70000000000000;

/** A word as an answer among numbers. */
@inline
function numberOf(word: i32): f64 {
  return reinterpret<f64>((<i64>REFERENCE_BITS << 32) | <i64>word);
}

@inline
function isReference(bits: i64): bool {
  return <i32>(bits >>> 32) == REFERENCE_BITS;
}

@inline
function itemAt(data: usize, index: u32): usize {
  return data + ITEMS + ((<usize>(index & (load<u32>(data + CAPACITY) - 1))) << 3);
}

@inline
function entryAt(data: usize, index: u32): usize {
  return data + ITEMS + <usize>index * ENTRY;
}

@inline
function countOf(queue: usize): u32 {
  return load<u32>(queue + Q_TAIL) - load<u32>(queue + Q_HEAD);
}

@inline
function isFull(queue: usize): bool {
  const most = load<u32>(queue + Q_MAX);
  return most != 0 && countOf(queue) >= most;
}

/** The data, all of which this thread reaches; 0 = there is none. */
@inline
function dataOf(queue: usize): usize {
  const data = load<u32>(queue + Q_DATA);
  if (data != 0) {
    reach(data);
    reach(data + <u32>ITEMS + (load<u32>(data + CAPACITY) << 3) - 1);
  }
  return data;
}

/** One that is counted looks again. `side` is Q_NOT_EMPTY or Q_NOT_FULL. */
@inline
function looksAgain(queue: usize, side: usize): void {
  const called = load<i32>(queue + side + Q_CALLED);
  if (called > 0) store<i32>(queue + side + Q_CALLED, called - 1);
}

@inline
function uncount(queue: usize, side: usize): void {
  store<i32>(queue + side + Q_WAITING, load<i32>(queue + side + Q_WAITING) - 1);
}

/** One that finds nothing: what it may park on goes to R_ANSWER. */
@inline
function toPark(queue: usize, side: usize, mode: i32, thread: usize): void {
  if (mode == Q_FIRST) store<i32>(queue + side + Q_WAITING, load<i32>(queue + side + Q_WAITING) + 1);
  store<i32>(thread + R_ANSWER, load<i32>(queue + side + Q_TURN));
}

/** Calls one of those that wait, if there is one who was not called; whether there was. */
@inline
function call(queue: usize, side: usize): bool {
  const called = load<i32>(queue + side + Q_CALLED);
  if (load<i32>(queue + side + Q_WAITING) <= called) return false;
  store<i32>(queue + side + Q_CALLED, called + 1);
  atomic.store<i32>(queue + side + Q_TURN, load<i32>(queue + side + Q_TURN) + 1);
  return true;
}

/** Whether an item can be put; Q_DONE = yes. */
@inline
function mayPut(queue: usize, mode: i32, thread: usize): i32 {
  if (mode == Q_BACK) return Q_DONE;
  if (mode == Q_AGAIN) looksAgain(queue, Q_NOT_FULL);
  if (load<i32>(queue + Q_CLOSED) != 0) {
    if (mode == Q_AGAIN) uncount(queue, Q_NOT_FULL);
    return Q_SHUT;
  }
  if (!isFull(queue)) return Q_DONE;
  toPark(queue, Q_NOT_FULL, mode, thread);
  return Q_FULL;
}

/** Whether this only asks if there is room, and there is: who makes a large item asks first. */
@inline
function asksForRoom(queue: usize, value: f64): bool {
  const bits = reinterpret<i64>(value);
  return <i32>bits == Q_LOOK && isReference(bits) && load<i32>(queue + Q_CLOSED) == 0 && !isFull(queue);
}

/** An item has come. */
@inline
function arrived(queue: usize, mode: i32): i32 {
  if (mode == Q_AGAIN) uncount(queue, Q_NOT_FULL);
  if (mode != Q_BACK) atomic.add<i32>(queue + Q_UNFINISHED, 1);
  return call(queue, Q_NOT_EMPTY) ? Q_WAKE : Q_DONE;
}

/**
 * Puts an item at the end; with Q_BACK where the next is taken from, whatever the limit. Q_DONE; Q_WAKE: done, wake a getter; Q_FULL: R_ANSWER
 * says what to park on; Q_GROW: bring larger data; Q_SHUT; Q_BRING: there is room for what Q_LOOK stands for; BUSY: try again. No guard: see `arrayPush`.
 */
export function queuePut(queue: usize, value: f64, mode: i32, thread: usize, me: i32): i32 {
  if (!lockWord(queue + Q_LOCK, me)) return BUSY;
  let answer = asksForRoom(queue, value) ? Q_BRING : mayPut(queue, mode, thread);
  if (answer == Q_DONE) {
    const data = dataOf(queue);
    const head = load<u32>(queue + Q_HEAD);
    const tail = load<u32>(queue + Q_TAIL);
    if (data == 0 || tail - head >= load<u32>(data + CAPACITY)) {
      answer = Q_GROW;
    } else {
      const front = mode == Q_BACK && load<i32>(queue + Q_ORDER) != Q_LIFO;
      atomic.store<i64>(itemAt(data, front ? head - 1 : tail), reinterpret<i64>(value));
      if (front) atomic.store<i32>(queue + Q_HEAD, head - 1);
      else atomic.store<i32>(queue + Q_TAIL, tail + 1);
      answer = arrived(queue, mode);
    }
  }
  unlockWord(queue + Q_LOCK);
  return answer;
}

/**
 * As `queuePut`, for a priority queue. The key is a number, or refers to a cell {header, key, item}, which then is the item as well; `keys`
 * says of which sort it is. Also Q_MIXED: the queue holds keys of another sort.
 */
export function queuePutByKey(queue: usize, key: f64, value: f64, keys: i32, mode: i32, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, queue + Q_LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  mend(queue, gate, thread);
  let answer = asksForRoom(queue, value) ? Q_BRING : mayPut(queue, mode, thread);
  if (answer == Q_DONE) answer = putByKey(queue, key, value, keys, mode, gate, thread);
  leaveLocked(thread, queue + Q_LOCK);
  return answer;
}

function putByKey(queue: usize, key: f64, value: f64, keys: i32, mode: i32, gate: i32, thread: usize): i32 {
  const count = load<u32>(queue + Q_TAIL);
  if (count == 0) store<i32>(queue + Q_KEYS, keys);
  else if (load<i32>(queue + Q_KEYS) != keys) return Q_MIXED;
  const data = dataOf(queue);
  if (data == 0 || (count + 2) * 3 > load<u32>(data + CAPACITY)) return Q_GROW;
  const serial = load<f64>(queue + Q_SERIAL) + 1;
  store<f64>(queue + Q_SERIAL, serial);
  const hand = entryAt(data, 0);
  atomic.store<i64>(hand, reinterpret<i64>(key));
  // What comes back is before all others of its priority.
  store<f64>(hand + SERIAL, mode == Q_BACK ? -serial : serial);
  atomic.store<i64>(hand + VALUE, reinterpret<i64>(value));
  settle(queue, data, count + 1, count + 1, gate, thread);
  return arrived(queue, mode);
}

/**
 * Takes the next item, pinned, or in R_TAKEN. Or a word among numbers: ABSENT: there is none, R_ANSWER says what to park on; OTHER: and there will be none; BUSY,
 * NO_PINS. After an item R_ANSWER says whether to wake a putter, and R_KEY its key.
 */
export function queueGet(queue: usize, mode: i32, thread: usize, me: i32): f64 {
  const gate = enterLocked(thread, queue + Q_LOCK, me);
  if (gate == S_CLOSED) return numberOf(BUSY);
  const order = load<i32>(queue + Q_ORDER);
  if (order == Q_PRIORITY) mend(queue, gate, thread);
  let answer: f64;
  if (mode == Q_AGAIN) looksAgain(queue, Q_NOT_EMPTY);
  if (countOf(queue) == 0) {
    const closed = load<i32>(queue + Q_CLOSED) != 0;
    if (!closed) toPark(queue, Q_NOT_EMPTY, mode, thread);
    else if (mode == Q_AGAIN) uncount(queue, Q_NOT_EMPTY);
    answer = numberOf(closed ? OTHER : ABSENT);
  } else {
    answer = order == Q_PRIORITY ? takeFirst(queue, mode, gate, thread) : take(queue, order, mode, gate, thread);
  }
  leaveLocked(thread, queue + Q_LOCK);
  return answer;
}

/** An item has gone. */
@inline
function left(queue: usize, mode: i32, thread: usize): void {
  if (mode == Q_AGAIN) uncount(queue, Q_NOT_EMPTY);
  store<i32>(thread + R_ANSWER, !isFull(queue) && call(queue, Q_NOT_FULL) ? 1 : 0);
}

@inline
function take(queue: usize, order: i32, mode: i32, gate: i32, thread: usize): f64 {
  const data = dataOf(queue);
  const head = load<u32>(queue + Q_HEAD);
  const tail = load<u32>(queue + Q_TAIL);
  const item = itemAt(data, order == Q_LIFO ? tail - 1 : head);
  const bits = atomic.load<i64>(item);
  const pinned = holdTaken(bits, gate, thread);
  if (pinned != 0) return numberOf(pinned);
  if (order == Q_LIFO) atomic.store<i32>(queue + Q_TAIL, tail - 1);
  else atomic.store<i32>(queue + Q_HEAD, head + 1);
  atomic.store<i64>(item, HOLE);
  if (tail - head == 1 && load<u32>(data + CAPACITY) > <u32>Q_KEPT) atomic.store<i32>(queue + Q_DATA, 0);
  left(queue, mode, thread);
  return reinterpret<f64>(bits);
}

function takeFirst(queue: usize, mode: i32, gate: i32, thread: usize): f64 {
  const data = dataOf(queue);
  const count = load<u32>(queue + Q_TAIL);
  const first = entryAt(data, 1);
  const key = load<i64>(first);
  const bits = isReference(key) ? key : load<i64>(first + VALUE);
  const pinned = holdTaken(bits, gate, thread);
  if (pinned != 0) return numberOf(pinned);
  store<i64>(thread + R_KEY, key);
  moveEntry(entryAt(data, 0), entryAt(data, count), gate, thread);
  settle(queue, data, 1, count - 1, gate, thread);
  clearEntry(entryAt(data, count));
  if (count == 1 && load<u32>(data + CAPACITY) > <u32>Q_KEPT) atomic.store<i32>(queue + Q_DATA, 0);
  left(queue, mode, thread);
  return reinterpret<f64>(bits);
}

/**
 * Marking may have passed where an entry goes, and not have come to where it was: so the collector is told of what it refers to. To have it trace
 * the data once more would cost as much as there are entries, for each item.
 */
@inline
function moveEntry(to: usize, from: usize, gate: i32, thread: usize): void {
  if (gate == S_MARKING) {
    logNumber(thread, load<i64>(from));
    logNumber(thread, load<i64>(from + VALUE));
  }
  atomic.store<i64>(to, load<i64>(from));
  store<i64>(to + SERIAL, load<i64>(from + SERIAL));
  atomic.store<i64>(to + VALUE, load<i64>(from + VALUE));
}

@inline
function logNumber(thread: usize, bits: i64): void {
  if (isReference(bits)) logIfMarking(thread, S_MARKING, <i32>bits);
}

@inline
function clearEntry(entry: usize): void {
  atomic.store<i64>(entry, HOLE);
  store<i64>(entry + SERIAL, 0);
  atomic.store<i64>(entry + VALUE, HOLE);
}

/** From here on the heap has `count` entries, one of which is in hand and belongs into the hole; finds its place. */
function settle(queue: usize, data: usize, start: u32, count: u32, gate: i32, thread: usize): void {
  store<u32>(queue + Q_TARGET, count);
  atomic.store<i32>(queue + Q_HOLE, start);
  atomic.store<i32>(queue + Q_TAIL, count);
  sift(queue, data, start, count, gate, thread);
}

/** Finishes what a thread has begun that was killed. */
@inline
function mend(queue: usize, gate: i32, thread: usize): void {
  if (load<u32>(queue + Q_HOLE) != 0) finish(queue, gate, thread);
}

function finish(queue: usize, gate: i32, thread: usize): void {
  const count = load<u32>(queue + Q_TARGET);
  const data = dataOf(queue);
  atomic.store<i32>(queue + Q_TAIL, count);
  sift(queue, data, load<u32>(queue + Q_HOLE), count, gate, thread);
}

function sift(queue: usize, data: usize, start: u32, count: u32, gate: i32, thread: usize): void {
  let hole = start;
  const hand = entryAt(data, 0);
  while (hole > 1 && hole <= count && isBefore(hand, entryAt(data, hole >>> 1))) {
    moveEntry(entryAt(data, hole), entryAt(data, hole >>> 1), gate, thread);
    hole >>>= 1;
    atomic.store<i32>(queue + Q_HOLE, hole);
  }
  for (let child = hole << 1; child <= count; child = hole << 1) {
    if (child < count && isBefore(entryAt(data, child + 1), entryAt(data, child))) child++;
    if (isBefore(hand, entryAt(data, child))) break;
    moveEntry(entryAt(data, hole), entryAt(data, child), gate, thread);
    hole = child;
    atomic.store<i32>(queue + Q_HOLE, hole);
  }
  if (hole <= count) moveEntry(entryAt(data, hole), hand, gate, thread);
  atomic.store<i32>(queue + Q_HOLE, 0);
  clearEntry(hand);
}

/** The order of entries: by key, and among equal keys as they came. */
function isBefore(a: usize, b: usize): bool {
  const keyA = load<i64>(a);
  const keyB = load<i64>(b);
  if (isReference(keyA)) {
    const order = compareKeys(<u32>keyA, <u32>keyB);
    if (order != 0) return order < 0;
  } else {
    const numberA = reinterpret<f64>(keyA);
    const numberB = reinterpret<f64>(keyB);
    if (numberA != numberB) return numberA < numberB;
  }
  return load<f64>(a + SERIAL) < load<f64>(b + SERIAL);
}

/** Keys that are no numbers, by the cells {header, key, item}; both of one sort. */
function compareKeys(a: u32, b: u32): i32 {
  reach(a);
  reach(b);
  const keyA = load<u32>(a + 4);
  const keyB = load<u32>(b + 4);
  if (keyA != EMPTY) reach(keyA);
  if (keyB != EMPTY) reach(keyB);
  const isBigint = keyA != EMPTY && (load<i32>(keyA) & KIND_MASK) == K_BIGINT;
  return isBigint ? compareBigints(keyA, keyB) : compareStrings(keyA, keyB);
}

/** {header, length, hash, units…}, by their units. */
function compareStrings(a: u32, b: u32): i32 {
  const lengthA = a == EMPTY ? <u32>0 : load<u32>(a + 4);
  const lengthB = b == EMPTY ? <u32>0 : load<u32>(b + 4);
  const wideA: u32 = a != EMPTY && (load<i32>(a) & KIND_MASK) == K_STR16 ? 1 : 0;
  const wideB: u32 = b != EMPTY && (load<i32>(b) & KIND_MASK) == K_STR16 ? 1 : 0;
  const common = min(lengthA, lengthB);
  if (common != 0) {
    reach(a + 11 + (lengthA << wideA));
    reach(b + 11 + (lengthB << wideB));
  }
  for (let at: u32 = 0; at < common; at++) {
    const unitA: u32 = wideA ? load<u16>(a + 12 + (at << 1)) : load<u8>(a + 12 + at);
    const unitB: u32 = wideB ? load<u16>(b + 12 + (at << 1)) : load<u8>(b + 12 + at);
    if (unitA != unitB) return unitA < unitB ? -1 : 1;
  }
  return lengthA == lengthB ? 0 : lengthA < lengthB ? -1 : 1;
}

/** {header, sign in the top bit and bytes of digits, digits of 64 bits, the lowest first}. */
function compareBigints(a: u32, b: u32): i32 {
  const secondA = load<u32>(a + 4);
  const secondB = load<u32>(b + 4);
  const sign: i32 = secondA >>> 31 ? -1 : 1;
  if (secondA >>> 31 != secondB >>> 31) return sign;
  const bytesA = secondA & 0x7fffffff;
  const bytesB = secondB & 0x7fffffff;
  if (bytesA != bytesB) return bytesA < bytesB ? -sign : sign;
  if (bytesA != 0) {
    reach(a + 7 + bytesA);
    reach(b + 7 + bytesB);
  }
  for (let at = bytesA; at != 0; at -= 8) {
    const digitA = load<u64>(a + at);
    const digitB = load<u64>(b + at);
    if (digitA != digitB) return digitA < digitB ? -sign : sign;
  }
  return 0;
}

/** Puts the fresh cell `data` in the place of the queue's data, if it is larger. 0 = done; BUSY. */
export function queueGrow(queue: usize, data: usize, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, queue + Q_LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const old = dataOf(queue);
  if (old == 0 || load<u32>(old + CAPACITY) < load<u32>(data + CAPACITY)) {
    if (old != 0) copyData(queue, data, old);
    logRescan(thread, gate, <u32>data);
    atomic.store<i32>(queue + Q_DATA, <i32>data);
  }
  forgetFresh(thread, <u32>data);
  leaveLocked(thread, queue + Q_LOCK);
  return 0;
}

function copyData(queue: usize, data: usize, old: usize): void {
  if (load<i32>(queue + Q_ORDER) == Q_PRIORITY) {
    memory.copy(data + ITEMS, old + ITEMS, (<usize>load<u32>(old + CAPACITY)) << 3);
    return;
  }
  const tail = load<u32>(queue + Q_TAIL);
  for (let at = load<u32>(queue + Q_HEAD); at != tail; at++) store<i64>(itemAt(data, at), load<i64>(itemAt(old, at)));
}

/** One that is counted gives up; `side` is Q_NOT_EMPTY or Q_NOT_FULL. Q_WAKE: what it was called for is another's, who must be woken. Q_DONE, BUSY. */
export function queueLeave(queue: usize, side: usize, me: i32): i32 {
  if (!lockWord(queue + Q_LOCK, me)) return BUSY;
  looksAgain(queue, side);
  uncount(queue, side);
  const wanted = side == Q_NOT_EMPTY ? countOf(queue) != 0 : !isFull(queue);
  const answer = wanted && call(queue, side) ? Q_WAKE : Q_DONE;
  unlockWord(queue + Q_LOCK);
  return answer;
}

/** Closes the queue; with `drain` what is in it goes, and counts as done. Everybody must be woken then. 0 = done; BUSY. */
export function queueShut(queue: usize, drain: i32, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, queue + Q_LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  mend(queue, gate, thread);
  atomic.store<i32>(queue + Q_CLOSED, 1);
  if (drain != 0) {
    const count = countOf(queue);
    atomic.store<i32>(queue + Q_HEAD, load<u32>(queue + Q_ORDER) == Q_PRIORITY ? 0 : load<u32>(queue + Q_TAIL));
    if (load<u32>(queue + Q_ORDER) == Q_PRIORITY) atomic.store<i32>(queue + Q_TAIL, 0);
    atomic.store<i32>(queue + Q_DATA, 0);
    finishTasks(queue, count);
  }
  atomic.add<i32>(queue + Q_NOT_EMPTY + Q_TURN, 1);
  atomic.add<i32>(queue + Q_NOT_FULL + Q_TURN, 1);
  leaveLocked(thread, queue + Q_LOCK);
  return 0;
}

/** Other threads may say at the same time that they are done. */
function finishTasks(queue: usize, count: u32): void {
  for (;;) {
    const unfinished = atomic.load<u32>(queue + Q_UNFINISHED);
    if (atomic.cmpxchg<u32>(queue + Q_UNFINISHED, unfinished, unfinished - min(unfinished, count)) == unfinished) return;
  }
}
