// The explorer finds the bug in each of the copies, and none in the copy without one.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Exploration, explore } from './explorer.ts';
import { type Bug, mutexWith } from './mutants.ts';
import { breaks, holds } from './outcome.ts';
import { deaths, threeThreads, twoThreads } from './scenarios.ts';

const scenarios = [...twoThreads, ...threeThreads, ...deaths];

/** Each bug with what it must be found by. */
const bugs: Readonly<Record<Bug, RegExp>> = {
  'release wakes nobody': /^lost wake-up/,
  'release is a load and a store': /^lost wake-up/,
  'release wakes one although asynchronous waiters are there': /^lost wake-up/,
  'acquire is a load and a store': /has acquired the lock while . is inside/,
  'a thread that acquires after parking says HELD': /^lost wake-up/,
  'a thread that parks does not say so': /^lost wake-up/,
  'a wake-up is taken for the lock': /says that it holds the lock, but/,
  'the asynchronous waiter is counted after it has begun to wait': /^lost wake-up/,
  'the asynchronous waiter is counted until its abort and not until it leaves the queue': /^lost wake-up/,
  'the asynchronous waiter that was given up acquires': /has reported after the abort/,
  'the asynchronous waiter is not uncounted when its time is up': /asynchronous waiters are counted when all is done/,
  'the wake-up of the dead is not passed on': /^lost wake-up/,
};

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

/** Two preemptions show every bug here; in a scenario that does not show it, more would only take time. */
const PREEMPTIONS = 2;

function firstViolation(bug: Bug): [name: string, exploration: Exploration] {
  for (const { name, plan } of scenarios) {
    const exploration = explore(plan(mutexWith(bug)), PREEMPTIONS);
    if (exploration.violation !== undefined) return [name, exploration];
  }
  assert.fail('the explorer has found nothing');
}

test('the copy without a bug passes', () => {
  for (const { plan } of scenarios) holds(explore(plan(mutexWith()), PREEMPTIONS));
});
