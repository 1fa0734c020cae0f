// Hash tables of maps and sets, in insertion order.
//
// Container {header, table, lock, live, sequence}; the table is a cell of its own, replaced when it is full:
//
//   {header, capacity, used, buckets, ordinal, width}  heads[buckets]  entries[capacity]  infos[capacity]
//     heads    index + 1 of the newest entry of a bucket, 0 = none; buckets is a power of two, at least the capacity
//     entries  {key, value} of a map, {key} of a set: numbers. A deleted entry's key is ABSENT; it stays in its chain
//     infos    {hash, next: index + 1 in the chain, ordinal}
//
// Ordinals grow along the entries and are kept when the table is replaced: an iteration remembers the last one that it has seen, so it
// goes on correctly whatever happens in between.
//
// Keys that are cells are compared by content if their kind is a value (strings, bigints, boxed numbers), by address otherwise.
//
// Writers hold the lock, and make the sequence word odd while they change more than one value. Readers take no lock: they look at the
// sequence word before and after, bound every loop and check every address, since without a guard the table may be gone meanwhile.

import { H_SEGMENTS } from '../src/memory/layout';
import {
  ABSENT, BUSY, KIND_MASK, NO_PINS, PUT_ADD, PUT_DIFFERENT, PUT_EXISTED, PUT_FULL, PUT_INSERTED, PUT_KEYLESS, PUT_REPLACE, PUT_UPDATED, REFERENCE_BITS, S_CLOSED, S_MARKING, T_BUCKETS, T_CAPACITY, T_HEADS, T_ORDINAL, T_USED, T_WIDTH,
} from '../src/heap/types';
import { reachAll } from './reach';
import { enterGuard, enterLocked, leaveGuard, leaveLocked, logIfMarking } from './guard';
import { forgetFresh, logRescan, pinForGuard } from './mutator';

const TABLE: usize = 4;
const LOCK: usize = 8;
const LIVE: usize = 12;
const SEQUENCE: usize = 16;
const INFO: u32 = 12;
const INFO_NEXT: usize = 4;
const INFO_ORDINAL: usize = 8;
const REFERENCE: i64 = (<i64>REFERENCE_BITS) << 32;
const GONE: i64 = REFERENCE | ABSENT;
const NAN: i64 = 0x7ff8000000000000;
/** Behind it ordinals are numbered anew when the table is replaced. */
const ORDINAL_MAX: u32 = 0x7fffff00;

/** In the place of the cell of a key that was not made yet. */
const UNMADE: i64 = REFERENCE | NO_PINS;

const NONE: i32 = -1;
const AGAIN: i32 = -2;

@inline
function entriesOf(table: usize): usize {
  return table + T_HEADS + ((<usize>load<u32>(table + T_BUCKETS)) << 2);
}

@inline
function infosOf(table: usize): usize {
  return entriesOf(table) + <usize>load<u32>(table + T_CAPACITY) * load<u32>(table + T_WIDTH);
}

/** A container's table, all of which this thread reaches. */
@inline
function tableOf(map: usize): usize {
  const table = atomic.load<u32>(map + TABLE);
  reachAll();
  return table;
}

export function hashNumber(bits: i64): u32 {
  let hash = <u64>bits;
  hash ^= hash >>> 32;
  hash *= 0x9e3779b97f4a7c15;
  hash ^= hash >>> 29;
  hash *= 0xbf58476d1ce4e5b9;
  return <u32>(hash >>> 32);
}

@inline
function mix(hash: u64): u64 {
  const product = hash * 0x9e3779b97f4a7c15;
  return product ^ (product >>> 32);
}

/** Eight bytes at a time; the last ones may overlap those before them. */
export function hashBytes(bytes: usize, length: u32): u32 {
  let hash: u64 = 0x2545f4914f6cdd1d ^ <u64>length;
  if (length >= 8) {
    for (let at: u32 = 0; at + 8 < length; at += 8) hash = mix(hash ^ load<u64>(bytes + at));
    hash = mix(hash ^ load<u64>(bytes + length - 8));
  } else if (length >= 4) {
    hash = mix(hash ^ (<u64>load<u32>(bytes) | (<u64>load<u32>(bytes + length - 4) << 32)));
  } else if (length != 0) {
    const middle = <u64>load<u8>(bytes + (length >>> 1)) << 8;
    hash = mix(hash ^ <u64>load<u8>(bytes) ^ middle ^ (<u64>load<u8>(bytes + length - 1) << 16));
  }
  return <u32>((hash * 0xbf58476d1ce4e5b9) >>> 32);
}

@inline
function sameBytes(one: usize, other: usize, length: u32): bool {
  if (length >= 8) {
    for (let at: u32 = 0; at + 8 < length; at += 8) if (load<u64>(one + at) != load<u64>(other + at)) return false;
    return load<u64>(one + length - 8) == load<u64>(other + length - 8);
  }
  if (length >= 4) return load<u32>(one) == load<u32>(other) && load<u32>(one + length - 4) == load<u32>(other + length - 4);
  for (let at: u32 = 0; at < length; at++) if (load<u8>(one + at) != load<u8>(other + at)) return false;
  return true;
}

/** A key that is looked for: as a number, or by content if `kind` is not 0. */
@inline
function hashOf(bits: i64, kind: i32, bytes: usize, length: u32): u32 {
  return kind == 0 ? hashNumber(bits) : hashBytes(bytes, length);
}

/** Whether the key in an entry is the cell of this content. Bounded by `limit`, as everything a reader follows. */
function sameContent(word: u32, kind: i32, second: i32, bytes: usize, length: u32, limit: u64): bool {
  const start: usize = kind <= 3 ? 12 : 8;
  if (<u64>word + start + length > limit) return false;
  if ((load<i32>(word) & KIND_MASK) != kind || load<i32>(word + 4) != second) return false;
  return sameBytes(<usize>word + start, bytes, length);
}

@inline
function heapLimit(): u64 {
  return (<u64>atomic.load<u32>(H_SEGMENTS)) << 24;
}

/** Index of the entry with a key, NONE, or AGAIN where a reader has come upon something impossible. */
function findEntry(table: usize, hash: u32, bits: i64, kind: i32, second: i32, bytes: usize, length: u32, limit: u64): i32 {
  const capacity = atomic.load<u32>(table + T_CAPACITY);
  const buckets = atomic.load<u32>(table + T_BUCKETS);
  const width = atomic.load<u32>(table + T_WIDTH);
  if ((width != 8 && width != 16) || buckets == 0 || (buckets & (buckets - 1)) != 0) return AGAIN;
  if (<u64>table + T_HEADS + (<u64>buckets << 2) + <u64>capacity * (width + INFO) > limit) return AGAIN;
  const entries = table + T_HEADS + ((<usize>buckets) << 2);
  const infos = entries + capacity * width;
  let at = atomic.load<u32>(table + T_HEADS + ((hash & (buckets - 1)) << 2));
  for (let step: u32 = 0; at != 0 && step <= capacity; step++) {
    if (at > capacity) return AGAIN;
    const info = infos + (at - 1) * INFO;
    if (atomic.load<u32>(info) == hash) {
      const key = atomic.load<i64>(entries + (at - 1) * width);
      if (kind == 0) {
        if (key == bits) return at - 1;
      } else if (<i32>(key >>> 32) == REFERENCE_BITS && (<u32>key & 15) == 0 && <u32>key != 0) {
        if (sameContent(<u32>key, kind, second, bytes, length, limit)) return at - 1;
      }
    }
    at = atomic.load<u32>(info + INFO_NEXT);
  }
  return NONE;
}

function answer(word: i32): f64 {
  return reinterpret<f64>(REFERENCE | <i64>word);
}

/** There are many NaN; as a key they are one. */
@inline
function bitsOf(key: f64): i64 {
  return key == key ? reinterpret<i64>(key) : NAN;
}

/** The number that belongs to a key in a map, or in a set the key itself; ABSENT or BUSY as words. No lock, no guard. */
export function tableGet(map: usize, key: f64, kind: i32, second: i32, bytes: usize, length: u32): f64 {
  const bits = bitsOf(key);
  const sequence = atomic.load<i32>(map + SEQUENCE);
  if (sequence & 1) return answer(BUSY);
  const table = <usize>atomic.load<u32>(map + TABLE);
  const limit = heapLimit();
  // What is checked against the limit may lie anywhere below it.
  reachAll();
  if (<u64>table + T_HEADS > limit) return answer(BUSY);
  const at = findEntry(table, hashOf(bits, kind, bytes, length), bits, kind, second, bytes, length, limit);
  let value = GONE;
  if (at >= 0) {
    const width = atomic.load<u32>(table + T_WIDTH);
    const place = <u64>entriesOf(table) + <u64>(<u32>at) * width;
    if (place + 16 > limit) return answer(BUSY);
    value = atomic.load<i64>(<usize>place + (width == 16 ? 8 : 0));
  }
  // What was read is what stood there only if nothing was changed meanwhile.
  if (at == AGAIN || atomic.load<i32>(map + SEQUENCE) != sequence) return answer(BUSY);
  return reinterpret<f64>(value);
}

// The same by plain loads, for machines that keep loads in order: the engine checks bounds and alignment of each atomic load in code, and
// those of plain ones for nothing. One for numbers and one for contents, without a call in them.

export function tableGetNumber(map: usize, key: f64): f64 {
  const bits = bitsOf(key);
  const sequence = atomic.load<i32>(map + SEQUENCE);
  const table = <usize>load<u32>(map + TABLE);
  const limit = plainLimit();
  if ((sequence & 1) != 0 || <u64>table + T_HEADS > limit) return answer(BUSY);
  const capacity = load<u32>(table + T_CAPACITY);
  const buckets = load<u32>(table + T_BUCKETS);
  const width = load<u32>(table + T_WIDTH);
  const entries = table + T_HEADS + ((<usize>buckets) << 2);
  if (!liesInside(table, capacity, buckets, width, limit)) return answer(BUSY);
  const infos = entries + capacity * width;
  let at = load<u32>(table + T_HEADS + ((hashNumber(bits) & (buckets - 1)) << 2));
  let value = GONE;
  for (let step: u32 = 0; at != 0 && step <= capacity; step++) {
    if (at > capacity) return answer(BUSY);
    const entry = entries + (at - 1) * width;
    if (load<i64>(entry) == bits) {
      value = load<i64>(entry + ((width & 16) >>> 1));
      break;
    }
    at = load<u32>(infos + (at - 1) * INFO + INFO_NEXT);
  }
  return atomic.load<i32>(map + SEQUENCE) == sequence ? reinterpret<f64>(value) : answer(BUSY);
}

export function tableGetContent(map: usize, kind: i32, second: i32, bytes: usize, length: u32): f64 {
  const sequence = atomic.load<i32>(map + SEQUENCE);
  const table = <usize>load<u32>(map + TABLE);
  const limit = plainLimit();
  if ((sequence & 1) != 0 || <u64>table + T_HEADS > limit) return answer(BUSY);
  const capacity = load<u32>(table + T_CAPACITY);
  const buckets = load<u32>(table + T_BUCKETS);
  const width = load<u32>(table + T_WIDTH);
  const entries = table + T_HEADS + ((<usize>buckets) << 2);
  if (!liesInside(table, capacity, buckets, width, limit)) return answer(BUSY);
  const infos = entries + capacity * width;
  const hash = hashBytes(bytes, length);
  let at = load<u32>(table + T_HEADS + ((hash & (buckets - 1)) << 2));
  let value = GONE;
  for (let step: u32 = 0; at != 0 && step <= capacity; step++) {
    if (at > capacity) return answer(BUSY);
    const info = infos + (at - 1) * INFO;
    if (load<u32>(info) == hash) {
      const entry = entries + (at - 1) * width;
      const key = load<i64>(entry);
      if (<i32>(key >>> 32) == REFERENCE_BITS && (<u32>key & 15) == 0 && <u32>key != 0 && sameContent(<u32>key, kind, second, bytes, length, limit)) {
        value = load<i64>(entry + ((width & 16) >>> 1));
        break;
      }
    }
    at = load<u32>(info + INFO_NEXT);
  }
  return atomic.load<i32>(map + SEQUENCE) == sequence ? reinterpret<f64>(value) : answer(BUSY);
}

@inline
function plainLimit(): u64 {
  return (<u64>load<u32>(H_SEGMENTS)) << 24;
}

/**
 * Whether all of a table lies in the memory, and a little behind it, if it is what it says. Nothing else is looked at: whatever a reader
 * finds in one that is gone, the sequence word tells.
 */
@inline
function liesInside(table: usize, capacity: u32, buckets: u32, width: u32, limit: u64): bool {
  return buckets != 0 && <u64>table + (T_HEADS + 16) + (<u64>buckets << 2) + <u64>capacity * (<u64>width + INFO) <= limit;
}

/** As `tableGet`, and if the value is a reference it is pinned for the thread. NO_PINS: see `touch`. */
export function tableTouch(map: usize, key: f64, kind: i32, second: i32, bytes: usize, length: u32, thread: usize): f64 {
  const gate = enterGuard(thread);
  if (gate == S_CLOSED) return answer(BUSY);
  let value = tableGet(map, key, kind, second, bytes, length);
  const pinned = pinForGuard(reinterpret<i64>(value), gate, thread);
  if (pinned != 0) value = answer(pinned);
  leaveGuard(thread);
  return value;
}

/**
 * Stores a value. `mode`: SET whatever was there; ADD if there was none; REPLACE if what is there is `expected` (ABSENT as a word: if
 * there was none). `cell` is the key as a number for an entry that is new; NO_PINS as a word: it was not made yet. The answers are PUT_…; BUSY: try again.
 */
export function tablePut(
  map: usize, key: f64, kind: i32, second: i32, bytes: usize, length: u32,
  cell: f64, value: f64, expected: f64, mode: i32, thread: usize, me: i32,
): i32 {
  const gate = enterLocked(thread, map + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const bits = bitsOf(key);
  const hash = hashOf(bits, kind, bytes, length);
  const table = tableOf(map);
  const at = findEntry(table, hash, bits, kind, second, bytes, length, heapLimit());
  const result = at >= 0
    ? putExisting(table, at, reinterpret<i64>(value), reinterpret<i64>(expected), mode, gate, thread)
    : putNew(map, table, hash, kind == 0 ? bits : reinterpret<i64>(cell), reinterpret<i64>(value), reinterpret<i64>(expected), mode, gate, thread);
  leaveLocked(thread, map + LOCK);
  return result;
}

function putExisting(table: usize, at: i32, value: i64, expected: i64, mode: i32, gate: i32, thread: usize): i32 {
  if (mode == PUT_ADD || load<u32>(table + T_WIDTH) == 8) return PUT_EXISTED;
  const place = entriesOf(table) + (<usize>at << 4) + 8;
  if (mode == PUT_REPLACE && load<i64>(place) != expected && !(isNaN(load<f64>(place)) && isNaN(reinterpret<f64>(expected)))) return PUT_DIFFERENT;
  logNumber(value, gate, thread);
  atomic.store<i64>(place, value);
  return PUT_UPDATED;
}

function putNew(map: usize, table: usize, hash: u32, key: i64, value: i64, expected: i64, mode: i32, gate: i32, thread: usize): i32 {
  if (mode == PUT_REPLACE && expected != GONE) return PUT_DIFFERENT;
  if (key == UNMADE) return PUT_KEYLESS;
  const used = load<u32>(table + T_USED);
  const ordinal = load<u32>(table + T_ORDINAL);
  if (used == load<u32>(table + T_CAPACITY) || ordinal >= ORDINAL_MAX) return PUT_FULL;
  logNumber(key, gate, thread);
  logNumber(value, gate, thread);
  const width = load<u32>(table + T_WIDTH);
  const sequence = load<i32>(map + SEQUENCE);
  atomic.store<i32>(map + SEQUENCE, sequence + 1);
  const entry = entriesOf(table) + used * width;
  store<i64>(entry, key);
  if (width == 16) store<i64>(entry + 8, value);
  const head = table + T_HEADS + ((hash & (load<u32>(table + T_BUCKETS) - 1)) << 2);
  const info = infosOf(table) + used * INFO;
  store<u32>(info, hash);
  store<u32>(info + INFO_NEXT, load<u32>(head));
  store<u32>(info + INFO_ORDINAL, ordinal);
  store<u32>(head, used + 1);
  store<u32>(table + T_USED, used + 1);
  store<u32>(table + T_ORDINAL, ordinal + 1);
  store<i32>(map + LIVE, load<i32>(map + LIVE) + 1);
  atomic.store<i32>(map + SEQUENCE, sequence + 2);
  return PUT_INSERTED;
}

@inline
function logNumber(bits: i64, gate: i32, thread: usize): void {
  if (gate == S_MARKING && <i32>(bits >>> 32) == REFERENCE_BITS) logIfMarking(thread, gate, <i32>bits);
}

/** Removes a key; 1 = it was there, 0 = it was not; BUSY: try again. */
export function tableDelete(map: usize, key: f64, kind: i32, second: i32, bytes: usize, length: u32, thread: usize, me: i32): i32 {
  if (enterLocked(thread, map + LOCK, me) == S_CLOSED) return BUSY;
  const bits = bitsOf(key);
  const table = tableOf(map);
  const at = findEntry(table, hashOf(bits, kind, bytes, length), bits, kind, second, bytes, length, heapLimit());
  if (at >= 0) {
    const width = load<u32>(table + T_WIDTH);
    const sequence = load<i32>(map + SEQUENCE);
    atomic.store<i32>(map + SEQUENCE, sequence + 1);
    const entry = entriesOf(table) + <usize>at * width;
    store<i64>(entry, GONE);
    if (width == 16) store<i64>(entry + 8, 0);
    store<i32>(map + LIVE, load<i32>(map + LIVE) - 1);
    atomic.store<i32>(map + SEQUENCE, sequence + 2);
  }
  leaveLocked(thread, map + LOCK);
  return at >= 0 ? 1 : 0;
}

/**
 * Puts the fresh table in the place of the map's table, with all live entries if `keep`. 1 = done; 0 = they do not fit, bring a larger
 * one; BUSY: try again.
 */
export function tableReplace(map: usize, fresh: usize, keep: i32, thread: usize, me: i32): i32 {
  const gate = enterLocked(thread, map + LOCK, me);
  if (gate == S_CLOSED) return BUSY;
  const old = tableOf(map);
  const live = keep ? load<u32>(map + LIVE) : 0;
  const fits = live < load<u32>(fresh + T_CAPACITY);
  if (fits) {
    if (old != 0) copyEntries(old, fresh, keep);
    // It was a root already if it is large, and may have been traced when nothing was in it.
    logRescan(thread, gate, <u32>fresh);
    const sequence = load<i32>(map + SEQUENCE);
    atomic.store<i32>(map + SEQUENCE, sequence + 1);
    atomic.store<i32>(map + TABLE, <i32>fresh);
    store<i32>(map + LIVE, live);
    atomic.store<i32>(map + SEQUENCE, sequence + 2);
  }
  forgetFresh(thread, <u32>fresh);
  leaveLocked(thread, map + LOCK);
  return fits ? 1 : 0;
}

function copyEntries(old: usize, fresh: usize, keep: i32): void {
  const renumber = load<u32>(old + T_ORDINAL) >= ORDINAL_MAX;
  store<u32>(fresh + T_ORDINAL, renumber ? 1 : load<u32>(old + T_ORDINAL));
  if (!keep) return;
  const width = load<u32>(old + T_WIDTH);
  const mask = load<u32>(fresh + T_BUCKETS) - 1;
  const from = entriesOf(old), fromInfos = infosOf(old);
  const to = entriesOf(fresh), toInfos = infosOf(fresh);
  const end = load<u32>(old + T_USED);
  let used: u32 = 0;
  for (let at: u32 = 0; at < end; at++) {
    const key = load<i64>(from + at * width);
    if (key == GONE) continue;
    store<i64>(to + used * width, key);
    if (width == 16) store<i64>(to + used * width + 8, load<i64>(from + at * width + 8));
    const source = fromInfos + at * INFO, info = toInfos + used * INFO;
    const hash = load<u32>(source);
    const head = fresh + T_HEADS + ((hash & mask) << 2);
    store<u32>(info, hash);
    store<u32>(info + INFO_NEXT, load<u32>(head));
    store<u32>(info + INFO_ORDINAL, renumber ? used + 1 : load<u32>(source + INFO_ORDINAL));
    used++;
    store<u32>(head, used);
  }
  store<u32>(fresh + T_USED, used);
  if (renumber) store<u32>(fresh + T_ORDINAL, used + 1);
}

/**
 * The first live entry behind an ordinal: its key and value go to `out` as numbers, pinned if they are references, its index behind
 * them. Returns its ordinal; 0 = there is none; -BUSY, -NO_PINS as `touch`. `hint` is the index of the entry with that ordinal, if it is.
 */
export function tableNext(map: usize, ordinal: u32, hint: u32, out: usize, thread: usize): i32 {
  const gate = enterGuard(thread);
  if (gate == S_CLOSED) return -BUSY;
  const sequence = atomic.load<i32>(map + SEQUENCE);
  let result: i32 = -BUSY;
  if ((sequence & 1) == 0) {
    const table = tableOf(map);
    result = nextInside(table, ordinal, hint, out);
    if (atomic.load<i32>(map + SEQUENCE) != sequence) result = -BUSY;
    else if (result > 0) {
      const key = pinForGuard(load<i64>(out), gate, thread);
      const value = key != 0 ? key : pinForGuard(load<i64>(out + 8), gate, thread);
      if (value != 0) result = -value;
    }
  }
  leaveGuard(thread);
  return result;
}

function nextInside(table: usize, ordinal: u32, hint: u32, out: usize): i32 {
  const used = atomic.load<u32>(table + T_USED);
  const width = load<u32>(table + T_WIDTH);
  const entries = entriesOf(table), infos = infosOf(table);
  let at: u32;
  if (hint < used && load<u32>(infos + hint * INFO + INFO_ORDINAL) == ordinal) {
    at = hint + 1;
  } else {
    // Ordinals grow along the entries.
    let low: u32 = 0, high = used;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (load<u32>(infos + middle * INFO + INFO_ORDINAL) <= ordinal) low = middle + 1;
      else high = middle;
    }
    at = low;
  }
  for (; at < used; at++) {
    const key = atomic.load<i64>(entries + at * width);
    if (key == GONE) continue;
    store<i64>(out, key);
    store<i64>(out + 8, width == 16 ? atomic.load<i64>(entries + at * width + 8) : key);
    store<u32>(out + 16, at);
    return load<i32>(infos + at * INFO + INFO_ORDINAL);
  }
  return 0;
}
