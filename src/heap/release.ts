// Pins that go at once, without JavaScript's collector.
//
//   release       an object of this package's that no program has seen, or will: a parcel that was unpacked
//   noteText      the text of a large cell was made. A text is a value of JavaScript's: its pin does nothing but let the next read find it in
//                 the Page. So a thread keeps the texts that it has read last, KEEP_TEXTS bytes of them, and lets go of older ones
//
// Pins stay while a collection marks. Those that were to go then go at the next look after it (`dropReleased`), unless the cell has got a
// wrapper again by then.

import { H_LIVE_BYTES, H_SLOTS } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { dropCells, type Page, pageAt, pages, SPARE, shardOf, tokens } from './pages.js';

/** Texts of so many bytes, and more, go by themselves. */
export const LONG_TEXT = 32 * 1024;
/** Bytes of those that a thread keeps at least, and the part of what is alive that all threads together keep. */
const KEEP_TEXTS = 1024 * 1024;
const KEEP_PART = 4;

/** In SPARE of a Page: the text's pin says to who compares by address that no other has had that address. It stays. */
export const COMPARED: unique symbol = Symbol('compared');

/** Byte addresses of cells whose pins could not go when they were to. */
let waiting: number[] = [];
/** By page, how many bytes its text has; those read last come last. */
const texts = new Map<number, number>();
let textBytes = 0;

/** Lets go of an object that no program has, and that is not used any more. No effect if that was done before. */
export function release(wrapper: object, cell: number): void {
  const page = pageAt(cell >>> 10);
  const granule = (cell & 1023) >> 2;
  const known = page[granule] ?? shardOf(page, granule);
  page[granule] = known === wrapper ? undefined : known;
  if (known === wrapper) drop(cell * 4);
}

function drop(address: number): void {
  if (!dropCells(address >>> 12, [(address & 4095) >> 4])) waiting.push(address);
}

/** Whether there are pins that are to go, and could not because of a collection. */
export const releasesWait = (): boolean => waiting.length > 0;

/** Tries those again. */
export function dropReleased(): void {
  const list = waiting;
  waiting = [];
  for (const address of list) {
    const page = pageOf(address >>> 12);
    const granule = (address & 4095) >> 4;
    if (page === undefined || page[granule] !== undefined) continue;
    const wrapper = shardOf(page, granule);
    if (wrapper === undefined) drop(address);
    else page[granule] = wrapper;
  }
}

/** The Page that this thread has of an index, if it is alive. */
const pageOf = (index: number): Page | undefined => pages[index] ?? tokens.get(index)?.page.deref();

/** The text of a pinned cell was made, which has so many bytes. */
export function noteText(address: number, bytes: number): void {
  if (bytes < LONG_TEXT) return;
  const index = address >>> 12;
  textBytes += bytes - (texts.get(index) ?? 0);
  texts.delete(index);
  texts.set(index, bytes);
}

/** Whether this thread keeps more texts than it should. */
export const hasOldTexts = (): boolean =>
  textBytes > KEEP_TEXTS && texts.size > 1 && textBytes > V.F64[H_LIVE_BYTES >>> 3]! / (KEEP_PART * slots());

const slots = (): number => Math.max(1, V.I32[H_SLOTS >>> 2]!);

/** Lets go of texts, but for those that were read last. Between operations. */
export function dropOldTexts(): void {
  for (const [index, bytes] of texts) {
    if (!hasOldTexts()) return;
    forget(index, bytes);
  }
}

/** Lets go of all texts but the one that was read last: the heap is full. Between operations. */
export function dropTexts(): void {
  for (const [index, bytes] of texts) if (texts.size > 1) forget(index, bytes);
}

function forget(index: number, bytes: number): void {
  texts.delete(index);
  textBytes -= bytes;
  const page = pageOf(index);
  // The cell may have gone with its Page, and another be there.
  if (page === undefined || typeof page[0] !== 'string' || page[SPARE] === COMPARED) return;
  page[0] = undefined;
  drop(index * 4096);
}
