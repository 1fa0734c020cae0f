// Interleavings of two and three threads over a `Semaphore` (all of them hold without the bounds too, in minutes), and copies of it with one bug each, which must be found.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { awaitLater, blockUntil, type Wanted, wake } from '#heddle/memory/park.js';
import { WANTED } from '#heddle/sync/acquirable.js';
import { addressOf } from '#heddle/sync/cell.js';
import { Semaphore } from '#heddle/sync/semaphore.js';
import { bounded } from '../support/extent.ts';
import type { Context } from './automaton.ts';
import { type Exploration, explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { breaks, holds, summary } from './outcome.ts';

const semaphore = new Semaphore(0);
const VALUE = addressOf(semaphore) + 4;
const ASYNC = VALUE + 4;
const WAITERS = VALUE + 8;
/** How many threads hold a permit. */
const INSIDE = 0x1000_0000;
const TIMEOUT = 5;

/** What of a semaphore is explored. */
interface UnderTest {
  acquire(timeout: number): boolean;
  release(count: number): void;
  wanted(): Wanted;
}

const ours: UnderTest = {
  acquire: (timeout) => (timeout === Infinity ? semaphore.acquire() : semaphore.acquire({ timeout })),
  release: (count) => semaphore.release(count),
  wanted: () => semaphore[WANTED](),
};

const bugs = {
  'release reads the waiters before it gives': /^deadlock/,
  'release wakes one, however many it gives': /^deadlock/,
  'release is a load and a store': /permits are left/,
  'acquire is a load and a store': /more inside than permits|permits are left/,
  'a waiter is counted after its last look': /^deadlock/,
  'a waiter is not uncounted when its time is up': /waiters are counted/,
} as const;
type Bug = keyof typeof bugs;

/** The same algorithm, with a bug. */
function copyWith(bug?: Bug): UnderTest {
  const take = (): boolean => {
    for (;;) {
      const value = atomic.load(VALUE);
      if (value === 0) return false;
      if (bug === 'acquire is a load and a store') {
        atomic.store(VALUE, value - 1);
        return true;
      }
      if (atomic.compareExchange(VALUE, value, value - 1) === value) return true;
    }
  };
  const wanted = (): Wanted => ({
    word: VALUE,
    attempt: () => {
      if (take()) return undefined;
      return 0;
    },
    describe: () => 'a copy',
    enter: () => {
      if (bug !== 'a waiter is counted after its last look') atomic.add(WAITERS, 1);
    },
    leave: (got) => {
      if (got || bug !== 'a waiter is not uncounted when its time is up') atomic.add(WAITERS, -1);
    },
  });
  return {
    wanted,
    acquire(timeout) {
      if (take()) return true;
      if (timeout <= 0) return false;
      if (bug !== 'a waiter is counted after its last look') return blockUntil(wanted(), timeout);
      for (;;) {
        if (take()) return true;
        const outcome = atomic.wait(VALUE, 0, timeout);
        atomic.add(WAITERS, 1);
        if (outcome === 'timed-out') return take();
      }
    },
    release(count) {
      const early = bug === 'release reads the waiters before it gives' ? atomic.load(WAITERS) : undefined;
      if (bug === 'release is a load and a store') atomic.store(VALUE, atomic.load(VALUE) + count);
      else atomic.add(VALUE, count);
      if ((early ?? atomic.load(WAITERS)) === 0) return;
      wake(VALUE, bug === 'release wakes one, however many it gives' ? 1 : count);
    },
  };
}

type Use = (context: Context, semaphore: UnderTest) => void;

interface Scenario {
  readonly name: string;
  readonly plan: (semaphore: UnderTest) => Plan;
  readonly preemptions?: number;
}

interface Numbers {
  /** To start with. */
  readonly permits?: number;
  /** At the end. */
  readonly left?: number;
  /** How many may be inside at once. */
  readonly most?: number;
  /** May be killed at any step. */
  readonly victim?: number;
  readonly preemptions?: number;
}

function scenario(
  name: string,
  uses: readonly ((permits: number) => Use)[],
  { permits = 1, left = permits, most = permits, victim = -1, preemptions = Infinity }: Numbers = {},
): Scenario {
  const plan = (under: UnderTest): Plan => ({
    threads: [
      ...uses.map((use, index) => ({
        name: 'ABC'[index]!,
        program: (context: Context) => use(most)(context, under),
        mortal: index === victim,
      })),
    ],
    locks: [],
    slices: 2,
    words: [
      { address: VALUE, name: 'value', value: permits },
      { address: ASYNC, name: 'async' },
      { address: WAITERS, name: 'waiters' },
      { address: INSIDE, name: 'inside' },
    ],
    verdict: (read, died) => {
      if (died) return undefined;
      if (read(VALUE) !== left) return `${read(VALUE)} permits are left instead of ${left}`;
      if (read(WAITERS) !== 0) return `${read(WAITERS)} waiters are counted when all is done`;
      return undefined;
    },
  });
  return { name, plan, preemptions };
}

function section(context: Context, under: UnderTest, most: number): void {
  context.check(atomic.add(INSIDE, 1) < most, 'there are more inside than permits');
  atomic.add(INSIDE, -1);
  under.release(1);
}

const user =
  (most: number): Use =>
  (context, under) => {
    context.check(under.acquire(Infinity), 'acquire() has given up');
    section(context, under, most);
  };
const twice =
  (most: number): Use =>
  (context, under) => {
    user(most)(context, under);
    user(most)(context, under);
  };
const timed =
  (most: number): Use =>
  (context, under) => {
    const start = context.clock();
    if (under.acquire(TIMEOUT)) section(context, under, most);
    else context.check(context.clock() - start >= TIMEOUT, 'acquire() has given up before its time');
  };
const takes = (): Use => (context, under) => context.check(under.acquire(Infinity), 'acquire() has given up');
const gives = (count: number) => (): Use => (_, under) => under.release(count);
const givesTwice = (): Use => (_, under) => {
  under.release(1);
  under.release(1);
};
const eventual =
  (most: number): Use =>
  (context, under) => {
    const wanted = under.wanted();
    if (wanted.attempt() === undefined) {
      section(context, under, most);
      return;
    }
    let aborted = false;
    const pending = awaitLater(wanted, Infinity, (got) => {
      context.check(!aborted && got, 'acquireAsync() has reported what it must not');
      section(context, under, most);
    });
    context.abort('abort', () => {
      aborted = true;
      pending.cancel();
    });
  };
/** May be killed before it has a permit, and no later: takes none. */
const looks = (): Use => (_, under) => void under.acquire(TIMEOUT);

const scenarios: readonly Scenario[] = [
  scenario('two threads, twice each, one permit', [twice, twice], { preemptions: 6 }),
  scenario('three threads, one permit', [user, user, user], { preemptions: 4 }),
  scenario('three threads, two permits', [user, user, user], { permits: 2, preemptions: 3 }),
  scenario('two wait for one release of two', [takes, takes, gives(2)], { permits: 0, left: 0, most: 2 }),
  scenario('two wait for a permit each', [takes, takes, givesTwice], {
    permits: 0,
    left: 0,
    most: 2,
  }),
  scenario('a time-out beside one that waits', [user, timed, user], { preemptions: 3 }),
  scenario('asynchronously, perhaps aborted, beside one that waits', [user, eventual, user], { preemptions: 4 }),
  scenario('one that waits is killed: two permits come for the other', [takes, looks, gives(2)], {
    permits: 0,
    most: 2,
    left: -1,
    victim: 1,
    preemptions: 4,
  }),
];

suite('Semaphore', () => {
  for (const { name, plan, preemptions } of scenarios) {
    test(name, (t) => {
      const exploration = explore(withoutLeft(plan(ours), name), bounded(preemptions));
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
    });
  }
});

/** Where a wait may time out or its thread die, what is left depends. */
function withoutLeft(plan: Plan, name: string): Plan {
  if (!name.includes('killed')) return plan;
  const { verdict: _, ...rest } = plan;
  return rest;
}

suite('a planted bug is found', () => {
  for (const [bug, rule] of Object.entries(bugs) as [Bug, RegExp][]) {
    test(bug, (t) => {
      const [name, exploration] = firstViolation(bug);
      const violation = breaks(exploration);
      assert.match(violation.rule, rule, violation.trace);
      t.diagnostic(`in "${name}": ${violation.rule}\n${violation.trace}`);
    });
  }
});

function firstViolation(bug: Bug): [name: string, exploration: Exploration] {
  for (const { name, plan } of scenarios) {
    const exploration = explore(withoutLeft(plan(copyWith(bug)), name), 2);
    if (exploration.violation !== undefined) return [name, exploration];
  }
  assert.fail('the explorer has found nothing');
}

test('the copy without a bug passes', () => {
  for (const { name, plan } of scenarios) holds(explore(withoutLeft(plan(copyWith()), name), 2));
});
