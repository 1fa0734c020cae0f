// The shared heap as tests look at it: collections at will, and its invariants as a function. Only while no other thread uses the heap.

import assert from 'node:assert/strict';
import { startNewThread } from 'heddle';
import { releasePages } from '#heddle/heap/allocate.js';
import { collectNow } from '#heddle/heap/collector.js';
import { k } from '#heddle/heap/kernel.js';
import { pinnedBy } from '#heddle/heap/pins.js';
import { tidyUp } from '#heddle/heap/tidy.js';
import {
  ABSENT,
  EMPTY,
  FALSE,
  K_ARRAY,
  K_BIGINT,
  K_BOX,
  K_BUFFER,
  K_DATE,
  K_ERROR,
  K_MAP,
  K_NUMBERS,
  K_RECORD,
  K_SET,
  K_STR8,
  K_STR16,
  K_SYNC,
  K_TABLE,
  K_WORDS,
  KIND_MASK,
  LARGE_PAGE,
  M_COUNT,
  M_SIZE,
  NULL,
  REFERENCE_BITS,
  SHAPE_SHIFT,
  SYNC_MASK,
  SYNC_REFERENCES_SHIFT,
  SYNC_WORDS_SHIFT,
  T_BUCKETS,
  T_CAPACITY,
  T_HEADS,
  T_USED,
  T_WIDTH,
  TRUE,
} from '#heddle/heap/types.js';
import { atomic } from '#heddle/memory/atomics.js';
import {
  H_ALLOC_LOCK,
  H_GATE,
  H_GC_LOCK,
  H_ROOTS,
  H_SHAPES,
  H_SLOTS,
  META_SIZE,
  PAGE_SIZE,
  R_GUARD,
  R_INFLIGHT,
  ROOTS,
  SEG_META,
  SHAPES_START,
} from '#heddle/memory/layout.js';
import { refresh, V } from '#heddle/memory/memory.js';
import { recordOf } from '#heddle/memory/self.js';
import { counter, raise, reaches } from './counter.ts';

/** Everything that this thread has let go of is gone afterwards. */
export function collectAll(): void {
  releasePages();
  tidyUp();
  collectNow();
}

const word = (address: number): number => V.I32[address >>> 2]!;
const CONSTANTS: readonly number[] = [NULL, FALSE, TRUE, EMPTY];

/** The reference in the number at an address; 0 = it holds none. Its constants are checked. */
function referenceInNumber(address: number, what: string, tableKey = false): number {
  const value = word(address);
  return word(address + 4) === REFERENCE_BITS ? referenceIn(value, what, tableKey) : 0;
}

function referenceIn(value: number, what: string, tableKey = false): number {
  if (value === 0 || (value & 1) === 1) return 0;
  if ((value & 15) === 0) return value >>> 0;
  assert.ok(CONSTANTS.includes(value) || (tableKey && value === ABSENT), `${what} holds the word ${value}`);
  return 0;
}

/** Bytes of a cell, as its page says. */
function roomOf(cell: number): number {
  const meta = (word(SEG_META + (cell >>> 24) * 4) >>> 0) + ((cell >>> 12) & 4095) * META_SIZE;
  const size = word(meta + M_SIZE);
  return size === LARGE_PAGE ? word(meta + M_COUNT) * PAGE_SIZE : size;
}

type Follow = (reference: number, what: string) => void;

/**
 * Checks every cell that is reachable: that it is a cell in use, that nobody holds a container's lock, that lengths fit, that each entry
 * of a table is in its chain.
 * @returns how many there are.
 */
export function checkHeap(): number {
  refresh();
  // The collector's own thread may be at it, because another thread has asked for it: it comes to an end.
  for (let looks = 0; looks < 300 && atomic.load(H_GC_LOCK) !== 0; looks++) {
    atomic.wait(H_GC_LOCK, atomic.load(H_GC_LOCK), 100);
  }
  assert.equal(atomic.load(H_GATE), 0, 'the gate is open');
  assert.equal(atomic.load(H_GC_LOCK), 0, 'nobody collects');
  assert.equal(atomic.load(H_ALLOC_LOCK), 0, 'nobody works on page lists');
  const seen = new Set<number>();
  const queue: number[] = [];
  const follow: Follow = (reference, what) => {
    if (reference === 0 || seen.has(reference)) return;
    assert.equal(k.isAllocated(reference | 0), 1, `${what} refers to ${reference}, which is no cell in use`);
    assert.notEqual(
      word(reference) & KIND_MASK,
      0,
      `${what} refers to the cell ${reference}, which was never finished`,
    );
    seen.add(reference);
    queue.push(reference);
  };
  for (let root = 0; root < ROOTS; root++)
    follow(referenceIn(word(H_ROOTS + root * 4), `root ${root}`), `root ${root}`);
  for (let slot = 0, end = Math.max(1, atomic.load(H_SLOTS)); slot < end; slot++) {
    assert.equal(word(recordOf(slot) + R_GUARD), 0, `slot ${slot} is in no guard`);
    follow(word(recordOf(slot) + R_INFLIGHT) >>> 0, `what is in flight to ${slot}`);
    // What an operation that has failed has left pinned may be without a header.
    for (const cell of pinnedBy(slot)) if (word(cell) !== 0) follow(cell, `slot ${slot}'s pin`);
  }
  for (let cell = queue.pop(); cell !== undefined; cell = queue.pop()) checkCell(cell, follow);
  return seen.size;
}

function checkCell(cell: number, follow: Follow): void {
  const header = word(cell);
  const kind = header & KIND_MASK;
  const what = `the cell ${cell} of kind ${kind}`;
  const room = roomOf(cell);
  const fits = (bytes: number): void =>
    assert.ok(bytes >= 0 && bytes <= room, `${what}: ${bytes} bytes in a room of ${room}`);
  const reference = (offset: number): void => follow(referenceIn(word(cell + offset), what), what);
  switch (kind) {
    case K_RECORD: {
      const shape = header >>> SHAPE_SHIFT;
      assert.ok(shape > 0 && shape <= word(H_SHAPES), `${what} has shape ${shape}`);
      const counts = word(SHAPES_START + shape * 4);
      const words = counts & 0xffff;
      const numbers = ((4 + words * 4 + 7) & ~7) >>> 0;
      fits(counts >>> 16 === 0 ? 4 + words * 4 : numbers + (counts >>> 16) * 8);
      for (let at = 0; at < words; at++) reference(4 + at * 4);
      for (let at = 0; at < counts >>> 16; at++) follow(referenceInNumber(cell + numbers + at * 8, what), what);
      return;
    }
    case K_STR8:
      fits(12 + word(cell + 4));
      return;
    case K_STR16:
      fits(12 + 2 * word(cell + 4));
      return;
    case K_BIGINT:
      fits(8 + (word(cell + 4) & 0x7fffffff));
      return;
    case K_BOX:
    case K_DATE:
      fits(16);
      return;
    case K_SYNC: {
      const words = 1 + ((header >>> SYNC_WORDS_SHIFT) & SYNC_MASK);
      const references = (header >>> SYNC_REFERENCES_SHIFT) & SYNC_MASK;
      fits(4 * (words + references));
      for (let at = words; at < words + references; at++) reference(4 * at);
      return;
    }
    case K_ARRAY:
      checkArray(cell, what, follow);
      return;
    case K_NUMBERS:
      fits(8 + 8 * word(cell + 4));
      for (let at = 0; at < word(cell + 4); at++) follow(referenceInNumber(cell + 8 + at * 8, what), what);
      return;
    case K_MAP:
    case K_SET:
      checkTable(cell, what, follow);
      return;
    case K_TABLE:
      return;
    case K_WORDS:
    case K_ERROR:
      fits(8 + 4 * word(cell + 4));
      for (let at = 0; at < word(cell + 4); at++) {
        if (word(cell + 8 + at * 4) !== ABSENT) reference(8 + at * 4);
      }
      return;
    case K_BUFFER:
      reference(24);
      return;
    default:
      assert.fail(`${what}: no such kind`);
  }
}

function checkArray(cell: number, what: string, follow: Follow): void {
  assert.equal(word(cell + 12), 0, `${what} is locked`);
  const data = word(cell + 4) >>> 0;
  const length = word(cell + 8);
  const capacity = data === 0 ? 0 : word(data + 4);
  assert.ok(length >= 0 && length <= capacity, `${what}: length ${length}, capacity ${capacity}`);
  if (data === 0) return;
  follow(data, what);
  assert.equal(word(data) & KIND_MASK, K_NUMBERS, `${what}: its data`);
  for (let at = length; at < capacity; at++) {
    const [low, high] = [word(data + 8 + at * 8), word(data + 12 + at * 8)];
    assert.ok(low === 0 && (high === 0 || high === REFERENCE_BITS), `${what}: something behind its length`);
  }
}

function checkTable(cell: number, what: string, follow: Follow): void {
  assert.equal(word(cell + 8), 0, `${what} is locked`);
  assert.equal(word(cell + 16) & 1, 0, `${what} is being written`);
  const table = word(cell + 4) >>> 0;
  // A container whose constructor has failed has none.
  if (table === 0) return;
  follow(table, what);
  const [capacity, used, buckets, width] = [T_CAPACITY, T_USED, T_BUCKETS, T_WIDTH].map((at) => word(table + at)) as [
    number,
    number,
    number,
    number,
  ];
  assert.equal(width, (word(cell) & KIND_MASK) === K_SET ? 8 : 16, `${what}: width`);
  assert.ok(used <= capacity && capacity <= buckets && (buckets & (buckets - 1)) === 0, `${what}: sizes`);
  const entries = table + T_HEADS + buckets * 4;
  const infos = entries + capacity * width;
  assert.ok(infos + capacity * 12 - table <= roomOf(table), `${what}: its table's room`);
  const chained = new Set<number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    for (let at = word(table + T_HEADS + bucket * 4); at !== 0; at = word(infos + (at - 1) * 12 + 4)) {
      assert.ok(at <= used && !chained.has(at), `${what}: a chain comes to ${at} of ${used}`);
      assert.equal((word(infos + (at - 1) * 12) & (buckets - 1)) >>> 0, bucket, `${what}: the bucket of ${at}`);
      chained.add(at);
    }
  }
  let live = 0;
  for (let at = 0, before = 0; at < used; at++) {
    assert.ok(chained.has(at + 1), `${what}: entry ${at} is in no chain`);
    const ordinal = word(infos + at * 12 + 8);
    assert.ok(ordinal > before, `${what}: ordinals ${before}, ${ordinal}`);
    before = ordinal;
    const key = entries + at * width;
    const deleted = word(key + 4) === REFERENCE_BITS && word(key) === ABSENT;
    if (!deleted) live++;
    follow(referenceInNumber(key, what, true), what);
    if (width === 16) follow(referenceInNumber(key + 8, what), what);
  }
  assert.equal(word(cell + 12), live, `${what}: live entries`);
}

/** Runs a function in a thread of its own and waits for it; what it throws is thrown here. */
export function elsewhere<A extends unknown[]>(action: (...args: A) => void, ...args: A): void {
  const done = counter();
  const failed = new Int32Array(new SharedArrayBuffer(4));
  const text = new Uint8Array(new SharedArrayBuffer(4096));
  startNewThread(
    (given: A) => {
      try {
        action(...given);
      } catch (error) {
        const bytes = new TextEncoder().encode(String((error as Error).stack ?? error)).slice(0, text.length);
        text.set(bytes);
        failed[0] = bytes.length;
      } finally {
        raise(done);
      }
    },
    [args],
  );
  reaches(done, 1, 'threads that are done');
  if (failed[0] !== 0) throw new Error(`in the other thread: ${new TextDecoder().decode(text.slice(0, failed[0]))}`);
}
