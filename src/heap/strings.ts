// Strings: a cell of one byte or two for each UTF-16 unit, decoded once in a thread that reads it.
//
// Up to SHORT units a loop is fastest, and one byte is enough if no unit is above U+00FF. Longer ones are written by the platform's UTF-8
// encoder, which writes one byte for each unit exactly if all is ASCII, and otherwise unit by unit with two bytes. So the form depends only
// on the text: equal strings have equal bytes.

import { memory, refresh, V } from '../memory/memory.js';
import { allocateFresh, allocatePinnedBytes } from './allocate.js';
import { K_STR8, K_STR16, SMALL_MAX } from './types.js';

export const SHORT = 24;
/** {header, length, hash}; the kernel knows it too. */
const HEAD = 12;
const fromCodes = String.fromCharCode;
const encoder = new TextEncoder();

/** Node's fast slices of bytes, where there are any. */
interface Bytes extends Uint8Array {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
  ucs2Write(text: string, start: number, length: number): number;
}
const NodeBuffer = (globalThis as unknown as { Buffer?: { from(buffer: SharedArrayBuffer): Bytes } }).Buffer;
let view: Bytes | undefined;

/** The memory as Node sees bytes; undefined elsewhere. */
function bytes(): Bytes | undefined {
  if (NodeBuffer !== undefined && view?.byteLength !== V.U8.byteLength) view = NodeBuffer.from(memory.buffer);
  return view;
}

/** The kind of cell for a text, and how many bytes its units take. */
export function kindOf(text: string): number {
  const length = text.length;
  if (length <= SHORT) {
    for (let at = 0; at < length; at++) if (text.charCodeAt(at) > 255) return K_STR16;
    return K_STR8;
  }
  return /^[\0-\x7f]*$/.test(text) ? K_STR8 : K_STR16;
}

/** A fresh cell for a text that is not empty; its word index. */
export function allocateString(text: string): number {
  const length = text.length;
  if (length <= SHORT) {
    const cell = allocateFresh(HEAD + length, 0, 0);
    if (writeShort(text, cell * 4 + HEAD)) {
      V.I32[cell + 1] = length;
      V.I32[cell] = K_STR8;
      return cell;
    }
    // The cell that was too small is garbage: its header is still 0, and nobody knows of it.
  } else {
    const cell = allocateFresh(HEAD + length, K_STR8, length);
    const start = cell * 4 + HEAD;
    const { read, written } = encoder.encodeInto(text, V.U8.subarray(start, start + length));
    if (read === length && written === length) {
      V.I32[cell + 1] = length;
      if (HEAD + length <= SMALL_MAX) V.I32[cell] = K_STR8;
      return cell;
    }
  }
  return allocateWide(text);
}

/** Writes a text of at most SHORT units, one byte for each; false = some do not fit. */
export function writeShort(text: string, start: number): boolean {
  const units = V.U8;
  let all = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    all |= unit;
    units[start + at] = unit;
  }
  return all <= 255;
}

function allocateWide(text: string): number {
  const length = text.length;
  const size = HEAD + 2 * length;
  const cell = allocateFresh(size, K_STR16, length);
  writeWide(text, cell * 4 + HEAD);
  V.I32[cell + 1] = length;
  if (size <= SMALL_MAX) V.I32[cell] = K_STR16;
  return cell;
}

/** Writes a text of the kind it has: `kindOf`. */
export function writeText(text: string, kind: number, start: number): void {
  const length = text.length;
  if (kind === K_STR16) writeWide(text, start);
  else if (length > 2 * SHORT) encoder.encodeInto(text, V.U8.subarray(start, start + length));
  else for (let at = 0, units = V.U8; at < length; at++) units[start + at] = text.charCodeAt(at);
}

function writeWide(text: string, start: number): void {
  const length = text.length;
  const fast = length > SHORT ? bytes() : undefined;
  if (fast !== undefined) {
    fast.ucs2Write(text, start, 2 * length);
    return;
  }
  for (let at = 0, units = V.U8; at < length; at++) {
    const unit = text.charCodeAt(at);
    units[start + 2 * at] = unit & 255;
    units[start + 2 * at + 1] = unit >> 8;
  }
}

/** A pinned cell for a text of that kind. */
export function allocatePinnedString(text: string, kind: number): number {
  const length = text.length;
  const cell = allocatePinnedBytes(HEAD + (kind === K_STR8 ? length : 2 * length), kind, length);
  writeText(text, kind, cell * 4 + HEAD);
  return cell;
}

/** How many bytes the text of a cell has. */
export const bytesIn = (cell: number, wide: boolean): number => (wide ? 2 : 1) * V.I32[cell + 1]!;

/** The text of a cell that is pinned. */
export function decodeString(cell: number, wide: boolean): string {
  const length = V.I32[cell + 1]!;
  const start = cell * 4 + HEAD;
  if (length <= SHORT) return wide ? shortWide(start, length) : short(V.U8, start, length);
  // It may lie in two segments, the second of which is new.
  if (start + 2 * length > V.U8.length) refresh();
  if (!wide) return readLatin1(start, length);
  const fast = bytes();
  if (fast !== undefined) return fast.ucs2Slice(start, start + 2 * length);
  let text = '';
  for (let at = 0; at < length; at += SHORT) text += shortWide(start + 2 * at, Math.min(SHORT, length - at));
  return text;
}

/** The text of bytes within the views, one for each unit. */
export function readLatin1(start: number, length: number): string {
  const fast = bytes();
  if (fast !== undefined) return fast.latin1Slice(start, start + length);
  let text = '';
  for (let at = 0; at < length; at += SHORT) text += short(V.U8, start + at, Math.min(SHORT, length - at));
  return text;
}

/** One call for all units: joining two parts takes longer than making one of them. */
function short(units: Uint8Array, start: number, length: number): string {
  const at = (offset: number): number => units[start + offset]!;
  switch (length) {
    case 0:
      return '';
    case 1:
      return fromCodes(at(0));
    case 2:
      return fromCodes(at(0), at(1));
    case 3:
      return fromCodes(at(0), at(1), at(2));
    case 4:
      return fromCodes(at(0), at(1), at(2), at(3));
    case 5:
      return fromCodes(at(0), at(1), at(2), at(3), at(4));
    case 6:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5));
    case 7:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6));
    case 8:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
    case 9:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8));
    case 10:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9));
    case 11:
      return fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10));
    default: {
      const head = fromCodes(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11));
      return length === 12 ? head : head + short(units, start + 12, length - 12);
    }
  }
}

function shortWide(start: number, length: number): string {
  const units = V.U8;
  let text = '';
  for (let at = 0; at < length; at++) text += fromCodes(units[start + 2 * at]! | (units[start + 2 * at + 1]! << 8));
  return text;
}
