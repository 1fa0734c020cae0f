// The heap's part of the Wasm kernel, as TypeScript sees it. Addresses are byte addresses; those that it returns are signed, so callers
// write `>>> 0`. `thread` is the address of the caller's record, `me` its slot + 1. What each does is told in kernel/*.ts.

import { kernel } from '../memory/kernel.js';

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
  touchNumber(slot: number, thread: number): number;
  pinCell(address: number, thread: number): number;
  publish(slot: number, word: number, thread: number): number;
  dropPages(list: number, count: number, thread: number): number;
  dropCells(list: number, count: number, thread: number): number;

  arraySet(array: number, index: number, value: number, me: number): number;
  arraySetNumber(array: number, index: number, value: number, me: number): number;
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
  markPins(thread: number, segment: number): number;
  countPins(thread: number, segment: number): number;
  drainLogs(): number;
  trace(budget: number): number;
  markedCells(): number;
  sweep(cycle: number): void;
  forgetMarks(): void;
  isAllocated(cell: number): number;
}

export const k = kernel as unknown as HeapKernel;
