// `explore`: runs threads under one schedule after another, until one fails. Every schedule has the same steps as a run without it would have, in
// an order that the exploration has chosen (turns.ts).

import { shared } from '../../data/shared.js';
import { H_TOOLS } from '../../memory/layout.js';
import { refresh, V } from '../../memory/memory.js';
import { soon } from '../../platform/loop.js';
import { currentFolder } from '../../platform/process.js';
import { describeError } from '../../runtime/report.js';
import { Thread } from '../../threading/thread.js';
import { EXPLORES } from '../bits.js';
import { raw } from '../raw.js';
import {
  BODIES,
  CHANGE,
  CHANGES,
  CHOICES,
  CLOCK,
  COUNT,
  CULPRIT,
  DEADLOCK,
  DONE,
  ENDLESS,
  FAILED,
  FINE,
  GIVEN,
  GIVEN_UP,
  get,
  LOG,
  MODE,
  MOST_POINTS,
  makeBoard,
  ORDER,
  OUT,
  OUTCOME,
  OVER,
  of,
  P_GO,
  P_PRIORITY,
  P_STATE,
  PARKED,
  PCT,
  POINTS,
  place,
  QUIT,
  RANDOM,
  RUNNABLE,
  random,
  STEADY,
  STEP,
  seedWith,
  set,
  setTime,
  TEXT_END,
  TRACING,
  told,
} from './board.js';
import { makeKnown, work } from './crew.js';
import { ExplorationError, type Failure } from './failure.js';
import { type ExploreOptions, optionsOf } from './options.js';
import { type Choice, next, preemptionsIn, read, shrink, write } from './schedule.js';
import { ERROR, letterOf, stepsOf } from './story.js';
import { choose, give } from './turns.js';

/** What is explored. */
export interface Exploration<S> {
  /** Called in this thread before each schedule: makes what the threads share. */
  readonly setup: () => S | Promise<S>;
  /** Each is a thread, which is given what `setup` has made. They may start more. */
  readonly threads: readonly ((state: S) => void)[];
  /** Called in this thread after each schedule. It throws if something is wrong. */
  readonly check?: ((state: S) => void | Promise<void>) | undefined;
}

/** What has been explored, and found to be right. */
export interface Explored {
  readonly schedules: number;
  /** Whether these were all that there are within the bounds: `exhaustive` only. */
  readonly complete: boolean;
  /** The most steps of a schedule. */
  readonly steps: number;
}

/** How a schedule is to be chosen. */
interface Way {
  readonly mode: number;
  readonly given: readonly number[];
  readonly seed: number;
  readonly changes: number;
  readonly tracing: boolean;
}

/** Milliseconds between looks whether a schedule goes on, and looks without a step after which it does not. */
const LOOK = 1_000;
const SILENT_LOOKS = 60;
/** Milliseconds after which the event loop has a turn. */
const TURN_AFTER = 50;
const SPINS = 2_000;

const TEXTS: Readonly<Record<number, string>> = {
  [DEADLOCK]: 'deadlock: every thread waits for ever',
  [ENDLESS]: `no end within ${MOST_POINTS} steps: a loop waits for something that no thread does`,
};

class Explorer<S> {
  readonly #what: Exploration<S>;
  readonly #box: { state: unknown };
  readonly #crew: Thread[];
  /** The most steps of a schedule so far. */
  longest = 1;

  constructor(what: Exploration<S>) {
    makeKnown();
    this.#what = what;
    this.#box = shared({ state: null }) as { state: unknown };
    const { threads } = what;
    for (let number = 0; number < threads.length; number++) set(of(number, P_GO), PARKED);
    this.#crew = threads.map(
      (body, number) =>
        new Thread(work as (...given: never[]) => void, {
          args: [number, body, this.#box] as never,
          name: `explored ${letterOf(number)}`,
          daemon: true,
        }),
    );
    for (const thread of this.#crew) thread.start();
  }

  end(): void {
    for (const number of this.#crew.keys()) give(number, QUIT);
    for (const thread of this.#crew) thread.join();
  }

  /** Runs one schedule; what was wrong with it. */
  async run(way: Way): Promise<Failure | undefined> {
    const { setup, threads, check } = this.#what;
    this.#box.state = await setup();
    const state = this.#box.state as S;
    this.#begin(way, threads.length);
    this.#await();
    this.longest = Math.max(this.longest, get(POINTS));
    const outcome = get(OUTCOME);
    if (outcome === FAILED) {
      const thread = letterOf(get(CULPRIT));
      const text = String(told().findLast((line) => line[3] === ERROR)?.[1] ?? '');
      return { kind: 'error', text: `thread ${thread} throws ${text}` };
    }
    if (outcome !== FINE) return { kind: outcome === DEADLOCK ? 'deadlock' : 'endless', text: TEXTS[outcome]! };
    try {
      await check?.(state);
    } catch (error) {
      return { kind: 'check', text: `check throws ${summaryOf(error)}`, cause: error };
    }
    return undefined;
  }

  /** The choices of the last schedule. */
  choices(): Choice[] {
    return Array.from({ length: Math.min(get(STEP), MOST_POINTS) }, (_, step) => {
      const packed = get(LOG + step * 8 + 4);
      return { chosen: packed & 0xff, mask: get(LOG + step * 8), current: (packed << 16) >> 24 };
    });
  }

  #begin({ mode, given, seed, changes, tracing }: Way, bodies: number): void {
    for (const word of [STEP, OUTCOME, GIVEN_UP, POINTS, ORDER, OUT, OVER, TEXT_END]) set(word, 0);
    setTime(CLOCK, 0);
    set(CULPRIT, -1);
    set(COUNT, bodies);
    set(BODIES, bodies);
    set(MODE, mode);
    set(TRACING, tracing ? 1 : 0);
    set(GIVEN, given.length);
    V.U8.set(given, place.board + CHOICES);
    seedWith(seed);
    for (let number = 0; number < bodies; number++) set(of(number, P_STATE), RUNNABLE);
    // What was started in the last one may be started again.
    for (let number = bodies; number < 32; number++) {
      set(of(number, P_STATE), DONE);
      set(of(number, P_GO), PARKED);
    }
    if (mode === PCT) this.#prioritize(bodies, changes);
    const first = choose(2 ** bodies - 1, -1);
    give(first);
  }

  /** S. Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010. */
  #prioritize(bodies: number, changes: number): void {
    const order = Array.from({ length: bodies }, (_, at) => at);
    for (let at = bodies - 1; at > 0; at--) {
      const other = random() % (at + 1);
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    for (const [rank, number] of order.entries()) set(of(number, P_PRIORITY), rank + 1);
    set(CHANGES, changes);
    for (let change = 0; change < changes; change++) set(CHANGE + change * 4, 1 + (random() % this.longest));
  }

  /** Until the schedule is over. */
  #await(): void {
    const over = place.board + OVER;
    for (let spins = 0; spins < SPINS; spins++) if (raw.load(over) === 1) return;
    for (let silent = 0, before = -1; raw.load(over) === 0; ) {
      if (raw.wait(over, 0, LOOK) !== 'timed-out') continue;
      const points = get(POINTS);
      silent = points === before ? silent + 1 : 0;
      before = points;
      if (silent >= SILENT_LOOKS) {
        throw new Error(
          `explore() has waited for a minute for a step: a thread computes, or is blocked by something else than Heddle, which explore() cannot end`,
        );
      }
    }
  }
}

/** One exploration at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs threads under many schedules, one step at a time, and throws for the first under which something is wrong: `check` or a thread throws, or
 * every thread waits for ever. A step is an access to a field, an operation of a container, and whatever a lock, queue, future, event, barrier or
 * executor does. Threads, executors and `run()` that the threads start take part. Time-outs are on a clock of their own, on which no time passes
 * while a thread can run. A thread that computes without such steps is not stopped in between.
 *
 * Its threads run functions that block: they must not be async, and wait for nothing but Heddle.
 *
 * @param options `strategy`: `'random'` chooses at every step (default); `'pct'` lets the thread of the highest priority run, and changes
 * priorities `depth` - 1 times; `'exhaustive'` goes through all schedules in which threads are stopped `preemptions` times at most. `schedules`:
 * how many at most, default 1,000. `seed`: of what is random, default 1. `replay`: the one schedule of a report.
 * @returns how much was explored.
 * @throws ExplorationError, whose message tells the schedule step by step, and the string that replays it. TypeError for wrong arguments.
 *
 * @example
 * await explore({
 *   setup: () => shared({ n: 0, lock: new Lock() }),
 *   threads: [1, 2].map((by) => (s: { n: number; lock: Lock }) => s.lock.with(() => { s.n += by; })),
 *   check: (s) => { if (s.n !== 3) throw new Error(`n is ${s.n}`); },
 * });
 */
export function explore<S>(what: Exploration<S>, options: ExploreOptions = {}): Promise<Explored> {
  const result = turn.then(() => exploreNow(what, options));
  turn = result.catch(() => {});
  return result;
}

/**
 * Runs the one schedule that a report of `explore` has given, under a debugger for one.
 * @throws as `explore`.
 */
export const replay = <S>(what: Exploration<S>, schedule: string): Promise<Explored> =>
  explore(what, { replay: schedule });

async function exploreNow<S>(what: Exploration<S>, options: ExploreOptions): Promise<Explored> {
  const wanted = optionsOf(what, options);
  place.board = makeBoard();
  refresh();
  raw.or(H_TOOLS, EXPLORES);
  const explorer = new Explorer(what);
  try {
    return await search(explorer, wanted);
  } finally {
    explorer.end();
  }
}

async function search<S>(explorer: Explorer<S>, wanted: ReturnType<typeof optionsOf>): Promise<Explored> {
  const { strategy, schedules, seed, preemptions, depth } = wanted;
  const steady = { mode: STEADY, given: [], seed, changes: 0, tracing: false };
  if (wanted.replay !== undefined) {
    const given = read(wanted.replay);
    const failure = await explorer.run({ ...steady, given });
    if (failure !== undefined) throw await failureOf(explorer, failure, given, wanted, 1);
    return { schedules: 1, complete: false, steps: explorer.longest };
  }
  // The first in any case: what is done once in a thread is done then, and its length is known.
  let given: number[] | undefined = [];
  let turned = raw.now();
  for (let count = 1; count <= schedules; count++) {
    const mode = count === 1 || strategy === 'exhaustive' ? STEADY : strategy === 'pct' ? PCT : RANDOM;
    const failure = await explorer.run({ mode, given, seed: seed + count, changes: depth - 1, tracing: false });
    const choices = explorer.choices();
    if (failure !== undefined) throw await failureOf(explorer, failure, choices.map(chosenOf), wanted, count);
    if (strategy === 'exhaustive') {
      // The first of all is gone through once more: it may have had steps that come once.
      given = count === 1 ? [] : next(choices, preemptions);
      if (given === undefined) return { schedules: count, complete: true, steps: explorer.longest };
    }
    if (raw.now() - turned < TURN_AFTER) continue;
    await new Promise<void>((resolve) => soon(resolve));
    turned = raw.now();
  }
  return { schedules, complete: false, steps: explorer.longest };
}

/** Without what only the whole error shows, which is the cause. */
function summaryOf(error: unknown): string {
  if (!(error instanceof Error)) return describeError(error);
  return `${error.name}: ${error.message.trimEnd()}`;
}

const chosenOf = ({ chosen }: Choice): number => chosen;

/** The error that tells a failing schedule, made as short as can be. */
async function failureOf<S>(
  explorer: Explorer<S>,
  failure: Failure,
  schedule: readonly number[],
  { seed, strategy }: ReturnType<typeof optionsOf>,
  count: number,
): Promise<ExplorationError> {
  const way = { mode: STEADY, seed, changes: 0, tracing: false };
  const again = async (given: readonly number[], tracing = false): Promise<Failure | undefined> => {
    const found = await explorer.run({ ...way, given, tracing });
    return found?.kind === failure.kind ? found : undefined;
  };
  let best = [...schedule];
  const repeats = (await again(best)) !== undefined;
  if (repeats) {
    best = await shrink(best, async (shorter) => {
      if ((await again(shorter)) === undefined) return undefined;
      return explorer.choices().map(chosenOf);
    });
  }
  const last = (await again(best, true)) ?? failure;
  const steps = stepsOf(told());
  const preemptions = preemptionsIn(explorer.choices());
  return new ExplorationError(last, {
    steps,
    schedules: count,
    replay: write(best),
    repeats,
    preemptions,
    strategy,
    seed,
    folder: currentFolder(),
  });
}
