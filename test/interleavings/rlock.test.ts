// Interleavings of two and three threads over an `RLock`, and copies of it with a bug that must be found. The larger ones have a bound
// on preemptions: without it they take minutes.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { awaitLater, blockUntil, wake } from '#heddle/memory/park.js';
import { WANTED } from '#heddle/sync/acquirable.js';
import { addressOf } from '#heddle/sync/cell.js';
import { ThreadError } from '#heddle/sync/errors.js';
import { acquireAgain, IS_HELD, SAVE } from '#heddle/sync/monitor.js';
import { NO_MARK_BIT, thisThread } from '#heddle/sync/owner.js';
import { RLock, recursionCount } from '#heddle/sync/rlock.js';
import { bounded } from '../support/extent.ts';
import type { Context } from './automaton.ts';
import { explore } from './explorer.ts';
import { threads } from './marks.ts';
import { breaks, holds, summary } from './outcome.ts';

const lock = new RLock();
/** Of the lock's cell, the second word is that which is waited on. */
const word = addressOf(lock) + 4;

type Use = (context: Context) => void;

/** Held once: acquired again, released as often, and released. */
function section(context: Context): void {
  context.enter(word);
  context.check(lock.acquire(), 'its owner does not get it again');
  context.check(recursionCount(lock) === 2, 'it does not count');
  lock.release();
  context.check(lock[IS_HELD](), 'it is free too early');
  context.leave(word);
  lock.release();
  context.released(true);
}

const acquire: Use = (context) => {
  context.check(lock.acquire(), 'acquire() has given up');
  section(context);
};

const twice: Use = (context) => {
  acquire(context);
  acquire(context);
};

const trying: Use = (context) => {
  if (lock.acquire(false)) section(context);
};

const timed: Use = (context) => {
  const start = context.clock();
  if (lock.acquire({ timeout: 5 })) section(context);
  else context.check(context.clock() - start >= 5, 'acquire() has given up before its time');
};

/** Finds nothing to release, no matter which thread has it. */
const stranger: Use = (context) => {
  try {
    lock.release();
  } catch (error) {
    if (error instanceof ThreadError) return;
    throw error;
  }
  context.check(false, 'a stranger has released it');
};

/** On its event loop, with an abort at any turn. */
const abortable: Use = (context) => {
  let aborted = false;
  const wanted = lock[WANTED]();
  if (wanted.attempt() === undefined) {
    section(context);
    return;
  }
  const pending = awaitLater(wanted, Infinity, () => {
    context.check(!aborted, 'it has reported after the abort');
    section(context);
  });
  context.abort('abort', () => {
    aborted = true;
    pending.cancel();
  });
};

/** As a condition does with it. */
const lettingGo: Use = (context) => {
  lock.acquire();
  lock.acquire();
  context.enter(word);
  context.leave(word);
  const count = lock[SAVE]();
  context.released(true);
  context.check(count === 2, 'it was acquired twice');
  acquireAgain(lock, count);
  context.enter(word);
  context.check(recursionCount(lock) === 2, 'it is not as it was');
  lock.release();
  context.leave(word);
  lock.release();
  context.released(true);
};

const plans: Readonly<
  Record<
    string,
    {
      readonly uses: readonly Use[];
      readonly spurious?: number;
      readonly dies?: boolean;
      readonly preemptions?: number;
    }
  >
> = {
  'two, twice each': { uses: [twice, twice], spurious: 1, preemptions: 4 },
  'acquire, try, time-out': { uses: [acquire, trying, timed], preemptions: 3 },
  'three that wait': { uses: [acquire, acquire, acquire], preemptions: 3 },
  'two, and one to whom it does not belong': { uses: [acquire, acquire, stranger] },
  'one asynchronously, with an abort': { uses: [acquire, abortable, acquire], preemptions: 2 },
  'one lets go of it and has it back': { uses: [lettingGo, acquire] },
  'two let go of it and have it back': { uses: [lettingGo, lettingGo] },
  'the second of three dies': { uses: [acquire, acquire, acquire], dies: true, preemptions: 2 },
};

suite('RLock', () => {
  for (const [name, { uses, spurious = 0, dies = false, preemptions }] of Object.entries(plans)) {
    test(name, (t) => {
      const all = threads(...uses).map((thread, index) => ({ ...thread, mortal: dies && index === 1 }));
      const supervisor = { name: 'supervisor', program: () => wake(word, 1), buries: 1 };
      const plan = { threads: dies ? [...all, supervisor] : all, locks: [word], spurious };
      const exploration = explore(plan, bounded(preemptions));
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
    });
  }
});

type Bug =
  | 'a thread that acquires after parking says that nobody is parked'
  | 'a thread that parks does not say so'
  | 'a mark with CONTENDED is taken for a stranger’s';

/** The steps of the lock, with one bug. */
function copy(bug?: Bug): Use {
  const ownerIn = (before: number): number =>
    bug === 'a mark with CONTENDED is taken for a stranger’s' ? before : before & ~NO_MARK_BIT;
  const attempt = (state: { parked: number }): number | undefined => {
    for (;;) {
      const before = atomic.compareExchange(word, 0, thisThread.mark | state.parked);
      if (before === 0) return undefined;
      if (bug !== 'a thread that acquires after parking says that nobody is parked') state.parked = NO_MARK_BIT;
      if (bug === 'a thread that parks does not say so') return before;
      const contended = before | NO_MARK_BIT;
      if (before === contended || atomic.compareExchange(word, before, contended) === before) return contended;
    }
  };
  return (context) => {
    const state = { parked: 0 };
    blockUntil({ word, attempt: () => attempt(state), describe: () => '' }, Infinity);
    context.enter(word);
    context.check(ownerIn(atomic.load(word)) === thisThread.mark, 'its owner is a stranger');
    context.leave(word);
    if (atomic.exchange(word, 0) !== thisThread.mark) wake(word, 1);
    context.released(true);
  };
}

suite('a planted bug is found', () => {
  for (const [bug, rule] of [
    ['a thread that acquires after parking says that nobody is parked', /^lost wake-up/],
    ['a thread that parks does not say so', /^lost wake-up/],
    ['a mark with CONTENDED is taken for a stranger’s', /its owner is a stranger/],
  ] as const) {
    test(bug, () => {
      const use = copy(bug);
      assert.match(breaks(explore({ threads: threads(use, use, use), locks: [word] })).rule, rule);
    });
  }

  test('and none without', () => {
    const use = copy();
    holds(explore({ threads: threads(use, use, use), locks: [word] }));
  });
});
