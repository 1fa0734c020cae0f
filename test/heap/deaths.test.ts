// A thread may be killed between any two steps of what it does with cells. Whoever buries it then lets go of what it had; at most one
// cell and one block of notes may be lost with it, and none that others use may be given back.
//
// The death is an exception out of the facade's nth step, after which nothing of the dead thread's code runs. Each life uses a fresh
// copy of the module, since a thread keeps a map of its own blocks.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Arena } from '#heddle/heap/arena.js';
import type * as Cells from '#heddle/heap/cells.js';
import { holdInflight, releasePins, settleInflight } from '#heddle/heap/cells.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_ARENAS, H_SLOTS } from '#heddle/memory/layout.js';

/** The dead thread's slot is this test's own; OTHER's is that of a thread that is being started by somebody who lives on. */
const MINE = 0;
const STARTED = 1;
const OTHER = 2;
const SLOTS = 3;
const STEPS_AT_MOST = 5000;

/** All that any copy of the module has handed out: cells, and blocks of notes about them. */
const cells = new Arena(H_ARENAS, 16);
const blocks = new Arena(H_ARENAS + 4, 64);

class Death extends Error {}

type Act = (module: typeof Cells, mine: readonly number[]) => void;

/** What a thread may be doing when it dies, with three cells that it has pinned; and what it has done before. */
const lives: Readonly<Record<string, { readonly before?: Act; readonly act: Act }>> = {
  'it allocates': { act: (module) => void module.allocateCell() },
  'it pins': { before: (module, mine) => module.unpin(mine[1]!), act: (module, mine) => module.pin(mine[1]!) },
  'it unpins': { act: (module, mine) => mine.forEach((cell) => void module.unpin(cell)) },
  'it starts a thread': { act: (module, mine) => module.holdInflight(STARTED, mine) },
  'it starts a thread with many cells': { act: (module, mine) => module.holdInflight(STARTED, many(mine)) },
  'it settles': {
    before: (module, mine) => module.holdInflight(STARTED, many(mine)),
    act: (module) => module.settleInflight(STARTED),
  },
};

/** More than one block can note. */
function many(mine: readonly number[]): number[] {
  return Array.from({ length: 40 }, (_, index) => mine[index % mine.length]!);
}

suite('a thread dies at any step, and at most one cell is lost', () => {
  for (const [name, life] of Object.entries(lives)) {
    test(`while ${name}`, async (t) => {
      let last = 0;
      for (let steps = 0; ; steps++) {
        assert.ok(steps < STEPS_AT_MOST);
        if (!(await dies(`${name} ${steps}`, life, steps))) break;
        last = steps + 1;
      }
      t.diagnostic(`${last} steps`);
    });
  }
});

/** One life that ends after so many steps; whether it got that far. */
async function dies(name: string, { before, act }: (typeof lives)[string], steps: number): Promise<boolean> {
  atomic.store(H_SLOTS, SLOTS);
  const module = (await import(`#heddle/heap/cells.js?${encodeURIComponent(name)}`)) as typeof Cells;
  const mine = Array.from({ length: 3 }, () => module.allocateCell());
  holdInflight(OTHER, mine);
  before?.(module, mine);
  const died = endsAfter(steps, () => act(module, mine));
  settleInflight(STARTED);
  releasePins(MINE);
  for (const cell of mine) assert.ok(atomic.load(cell) >= 1, `after ${steps} steps, a cell in use was given back`);
  settleInflight(OTHER);
  const lost = [...cells.inUse()];
  const lostBlocks = [...blocks.inUse()];
  // So that the next life finds things as this one did.
  for (const cell of lost) cells.free(cell);
  for (const block of lostBlocks) blocks.free(block);
  assert.ok(lost.length <= 1, `after ${steps} steps, ${lost.length} cells are lost`);
  assert.ok(lostBlocks.length <= 1, `after ${steps} steps, ${lostBlocks.length} blocks are lost`);
  return died;
}

const real = { ...atomic };

/** Runs `action`, but no more than so many steps of it; whether that cut it short. */
function endsAfter(steps: number, action: () => void): boolean {
  let left = steps;
  const counted = Object.entries(real).map(([name, operation]) => [
    name,
    (...args: never[]) => {
      if (left-- <= 0) throw new Death();
      return (operation as (...args: never[]) => unknown)(...args);
    },
  ]);
  Object.assign(atomic, Object.fromEntries(counted));
  try {
    action();
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  } finally {
    Object.assign(atomic, real);
  }
}
