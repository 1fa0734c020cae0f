// What threads have died of: others may wait for them in vain. Written before the end is counted; it lasts until the slot has another thread.
//
//   R_DIED   the mark of the thread of whose death R_WAIT_TEXT tells; 0 = that text is of a wait (patience.ts)

import { atomic } from '../memory/atomics.js';
import { H_SLOTS, R_DIED, R_LABELLED } from '../memory/layout.js';
import { recordOf } from '../memory/self.js';
import { describeThread, setText, textOf } from './names.js';
import { fateOf, markOfNext, slotOf } from './owner.js';
import { WAIT_TEXT } from './patience.js';

/** Deaths that are told of. */
const MOST = 3;

/** The thread of a slot is about to end by an error. */
export function noteDeath(slot: number, error: unknown): void {
  setText(slot, WAIT_TEXT, firstLine(error));
  atomic.store(recordOf(slot) + R_DIED, markOfNext(slot));
}

function firstLine(error: unknown): string {
  try {
    return String(error).split('\n', 1)[0]!;
  } catch {
    return 'an error that throws when it is looked at';
  }
}

/** What the thread of a mark has died of; undefined if that is not known any more. */
export function deathOf(mark: number): string | undefined {
  const slot = slotOf(mark);
  return atomic.load(recordOf(slot) + R_DIED) === mark ? textOf(slot, WAIT_TEXT) : undefined;
}

/** The text of a slot's record is of a wait again. */
export const forgetDeath = (slot: number): void => atomic.store(recordOf(slot) + R_DIED, 0);

/** "thread 'producer' (2), which runs … has died: MemoryError: …", for each slot whose last thread did. */
export function describeDeaths(): string[] {
  const deaths: string[] = [];
  let more = 0;
  for (let slot = 1, end = atomic.load(H_SLOTS); slot < end; slot++) {
    const record = recordOf(slot);
    const mark = atomic.load(record + R_DIED);
    if (mark === 0 || atomic.load(record + R_LABELLED) !== mark || fateOf(mark) !== 'died') continue;
    if (deaths.length === MOST) more++;
    else deaths.push(`${describeThread(slot)}, has died: ${textOf(slot, WAIT_TEXT)}`);
  }
  if (more > 0) deaths.push(`${more} more have died`);
  return deaths;
}
