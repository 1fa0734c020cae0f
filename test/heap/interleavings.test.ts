// Every order of the steps of two threads and a collection, with all invariants looked at after each: scenarios.ts says what the threads do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchanged, scenarios } from './scenarios.ts';
import { explore } from './schedule.ts';
import { World } from './world.ts';

let world = await World.open();

for (const scenario of scenarios.flatMap((scenario) => [scenario, exchanged(scenario)])) {
  test(scenario.name, async (t) => {
    const { runs, failure } = explore(world, scenario);
    t.diagnostic(`${runs} orders`);
    // What is broken would break the rest.
    if (failure !== undefined) world = await World.open();
    assert.ok(failure === undefined, `${failure?.error.stack}\n${failure?.trace}`);
    assert.ok(runs > 1);
  });
}
