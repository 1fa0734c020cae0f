// Threads that are killed at any moment while they work on one array and one map, with another that goes on, and a collector that checks the
// heap in each collection. As the supervisor does it: terminate, wait for the exit, release what it held, bury it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { releasePages } from '#heddle/heap/allocate.js';
import { SharedArray } from '#heddle/heap/array.js';
import { checkHeap } from '#heddle/heap/check.js';
import { defineHeapKinds } from '#heddle/heap/classes.js';
import { buryThread, collectNow, inspectWith, releaseDead } from '#heddle/heap/collector.js';
import { SharedMap } from '#heddle/heap/map.js';
import { pinnedBy } from '#heddle/heap/pins.js';
import { TEST_ROOT } from '#heddle/heap/roots.js';
import { CELL, storeWord } from '#heddle/heap/values.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_ALLOC_LOCK, H_ROOTS, H_SLOTS, R_GUARD } from '#heddle/memory/layout.js';
import { memory } from '#heddle/memory/memory.js';
import { recordOf } from '#heddle/memory/self.js';
import { reaches, value } from '../support/counter.ts';
import { extent } from '../support/extent.ts';
import type { SeatData } from './seat.ts';

const entry = new URL(`./seat${import.meta.url.slice(-3)}`, import.meta.url);
const KILLS = Number(process.env['HEDDLE_KILLS'] ?? extent(20, 200));
const SURVIVOR = 1;
const VICTIM = 2;

defineHeapKinds();
const words = new Int32Array(new SharedArrayBuffer(4 * 4));
const array = new SharedArray<unknown>();
const map = new SharedMap<unknown, unknown>();
const cellOf = (value: { [CELL](): number }): number => value[CELL]();

function start(slot: number, seed: number): Worker {
  const data: SeatData = { seat: { memory, slot }, seed, words };
  return new Worker(entry, { workerData: data });
}

/** Waits until a worker has done more rounds. */
function progress(slot: number, rounds: number): void {
  const done = words.subarray(1 + slot, 2 + slot);
  reaches(done, value(done) + rounds, `slot ${slot}`);
}

test(`${KILLS} threads are killed while they use the heap`, async (t) => {
  storeWord((H_ROOTS >>> 2) + TEST_ROOT, cellOf(array as never) << 2);
  storeWord((H_ROOTS >>> 2) + TEST_ROOT + 1, cellOf(map as never) << 2);
  atomic.store(H_SLOTS, 3);
  inspectWith(() => void checkHeap('closed'));
  const survivor = start(SURVIVOR, 1);
  const failed: unknown[] = [];
  survivor.on('error', (error) => failed.push(error));
  progress(SURVIVOR, 1);
  let held = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = start(VICTIM, kill + 2);
    victim.on('error', (error) => failed.push(error));
    progress(VICTIM, 1);
    // Any moment will do; half of them while there are collections.
    for (let n = Math.floor(Math.random() * 4); n > 0; n--) collectNow();
    const end = performance.now() + Math.random() * 4;
    while (performance.now() < end);
    const exited = once(victim, 'exit');
    void victim.terminate();
    await exited;
    if (atomic.load(recordOf(VICTIM) + R_GUARD) !== 0) held++;
    releaseDead(VICTIM);
    assert.equal(atomic.load(recordOf(VICTIM) + R_GUARD), 0);
    for (const lock of [cellOf(array as never) * 4 + 12, cellOf(map as never) * 4 + 8, H_ALLOC_LOCK]) {
      assert.notEqual(atomic.load(lock) & 0xffff, VICTIM + 1, 'a lock of the dead is held');
    }
    buryThread(VICTIM);
    assert.deepEqual([...pinnedBy(VICTIM)], []);
    collectNow();
    progress(SURVIVOR, 2);
    assert.deepEqual(failed, []);
  }
  const exited = once(survivor, 'exit');
  Atomics.store(words, 0, 1);
  await exited;
  assert.deepEqual(failed, []);
  buryThread(SURVIVOR);
  releasePages();
  collectNow();
  const reachable = checkHeap();
  t.diagnostic(
    `${held} of ${KILLS} inside a guard; ${Atomics.load(words, 1 + SURVIVOR)} rounds of the survivor; ${reachable} cells`,
  );
});
