// Handles: one for each cell in a thread, pinned as long as JavaScript can reach it, whatever the order of collection, finalizer and
// successor.

import assert from 'node:assert/strict';
import { afterEach, suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { allocateCell, cellCount, checkCells, holdInflight, settleInflight, unpin } from '#heddle/heap/cells.js';
import { defineHandleKind, handleKind, handleKindOf } from '#heddle/heap/handle.js';
import { HandleTable } from '#heddle/heap/handles.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_SLOTS } from '#heddle/memory/layout.js';
import { collect, collected } from './collected.ts';

class Handle {
  readonly address: number;
  constructor(address: number) {
    this.address = address;
  }
}

/** Its cells are in flight to a slot of no thread, as long as somebody must keep them alive for `adopt`. */
const SENDER = 1;

/** A table that counts how often it makes a handle. */
function tableOf(): { table: HandleTable<Handle>; made: () => number } {
  let made = 0;
  const table = new HandleTable((address) => {
    made++;
    return new Handle(address);
  });
  return { table, made: () => made };
}

/** Makes a cell and a handle for it, and drops the handle. */
function dropped(table: HandleTable<Handle>): number {
  const cell = allocateCell();
  table.enter(cell, new Handle(cell));
  return cell;
}

suite('HandleTable', () => {
  atomic.store(H_SLOTS, 2);
  afterEach(checkCells);

  test('a cell has one handle, which is made once', () => {
    const { table, made } = tableOf();
    const cell = allocateCell();
    const handle = new Handle(cell);
    table.enter(cell, handle);
    assert.equal(table.adopt(cell), handle);
    assert.equal(table.adopt(cell), handle);
    assert.equal(made(), 0);
    assert.equal(table.size, 1);
    assert.equal(atomic.load(cell), 1);
  });

  test('a cell of another thread is pinned when it is adopted, once', () => {
    const { table, made } = tableOf();
    const cell = allocateCell();
    holdInflight(SENDER, [cell]);
    unpin(cell);
    const handle = table.adopt(cell);
    assert.equal(table.adopt(cell), handle);
    assert.equal(made(), 1);
    assert.equal(atomic.load(cell), 2);
    settleInflight(SENDER);
    assert.equal(atomic.load(handle.address), 1);
  });

  test('a handle that nobody can reach gives its pin back', async () => {
    const { table } = tableOf();
    const others = cellCount();
    for (let n = 0; n < 100; n++) dropped(table);
    assert.equal(table.size, 100);
    await collected(() => table.size === 0, 'the end of all handles');
    assert.ok(cellCount() <= others);
  });

  test('a handle that somebody can reach keeps its cell', async () => {
    const { table } = tableOf();
    const cell = allocateCell();
    const handle = new Handle(cell);
    table.enter(cell, handle);
    const other = new WeakRef(new Handle(0));
    await collected(() => other.deref() === undefined, 'a collection');
    assert.equal(table.adopt(cell), handle);
    assert.equal(atomic.load(cell), 1);
  });

  test('a successor takes the pin over from a handle whose finalizer has not run', async () => {
    const { table, made } = tableOf();
    const cell = dropped(table);
    const finalized = finalizerOf(table, cell);
    // Collected, and no turn of the event loop in between, in which the finalizer would run.
    await setImmediate();
    collect();
    const successor = table.adopt(cell);
    assert.equal(made(), 1);
    assert.equal(table.size, 1);
    assert.equal(atomic.load(cell), 1);
    checkCells();
    await collected(finalized, "the first handle's finalizer");
    // Another one after it, so that the table's own has run as well.
    await collected(weakly(), 'a later finalizer');
    assert.equal(table.size, 1);
    assert.equal(atomic.load(cell), 1);
    assert.equal(table.adopt(cell), successor);
    checkCells();
  });

  test('after the finalizer, the cell is a stranger again', async () => {
    const { table, made } = tableOf();
    const cell = dropped(table);
    holdInflight(SENDER, [cell]);
    await collected(() => table.size === 0, 'the finalizer');
    assert.equal(atomic.load(cell), 1);
    const handle = table.adopt(cell);
    assert.equal(made(), 1);
    assert.equal(atomic.load(cell), 2);
    settleInflight(SENDER);
    assert.equal(atomic.load(handle.address), 1);
  });
});

suite('handle kinds', () => {
  class Kept extends Handle {}
  defineHandleKind<Kept>({
    name: 'test.Kept',
    is: (value): value is Kept => value instanceof Kept,
    address: ({ address }) => address,
    adopt: (address) => new Kept(address),
  });

  test('a handle is known by its kind, and a kind by its name', () => {
    const kind = handleKindOf(new Kept(16));
    assert.equal(kind?.name, 'test.Kept');
    assert.equal(handleKind('test.Kept'), kind);
    assert.equal(kind.address(new Kept(16)), 16);
  });

  test('other objects have none', () => {
    assert.equal(handleKindOf({}), undefined);
    assert.throws(() => handleKind('test.Other'), /test\.Other is not loaded in this thread/);
  });

  test('a name belongs to one kind', () => {
    assert.throws(
      () =>
        defineHandleKind({
          name: 'test.Kept',
          is: (value): value is Kept => value instanceof Kept,
          address: () => 0,
          adopt: () => new Kept(0),
        }),
      /test\.Kept is defined twice/,
    );
  });
});

const registry = new FinalizationRegistry<() => void>((done) => done());

/** Whether finalizers of the handle that the table has for the cell now have begun to run. */
function finalizerOf(table: HandleTable<Handle>, cell: number): () => boolean {
  let done = false;
  registry.register(table.adopt(cell), () => {
    done = true;
  });
  return () => done;
}

/** Whether something that is dropped here has been finalized. */
function weakly(): () => boolean {
  let done = false;
  registry.register({}, () => {
    done = true;
  });
  return () => done;
}
