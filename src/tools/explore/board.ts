// What the threads of an exploration share: a block of the heap's own pages, found by H_BOARD. One thread has the turn, and nobody else writes
// here; to give the turn on is an atomic step (P_GO), so plain reads and writes are in order.
//
//   P_STATE  RUNNABLE  wants the turn, or has it
//            BLOCKED   waits for the word P_WORD to be notified, or for P_DEADLINE
//            DONE      has ended
//   P_GO     PARKED    → GO    by the thread that gives it the turn       → PARKED  by itself, which then has it
//                      → FREE  the schedule is given up: it runs on without turns, to its end
//                      → QUIT  there are no more schedules
//
// A thread is known by its number: those of the bodies come first, then those that are started, as they are started.

import { allocateRaw } from '../../heap/room.js';
import { H_BOARD } from '../../memory/layout.js';
import { V } from '../../memory/memory.js';
import { raw } from '../raw.js';

export const RUNNABLE = 1;
export const BLOCKED = 2;
export const DONE = 3;

export const PARKED = 0;
export const GO = 1;
export const FREE = 2;
export const QUIT = 3;

/** How a thread is chosen. */
export const RANDOM = 0;
export const PCT = 1;
/** The one that runs goes on, then the lowest; a given list of choices goes before. */
export const STEADY = 2;

/** What has become of a schedule. */
export const FINE = 0;
export const FAILED = 1;
export const DEADLOCK = 2;
export const ENDLESS = 3;

/** Words of the board, in bytes. */
export const LIVE = 0;
export const COUNT = 4;
export const POINTS = 8;
export const MODE = 12;
export const SEED = 16;
export const OUTCOME = 20;
export const GIVEN_UP = 24;
export const TRACING = 28;
export const STEP = 32;
export const GIVEN = 36;
export const CULPRIT = 40;
export const TEXT_END = 44;
export const CHANGES = 48;
export const ORDER = 52;
export const OUT = 56;
/** Main parks on it: 1 = the schedule is over. */
export const OVER = 60;
export const CLOCK = 64;
/** How many of the threads are bodies. */
export const BODIES = 72;
/** The most points that a schedule may have. */
export const MOST_POINTS = 20_000;

export const CHANGE = 128;
export const MOST_CHANGES = 32;

const THREADS = 512;
const THREAD = 64;
/** As many as a mask has bits. */
export const MOST_THREADS = 31;

export const P_STATE = 0;
export const P_WORD = 4;
export const P_FOREVER = 8;
export const P_PRIORITY = 12;
export const P_GO = 16;
export const P_WOKEN = 20;
export const P_LOOKS = 24;
export const P_ORDER = 28;
export const P_DEADLINE = 32;
export const P_IDLE = 40;
/** Whether the process would wait for its end. */
export const P_KEEPS = 44;
/** Whether it is one of an executor, whose waits mean something to that once they last. */
export const P_WORKER = 48;

/** By slot: the number of the thread that is about to begin there, and 1; bytes. */
export const SLOTS = 4096;
/** Choices that were given: bytes. */
export const CHOICES = 16384;
/** Choices that were made: {mask, chosen | current << 8}. */
export const LOG = 65536;
export const TEXT = 262144;
export const TEXT_SIZE = 262144;
const BYTES = TEXT + TEXT_SIZE;

const PAGE = 4096;

/** The board; makes it if there is none. */
export function makeBoard(): number {
  const found = raw.load(H_BOARD) >>> 0;
  if (found !== 0) return found;
  const made = allocateRaw(BYTES / PAGE);
  V.U8.fill(0, made, made + BYTES);
  return raw.compareExchange(H_BOARD, 0, made) === 0 ? made : raw.load(H_BOARD) >>> 0;
}

/** Where it is, once this thread knows. */
export const place = { board: 0 };

export const get = (word: number): number => V.I32[(place.board + word) >>> 2]!;
export const set = (word: number, value: number): void => {
  V.I32[(place.board + word) >>> 2] = value;
};
export const getTime = (word: number): number => V.F64[(place.board + word) >>> 3]!;
export const setTime = (word: number, value: number): void => {
  V.F64[(place.board + word) >>> 3] = value;
};

/** Offset of a word of a thread's. */
export const of = (thread: number, word: number): number => THREADS + thread * THREAD + word;

/** Those that could run, as a mask. */
export function enabled(): number {
  let mask = 0;
  for (let thread = 0, count = get(COUNT); thread < count; thread++) {
    if (get(of(thread, P_STATE)) === RUNNABLE) mask |= 1 << thread;
  }
  return mask;
}

/** A number for the next random choice (G. Marsaglia, "Xorshift RNGs", 2003). */
export function random(): number {
  let x = get(SEED);
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  set(SEED, x);
  return x >>> 0;
}

export function seedWith(seed: number): void {
  set(SEED, (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1);
  // The first numbers of near seeds are near.
  for (let n = 0; n < 4; n++) random();
}

const encoder = new TextEncoder();

/** Appends a line to what the schedule tells; what does not fit is left out. */
export function say(line: readonly unknown[]): void {
  const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
  const end = get(TEXT_END);
  if (end + bytes.length > TEXT_SIZE) return;
  V.U8.set(bytes, place.board + TEXT + end);
  set(TEXT_END, end + bytes.length);
}

export function told(): unknown[][] {
  const start = place.board + TEXT;
  const text = new TextDecoder().decode(V.U8.slice(start, start + get(TEXT_END)));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[]);
}
