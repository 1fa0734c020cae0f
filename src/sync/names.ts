// Texts in thread records: what a thread is called, and what it waits for. Written by one thread, read by any, for people: a reader that
// comes in between sees a mixture.

import { atomic } from '../memory/atomics.js';
import {
  R_LABEL,
  R_LABEL_END,
  R_LABEL_LENGTH,
  R_LABELLED,
  R_NAME,
  R_NAME_END,
  R_NAME_LENGTH,
} from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { recordOf } from '../memory/self.js';
import { markBefore, markOfNext, slotOf } from './owner.js';

/** Where in a record a text is: {the word of its length, its first byte, the byte behind its last}. */
export interface Place {
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

const LABEL: Place = { length: R_LABEL_LENGTH, start: R_LABEL, end: R_LABEL_END };
const NAME: Place = { length: R_NAME_LENGTH, start: R_NAME, end: R_NAME_END };

const encoded = new Map<string, Uint8Array>();
const KEPT = 256;

/** Notes a text; what does not fit is cut off. */
export function setText(slot: number, { length, start, end }: Place, text: string): void {
  let bytes = encoded.get(text);
  if (bytes === undefined) {
    bytes = new TextEncoder().encode(text);
    if (encoded.size >= KEPT) encoded.clear();
    encoded.set(text, bytes);
  }
  // Cut in the middle of a character, it ends in U+FFFD when read.
  const fitting = bytes.subarray(0, end - start);
  const record = recordOf(slot);
  V.U8.set(fitting, record + start);
  atomic.store(record + length, fitting.length);
}

export function textOf(slot: number, { length, start }: Place): string {
  const record = recordOf(slot);
  // The decoder takes no shared memory.
  return new TextDecoder().decode(V.U8.slice(record + start, record + start + atomic.load(record + length)));
}

/** Notes in the record of a claimed slot what the thread will run; it has no name yet. */
export function setLabel(slot: number, label: string): void {
  atomic.store(recordOf(slot) + R_LABELLED, markOfNext(slot));
  setText(slot, LABEL, label);
  atomic.store(recordOf(slot) + R_NAME_LENGTH, 0);
}

/** What the slot's thread runs: "function work at /app/main.ts:12:3". */
export const labelOf = (slot: number): string => textOf(slot, LABEL);

export const setName = (slot: number, name: string): void => setText(slot, NAME, name);

/** What the slot's thread is called; empty if it was given no name. */
export const nameOf = (slot: number): string => textOf(slot, NAME);

/** A slot's thread for people: its name if it has one, its identifier, and what it runs. */
export function describeThread(slot: number): string {
  const name = slot === 0 ? 'MainThread' : nameOf(slot);
  const label = slot === 0 ? '' : labelOf(slot);
  return `thread ${name === '' ? slot + 1 : `'${name}' (${slot + 1})`}${label === '' ? '' : `, which runs ${label}`}`;
}

/** The thread of a mark for people, also if it is over: if its slot is another's by now, what it was called is lost. */
export function describeOwner(mark: number): string {
  const slot = slotOf(mark);
  const labelled = atomic.load(recordOf(slot) + R_LABELLED);
  if (slot === 0 || labelled === mark || labelled === markBefore(mark)) return describeThread(slot);
  return `thread ${slot + 1}, whose place another has now`;
}
