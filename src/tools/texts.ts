// Texts that one thread writes and any reads: stacks, names of threads, reports. A text has a number, is written once, and stays.
//
// {end of what is written, as a count of bytes} {text: length, bytes} …; the number of a text is where it begins. The end is moved on by an atomic
// step in the shared memory (H_TEXTS), so that no two threads write in one place.

import { H_TEXTS } from '../memory/layout.js';
import { equipped } from './equipment.js';
import { raw } from './raw.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Numbers of the texts that this thread has written. */
const known = new Map<string, number>();
const KEPT = 20_000;

const LENGTH = 4;

/** The number of a text; 0 = there is no room left. */
export function numberOf(text: string): number {
  if (text === '') return 0;
  const found = known.get(text);
  if (found !== undefined) return found;
  const { texts } = equipped()!;
  const bytes = encoder.encode(text);
  const size = (LENGTH + bytes.length + 3) & ~3;
  // 0 is no text.
  const at = raw.add(H_TEXTS, size) + LENGTH;
  if (at + size > texts.byteLength) {
    raw.add(H_TEXTS, -size);
    return 0;
  }
  new Uint8Array(texts, at + LENGTH, bytes.length).set(bytes);
  new Int32Array(texts, at, 1)[0] = bytes.length;
  if (known.size >= KEPT) known.clear();
  known.set(text, at);
  return at;
}

export function textOf(number: number): string {
  if (number === 0) return '';
  const { texts } = equipped()!;
  const length = new Int32Array(texts, number, 1)[0]!;
  return decoder.decode(new Uint8Array(texts, number + LENGTH, length).slice());
}
