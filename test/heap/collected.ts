// Garbage collection on demand, for tests of what follows from it.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects now what nothing refers to, but what was looked at through a WeakRef in this turn of the event loop. */
export const collect = runInNewContext('gc') as () => void;

/** Only a broken program needs as many. */
const TURNS = 1000;

/** Lets finalizers run, which are tasks of the event loop, until the condition holds. */
export async function collected(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    assert.ok(turn < TURNS, `${what} has not come in ${TURNS} collections`);
    await setImmediate();
    collect();
  }
}
