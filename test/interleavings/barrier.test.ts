// Interleavings of two and three threads over a `Barrier`, and copies of it with one bug each, which must be found.

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { addressOf } from '#heddle/sync/cell.js';
import { BrokenBarrierError } from '#heddle/sync/errors.js';
import { countEnd, renewMark } from '#heddle/sync/owner.js';
import type * as module from '#heddle/threading/barrier.js';
import * as ours from '#heddle/threading/barrier.js';
import { bounded } from '../support/extent.ts';
import type { Context } from './automaton.ts';
import { type Exploration, explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { mutated } from './mutated.ts';
import { breaks, holds, summary } from './outcome.ts';

type Barrier = ours.Barrier;

/** How many have come, how many went on, how many with an error, and how often the action ran. */
const COME = 0x1000_0000;
const PASSED = 0x1000_0004;
const FAILED = 0x1000_0008;
const ACTED = 0x1000_000c;
const STATE = 4;
const ENTRIES = 48;
const TIMEOUT = 5;

type Use = (context: Context, barrier: Barrier) => void;

/** Waits; its number, or -1 when the barrier was broken. */
function wait(context: Context, barrier: Barrier, timeout?: number): number {
  try {
    const index = barrier.wait(timeout);
    atomic.add(PASSED, 1);
    return index;
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    context.check(timeout !== undefined || !/time to wait/.test(error.message), 'wait() has given up');
    atomic.add(FAILED, 1);
    return -1;
  }
}

/** Passes so many cycles, none before all of its threads have come. */
const passes =
  (cycles: number): Use =>
  (context, barrier) => {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      atomic.add(COME, 1);
      context.check(wait(context, barrier) >= 0, 'the barrier is broken');
      context.check(atomic.load(COME) >= cycle * barrier.parties, 'one goes on before all have come');
    }
  };
const waits: Use = (context, barrier) => void wait(context, barrier);
const waitsInTime: Use = (context, barrier) => void wait(context, barrier, TIMEOUT);
/** Comes again when it was sent away, as often as there are resets. */
const insists: Use = (context, barrier) => {
  if (wait(context, barrier) < 0) context.check(wait(context, barrier) >= 0, 'the barrier is broken after its reset');
};
const aborts: Use = (_, barrier) => barrier.abort();
const resets: Use = (_, barrier) => barrier.reset();
const abortsAndResets: Use = (_, barrier) => {
  barrier.abort();
  barrier.reset();
};

interface Options {
  readonly preemptions?: number;
  readonly parties?: number;
  readonly action?: boolean;
  readonly victim?: number;
  /** Whether those who wait may be left alone, because others have gone. */
  readonly verdict?: Plan['verdict'];
}

interface Scenario {
  readonly name: string;
  readonly plan: (Barrier: typeof ours.Barrier) => Plan;
  readonly preemptions: number;
}

function scenario(name: string, uses: readonly Use[], options: Options = {}): Scenario {
  const { preemptions = Infinity, parties = 2, action = false, victim = -1, verdict } = options;
  const plan = (Barrier: typeof ours.Barrier): Plan => {
    const barrier = new Barrier(parties, action ? { action: () => void atomic.add(ACTED, 1) } : {});
    const state = addressOf(barrier) + STATE;
    const entry = addressOf(barrier) + ENTRIES + (victim + 1) * 4;
    return {
      threads: [
        ...uses.map((use, index) => ({
          name: 'ABC'[index]!,
          program: (context: Context) => {
            renewMark(index + 1);
            use(context, barrier);
          },
          mortal: index === victim,
        })),
        ...(victim < 0 ? [] : [{ name: 'supervisor', program: () => countEnd(victim + 1, true), buries: victim }]),
      ],
      locks: [],
      slices: 3,
      // It has not come: others may think that it still will.
      excused: (read) => victim >= 0 && read(entry) === 0,
      words: [
        { address: state, name: 'state' },
        { address: state + 4, name: 'async' },
        { address: addressOf(barrier) + 16, name: 'resets' },
        { address: addressOf(barrier) + 20, name: 'victim' },
        { address: COME, name: 'come' },
        { address: PASSED, name: 'passed' },
        { address: FAILED, name: 'failed' },
        { address: ACTED, name: 'acted' },
      ],
      ...(verdict && { verdict }),
    };
  };
  return { name, plan, preemptions };
}

/** Either all of a cycle go on, or none. */
const allOrNone: Plan['verdict'] = (read, died) =>
  !died && read(PASSED) % 2 !== 0 ? `${read(PASSED)} have passed, ${read(FAILED)} have not` : undefined;

const scenarios: readonly Scenario[] = [
  scenario('two pass', [passes(1), passes(1)], { verdict: allOrNone }),
  scenario('two pass twice', [passes(2), passes(2)], { preemptions: 4, verdict: allOrNone }),
  scenario('three pass', [passes(1), passes(1), passes(1)], { parties: 3, preemptions: 2 }),
  scenario('the action is run once, before any goes on', [passes(1), passes(1)], {
    action: true,
    preemptions: 4,
    verdict: (read) => (read(ACTED) === 1 ? undefined : `the action has run ${read(ACTED)} times`),
  }),
  scenario('four come to a barrier for two with an action', [passes(2), passes(2)], { action: true, preemptions: 2 }),
  scenario('two wait, one aborts', [waits, waits, aborts], { preemptions: 2, verdict: allOrNone }),
  scenario('two wait, one resets', [insists, insists, resets], { preemptions: 2, verdict: allOrNone }),
  scenario('two wait, one aborts, with an action', [waits, waits, aborts], {
    action: true,
    preemptions: 2,
    verdict: allOrNone,
  }),
  scenario('one in time, one waits', [waitsInTime, waits], { preemptions: 4, verdict: allOrNone }),
  scenario('both in time', [waitsInTime, waitsInTime], { preemptions: 4, verdict: allOrNone }),
  scenario('an abort and a reset beside a reset', [abortsAndResets, resets, resets], { preemptions: 3 }),
  scenario('one of two is killed', [waits, waits], { victim: 1, preemptions: 3 }),
  scenario('one of three is killed', [waits, waits, waits], { victim: 1, parties: 3, preemptions: 1 }),
  scenario('one of two is killed, with an action', [waits, waits], { victim: 1, action: true, preemptions: 3 }),
];

after(() => renewMark());

suite('Barrier', () => {
  for (const { name, plan, preemptions } of scenarios) {
    test(name, (t) => {
      const exploration = explore(plan(ours.Barrier), bounded(preemptions));
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
    });
  }
});

/** Each bug: a passage of the compiled module, what is there instead, and what it must be found by. */
const bugs: Readonly<Record<string, readonly [passage: string, replacement: string, rule: RegExp]>> = {
  'who passes wakes one': [
    'if (atomic.compareExchange(barrier + STATE, state, after(state)) !== state)\n        return false;\n    wake(barrier + STATE, Infinity);',
    'if (atomic.compareExchange(barrier + STATE, state, after(state)) !== state)\n        return false;\n    wake(barrier + STATE, 1);',
    /^deadlock/,
  ],
  'who breaks it wakes nobody': [
    'if (atomic.compareExchange(barrier + STATE, state, cycle | BROKEN) !== state)\n            continue;\n        wake(barrier + STATE, Infinity);',
    'if (atomic.compareExchange(barrier + STATE, state, cycle | BROKEN) !== state)\n            continue;',
    /^deadlock/,
  ],
  'a cycle that was reset counts as passed': ['return found || ', 'return ', /have passed|one goes on|^deadlock/],
  'who comes mends a broken barrier': ['const RESETTING = ACTING | BROKEN;', 'const RESETTING = BROKEN;', /^deadlock/],
  'an arrival is a load and a store': [
    'if (atomic.compareExchange(barrier + STATE, state, state + 1) === state) {',
    'if (atomic.store(barrier + STATE, state + 1), true) {',
    /^deadlock/,
  ],
  'a time-out breaks nothing': [
    'breakCycle(this.#barrier, this.cycle);\n        this.settle();',
    "this.fate = 'broken';",
    /have passed/,
  ],
  'nobody looks for the dead': ['if (victim === 0)\n            return false;', 'return false;', /^deadlock/],
};

suite('a planted bug is found', () => {
  for (const [bug, [passage, replacement, rule]] of Object.entries(bugs)) {
    test(bug, async (t) => {
      const mutant = await mutated<typeof module>('sync/cycle.js', passage, replacement, 'threading/barrier.js');
      const [name, exploration] = firstViolation(mutant.Barrier);
      const violation = breaks(exploration);
      assert.match(violation.rule, rule, violation.trace);
      t.diagnostic(`in "${name}": ${violation.rule}\n${violation.trace}`);
    });
  }
});

function firstViolation(Barrier: typeof ours.Barrier): [name: string, exploration: Exploration] {
  for (const bound of [0, 1, 2]) {
    for (const { name, plan } of scenarios) {
      const exploration = explore(plan(Barrier), bound);
      if (exploration.violation !== undefined) return [name, exploration];
    }
  }
  assert.fail('the explorer has found nothing');
}
