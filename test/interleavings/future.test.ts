// All interleavings of what two and three threads do with one future, and the bugs that they find in copies.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { explore } from './explorer.ts';
import { type Bug, futureWith } from './future_mutants.ts';
import { future, futureDeaths, futureScenarios } from './future_scenarios.ts';
import { holds, summary } from './outcome.ts';

const scenarios = [...futureScenarios, ...futureDeaths];

for (const { name, plan, preemptions } of scenarios) {
  test(name, (t) => {
    const exploration = explore(plan(future), preemptions);
    holds(exploration);
    t.diagnostic(summary(exploration, preemptions));
  });
}

const bugs: Readonly<Record<Bug, RegExp>> = {
  'a claim is a load and a store': /^deadlock|outcome|cancel|begun/,
  'cancelling is a load and a store': /cancel|outcome/,
  'cancelling a run is a load and a store': /cancel|outcome|written by/,
  'who settles does not say so first': /written by who has no right to/,
  'the outcome is written after the state': /outcome/,
  'the end wakes nobody': /^deadlock/,
  'the end wakes one': /^deadlock/,
  'whether it is watched is read before the end is said': /^deadlock/,
  'who finds the thread dead does not say so first': /written by who has no right to/,
};

suite('a planted bug is found', () => {
  for (const [bug, rule] of Object.entries(bugs) as [Bug, RegExp][]) {
    test(bug, (t) => {
      for (const { name, plan } of scenarios) {
        const { violation } = explore(plan(futureWith(bug)), 2);
        if (violation === undefined) continue;
        assert.match(violation.rule, rule, violation.trace);
        t.diagnostic(`in "${name}": ${violation.rule}`);
        return;
      }
      assert.fail('the explorer has found nothing');
    });
  }
});

test('the copy without a bug passes', () => {
  for (const { plan } of scenarios) holds(explore(plan(futureWith()), 2));
});
