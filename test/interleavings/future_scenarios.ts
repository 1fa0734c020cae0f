// What threads may do with one future: run it, cancel it, settle it by hand, wait for it with and without a time-out, on the event loop,
// among others; and the thread that runs it may die. Explored with ours and with copies that have a bug.

import * as ours from '#heddle/futures/state.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_FUTURES, R_ENDED } from '#heddle/memory/layout.js';
import { awaitLater, blockUntil } from '#heddle/memory/park.js';
import { recordOf } from '#heddle/memory/self.js';
import type { Context, Program } from './automaton.ts';
import type { Plan } from './machine.ts';

export type FutureUnderTest = Pick<
  typeof ours,
  'attemptEnd' | 'cancel' | 'cancelRun' | 'claim' | 'settle' | 'settleByHand' | 'watch'
>;

export const future: FutureUnderTest = ours;

export interface Scenario {
  readonly name: string;
  readonly plan: (future: FutureUnderTest) => Plan;
  readonly preemptions?: number;
}

const WORD = 0x8000_0000;
/** What the outcome is, and how often the call was begun. */
const OUTCOME = WORD + 64;
const BEGUN = WORD + 72;
/** 1 = somebody cancels it while it runs. */
const CUT = WORD + 80;
const TIMEOUT = 5;

/** Marks of the threads A, B, C: their slots' first threads. */
const MARKS = [2, 3, 4];

const { CANCELLED, FAILED, FINISHED } = ours;

type Use = (context: Context, future: FutureUnderTest, mark: number) => void;

/** Writes the outcome; only who has said that it will may do so. */
const writing = (context: Context, mark: number, value: number) => (): void => {
  context.check(atomic.load(WORD) === (mark | ours.SETTLING), 'the outcome is written by who has no right to');
  atomic.store(OUTCOME, value);
};

/** The outcome agrees with the state. */
function checkOver(context: Context): void {
  const state = atomic.load(WORD);
  context.check(ours.isOver(state), `it is said to be over, and is ${ours.nameOf(state)}`);
  const [outcome, begun] = [atomic.load(OUTCOME), atomic.load(BEGUN)];
  const cut = atomic.load(CUT) === 1;
  if (state === CANCELLED) context.check((begun === 0 || cut) && outcome === 0, 'a cancelled call was begun');
  else context.check(state === FAILED ? outcome === -1 : outcome > 0, `the outcome is ${outcome}`);
  context.check(begun <= 1, `it was begun ${begun} times`);
}

/** As a worker. */
const runs: Use = (context, future, mark) => {
  if (!future.claim(WORD, mark)) return;
  atomic.add(BEGUN, 1);
  future.settle(WORD, mark, FINISHED, writing(context, mark, mark));
};

const cancels: Use = (context, future) => {
  if (future.cancel(WORD))
    context.check(atomic.load(WORD) === CANCELLED, 'cancel() has said so, and it is not cancelled');
};

/** As `Future.cancel` of what is interruptible. */
const cancelsRun: Use = (context, future) => {
  atomic.store(CUT, 1);
  if (future.cancel(WORD) || future.cancelRun(WORD) !== 0)
    context.check(atomic.load(WORD) === CANCELLED, 'cancel() has said so, and it is not cancelled');
};

const setsByHand: Use = (context, future, mark) =>
  void future.settleByHand(WORD, mark, FINISHED, writing(context, mark, mark));

function wantedOf(context: Context, future: FutureUnderTest, mark: number) {
  const fails = writing(context, mark, -1);
  return { word: WORD, attempt: () => future.attemptEnd(WORD, mark, fails), describe: () => 'the future' };
}

const waits: Use = (context, future, mark) => {
  blockUntil(wantedOf(context, future, mark), Infinity);
  checkOver(context);
};

const waitsTimed: Use = (context, future, mark) => {
  const start = context.clock();
  if (blockUntil(wantedOf(context, future, mark), TIMEOUT)) checkOver(context);
  else context.check(context.clock() - start >= TIMEOUT, 'result() has given up before its time');
};

const awaits: Use = (context, future, mark) => {
  let calls = 0;
  awaitLater(wantedOf(context, future, mark), Infinity, () => {
    context.check(++calls === 1, 'it is told twice');
    checkOver(context);
  });
};

/** As wait() for several. */
const watches: Use = (context, future, mark) => {
  future.watch(WORD);
  blockUntil(
    {
      word: H_FUTURES,
      attempt() {
        const seen = atomic.load(H_FUTURES);
        return future.attemptEnd(WORD, mark, writing(context, mark, -1)) === undefined ? undefined : seen;
      },
      describe: () => 'futures',
    },
    Infinity,
  );
  checkOver(context);
};

function scenario(name: string, uses: readonly Use[], extras: Partial<Plan> = {}, preemptions?: number): Scenario {
  const plan = (future: FutureUnderTest): Plan => ({
    threads: uses.map((use, index) => ({
      name: 'ABC'[index]!,
      program: ((context) => use(context, future, MARKS[index]!)) as Program,
    })),
    locks: [],
    ...extras,
  });
  return { name, plan, ...(preemptions !== undefined && { preemptions }) };
}

export const futureScenarios: readonly Scenario[] = [
  scenario('one runs it, one waits', [runs, waits], { spurious: 1 }),
  scenario('one runs it, one waits with a time-out', [runs, waitsTimed], { spurious: 1, lulls: 1 }),
  scenario('one runs it, one awaits it', [runs, awaits], { spurious: 1 }),
  scenario('one runs it, one waits for it among others', [runs, watches], { spurious: 1 }),
  scenario('two would run it, one waits', [runs, runs, waits], {}, 3),
  scenario('one runs it, one cancels it, one waits', [runs, cancels, waits], {}, 3),
  scenario('one runs it, one cancels it while it runs, one waits', [runs, cancelsRun, waits], {}, 3),
  scenario('one runs it, two cancel it while it runs', [runs, cancelsRun, cancelsRun], {}, 3),
  scenario('one runs it, one cancels it while it runs, one settles it by hand', [runs, cancelsRun, setsByHand], {}, 3),
  scenario('one runs it, one cancels it, one waits with a time-out', [runs, cancels, waitsTimed], {}, 3),
  scenario('one runs it, one cancels it, one awaits it', [runs, cancels, awaits], {}, 3),
  scenario('one runs it, one cancels it, one waits for it among others', [runs, cancels, watches], {}, 3),
  scenario('one runs it, one settles it by hand, one waits', [runs, setsByHand, waits], {}, 3),
  scenario('two settle it by hand, one waits', [setsByHand, setsByHand, waits], {}, 3),
  scenario('one runs it, one waits, one awaits it', [runs, waits, awaits], {}, 3),
  scenario('one runs it, one waits, one waits for it among others', [runs, waits, watches], {}, 3),
];

/** A may die at any step; the supervisor counts its end. Who waits with a time-out looks once more then, as others do after a slice. */
function death(name: string, uses: readonly Use[], preemptions?: number): Scenario {
  const living = scenario(name, uses, {}, preemptions);
  const plan = (future: FutureUnderTest): Plan => {
    const { threads, ...rest } = living.plan(future);
    const supervisor = { name: 'supervisor', program: () => void atomic.add(recordOf(1) + R_ENDED, 1), buries: 0 };
    return { ...rest, threads: [...threads.map((thread, index) => ({ ...thread, mortal: index === 0 })), supervisor] };
  };
  return { ...living, plan };
}

/** If it has begun and its thread is dead, or nobody runs it, the next look finds that out. */
const looksTwice: Use = (context, future, mark) => {
  for (let look = 0; look < 2; look++)
    if (blockUntil(wantedOf(context, future, mark), TIMEOUT)) return checkOver(context);
};

/** As `done()` does. */
const looks: Use = (context, future, mark) => {
  const { attempt } = wantedOf(context, future, mark);
  for (let look = 0; look < 2; look++) if (attempt() === undefined) checkOver(context);
};

// Who would settle by hand what a dead thread was about to settle waits for a slice, which is for ever here: no scenario.
export const futureDeaths: readonly Scenario[] = [
  death('the thread that runs it dies, one waits', [runs, looksTwice], 3),
  death('the thread that runs it dies, two find out', [runs, looks, looks], 3),
];
