// All interleavings of threads that wait for an `Event` with one that sets it and clears it at once: who was waiting by then goes on.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { R_WAITS } from '#heddle/memory/layout.js';
import { blockUntil, wake } from '#heddle/memory/park.js';
import { recordOf } from '#heddle/memory/self.js';
import { addressOf } from '#heddle/sync/cell.js';
import { Event } from '#heddle/sync/event.js';
import type { Program } from './automaton.ts';
import { explore } from './explorer.ts';
import { threads } from './marks.ts';
import { breaks, holds, summary } from './outcome.ts';

const event = new Event();
const word = addressOf(event) + 4;

interface Steps {
  wait(timeout?: number): boolean;
  set(): void;
  clear(): void;
}

const waits =
  (steps: Steps): Program =>
  (context) =>
    context.check(steps.wait(), 'wait() has given up');

const timed =
  (steps: Steps): Program =>
  (context) => {
    const start = context.clock();
    if (!steps.wait(5)) context.check(context.clock() - start >= 5, 'wait() has given up before its time');
  };

/** The waiters are the threads 0 to `waiters` - 1. Leaves it set for those that come later: if there are none, it stays unset. */
const sets =
  (steps: Steps, waiters: number): Program =>
  () => {
    // A thread's record says what it waits for as soon as it has looked at the event.
    const here = Array.from({ length: waiters }, (_, thread) => atomic.load(recordOf(thread + 1) + R_WAITS) !== 0);
    steps.set();
    steps.clear();
    if (here.includes(false)) steps.set();
  };

const setsTwice: Program = () => {
  event.set();
  event.set();
};

suite('Event', () => {
  const plans = {
    'one waits': [waits(event), sets(event, 1)],
    'two wait': [waits(event), waits(event), sets(event, 2)],
    'one waits, one until its time runs out': [waits(event), timed(event), sets(event, 2)],
    'two set it, one waits': [waits(event), sets(event, 1), setsTwice],
  };
  for (const [name, programs] of Object.entries(plans)) {
    test(name, (t) => {
      const exploration = explore({ threads: threads(...programs), locks: [], spurious: 1 });
      holds(exploration);
      t.diagnostic(summary(exploration));
    });
  }
});

suite('a planted bug is found', () => {
  const waitFor = (timeout: number, over: (now: number, before: number) => boolean): boolean => {
    const before = atomic.load(word);
    const attempt = (): number | undefined => {
      const now = atomic.load(word);
      return over(now, before) ? undefined : now;
    };
    return blockUntil({ word, attempt, describe: () => '' }, timeout);
  };
  const right: Steps = {
    wait: (timeout = Infinity) => waitFor(timeout, (now, before) => now !== before || now % 2 === 1),
    set: () => {
      atomic.add(word, 1);
      wake(word, Infinity);
    },
    clear: () => void atomic.add(word, 1),
  };
  const bugs: Readonly<Record<string, Partial<Steps>>> = {
    'the flag is looked at, not the count': { wait: (timeout = Infinity) => waitFor(timeout, (now) => now % 2 === 1) },
    'set wakes one': {
      set: () => {
        atomic.add(word, 1);
        wake(word, 1);
      },
    },
    'clear takes back what set did': { clear: () => void atomic.add(word, -1) },
  };
  const explored = (steps: Steps) =>
    explore({ threads: threads(waits(steps), waits(steps), sets(steps, 2)), locks: [] });

  for (const [name, bug] of Object.entries(bugs)) {
    test(name, () => {
      assert.match(breaks(explored({ ...right, ...bug })).rule, /^deadlock: . waits for ever/);
    });
  }

  test('and none without', () => holds(explored(right)));
});
