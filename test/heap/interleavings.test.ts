// Every order of the steps of two threads and a collection, with all invariants looked at after each: scenarios.ts says what the threads do.
// The part of it that `npm test` explores has whole steps only; all of it has others' steps also at points inside of one.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { extent } from '../support/extent.ts';
import { exchanged, scenarios } from './scenarios.ts';
import { explore } from './schedule.ts';
import { World } from './world.ts';

let world = await World.open();
after(() => world.close());

for (const scenario of scenarios.flatMap((one) => (one.eitherWay === true ? [one, exchanged(one)] : [one]))) {
  test(scenario.name, async (t) => {
    const { runs, failure } = explore(world, scenario, extent(0, Infinity));
    t.diagnostic(`${runs} orders`);
    if (failure === undefined) return;
    // What is broken would break the rest.
    world.close();
    world = await World.open();
    assert.fail(`${failure.error.stack}\n${failure.trace}`);
  });
}
