// What a thread does with references: first touch, pins, fresh cells that are published.

import { H_GATE, R_ARMED, R_FRESH, R_GUARD, R_PINS, R_TAKEN, R_TOUCHED, SEGMENT_SHIFT } from '../src/memory/layout';
import {
  BUSY, K_BIGINT, K_BOX, K_STR16, K_STR8, KIND_MASK, NO_PINS, OTHER, PIN_BITS, PIN_KNOWN, REFERENCE_BITS, RESCAN, S_CLOSED, S_MARKING,
} from '../src/heap/types';
import { appendLog, enterGuard, enterToLog, leaveGuard, logHasRoom } from './guard';
import { reach } from './reach';

/** Kinds whose JavaScript value is a primitive: once it was made nobody needs the cell. */
const PRIMITIVES: u32 = (1 << K_STR8) | (1 << K_STR16) | (1 << K_BOX) | (1 << K_BIGINT);

/**
 * Sets the pin bit of a cell; inside a guard with the gate as it is. 0 = done; BUSY: the log is full; NO_PINS: the page has no JavaScript
 * object yet that could own the pin.
 */
@inline
function pinInside(address: u32, gate: i32, thread: usize): i32 {
  const pins = <usize>load<u32>(thread + R_PINS);
  const block = pins == 0 ? <usize>0 : <usize>load<u32>(pins + ((address >>> SEGMENT_SHIFT) << 2));
  const page = (address >>> 12) & 4095;
  if (block == 0 || ((load<i32>(block + PIN_KNOWN + ((page >>> 5) << 2)) >>> (page & 31)) & 1) == 0) {
    store<u32>(thread + R_TOUCHED, address);
    return NO_PINS;
  }
  if (gate == S_MARKING) {
    if (!logHasRoom(thread)) return BUSY;
    appendLog(thread, address);
  }
  const granule = (address & 4095) >>> 4;
  const word = block + page * PIN_BITS + ((granule >>> 5) << 2);
  store<i32>(word, load<i32>(word) | (1 << (granule & 31)));
  return 0;
}

/**
 * First touch: reads the tagged word at `slot`, and if it is a reference pins it for the thread before anything can be swept. The slot
 * lies in a cell that the thread has pinned, or is a root. Returns the word; BUSY: wait and try again; NO_PINS: R_TOUCHED says whose page
 * needs a JavaScript object first.
 */
export function touch(slot: usize, thread: usize): i32 {
  const gate = enterGuard(thread);
  if (gate == S_CLOSED) return BUSY;
  // Read again: the one that was read before the guard may be dead by now.
  const word = atomic.load<i32>(slot);
  let answer = word;
  if (word != 0 && (word & 15) == 0) {
    const pinned = pinInside(word, gate, thread);
    if (pinned != 0) answer = pinned;
  }
  leaveGuard(thread);
  return answer;
}

/** As `touch`, for a number; OTHER: it holds no word any more, read it again. */
export function touchNumber(slot: usize, thread: usize): i32 {
  const gate = enterGuard(thread);
  if (gate == S_CLOSED) return BUSY;
  const bits = atomic.load<i64>(slot);
  let answer: i32 = OTHER;
  if (<i32>(bits >>> 32) == REFERENCE_BITS) {
    const word = <i32>bits;
    answer = word;
    if (word != 0 && (word & 15) == 0) {
      const pinned = pinInside(word, gate, thread);
      if (pinned != 0) answer = pinned;
    }
  }
  leaveGuard(thread);
  return answer;
}

/** Pins a cell that somebody keeps alive during the call. 0 = done, BUSY, NO_PINS. */
export function pinCell(address: u32, thread: usize): i32 {
  const gate = enterGuard(thread);
  if (gate == S_CLOSED) return BUSY;
  const answer = pinInside(address, gate, thread);
  leaveGuard(thread);
  return answer;
}

/**
 * Lets go of all pins of `count` pages, whose indexes are the words at `list`; their JavaScript objects are gone. 1 = done; 0 = not now:
 * pins are kept while marking.
 */
export function dropPages(list: usize, count: i32, thread: usize): i32 {
  if (!enterOpen(thread)) return 0;
  for (let at = 0; at < count; at++) {
    const index = load<u32>(list + (at << 2));
    const block = <usize>load<u32>(<usize>load<u32>(thread + R_PINS) + ((index >>> 12) << 2));
    const page = index & 4095;
    memory.fill(block + page * PIN_BITS, 0, PIN_BITS);
    const known = block + PIN_KNOWN + ((page >>> 5) << 2);
    store<i32>(known, load<i32>(known) & ~(1 << (page & 31)));
  }
  leaveGuard(thread);
  return 1;
}

/** Lets go of single pins: the cells whose addresses are the words at `list`. Answers as of `dropPages`. */
export function dropCells(list: usize, count: i32, thread: usize): i32 {
  if (!enterOpen(thread)) return 0;
  for (let at = 0; at < count; at++) {
    const address = load<u32>(list + (at << 2));
    const block = <usize>load<u32>(<usize>load<u32>(thread + R_PINS) + ((address >>> SEGMENT_SHIFT) << 2));
    const granule = (address & 4095) >>> 4;
    const word = block + ((address >>> 12) & 4095) * PIN_BITS + ((granule >>> 5) << 2);
    store<i32>(word, load<i32>(word) & ~(1 << (granule & 31)));
  }
  leaveGuard(thread);
  return 1;
}

/** A guard with the gate open, in which pins may go. */
@inline
function enterOpen(thread: usize): bool {
  if (load<i32>(thread + R_ARMED) != 0) return false;
  atomic.store<i32>(thread + R_GUARD, 1);
  if (atomic.load<i32>(H_GATE) == 0) return true;
  atomic.store<i32>(thread + R_GUARD, 0);
  return false;
}

/**
 * Stores a reference to a cell that only this thread knows of and has not pinned, where marking may have been: a root word, a field.
 * BUSY: try again.
 */
export function publish(slot: usize, word: i32, thread: usize): i32 {
  const gate = enterToLog(thread);
  if (gate == S_CLOSED) return BUSY;
  atomic.store<i32>(slot, word);
  if (gate == S_MARKING && word != 0 && (word & 15) == 0) appendLog(thread, word);
  leaveGuard(thread);
  return 0;
}

/** The cell's references were moved inside it, or are about to be told apart from what marking has seen. Inside a guard. */
@inline
export function logRescan(thread: usize, gate: i32, address: u32): void {
  if (gate == S_MARKING) appendLog(thread, <i32>address | RESCAN);
}

/** The fresh large cell is stored where it stays: it needs no root of its own. Inside a guard. */
@inline
export function forgetFresh(thread: usize, address: u32): void {
  if (load<u32>(thread + R_FRESH) == address) store<u32>(thread + R_FRESH, 0);
}

/**
 * Keeps what was taken out of a queue alive for the thread that is about to make its value of it; inside a guard. A cell of which a primitive
 * is made needs no pin: R_TAKEN holds it until the next one. 0 = done or nothing to do, BUSY, NO_PINS.
 */
export function holdTaken(bits: i64, gate: i32, thread: usize): i32 {
  const word = <i32>bits;
  if (<i32>(bits >>> 32) != REFERENCE_BITS || word == 0 || (word & 15) != 0) {
    store<i32>(thread + R_TAKEN, 0);
    return 0;
  }
  reach(<u32>word);
  if (((1 << (load<u32>(<u32>word) & KIND_MASK)) & PRIMITIVES) == 0) {
    store<i32>(thread + R_TAKEN, 0);
    return pinInside(word, gate, thread);
  }
  if (gate == S_MARKING) {
    if (!logHasRoom(thread)) return BUSY;
    appendLog(thread, word);
  }
  atomic.store<i32>(thread + R_TAKEN, word);
  return 0;
}

/**
 * As `touch`, but what was found is held by the thread's word at `root`, and not by a pin: for what no JavaScript of the program's will see.
 * The word, or BUSY.
 */
export function touchInto(slot: usize, root: usize, thread: usize): i32 {
  const gate = enterToLog(thread);
  if (gate == S_CLOSED) return BUSY;
  const word = atomic.load<i32>(slot);
  if (word != 0 && (word & 15) == 0) {
    if (gate == S_MARKING) appendLog(thread, word);
    atomic.store<i32>(root, word);
  }
  leaveGuard(thread);
  return word;
}

/** Pins what a number refers to, if it does; inside a guard. 0 = done or nothing to do, BUSY, NO_PINS. */
export function pinForGuard(bits: i64, gate: i32, thread: usize): i32 {
  const word = <i32>bits;
  if (<i32>(bits >>> 32) != REFERENCE_BITS || word == 0 || (word & 15) != 0) return 0;
  return pinInside(word, gate, thread);
}
