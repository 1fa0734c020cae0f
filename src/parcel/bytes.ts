// Bytes in the heap: one cell with a head, which is text or structured-cloned, and chunks, each copied once on its way in and once on its way
// out. A clone begins with a byte that no text has.
//
// Cell of the kind of a string {header, bytes, 0, how many chunks, the length of the head and of each chunk…, head, chunks…}. Nobody reads
// it as a string. The head and each chunk begin at a multiple of 8: the engine copies shared memory in words where both sides are aligned,
// and byte by byte, ten times slower, where they are not.

import { allocateFresh } from '../heap/allocate.js';
import { readLatin1, writeText } from '../heap/strings.js';
import { K_STR8, SMALL_MAX } from '../heap/types.js';
import { refresh, V } from '../memory/memory.js';
import { fromBytes, toBytes } from '../platform/serialize.js';
import { textOf } from './text.js';

/** Words before the table of lengths. */
const HEAD = 4;
/** Bytes of a string's cell before its text. */
const TEXT = 12;

export interface Content {
  readonly head: unknown;
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Bytes before the head: a cell begins at a multiple of 16. */
const tableSize = (chunks: number): number => aligned((HEAD + 1 + chunks) * 4);

/**
 * A fresh cell with a value and bytes; its word index.
 * @throws MemoryError when the heap is full. DataCloneError for what the platform cannot clone.
 */
export function allocateBytes(value: unknown, chunks: readonly Uint8Array[]): number {
  const text = textOf(value);
  const head = text === undefined ? toBytes(value) : undefined;
  const headSize = text === undefined ? head!.byteLength : text.length;
  let size = tableSize(chunks.length) + aligned(headSize);
  for (const { byteLength } of chunks) size += aligned(byteLength);
  const cell = allocateFresh(size, K_STR8, size - TEXT);
  V.I32[cell + HEAD - 1] = chunks.length;
  V.I32[cell + HEAD] = headSize;
  let at = cell * 4 + tableSize(chunks.length);
  if (text === undefined) V.U8.set(head!, at);
  else writeText(text, K_STR8, at);
  at += aligned(headSize);
  for (const [entry, bytes] of chunks.entries()) {
    V.I32[cell + HEAD + 1 + entry] = bytes.byteLength;
    V.U8.set(bytes, at);
    at += aligned(bytes.byteLength);
  }
  V.I32[cell + 1] = size - TEXT;
  if (size <= SMALL_MAX) V.I32[cell] = K_STR8;
  return cell;
}

/** What is in a cell that somebody keeps alive during the call. The chunks are copies. */
export function readBytes(cell: number): Content {
  // It may lie in two segments, the second of which is new.
  if (V.I32[cell] === undefined || cell * 4 + TEXT + V.I32[cell + 1]! > V.U8.length) refresh();
  const count = V.I32[cell + HEAD - 1]!;
  let at = cell * 4 + tableSize(count);
  const head = headAt(at, V.I32[cell + HEAD]!);
  at += aligned(V.I32[cell + HEAD]!);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let entry = 1; entry <= count; entry++) {
    const length = V.I32[cell + HEAD + entry]!;
    chunks.push(new Uint8Array(V.U8.subarray(at, at + length)));
    at += aligned(length);
  }
  return { head, chunks };
}

/** The first byte of a clone. */
const CLONE = 0xff;

const headAt = (at: number, length: number): unknown =>
  V.U8[at] === CLONE ? fromBytes(V.U8.subarray(at, at + length)) : JSON.parse(readLatin1(at, length));
