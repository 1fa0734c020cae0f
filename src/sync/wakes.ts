// Wake-ups that are due when this thread lets go of a lock: whom a condition has notified needs that lock first. Woken before, it would
// most often find it held and park again, at the price of a second wake-up and two more changes of threads.
//
// They are this thread's own and in no shared word. Should they never come, because the thread dies, or because a plain lock is released by
// another one, the notified find out by themselves (src/memory/park.ts).

import { wake } from '../memory/park.js';

/** The words, and whether there are any, for fast paths. */
export const due: { words: number[]; any: boolean } = { words: [], any: false };

/** Wakes one that waits on the word, later. */
export function wakeOnRelease(word: number): void {
  due.words.push(word);
  due.any = true;
}

/** A lock has been let go of. */
export function wakeDue(): void {
  if (!due.any) return;
  const now = due.words;
  forgetDue();
  for (const word of now) wake(word, 1);
}

export function forgetDue(): void {
  due.words = [];
  due.any = false;
}
