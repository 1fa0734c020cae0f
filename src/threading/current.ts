// Which thread runs here, and which there are.
//
// The thread of a slot is what R_THREAD in its record refers to. The main thread's object is made before the first thread is started; that
// of a thread of the low-level module, a dummy, when it asks for it.

import { CELL, GONE } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { R_THREAD } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record, recordOf } from '../memory/self.js';
import { LIVING, phase } from '../runtime/shutdown.js';
import { LEFTOVER, slots, stateOf } from '../runtime/table.js';
import { addressOf, loadValue } from '../sync/cell.js';
import { OVER, THREAD_OVER, thisThread } from '../sync/owner.js';
import { nextName } from './names.js';
import { DUMMY, MAIN, makeRunning, Thread } from './thread.js';

/** This thread's object, once somebody has asked for it, and the mark of the thread whose it is. */
let mine: Thread | undefined;
let mineFor = 0;

/** The thread that has ended last on this worker: what it has left on the event loop is still its. */
let former: Thread | undefined;

/**
 * The object of the calling thread. A thread that was started by `startNewThread` gets a dummy, which cannot be joined.
 *
 * @example
 * console.log(currentThread().name);
 */
export function currentThread(): Thread {
  if (mine !== undefined && mineFor === thisThread.mark && isHere(mine)) return mine;
  if (slot !== 0 && stateOf(slot) === LEFTOVER) {
    if (former === undefined || !isHere(former)) former = asOver(makeRunning(DUMMY, nextName('Dummy')));
    return former;
  }
  mine =
    threadOf(slot) ?? register(slot === 0 ? makeRunning(MAIN, 'MainThread') : makeRunning(DUMMY, nextName('Dummy')));
  mineFor = thisThread.mark;
  if (slot === 0 && phase() !== LIVING) asOver(mine);
  return mine;
}

/** Whether it was not met in a scope that has ended. */
const isHere = (thread: Thread): boolean => thread[CELL]() !== GONE;

/**
 * The object of the main thread.
 *
 * @example
 * console.log(mainThread() === currentThread());
 */
export function mainThread(): Thread {
  return slot === 0 ? currentThread() : threadOf(0)!;
}

/**
 * The threads that are alive, dummies included, and the main thread.
 *
 * @example
 * for (const thread of enumerate()) console.log(thread.name);
 */
export function enumerate(): Thread[] {
  const threads = [mainThread()];
  for (const slot of slots()) {
    const thread = threadOf(slot);
    if (thread?.isAlive) threads.push(thread);
  }
  return threads;
}

/**
 * How many `enumerate()` gives.
 *
 * @example
 * console.log(activeCount());
 */
export const activeCount = (): number => enumerate().length;

/** The object of the thread on this worker, if it is one that has an object. */
export const threadHere = (): Thread | undefined => threadOf(slot);

function threadOf(slot: number): Thread | undefined {
  const thread = loadValue(recordOf(slot) + R_THREAD);
  return thread instanceof Thread ? thread : undefined;
}

/** The record keeps it alive until its thread has ended. */
function register(thread: Thread): Thread {
  atomic.store(record + R_THREAD, addressOf(thread));
  return thread;
}

function asOver(thread: Thread): Thread {
  atomic.store(addressOf(thread) + THREAD_OVER, OVER);
  return thread;
}

/** Before a start: the new thread may ask for the main thread's object. */
export function makeMain(): void {
  if (slot === 0) currentThread();
}

/** The thread on this worker ends. */
export function forgetCurrent(): void {
  former = threadHere();
  mine = undefined;
}
