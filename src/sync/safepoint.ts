// Safepoints: where a pending interrupt is delivered, and where a thread under `interruptible()` must not be cut short.
//
// Each thread has an attention word in its record. Fast paths load it plainly; anything but 0 sends them here.
//
//   bit 0 INTERRUPT   somebody interrupted the thread (set by any thread, several coalesce; cleared by the thread when it delivers)
//   bit 1 GUARDED     the thread runs under `interruptible()` (set and cleared by the thread only)
//
// Under GUARDED another thread may end the running function at any instruction, by way of the debugger. It first evaluates `arm()` in
// this thread, which refuses while the library is at work (masked); once armed, the library does not begin anything new: `enter()`
// waits there for the end to come. So the library's own state is never cut through. What was acquired under the guard is noted, and
// released when the guard is left by an interrupt, since `finally` blocks do not run then.

import { atomic } from '../memory/atomics.js';
import { R_ATTENTION, R_GUARD } from '../memory/layout.js';
import { own, record } from '../memory/self.js';

export const INTERRUPT = 1;
export const GUARDED = 2;

/** Name of the symbol on `globalThis` under which another thread finds the main thread's `arm()`. */
export const ARM = 'heddle.arm';

const address = record + R_ATTENTION;
const ATTENTION = R_ATTENTION >>> 2;

/** What the runtime does when an interrupt is due: runs the program's handler, or throws KeyboardInterrupt. */
let deliver: () => void = () => {};

export function onInterrupt(action: () => void): void {
  deliver = action;
}

/**
 * Under a guard: how deep this thread is inside the library, whether an end of the guarded function is on its way, and whether one was
 * refused because we were inside.
 */
let masked = 0;
let armed = false;
let refused = false;

/** Asks again for an interrupt that was refused. */
let remind: () => void = () => {};

export function onRefusal(action: () => void): void {
  remind = action;
}

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
  if ((atomic.load(address) & INTERRUPT) === 0) return;
  if ((atomic.and(address, ~INTERRUPT) & INTERRUPT) !== 0) deliver();
}

/** Milliseconds that an end may be on its way. */
const END_PATIENCE = 1_000;

/** The library begins something that must not be cut short. Pairs with `unmask`. */
export function mask(): void {
  masked++;
  if (armed) awaitEnd();
}

/** Armed before we could mask: the end is on its way and will come at an instruction of this loop. */
function awaitEnd(): void {
  for (const deadline = atomic.now() + END_PATIENCE; armed && atomic.now() < deadline; );
  // Something else that the guarded function called has caught it: a script with a time-out, for example.
  armed = false;
  atomic.or(address, INTERRUPT);
}

export function unmask(): void {
  if (--masked > 0 || !refused) return;
  refused = false;
  remind();
}

/** The answer of `arm()` inside the heap's kernel, which tells nobody when it is done: ask again. */
export const BUSY = 'busy';

/** Runs inside this thread at another's request, between two of its instructions: may the guarded function be ended right here? */
export function arm(): boolean | typeof BUSY {
  const attention = atomic.load(address);
  if ((attention & GUARDED) === 0 || (attention & INTERRUPT) === 0) return false;
  // Cut short there, it would hold up every collection.
  if (atomic.load(record + R_GUARD) !== 0) return BUSY;
  if (masked > 0) {
    refused = true;
    return false;
  }
  atomic.and(address, ~INTERRUPT);
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
let guarded = false;

/** Whether this thread is under a guard, so that acquisitions have to be noted. */
export function isGuarded(): boolean {
  return guarded;
}

export function noteAcquired(lock: object, free: () => void): void {
  held.push({ lock, free });
}

export function noteReleased(lock: object): void {
  const index = held.findLastIndex((entry) => entry.lock === lock);
  if (index >= 0) held.splice(index, 1);
}

/** Enters the guard, masked: only between `unmask` and the next `mask` can the function be ended. Guards do not nest. */
export function enterGuard(): void {
  guarded = true;
  masked++;
  atomic.or(address, GUARDED);
}

/** Leaves the guard. `cut` says that the function was ended from outside: what it had acquired is released. */
export function leaveGuard(cut: boolean): void {
  // First of all: an end that is asked for from now on is refused.
  atomic.and(address, ~GUARDED);
  armed = false;
  refused = false;
  masked = 0;
  guarded = false;
  const left = held;
  held = [];
  if (cut) for (const entry of left.reverse()) entry.free();
}
