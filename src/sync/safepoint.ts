// Safepoints: where a pending interrupt is delivered, and where what a thread runs under a guard must not be cut short.
//
// Each thread has an attention word in its record. Fast paths load it plainly; anything but 0 sends them here.
//
//   bit 0 INTERRUPT   somebody interrupted the thread (set by any thread, several coalesce; cleared by the thread when it delivers)
//   bit 1 GUARDED     the thread runs a function under a guard (set and cleared by the thread only)
//   bit 2 GIVE_UP     what it runs was cancelled: waits and safepoints end it by throwing (set by any thread after it has cancelled; the
//                     thread clears it when that was something else, and it always looks again after it has)
//
// Under GUARDED another thread may end the running function at any instruction, by way of the debugger: if the guard says that it is due.
// It first evaluates `arm()` in this thread, which refuses while the library is at work (masked); once armed, the library does not begin
// anything new: `mask()` waits there for the end to come. So the library's own state is never cut through. What was acquired under the
// guard is noted, and released when the guard is left by an interrupt, since `finally` blocks do not run then.
//
//   R_ARMED   0 → 1   arm(), in this thread: an end will be ordered, and comes before anything else is done that matters
//             1 → 0   the supervisor, when the order was carried out, or cannot be; or this thread when it has left the guard
//
// The order is given by one thread, and not again before the last was carried out. So while R_ARMED is 1 the end may still come; when it is
// 0 none will. The kernel is not entered while it is 1.

import { isInWhole, saveForCut } from '../heap/cut.js';
import { atomic } from '../memory/atomics.js';
import { R_ARMED, R_ATTENTION, R_GUARD } from '../memory/layout.js';
import { GIVE_UP } from '../memory/park.js';
import { own, record } from '../memory/self.js';

export { GIVE_UP } from '../memory/park.js';
export const INTERRUPT = 1;
export const GUARDED = 2;
/** A tool wants to know of each lock: fast paths are not taken. GIVE_UP is between. */
export const WATCHED = 8;

/** Name of the symbol on `globalThis` under which another thread finds a thread's `arm()`. */
export const ARM = 'heddle.arm';

const address = record + R_ATTENTION;
const ATTENTION = R_ATTENTION >>> 2;

/** What safepoints need of the runtime. src/wiring.ts puts it in. */
export interface Interrupts {
  /** An interrupt is due: runs the program's handler, or throws KeyboardInterrupt. */
  deliver(): void;
  /** Whether the innermost code that runs, below the caller, is the library's. */
  isInLibrary(): boolean;
}

let interrupts: Interrupts = { deliver() {}, isInLibrary: () => false };

export function interruptBy(how: Interrupts): void {
  interrupts = how;
}

/** What a guarded function ends by where it can throw. It is caught where the guard is left. */
export class Cancellation extends Error {
  static {
    Cancellation.prototype.name = 'Cancellation';
  }
  constructor() {
    super('the task was cancelled while it ran');
  }
}

/** What a function runs under. */
export interface Guard {
  /** Whether it is to be ended. Once it is, it stays so until the guard is left. */
  due(): boolean;
  /** The end is on its way: it is not to be delivered in another way as well. */
  taken?(): void;
  /** It was on its way, and has not come. */
  missed?(): void;
  /** It was refused because the library was at work, which is over: somebody is to ask again. */
  remind(): void;
}

/**
 * Under a guard: how deep this thread is inside the library, whether an end of the guarded function is on its way, and whether one was
 * refused because we were inside.
 */
let guard: Guard | undefined;
let masked = 0;
let armed = false;
let refused = false;

/** Whether a safepoint has anything to do. One plain load, for fast paths. */
export function attentive(): boolean {
  return own[ATTENTION] !== 0;
}

/** Whether the guarded function will be ended as soon as it is unmasked, and what it has in hand goes with it. */
export function isEnding(): boolean {
  return (atomic.load(address) & (GUARDED | INTERRUPT)) === (GUARDED | INTERRUPT);
}

/** Delivers a pending interrupt, if there is one. */
export function poll(): void {
  const attention = atomic.load(address);
  if ((attention & (INTERRUPT | GIVE_UP)) === 0) return;
  if ((attention & GIVE_UP) !== 0) giveUp();
  if ((atomic.and(address, ~INTERRUPT) & INTERRUPT) !== 0) interrupts.deliver();
}

/** @throws Cancellation if what runs was cancelled. */
export function giveUp(): void {
  // In this order: who cancels it from now on sets the bit again.
  atomic.and(address, ~GIVE_UP);
  if (!isDue()) return;
  atomic.or(address, GIVE_UP);
  throw new Cancellation();
}

const isDue = (): boolean => guard?.due() === true;

/** The library begins something that must not be cut short. Pairs with `unmask`. */
export function mask(): void {
  masked++;
  if (armed) awaitEnd();
}

/** Armed before we could mask: the end is on its way and will come at an instruction of this loop. */
function awaitEnd(): void {
  while (atomic.load(record + R_ARMED) !== 0);
  // Something else that the guarded function called has caught it: a script with a time-out, for example.
  armed = false;
  guard?.missed?.();
}

export function unmask(): void {
  if (--masked > 0 || !refused) return;
  refused = false;
  guard?.remind();
}

/** Answers of `arm()`. In the heap's kernel, or elsewhere in the library where nobody is told when that is over: ask again, soon. */
export const BUSY = 'busy';
/** The library is at work, in a wait perhaps; the thread that has the guard will be reminded. */
export const MASKED = 'masked';

/**
 * Runs inside this thread at another's request, between two of its instructions: may the guarded function be ended right here? With `soon`
 * also where the library runs something that the program may have given it, and is not told from its own.
 */
export function arm(soon = true): boolean | typeof BUSY | typeof MASKED {
  // Armed already: it is over, or something else has caught the end, and then the next `mask` finds that out.
  if (guard === undefined || armed || !guard.due()) return false;
  // Cut short there, it would hold up every collection.
  if (atomic.load(record + R_GUARD) !== 0 || isInWhole()) return BUSY;
  if (masked > 0) {
    refused = true;
    return MASKED;
  }
  if (!soon && interrupts.isInLibrary()) return BUSY;
  guard.taken?.();
  atomic.store(record + R_ARMED, 1);
  armed = true;
  return true;
}

/** Something that the guarded function acquired and has not released. */
interface Held {
  readonly lock: object;
  /** Frees it, if it is still this thread's. */
  free(): void;
}

let held: Held[] = [];
let putBack = (): void => {};

/** Whether this thread is under a guard, so that acquisitions have to be noted. */
export function isGuarded(): boolean {
  return guard !== undefined;
}

export function noteAcquired(lock: object, free: () => void): void {
  held.push({ lock, free });
}

export function noteReleased(lock: object): void {
  const index = held.findLastIndex((entry) => entry.lock === lock);
  if (index >= 0) held.splice(index, 1);
}

/** Enters a guard, masked: only between `unmask` and the next `mask` can the function be ended. Guards do not nest. */
export function enterGuard(by: Guard): void {
  putBack = saveForCut();
  guard = by;
  masked++;
  atomic.or(address, GUARDED);
}

/** Leaves the guard. `cut` says that the function was ended from outside: what it had acquired is released. */
export function leaveGuard(cut: boolean): void {
  // First of all: an end that is asked for from now on is refused.
  guard = undefined;
  atomic.and(address, ~(GUARDED | GIVE_UP));
  atomic.store(record + R_ARMED, 0);
  armed = false;
  refused = false;
  masked = 0;
  const left = held;
  held = [];
  if (!cut) return;
  putBack();
  for (const entry of left.reverse()) entry.free();
}
