// All interleavings of two and three threads over the mutex. README.md says what is explored, and what is not.

import { suite, test } from 'node:test';
import { bounded } from '../support/extent.ts';
import { explore } from './explorer.ts';
import { mutex } from './mutex_under_test.ts';
import { holds, summary } from './outcome.ts';
import { deaths, threeThreads, twoThreads } from './scenarios.ts';

const groups = {
  'two threads': twoThreads,
  'three threads': threeThreads,
  'a thread is killed': deaths,
};

for (const [group, scenarios] of Object.entries(groups)) {
  suite(group, () => {
    for (const { name, plan, preemptions } of scenarios) {
      test(name, (t) => {
        const exploration = explore(plan(mutex), bounded(preemptions));
        holds(exploration);
        t.diagnostic(summary(exploration, bounded(preemptions)));
      });
    }
  });
}
