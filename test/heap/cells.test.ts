// Shared cells: the count of references is what pins and in-flight entries add up to, after every step; a cell is given back when it
// has none.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import fc from 'fast-check';
import {
  allocateCell,
  cellCount,
  checkCells,
  holdInflight,
  pin,
  releasePins,
  settleInflight,
  unpin,
} from '#heddle/heap/cells.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_SLOTS } from '#heddle/memory/layout.js';
import { seated } from './seated.ts';

const SLOTS = 5;

/** Slots of threads that are being started: none of them runs. */
const STARTED = [1, 2, 3] as const;

suite('cells', () => {
  beforeEach(() => {
    atomic.store(H_SLOTS, SLOTS);
    assert.equal(cellCount(), 0);
  });

  afterEach(() => {
    checkCells();
    assert.equal(cellCount(), 0);
  });

  test('a new cell has one reference, the pin of its thread, and zeroed words', () => {
    const cell = allocateCell();
    checkCells();
    assert.equal(cellCount(), 1);
    assert.deepEqual(
      [0, 4, 8, 12].map((word) => atomic.load(cell + word)),
      [1, 0, 0, 0],
    );
    unpin(cell);
  });

  test('in flight, a cell outlives the pin of the thread that starts another', () => {
    const cell = allocateCell();
    holdInflight(1, [cell]);
    checkCells();
    unpin(cell);
    checkCells();
    assert.equal(cellCount(), 1);
    // As the started thread does it, which is this one here.
    pin(cell);
    settleInflight(1);
    checkCells();
    assert.equal(cellCount(), 1);
    unpin(cell);
  });

  test('many cells, and one of them more than once, are in flight at a time', () => {
    const cells = Array.from({ length: 100 }, allocateCell);
    holdInflight(1, [...cells, cells[0]!, cells[0]!]);
    assert.equal(atomic.load(cells[0]!), 4);
    checkCells();
    for (const cell of cells) unpin(cell);
    checkCells();
    assert.equal(cellCount(), 100);
    settleInflight(1);
  });

  test('what started threads are to get is told apart by their slots', () => {
    const cell = allocateCell();
    for (const slot of STARTED) holdInflight(slot, [cell]);
    unpin(cell);
    STARTED.forEach((slot, settled) => {
      assert.equal(atomic.load(cell), STARTED.length - settled);
      settleInflight(slot);
      settleInflight(slot);
      checkCells();
    });
  });

  test('the pins of a dead thread are released, those of others are not', async () => {
    const mine = allocateCell();
    const theirs = await seated(3, { job: 'pin cells', count: 700 });
    checkCells();
    assert.equal(new Set([mine, ...theirs.flat()]).size, 2101);
    assert.equal(cellCount(), 2101);
    for (const [index, cells] of theirs.entries()) {
      // One of them is on its way to somebody else, and lives on.
      holdInflight(4, [cells[5]!]);
      const before = cellCount();
      releasePins(index + 1);
      checkCells();
      assert.equal(cellCount(), before - 699);
      releasePins(index + 1);
      checkCells();
    }
    settleInflight(4);
    assert.equal(cellCount(), 1);
    unpin(mine);
  });

  test('whatever is allocated, pinned, put in flight, settled and dropped, in any order, the counts are right', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const) }),
      fc.record({ kind: fc.constantFrom('unpin' as const, 'pin' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('hold' as const), slot: fc.constantFrom(...STARTED), which: fc.array(fc.nat()) }),
      fc.record({ kind: fc.constant('settle' as const), slot: fc.constantFrom(...STARTED) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const pinned = new Set<number>();
        const inflight = new Map<number, number[]>(STARTED.map((slot) => [slot, []]));
        const alive = () => [...new Set([...pinned, ...[...inflight.values()].flat()])];
        const drop = (cell: number) => {
          pinned.delete(cell);
          unpin(cell);
        };
        const settle = (slot: number) => {
          inflight.set(slot, []);
          settleInflight(slot);
        };
        for (const action of steps) {
          const cells = alive();
          if (action.kind === 'allocate') pinned.add(allocateCell());
          else if (action.kind === 'settle') settle(action.slot);
          else if (cells.length === 0) continue;
          else if (action.kind === 'hold') {
            const held = action.which.map((number) => cells[number % cells.length]!);
            inflight.get(action.slot)!.push(...held);
            holdInflight(action.slot, held);
          } else {
            // A thread has one handle for a cell, and so one pin.
            const cell = cells[action.which % cells.length]!;
            if (action.kind === 'unpin' && pinned.has(cell)) drop(cell);
            else if (action.kind === 'pin' && !pinned.has(cell)) {
              pinned.add(cell);
              pin(cell);
            }
          }
          checkCells();
          assert.equal(cellCount(), alive().length);
        }
        for (const slot of STARTED) settle(slot);
        for (const cell of [...pinned]) drop(cell);
        checkCells();
        assert.equal(cellCount(), 0);
      }),
      { numRuns: 100 },
    );
  });
});

suite('checkCells() throws', () => {
  test('when a count is too high or too low', () => {
    const cell = allocateCell();
    for (const wrong of [1, 2, 1000]) {
      atomic.add(cell, wrong);
      assert.throws(checkCells, { message: `cell ${cell} counts ${1 + wrong} references, but has 1` });
      atomic.add(cell, -wrong);
    }
    holdInflight(1, [cell]);
    atomic.add(cell, -1);
    assert.throws(checkCells, { message: `cell ${cell} counts 1 references, but has 2` });
    atomic.add(cell, 1);
    settleInflight(1);
    checkCells();
    unpin(cell);
  });

  test('when a cell is free and somebody believes that it is not', () => {
    const cell = allocateCell();
    atomic.store(cell, 0);
    assert.throws(checkCells, { message: `cell ${cell} is pinned or in flight, but free` });
    atomic.store(cell, 1);
    checkCells();
    unpin(cell);
  });

  test('when a cell is in use and nobody knows why', () => {
    const cell = allocateCell();
    unpin(cell);
    atomic.store(cell, 1);
    assert.throws(checkCells, { message: `cell ${cell} counts 1 references, but has 0` });
    atomic.store(cell, 0);
    checkCells();
  });
});
