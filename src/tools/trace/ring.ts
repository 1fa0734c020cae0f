// Events of each thread, in a ring of its own: only it writes there, and the main thread reads all at the end. If it is full, the oldest go.
//
// {how many there have been, by slot} {event: time, type, three numbers} …  A time is in microseconds of a clock that all threads have in common.

import { slot } from '../../memory/memory.js';
import { sharedClock } from '../../platform/process.js';
import { type Equipment, EVENTS, RINGS } from '../equipment.js';

/** A thread begins: texts of its name and of what it runs. */
export const BEGAN = 1;
export const ENDED = 2;
/** It begins to wait: text of what for, the mark of who has that, whether it waits for work. */
export const WAITING = 3;
/** Whether it has got it. */
export const WAITED = 4;
/** A lock: its cell, the text of what it is. */
export const ACQUIRED = 5;
export const RELEASED = 6;
/** A task: its cell, the text of its function. */
export const SUBMITTED = 7;
export const TASK_BEGAN = 8;
export const TASK_ENDED = 9;

export const WORDS = 5;

let rings: Float64Array = new Float64Array(0);
let base = 0;
let count = 0;

const baseOf = (of: number): number => RINGS + of * EVENTS * WORDS;

export function attachRing({ rings: given }: Equipment): void {
  rings = new Float64Array(given!);
  base = baseOf(slot % RINGS);
  count = rings[slot % RINGS]!;
}

export function note(type: number, a = 0, b = 0, c = 0): void {
  const at = base + (count & (EVENTS - 1)) * WORDS;
  rings[at] = sharedClock();
  rings[at + 1] = type;
  rings[at + 2] = a;
  rings[at + 3] = b;
  rings[at + 4] = c;
  rings[slot % RINGS] = ++count;
}

export interface Noted {
  readonly time: number;
  readonly type: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** The events of a slot that are left, and how many are lost. */
export function eventsOf(of: number): { readonly events: readonly Noted[]; readonly lost: number } {
  const total = rings[of]!;
  const kept = Math.min(total, EVENTS);
  const events = Array.from({ length: kept }, (_, index): Noted => {
    const at = baseOf(of) + ((total - kept + index) & (EVENTS - 1)) * WORDS;
    const [time = 0, type = 0, a = 0, b = 0, c = 0] = rings.subarray(at, at + WORDS);
    return { time, type, a, b, c };
  });
  return { events, lost: total - kept };
}
