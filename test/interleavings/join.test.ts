// All interleavings of a thread's end, as the thread or the supervisor counts it, with those that join it: blocked, with a time-out, on an
// event loop. And that the explorer finds what would be wrong with other orders.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { R_DEAD, R_ENDED, R_THREAD } from '#heddle/memory/layout.js';
import { awaitLater, blockUntil, careForWaits, wake } from '#heddle/memory/park.js';
import { recordOf } from '#heddle/memory/self.js';
import { countEnd, endOf, fateOf, markOfNext, OVER_DIED, THREAD_MARK, THREAD_OVER } from '#heddle/sync/owner.js';
// That a thread is dead is looked for when a wait begins.
import { checkHolder } from '#heddle/sync/patience.js';
import type { Context } from './automaton.ts';
import { explore } from './explorer.ts';
import { breaks, holds, summary } from './outcome.ts';

careForWaits({ begin: checkHolder, look: checkHolder });

const SLOT = 5;
const CELL = 0x8000_0000;
const record = recordOf(SLOT);

/** Begins as a start does, and ends. */
const thread = (end: () => void) => (): void => {
  atomic.store(CELL + THREAD_MARK, markOfNext(SLOT));
  atomic.store(record + R_THREAD, CELL);
  end();
};

const ended = (): void => countEnd(SLOT, false);
const died = (): void => countEnd(SLOT, true);

/** The end of the thread, if it was started; there is nothing to wait for before. */
const isStarted = (): boolean => atomic.load(CELL + THREAD_MARK) !== 0;
const end = () =>
  endOf(
    CELL,
    () => 'join()',
    () => false,
  );
const isOver = (context: Context): void =>
  context.check(atomic.load(CELL + THREAD_OVER) !== 0, 'join() has returned before the end');

const joining = (context: Context): void => {
  if (!isStarted()) return;
  context.check(blockUntil(end(), Infinity), 'join() without a time-out has given up');
  isOver(context);
};

const timed = (context: Context): void => {
  if (isStarted() && blockUntil(end(), 5)) isOver(context);
};

const eventual = (context: Context): void => {
  if (!isStarted()) return;
  awaitLater(end(), Infinity, (got, error) => {
    // The explorer's own, which takes the thread off the stack.
    if (typeof error === 'symbol') throw error;
    context.check(error === undefined && got, `joinAsync() has failed: ${String(error)}`);
    isOver(context);
  });
};

/** Looks at the mark, as a lock does whose holder it is. */
const watching = (context: Context): void => {
  if (!isStarted()) return;
  const fate = fateOf(atomic.load(CELL + THREAD_MARK));
  if (fate === 'died') context.check(atomic.load(CELL + THREAD_OVER) === OVER_DIED, 'it has died and is not over');
};

const plans: Readonly<Record<string, readonly ((context: Context) => void)[]>> = {
  'two join': [thread(ended), joining, joining],
  'two join one that dies': [thread(died), joining, joining],
  'one joins, one with a time-out': [thread(ended), joining, timed],
  'one joins, one asynchronously': [thread(died), joining, eventual],
  'one joins on its event loop and blocks': [
    thread(ended),
    (context) => {
      eventual(context);
      joining(context);
    },
  ],
  'one watches its mark': [thread(died), joining, watching],
};

const explored = (programs: readonly ((context: Context) => void)[]) =>
  explore({ threads: programs.map((program, index) => ({ name: 'ABC'[index]!, program })), locks: [], spurious: 1 });

suite('join', () => {
  for (const [name, programs] of Object.entries(plans)) {
    test(name, (t) => {
      const exploration = explored(programs);
      holds(exploration);
      t.diagnostic(summary(exploration));
    });
  }
});

/** Ends of a thread with one thing wrong, and what they break. */
const mutants: Readonly<Record<string, readonly [end: () => void, rule: RegExp]>> = {
  'nobody is woken': [
    () => {
      atomic.store(CELL + THREAD_OVER, OVER_DIED);
      atomic.add(record + R_ENDED, 1);
    },
    /^deadlock/,
  ],
  'one is woken of two': [
    () => {
      atomic.store(CELL + THREAD_OVER, OVER_DIED);
      atomic.notify(CELL + THREAD_OVER, 1);
      atomic.add(record + R_ENDED, 1);
    },
    /^deadlock/,
  ],
  'woken before it is said': [
    () => {
      wake(CELL + THREAD_OVER, Infinity);
      atomic.store(CELL + THREAD_OVER, OVER_DIED);
      atomic.add(record + R_ENDED, 1);
    },
    /^deadlock/,
  ],
  'that it has died is said before that it is over': [
    () => {
      atomic.store(record + R_DEAD, markOfNext(SLOT));
      atomic.add(record + R_ENDED, 1);
      atomic.store(CELL + THREAD_OVER, OVER_DIED);
      wake(CELL + THREAD_OVER, Infinity);
    },
    /will never succeed/,
  ],
};

suite('a wrong end is found', () => {
  for (const [name, [wrong, rule]] of Object.entries(mutants)) {
    test(name, () => {
      const { rule: broken, trace } = breaks(explored([thread(wrong), joining, joining]));
      assert.match(broken, rule, trace);
    });
  }
});
