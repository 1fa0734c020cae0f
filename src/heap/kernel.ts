// The heap's part of the Wasm kernel, as TypeScript sees it. Addresses are byte addresses; those that it returns are signed, so callers
// write `>>> 0`. `thread` is the address of the caller's record, `me` its slot + 1. kernel/*.ts says what each does.

import { atomic } from '../memory/atomics.js';
import { kernel } from '../memory/kernel.js';
import { H_ALLOC_LOCK, R_GUARD } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { Q_LOCK } from './types.js';

/** Where containers have their locks, in bytes (src/heap/types.ts). */
const ARRAY_LOCK = 12;
const TABLE_LOCK = 8;

export interface HeapKernel {
  openHeap(): void;
  exchangePage(old: number, sizeClass: number, size: number, thread: number, me: number): number;
  releasePage(old: number, thread: number, me: number): number;
  nextRun(base: number, size: number, from: number): number;
  allocateLarge(pages: number, header: number, second: number, thread: number, me: number): number;
  allocateRaw(pages: number, thread: number, me: number): number;
  rawPages(pages: number, me: number): number;
  addSegments(expected: number, count: number, thread: number, me: number): number;
  releaseDead(thread: number, owner: number): void;
  buryThread(thread: number, owner: number, me: number): void;

  touch(slot: number, thread: number): number;
  touchInto(slot: number, root: number, thread: number): number;
  touchNumber(slot: number, thread: number): number;
  pinCell(address: number, thread: number): number;
  publish(slot: number, word: number, thread: number): number;
  dropPages(list: number, count: number, thread: number): number;
  dropCells(list: number, count: number, thread: number): number;

  arraySet(array: number, index: number, value: number, me: number): number;
  arraySetNumber(array: number, index: number, value: number, me: number): number;
  arrayReplace(array: number, index: number, expected: number, value: number, me: number): number;
  numberReplace(place: number, expected: number, value: number): number;
  arrayPush(array: number, value: number, me: number): number;
  arrayGrow(array: number, data: number, needed: number, thread: number, me: number): number;
  arraySplice(
    array: number,
    start: number,
    remove: number,
    insert: number,
    inserted: number,
    removed: number,
    out: number,
    thread: number,
    me: number,
  ): number;
  arrayCopy(array: number, start: number, copy: number, out: number, thread: number, me: number): number;
  arrayWrite(
    array: number,
    start: number,
    from: number,
    count: number,
    expected: number,
    thread: number,
    me: number,
  ): number;
  arrayResize(array: number, length: number, thread: number, me: number): number;

  queuePut(queue: number, value: number, mode: number, thread: number, me: number): number;
  queuePutByKey(
    queue: number,
    key: number,
    value: number,
    keys: number,
    mode: number,
    thread: number,
    me: number,
  ): number;
  queueGet(queue: number, mode: number, thread: number, me: number): number;
  queueGrow(queue: number, data: number, thread: number, me: number): number;
  queueLeave(queue: number, side: number, me: number): number;
  queueShut(queue: number, drain: number, thread: number, me: number): number;

  tableGet(map: number, key: number, kind: number, second: number, bytes: number, length: number): number;
  tableGetNumber(map: number, key: number): number;
  tableGetContent(map: number, kind: number, second: number, bytes: number, length: number): number;
  tableTouch(
    map: number,
    key: number,
    kind: number,
    second: number,
    bytes: number,
    length: number,
    thread: number,
  ): number;
  tablePut(
    map: number,
    key: number,
    kind: number,
    second: number,
    bytes: number,
    length: number,
    cell: number,
    value: number,
    expected: number,
    mode: number,
    thread: number,
    me: number,
  ): number;
  tableDelete(
    map: number,
    key: number,
    kind: number,
    second: number,
    bytes: number,
    length: number,
    thread: number,
    me: number,
  ): number;
  tableReplace(map: number, fresh: number, keep: number, thread: number, me: number): number;
  tableNext(map: number, ordinal: number, hint: number, out: number, thread: number): number;

  beginMarking(stack: number, bytes: number): void;
  markRoots(): void;
  markedSize(): number;
  markPins(thread: number, segment: number): number;
  countPins(thread: number, segment: number): number;
  drainLogs(): number;
  trace(budget: number): number;
  markedCells(): number;
  sweep(cycle: number): void;
  isAllocated(cell: number): number;
}

const bare = kernel as unknown as HeapKernel;

/** What takes a guard and calls further inside it, with where its container's lock lies; 0 = it has none. */
const DEEP: Partial<Record<keyof HeapKernel, number>> = {
  exchangePage: 0,
  releasePage: 0,
  allocateLarge: 0,
  allocateRaw: 0,
  addSegments: 0,
  publish: 0,
  dropPages: 0,
  dropCells: 0,
  arrayGrow: ARRAY_LOCK,
  arraySplice: ARRAY_LOCK,
  arrayCopy: ARRAY_LOCK,
  arrayWrite: ARRAY_LOCK,
  arrayResize: ARRAY_LOCK,
  queuePutByKey: Q_LOCK,
  queueGet: Q_LOCK,
  queueGrow: Q_LOCK,
  queueShut: Q_LOCK,
  tableTouch: 0,
  tablePut: TABLE_LOCK,
  tableDelete: TABLE_LOCK,
  tableReplace: TABLE_LOCK,
  tableNext: 0,
};

/**
 * The kernel. Where the stack is full in the middle of an operation, it ends there by the engine's RangeError. Its guard and locks are
 * opened again, for what they protect is whole wherever a call is: at once if there is stack enough for that, else by the thread's next
 * operation.
 */
export const k: HeapKernel = { ...bare };
for (const [name, lock] of Object.entries(DEEP)) {
  const operation = bare[name as keyof HeapKernel] as (...args: number[]) => number;
  (k as unknown as Record<string, typeof operation>)[name] = (...args) => {
    if (cut >= 0) reopen();
    try {
      return operation(...args);
    } catch (error) {
      if (error instanceof RangeError) {
        cut = lock === 0 ? 0 : args[0]! + lock;
        reopen();
      }
      throw error;
    }
  };
}

/** An operation was cut short: the address of its container's lock, 0 if it has none; -1 = none was. */
let cut = -1;

function reopen(): void {
  atomic.store(record + R_GUARD, 0);
  atomic.compareExchange(H_ALLOC_LOCK, slot + 1, 0);
  if (cut > 0) atomic.compareExchange(cut, slot + 1, 0);
  cut = -1;
}
