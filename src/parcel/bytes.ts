// Bytes in the heap: one cell with a head, which is structured-cloned, and chunks, each copied once on its way in and once on its way out.
//
// Cell of the kind of a string {header, bytes, 0, how many chunks, the length of the head and of each chunk…, head, chunks…}. Nobody reads
// it as a string. The head and each chunk begin at a multiple of 8: the engine copies shared memory in words where both sides are aligned,
// and byte by byte, ten times slower, where they are not.

import { allocateFresh } from '../heap/allocate.js';
import { K_STR8, SMALL_MAX } from '../heap/types.js';
import { refresh, V } from '../memory/memory.js';
import { fromBytes, toBytes } from '../platform/serialize.js';

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
  const all = [toBytes(value), ...chunks];
  const size = all.reduce((sum, { byteLength }) => sum + aligned(byteLength), tableSize(chunks.length));
  const cell = allocateFresh(size, K_STR8, size - TEXT);
  V.I32[cell + HEAD - 1] = chunks.length;
  let at = cell * 4 + tableSize(chunks.length);
  for (const [entry, bytes] of all.entries()) {
    V.I32[cell + HEAD + entry] = bytes.byteLength;
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
  const next = (entry: number): Uint8Array => {
    const from = at;
    const length = V.I32[cell + HEAD + entry]!;
    at += aligned(length);
    return V.U8.subarray(from, from + length);
  };
  const head = fromBytes(next(0));
  const chunks = Array.from({ length: count }, (_, entry) => new Uint8Array(next(entry + 1)));
  return { head, chunks };
}
