// All interleavings of two and three threads over the mutex. README.md says what is explored, and what is not.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { explore } from './explorer.ts';
import { mutex } from './mutex_under_test.ts';
import { breaks, holds, summary } from './outcome.ts';
import { deathInRelease, deathsAnywhere, deathsWhileWaiting, threeThreads, twoThreads } from './scenarios.ts';

const groups = {
  'two threads': twoThreads,
  'three threads': threeThreads,
  'a thread is killed while it waits': deathsWhileWaiting,
  'a thread is killed anywhere, and all locks that it had a handle for are woken': deathsAnywhere,
};

for (const [group, scenarios] of Object.entries(groups)) {
  suite(group, () => {
    for (const { name, plan, preemptions } of scenarios) {
      test(name, (t) => {
        const exploration = explore(plan(mutex), preemptions);
        holds(exploration);
        t.diagnostic(summary(exploration, preemptions));
      });
    }
  });
}

test('to wake only the lock that a dead thread waited for is not enough: it may have died in a release', (t) => {
  const violation = breaks(explore(deathInRelease.plan(mutex)));
  assert.match(violation.rule, /^lost wake-up: A waits/);
  t.diagnostic(`${violation.rule}\n${violation.trace}`);
});
