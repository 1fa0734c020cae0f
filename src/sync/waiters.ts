// A queue of waiters that want to be notified, first in, first out. A lock guards it, which the queue does not know: only the holder of that lock
// uses the queue. Steps without the lock go through the waiters' state words.
//
// Queue: two tagged words of its owner's cell, {head, tail}
//
//   head    the waiter that waits longest; undefined = nobody waits
//   tail    the last one; says nothing while the head is undefined
//
// Waiter: cell {header, state, asynchronous waiters, mark, next}
//
//   state   WAITING    in the queue, and not notified               (by the waiter, with the lock, before it is linked)
//           NOTIFIED   notified; it leaves, or has left, the queue  (from WAITING, by the one who notifies, with the lock)
//           LEFT       has given up without the lock                (from WAITING, by the waiter: it could not have the lock back)
//   mark    of the waiter's thread (src/sync/owner.ts)
//   next    the waiter behind it; undefined for the last one
//
// A notification is the step from WAITING to NOTIFIED, so it has one receiver, which keeps it. If a waiter has timed out, it is decided when it has
// the lock again whether it was notified all the same. Waiters whose thread was killed are skipped.
//
// The lock's holder may be killed at any of these steps, and a lock without an owner may then be released by another thread. So every
// step leaves a queue with all who wait in it: {head, next…} has them, and the tail is one of them behind which nobody alive is. A new
// waiter is linked before the tail says so, or if it is the only one, after; before the last one is unlinked, the tail goes back. Notified
// first, unlinked second.

import { CELL, GONE } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import type { Wanted } from '../memory/park.js';
import { addressOf, loadValue, SyncCell, storeCell, syncHeader, WAITER } from './cell.js';
import { fateOf, leavesSomething, thisThread } from './owner.js';
import { wakeOnRelease } from './wakes.js';

const STATE = 4;
const MARK = 12;
const NEXT = 16;
const HEADER = syncHeader(WAITER, 3, 1);

const WAITING = 0;
const NOTIFIED = 1;
const LEFT = 2;

/** From the address of a queue, which is that of its head. */
const TAIL = 4;

/** One that waits. Never given to programs. */
export class Waiter extends SyncCell {
  constructor() {
    super(HEADER);
  }
}

/** A waiter that has left its queue, for the next wait: a thread blocks in one at a time. */
let spare: Waiter | undefined;

/** What the queue stands on. The tests of interleavings put a model in its place. */
export const ground = {
  take(): Waiter {
    const waiter = spare;
    spare = undefined;
    // It may have been made inside a scope that has ended.
    return waiter === undefined || waiter[CELL]() === GONE ? new Waiter() : waiter;
  },
  /** Nobody will touch it again: it is in no queue, and no asynchronous wait of the engine's is on its word. */
  give(waiter: Waiter): void {
    spare = waiter;
  },
  load(address: number): Waiter | undefined {
    return loadValue(address) as Waiter | undefined;
  },
  store(address: number, waiter: Waiter | undefined): void {
    storeCell(address, waiter);
  },
  hasDied(of: number): boolean {
    return of !== thisThread.mark && fateOf(of) === 'died' && !leavesSomething(of);
  },
};

/** This thread queues up. */
export function append(queue: number): Waiter {
  const waiter = ground.take();
  const cell = addressOf(waiter);
  atomic.store(cell + STATE, WAITING);
  atomic.store(cell + MARK, thisThread.mark);
  ground.store(cell + NEXT, undefined);
  if (ground.load(queue) === undefined) {
    ground.store(queue + TAIL, waiter);
    ground.store(queue, waiter);
  } else {
    ground.store(addressOf(ground.load(queue + TAIL)!) + NEXT, waiter);
    ground.store(queue + TAIL, waiter);
  }
  return waiter;
}

/** Notifies those that wait longest, at most `count`. They wake when this thread lets go of the lock. */
export function notifyFirst(queue: number, count: number): void {
  for (let left = count; left > 0; ) {
    const waiter = ground.load(queue);
    if (waiter === undefined) return;
    const cell = addressOf(waiter);
    const notified =
      !ground.hasDied(atomic.load(cell + MARK)) && atomic.compareExchange(cell + STATE, WAITING, NOTIFIED) === WAITING;
    ground.store(queue, ground.load(cell + NEXT));
    if (!notified) continue;
    left--;
    wakeOnRelease(cell + STATE);
  }
}

/** A waiter's notification as something to wait for. */
export function notification(waiter: Waiter, describe: () => string): Wanted {
  return {
    word: addressOf(waiter) + STATE,
    attempt: () => {
      // It refers to the waiter: an asynchronous wait that was given up still counts itself out in the cell, later.
      const state = atomic.load(addressOf(waiter) + STATE);
      return state === NOTIFIED ? undefined : state;
    },
    describe,
  };
}

/** A waiter's wait is over, and it has the lock again: it is in the queue no more. Whether it was notified. */
export function leave(queue: number, waiter: Waiter): boolean {
  if (atomic.load(addressOf(waiter) + STATE) === NOTIFIED) {
    // The thread that has notified it may have died before it was unlinked.
    if (ground.load(queue) === waiter) ground.store(queue, ground.load(addressOf(waiter) + NEXT));
    return true;
  }
  remove(queue, waiter);
  return false;
}

/** A waiter's wait is over, but it cannot have the lock: who notifies passes it over. */
export function abandon(waiter: Waiter): void {
  atomic.compareExchange(addressOf(waiter) + STATE, WAITING, LEFT);
}

function remove(queue: number, waiter: Waiter): void {
  const next = ground.load(addressOf(waiter) + NEXT);
  let before: Waiter | undefined;
  for (let at = ground.load(queue); at !== waiter; at = ground.load(addressOf(at) + NEXT)) {
    // It is not there: somebody who did not hold the lock has been at the queue.
    if (at === undefined) return;
    before = at;
  }
  if (before === undefined) {
    ground.store(queue, next);
    return;
  }
  if (next === undefined) ground.store(queue + TAIL, before);
  ground.store(addressOf(before) + NEXT, next);
}
