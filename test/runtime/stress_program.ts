// The program that stress.test.ts runs: `stress_program.js SEED THREADS`.
//
// Model. Every thread makes a random walk over the operations below, drawn from a generator that is seeded by the program's seed and
// the thread's number, so that a seed fixes what each thread tries (not how they interleave).
//
//   work      acquire one of LOCKS locks, half the time with a time-out of 0 to 2 ms; if it was acquired, add 1 to the lock's plain
//             counter and to the thread's own tally, release
//   start     start another thread, up to three deep, while there are not THREADS yet
//   linger    leave a timer behind, which does one more `work` after the thread has ended
//   and at the end: return, or settle a promise later, or throw, or exit(), or process.exit(), or end the worker from under Heddle
//
// Afterwards: every lock is free, each counter is the sum of the tallies, no thread is in the table, and what the locks and threads
// held in the shared heap has been let go of. Prints the number of errors that must have been reported.

import { _count, allocate_lock, exit, type LockType, start_new_thread } from 'heddle/thread';
import { locksPinnedBy } from '#heddle/heap/pins.js';
import { tidyUp } from '#heddle/heap/tidy.js';
import { checkTable, slots } from '#heddle/runtime/table.js';
import { eventually } from '../support/counter.ts';

const [seed = 1, threads = 100] = process.argv.slice(2).map(Number);
const LOCKS = 3;
const STEPS = 30;
const DEPTH = 3;

/** Words of `totals`, after one counter and one tally for each lock. */
const [STARTED, FAILED, LEFTOVERS, TIMEOUTS] = [2 * LOCKS, 2 * LOCKS + 1, 2 * LOCKS + 2, 2 * LOCKS + 3];

/** Locks that some thread still has. */
const lockCount = (): number => new Set([0, ...slots()].flatMap((slot) => [...locksPinnedBy(slot)])).size;

const locksBefore = lockCount();

/** A small generator, after Mulberry32 by Tommy Ettinger: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function random(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function work(locks: readonly LockType[], totals: Int32Array, next: () => number): void {
  const which = Math.floor(next() * LOCKS);
  const lock = locks[which]!;
  const acquired = next() < 0.5 ? lock.acquire() : lock.acquire({ timeout: next() * 2 });
  if (!acquired) {
    Atomics.add(totals, TIMEOUTS, 1);
    return;
  }
  totals[which] = totals[which]! + 1;
  Atomics.add(totals, LOCKS + which, 1);
  lock.release();
}

function walk(number: number, depth: number, locks: readonly LockType[], totals: Int32Array): unknown {
  const next = random(seed * 7919 + number);
  for (let step = 0; step < STEPS; step++) {
    const choice = next();
    if (choice < 0.85) {
      work(locks, totals, next);
    } else if (choice < 0.95) {
      if (depth < DEPTH && totals[STARTED]! < threads) {
        start_new_thread(walk, [Atomics.add(totals, STARTED, 1), depth + 1, locks, totals]);
      }
    } else {
      Atomics.add(totals, LEFTOVERS, 1);
      setTimeout(() => {
        work(locks, totals, next);
        Atomics.sub(totals, LEFTOVERS, 1);
      }, next() * 3);
    }
  }
  const end = next();
  if (end < 0.5) return undefined;
  if (end < 0.65) return new Promise((resolve) => setTimeout(resolve, next() * 3));
  if (end < 0.75) {
    Atomics.add(totals, FAILED, 1);
    throw new Error(`thread ${number} of seed ${seed} fails`);
  }
  if (end < 0.85) return exit();
  if (end < 0.95) return process.exit(1);
  // Leftover timers would die with the worker.
  while (Atomics.load(totals, LEFTOVERS) > 0 && next() < 0.5) work(locks, totals, next);
  if (Atomics.load(totals, LEFTOVERS) > 0) return undefined;
  Atomics.add(totals, FAILED, 1);
  return (process as unknown as { reallyExit(code: number): never }).reallyExit(9);
}

const until = (what: string, holds: () => boolean): Promise<void> => eventually(holds, `seed ${seed}: that ${what}`);

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

async function run(): Promise<void> {
  const locks = Array.from({ length: LOCKS }, () => allocate_lock());
  const totals = new Int32Array(new SharedArrayBuffer(4 * (2 * LOCKS + 4)));
  while (Atomics.load(totals, STARTED) < threads) {
    if (_count() < 8) start_new_thread(walk, [Atomics.add(totals, STARTED, 1), 1, locks, totals]);
    work(locks, totals, Math.random);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('all threads have ended', () => _count() === 0);
  await until('all leftover timers have run', () => Atomics.load(totals, LEFTOVERS) === 0);
  await until('the table is quiet', () => holds(() => checkTable(true)));
  locks.forEach((lock, which) => {
    if (lock.locked()) throw new Error(`seed ${seed}: lock ${which} is held`);
    if (totals[which] !== totals[LOCKS + which]) {
      throw new Error(
        `seed ${seed}: counter ${which} is ${totals[which]}, but was raised ${totals[LOCKS + which]} times`,
      );
    }
  });
  const raised = totals.subarray(0, LOCKS).reduce((sum, count) => sum + count, 0);
  console.log(JSON.stringify({ started: totals[STARTED], failed: totals[FAILED], raised, timeouts: totals[TIMEOUTS] }));
}

await run();
await until('the locks are let go of', () => {
  tidyUp();
  // Pins go a page at a time: a lock that is alive keeps those of its page.
  return lockCount() <= locksBefore + 2 * 256;
});
