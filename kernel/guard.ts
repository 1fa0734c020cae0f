// Guards, spin locks inside them, and the log of what was touched while marking.
//
// A guard is a stretch of code in which nothing is swept: R_GUARD is 1, and the collector waits for every thread's 0 before it goes
// from one gate to the next. Nothing inside may wait for a thread that waits for the gate, run JavaScript, or fail half-way: it is all
// in this kernel.

import { H_GATE, R_ARMED, R_GUARD, R_LOG, R_LOG_HEAD, R_LOG_TAIL } from '../src/memory/layout';
import { LOG_SIZE, S_CLOSED, S_MARKING } from '../src/heap/types';

/** Entries that one operation may append: one on a priority queue mends the heap and moves a branch of it, 30 levels each at most. */
const LOG_SPARE = 96;
/** Looks at a lock before its taker gives up. What it protects takes less, unless its holder was put aside by the system. */
const SPINS = 300;

/**
 * Enters a guard; the gate as it is then, or S_CLOSED: not entered, wait and try again. So it is too for a thread whose function is about
 * to be ended: the end would come inside. It has said so itself, so a plain load sees it.
 */
@inline
export function enterGuard(thread: usize): i32 {
  if (load<i32>(thread + R_ARMED) != 0) return S_CLOSED;
  atomic.store<i32>(thread + R_GUARD, 1);
  const gate = atomic.load<i32>(H_GATE);
  if (gate == S_CLOSED) atomic.store<i32>(thread + R_GUARD, 0);
  return gate;
}

/** As `enterGuard`, for what appends to the log: S_CLOSED also while there is no room for it. */
@inline
export function enterToLog(thread: usize): i32 {
  const gate = enterGuard(thread);
  if (gate != S_MARKING || logHasRoom(thread)) return gate;
  atomic.store<i32>(thread + R_GUARD, 0);
  return S_CLOSED;
}

@inline
export function leaveGuard(thread: usize): void {
  atomic.store<i32>(thread + R_GUARD, 0);
}

@inline
export function logHasRoom(thread: usize): bool {
  return load<i32>(thread + R_LOG_HEAD) - atomic.load<i32>(thread + R_LOG_TAIL) < LOG_SIZE - LOG_SPARE;
}

/** Appends to the thread's log; inside a guard that was entered by `enterToLog`, a few times at most. */
@inline
export function appendLog(thread: usize, entry: i32): void {
  const head = load<i32>(thread + R_LOG_HEAD);
  store<i32>(<usize>load<i32>(thread + R_LOG) + ((head & (LOG_SIZE - 1)) << 2), entry);
  atomic.store<i32>(thread + R_LOG_HEAD, head + 1);
}

/** A reference that was, or is about to be, stored by a thread that may not have it pinned: the collector must hear of it. */
@inline
export function logIfMarking(thread: usize, gate: i32, word: i32): void {
  if (gate == S_MARKING && word != 0 && (word & 15) == 0) appendLog(thread, word);
}

/**
 * Takes a lock word for the thread `me` (slot + 1); false = somebody holds it for longer than is worth waiting for here: leave everything,
 * answer BUSY. The kernel itself never parks, so that nobody parks inside a guard.
 */
@inline
export function lockWord(word: usize, me: i32): bool {
  return atomic.cmpxchg<i32>(word, 0, me) == 0 || lockSlowly(word, me);
}

function lockSlowly(word: usize, me: i32): bool {
  // Its own: a stack that was full has cut an operation short (src/heap/kernel.ts). No operation takes a lock twice.
  if (atomic.load<i32>(word) == me) return true;
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(word) == 0 && atomic.cmpxchg<i32>(word, 0, me) == 0) return true;
  }
  return false;
}

@inline
export function unlockWord(word: usize): void {
  atomic.store<i32>(word, 0);
}

/** Enters a guard and takes a lock in it; the gate, or S_CLOSED: neither, try again. */
@inline
export function enterLocked(thread: usize, lock: usize, me: i32): i32 {
  const gate = enterToLog(thread);
  if (gate == S_CLOSED || lockWord(lock, me)) return gate;
  atomic.store<i32>(thread + R_GUARD, 0);
  return S_CLOSED;
}

@inline
export function leaveLocked(thread: usize, lock: usize): void {
  unlockWord(lock);
  leaveGuard(thread);
}
