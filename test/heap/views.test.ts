// Views that end before the memory does: another thread has made it grow, and this one has not learnt of it. What it writes beyond them must
// not be lost. The other thread is played by this one: it puts back the views that it had before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Future } from 'heddle';
import { adopt } from '#heddle/heap/adopt.js';
import { UNDEFINED } from '#heddle/heap/types.js';
import { storeNumber, storeWord } from '#heddle/heap/values.js';
import { refresh, V } from '#heddle/memory/memory.js';
import { addressOf } from '#heddle/sync/cell.js';

/** Something that lies beyond the views that this thread had before; it has them again. */
function beyond<T>(make: () => T, cellOf: (made: T) => number): { readonly made: T; readonly cell: number } {
  const kept: T[] = [];
  for (const old = { ...V }; ; ) {
    assert.ok(kept.length < 1e6, 'the memory does not grow');
    const made = make();
    kept.push(made);
    const cell = cellOf(made);
    if (cell < old.I32.length) continue;
    Object.assign(V, old);
    return { made, cell };
  }
}

const newFuture = (): Future => new Future();
const cellOfFuture = (future: Future): number => addressOf(future) >>> 2;

test('the words of an object that is met there', () => {
  const { cell } = beyond(newFuture, cellOfFuture);
  assert.equal(V.I32[cell], undefined);
  const same = adopt(Future, cell, []);
  assert.equal(addressOf(same), cell * 4);
  assert.notEqual(V.I32[cell], undefined);
});

test('a word, and a number, that are stored there', () => {
  const { cell } = beyond(newFuture, cellOfFuture);
  const old = { ...V };
  storeWord(cell + 6, (5 << 1) | 1);
  refresh();
  assert.equal(V.I32[cell + 6], (5 << 1) | 1);
  Object.assign(V, old);
  storeWord(cell + 6, UNDEFINED);
  Object.assign(V, old);
  storeNumber(cell + 8, 0.5);
  refresh();
  assert.equal(V.F64[(cell + 8) >> 1], 0.5);
  storeWord(cell + 8, UNDEFINED);
  storeWord(cell + 9, UNDEFINED);
});
