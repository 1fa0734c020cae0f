// Guards, spin locks inside them, and the log of what was touched while marking.
//
// A guard is a stretch of code in which nothing is swept: R_GUARD is 1, and the collector waits for every thread's 0 before it goes
// from one gate to the next. Nothing inside may wait for a thread that waits for the gate, run JavaScript, or fail half-way: it is all
// in this kernel.

import { H_GATE, H_SEGMENTS, R_GUARD, R_LOG, R_LOG_HEAD, R_LOG_TAIL, SEGMENT_SHIFT } from '../src/memory/layout';
import { LOG_SIZE, PARKED_BIT, S_CLOSED, S_MARKING } from '../src/heap/types';

/** Spins before a thread parks on a lock. */
const SPINS = 200;
/** Nanoseconds that it parks for at most: whoever wakes it may have died. */
const NAP: i64 = 1_000_000;

/** Enters a guard; the gate as it is then, or S_CLOSED: not entered, wait and try again. */
@inline
export function enterGuard(thread: usize): i32 {
  atomic.store<i32>(thread + R_GUARD, 1);
  const gate = atomic.load<i32>(H_GATE);
  if (gate == S_CLOSED) atomic.store<i32>(thread + R_GUARD, 0);
  return gate;
}

@inline
export function leaveGuard(thread: usize): void {
  atomic.store<i32>(thread + R_GUARD, 0);
}

/**
 * Whether this thread does not reach all of the memory yet. When another thread has made it grow, V8 lets loads and stores go there at once,
 * but `memory.fill` and `memory.copy` trap until this thread has passed a stack check: answer BUSY and come again. Asked where nobody
 * can add what is to be used: under its lock.
 */
@inline
export function isBlind(): bool {
  return <u32>memory.size() < atomic.load<u32>(H_SEGMENTS) << (SEGMENT_SHIFT - 16);
}

@inline
export function logHasRoom(thread: usize): bool {
  return load<i32>(thread + R_LOG_HEAD) - atomic.load<i32>(thread + R_LOG_TAIL) < LOG_SIZE;
}

/** Appends to the thread's log; inside a guard, while marking. Waits for the collector to make room: it drains logs all the time. */
export function appendLog(thread: usize, entry: i32): void {
  while (!logHasRoom(thread)) atomic.wait<i32>(thread + R_LOG_TAIL, atomic.load<i32>(thread + R_LOG_TAIL), NAP);
  const head = load<i32>(thread + R_LOG_HEAD);
  store<i32>(<usize>load<i32>(thread + R_LOG) + ((head & (LOG_SIZE - 1)) << 2), entry);
  atomic.store<i32>(thread + R_LOG_HEAD, head + 1);
}

/** A reference that was, or is about to be, stored by a thread that may not have it pinned: the collector must hear of it. */
@inline
export function logIfMarking(thread: usize, gate: i32, word: i32): void {
  if (gate == S_MARKING && word != 0 && (word & 15) == 0) appendLog(thread, word);
}

/** Takes a lock word for the thread `me` (slot + 1). */
@inline
export function lockWord(word: usize, me: i32): void {
  if (atomic.cmpxchg<i32>(word, 0, me) != 0) lockSlowly(word, me);
}

export function lockSlowly(word: usize, me: i32): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(word) == 0 && atomic.cmpxchg<i32>(word, 0, me) == 0) return;
  }
  for (;;) {
    const seen = atomic.load<i32>(word);
    if (seen == 0) {
      // Others may be parked still.
      if (atomic.cmpxchg<i32>(word, 0, me | PARKED_BIT) == 0) return;
    } else if ((seen & PARKED_BIT) != 0 || atomic.cmpxchg<i32>(word, seen, seen | PARKED_BIT) == seen) {
      atomic.wait<i32>(word, seen | PARKED_BIT, NAP);
    }
  }
}

@inline
export function unlockWord(word: usize): void {
  if ((atomic.xchg<i32>(word, 0) & PARKED_BIT) != 0) atomic.notify(word, 1);
}
