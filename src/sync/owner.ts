// Which thread has something: a mark that no other thread will ever have. A slot of the thread table is used again, so it says also
// which of the slot's threads it was.
//
// What a thread leaves behind on its event loop has a mark of its own, so here it counts as one more thread.
//
//   mark      {17 bits: threads that had ended on the slot before, 15 bits: slot + 1}; 0 = nobody. Never 0 for a thread.
//   R_ENDED   how many threads have ended on the slot: the mark's thread is over when this has gone on.
//   R_DEAD    the marks of the last DEAD_KEPT threads of the slot that were killed, or ended by an error. Written before R_ENDED.
//             Emptied when R_ENDED's 17 bits begin anew, since the same marks come again.
//   R_DEATHS  how many have died so: where in the ring the next one comes
//   R_LEAVES  the mark of a thread that has ended, while what it has left behind goes on; else 0. Written before R_ENDED.

import { atomic } from '../memory/atomics.js';
import { DEAD_KEPT, R_DEAD, R_DEATHS, R_ENDED, R_LEAVES, R_THREAD } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { type Wanted, wake } from '../memory/park.js';
import { record, recordOf } from '../memory/self.js';

const SLOT_BITS = 15;
const ROUNDS = 2 ** 17;

const markFor = (of: number): number => (atomic.load(recordOf(of) + R_ENDED) << SLOT_BITS) | (of + 1);

/** A bit that no mark has, since no slot's number comes near it: a word that holds a mark can say one thing more. */
export const NO_MARK_BIT = 1 << 14;

/** The thread that runs here now, by its mark. */
export const thisThread: { mark: number } = { mark: slot < 0 ? 0 : markFor(slot) };

/** A thread has ended here, or what it left behind: what runs from now on is the next one's. (Tests run the threads of several slots in one.) */
export function renewMark(of: number = slot): void {
  thisThread.mark = markFor(of);
}

export const slotOf = (of: number): number => (of & (2 ** SLOT_BITS - 1)) - 1;

/** What has become of a mark's thread. */
export type Fate = 'alive' | 'ended' | 'died';

export function fateOf(of: number): Fate {
  if (markFor(slotOf(of)) === of) return 'alive';
  const dead = recordOf(slotOf(of)) + R_DEAD;
  for (let place = 0; place < DEAD_KEPT; place++) if (atomic.load(dead + place * 4) === of) return 'died';
  return 'ended';
}

/** This thread ends, and what it leaves behind goes on. */
export function beginLeftover(): void {
  atomic.store(record + R_LEAVES, thisThread.mark);
}

/** What a slot's thread has left behind is over. `died` = it was killed. */
export function endLeftover(of: number, died: boolean): void {
  atomic.store(recordOf(of) + R_LEAVES, 0);
  countEnd(of, died);
}

/** Whether a mark's thread has ended, but what it has left behind goes on, and may let go of what the thread had. */
export const leavesSomething = (of: number): boolean => atomic.load(recordOf(slotOf(of)) + R_LEAVES) === of;

/** Of the cell of a Thread object: how it has ended, NOT_OVER before. Threads that join it wait on this word. */
export const THREAD_OVER = 4;
export const NOT_OVER = 0;
export const OVER = 1;
export const OVER_DIED = 2;

/** Byte offset in the cell of a Thread object: the mark of its thread, 0 before it was started. */
export const THREAD_MARK = 12;

/**
 * The end of the thread of a Thread's cell, for those who wait. `isOff` says that it will not come, because the start has failed.
 */
export function endOf(cell: number, describe: () => string, isOff: () => boolean): Wanted {
  const word = cell + THREAD_OVER;
  const isOver = (): boolean => atomic.load(word) !== NOT_OVER || isOff();
  return {
    word,
    attempt: () => (isOver() ? undefined : NOT_OVER),
    describe,
    // That it is over is told before how it ended: who sees that it has died finds, looking again, that nobody has to come.
    holder: () => (isOver() ? 0 : atomic.load(cell + THREAD_MARK)),
    owned: true,
  };
}

/** The mark of the thread that a claimed slot will run. */
export const markOfNext = markFor;

/** The mark of the thread that has left behind what this mark is of, if it is of something like that. */
export const markBefore = (of: number): number => (of - (1 << SLOT_BITS)) | 0;

const isLastRound = (ended: number): boolean => (ended & (ROUNDS - 1)) === ROUNDS - 1;

function forgetDeaths(record: number): void {
  for (let place = 0; place < DEAD_KEPT; place++) atomic.store(record + R_DEAD + place * 4, 0);
}

/** Counts an end on a slot, and tells who joins the thread. By the thread itself, or by the supervisor when it was killed. */
export function countEnd(of: number, died: boolean): void {
  const record = recordOf(of);
  tellOver(of, died);
  if (isLastRound(atomic.load(record + R_ENDED))) forgetDeaths(record);
  if (died) {
    const place = atomic.add(record + R_DEATHS, 1) & (DEAD_KEPT - 1);
    atomic.store(record + R_DEAD + place * 4, markFor(of));
  }
  atomic.add(record + R_ENDED, 1);
}

/** Tells the threads that join the thread of a slot that it is over; not an end to be counted if it has never run. */
export function tellOver(of: number, died: boolean): void {
  const record = recordOf(of);
  const thread = atomic.load(record + R_THREAD) >>> 0;
  if (thread === 0) return;
  atomic.store(thread + THREAD_OVER, died ? OVER_DIED : OVER);
  wake(thread + THREAD_OVER, Infinity);
  atomic.store(record + R_THREAD, 0);
}
