// Wake-ups that are due when this thread releases a lock. A thread that a condition has notified needs that lock first. If it were woken earlier, it
// would usually find the lock held and park again, which costs a second wake-up and two more thread switches.
//
// They are this thread's own and in no shared word. If they never come, because the thread dies or because another thread releases a plain lock,
// the notified threads find out when they look around (src/memory/park.ts).

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
