// The program that futures_stress.test.ts runs: `futures_stress_program.js SEED ROUNDS`.
//
// Model. Some threads submit to one executor after the other, drawn from a generator that is seeded by the program's seed and the
// thread's number. A task, by its number, returns, throws, returns a promise, submits another task and waits for it, leaves a timer
// behind, or kills its thread. A submitter cancels, waits with time-outs, waits for several, or lets go; and at some moment one of them
// shuts the executor down, perhaps cancelling what waits, while others still submit to it.
//
// Afterwards, of every future: it is done. If it was cancelled, its task was never begun; otherwise it was begun once, and its outcome is
// that of its task, or that its thread has died. (A task that was under way when another killed the thread does not exist: a thread has one.)

import {
  asCompleted,
  BrokenExecutor,
  CancelledError,
  type Future,
  getIdent,
  startNewThread,
  ThreadError,
  ThreadPoolExecutor,
  TimeoutError,
  wait,
} from 'heddle';
import { counter, raise, reaches } from '../support/counter.ts';

const [seed = 1, rounds = 1] = process.argv.slice(2).map(Number);
const SUBMITTERS = 3;
const TASKS = 40;
/** Of a hundred tasks, so many kill their thread. */
const DEADLY = 2;

/** After Mulberry32 by Tommy Ettinger: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function random(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Kind = 'returns' | 'throws' | 'promises' | 'nests' | 'lingers' | 'dies';

function kindFor(next: () => number): Kind {
  const draw = Math.floor(next() * 100);
  if (draw < DEADLY) return 'dies';
  // Each of those that wait may need a thread of its own.
  if (draw < 10) return 'nests';
  return (['returns', 'throws', 'promises', 'lingers'] as const)[draw % 4]!;
}

function task(kind: Kind, index: number, begun: Int32Array, executor: ThreadPoolExecutor): number | Promise<number> {
  Atomics.add(begun, index, 1);
  switch (kind) {
    case 'throws':
      throw new RangeError(`task ${index}`);
    case 'promises':
      return Promise.resolve(index);
    case 'nests':
      try {
        return executor.submit((n: number) => n, index).result();
      } catch (error) {
        if (error instanceof ThreadError || error instanceof CancelledError) return index;
        throw error;
      }
    case 'lingers':
      setTimeout(() => {}, 1);
      return index;
    case 'dies':
      (process as unknown as { reallyExit(status: number): never }).reallyExit(3);
      return index;
    default:
      return index;
  }
}

function check(future: Future<number>, kind: Kind, index: number, begun: Int32Array): void {
  const times = Atomics.load(begun, index);
  let outcome: unknown;
  try {
    outcome = future.result();
  } catch (error) {
    outcome = error;
  }
  const expected = outcome instanceof CancelledError ? 0 : 1;
  const fail = (what: string): never => {
    throw new Error(`task ${index}, which ${kind}: ${what}; outcome ${String(outcome)}, begun ${times} times`);
  };
  if (Atomics.load(begun, index) !== expected) fail('begun wrongly');
  if (outcome instanceof CancelledError) return;
  if (
    kind === 'throws'
      ? !(outcome instanceof RangeError)
      : kind === 'dies'
        ? !(outcome instanceof BrokenExecutor)
        : outcome !== index
  ) {
    fail('wrong outcome');
  }
}

function submitter(number: number, round: number, executor: ThreadPoolExecutor, begun: Int32Array): number {
  const next = random(seed * 7919 + round * 31 + number);
  const mine: [Future<number>, Kind, number][] = [];
  for (let n = 0; n < TASKS; n++) {
    const index = number * TASKS + n;
    const kind = kindFor(next);
    try {
      mine.push([executor.submit(task, kind, index, begun, executor), kind, index]);
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      break;
    }
    const draw = next();
    const [future] = mine[Math.floor(next() * mine.length)]!;
    if (draw < 0.1) future.cancel();
    else if (draw < 0.2) {
      try {
        future.exception(next() * 2);
      } catch (error) {
        if (!(error instanceof TimeoutError || error instanceof CancelledError)) throw error;
      }
    } else if (draw < 0.25)
      wait(
        mine.map(([future]) => future),
        { timeout: next() * 2, returnWhen: 'FIRST_EXCEPTION' },
      );
    else if (draw < 0.28) for (const _ of asCompleted(mine.map(([future]) => future)));
    else if (draw < 0.285) executor.shutdown({ wait: next() < 0.5, cancelFutures: next() < 0.5 });
  }
  for (const [future, kind, index] of mine) check(future, kind, index, begun);
  return mine.length;
}

let tasks = 0;
for (let round = 0; round < rounds; round++) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 + (round % 3) });
  const begun = new Int32Array(new SharedArrayBuffer(4 * SUBMITTERS * TASKS));
  const sums = new Int32Array(new SharedArrayBuffer(4));
  const ended = counter();
  const errors = counter();
  for (let number = 1; number < SUBMITTERS; number++) {
    startNewThread(
      (number: number, round: number) => {
        try {
          Atomics.add(sums, 0, submitter(number, round, executor, begun));
        } catch (error) {
          console.error(`submitter ${number} in round ${round}, thread ${getIdent()}:`, error);
          raise(errors);
        } finally {
          raise(ended);
        }
      },
      [number, round],
    );
  }
  Atomics.add(sums, 0, submitter(0, round, executor, begun));
  reaches(ended, SUBMITTERS - 1, 'submitters that have ended');
  if (Atomics.load(errors, 0) > 0) throw new Error(`round ${round} has failed`);
  executor.shutdown();
  tasks += Atomics.load(sums, 0);
}
console.log(JSON.stringify({ seed, rounds, tasks }));
