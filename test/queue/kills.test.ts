// Threads that are killed at any moment while they move tokens between queues, with another that goes on, and a collector that checks the
// heap in each collection. Each death may take the token along that the thread had in hand, and nothing else.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LifoQueue, PriorityQueue, Queue, SimpleQueue, shared } from 'heddle';
import { releasePages } from '#heddle/heap/allocate.js';
import { checkHeap } from '#heddle/heap/check.js';
import { buryThread, collectNow, inspectWith, releaseDead } from '#heddle/heap/collector.js';
import { TEST_ROOT } from '#heddle/heap/roots.js';
import { Q_HOLE, Q_LOCK } from '#heddle/heap/types.js';
import { CELL, storeWord } from '#heddle/heap/values.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_ROOTS, H_SLOTS } from '#heddle/memory/layout.js';
import { memory } from '#heddle/memory/memory.js';
import { addressOf, type SyncCell } from '#heddle/sync/cell.js';
import type { SeatData } from '../heap/seat.ts';
import { reaches, value } from '../support/counter.ts';
import { extent } from '../support/extent.ts';

const entry = new URL(`./seat${import.meta.url.slice(-3)}`, import.meta.url);
const KILLS = Number(process.env['HEDDLE_KILLS'] ?? extent(20, 200));
const TOKENS = 60;
const SURVIVOR = 1;
const VICTIM = 2;

type Token = number | string;

const words = new Int32Array(new SharedArrayBuffer(4 * 4));
const queues: (Queue<Token> | SimpleQueue<Token>)[] = [
  new Queue<Token>({ maxSize: 5 }),
  new LifoQueue<Token>(),
  new PriorityQueue<Token>({ maxSize: 20 }),
  new PriorityQueue<Token>(),
  new SimpleQueue<Token>(),
];

function start(slot: number, seed: number): Worker {
  const data: SeatData = { seat: { memory, slot }, seed, words };
  return new Worker(entry, { workerData: data });
}

/** Waits until a worker has done more rounds. */
function progress(slot: number, rounds: number): void {
  const done = words.subarray(1 + slot, 2 + slot);
  reaches(done, value(done) + rounds, `slot ${slot}`);
}

test(`${KILLS} threads are killed while they use queues`, async (t) => {
  const root = shared(queues) as unknown as { [CELL](): number };
  storeWord((H_ROOTS >>> 2) + TEST_ROOT, root[CELL]() << 2);
  for (let token = 0; token < TOKENS; token++) queues[4]!.put(token);
  atomic.store(H_SLOTS, 3);
  inspectWith(() => void checkHeap('closed'));
  const survivor = start(SURVIVOR, 1);
  const failed: unknown[] = [];
  survivor.on('error', (error) => failed.push(error));
  progress(SURVIVOR, 1);
  let holes = 0;
  let locks = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = start(VICTIM, kill + 2);
    victim.on('error', (error) => failed.push(error));
    progress(VICTIM, 1);
    for (let n = Math.floor(Math.random() * 3); n > 0; n--) collectNow();
    const end = performance.now() + Math.random() * 4;
    while (performance.now() < end);
    const exited = once(victim, 'exit');
    void victim.terminate();
    await exited;
    for (const queue of queues) {
      const cell = addressOf(queue as unknown as SyncCell);
      if (atomic.load(cell + Q_LOCK) === VICTIM + 1) {
        locks++;
        if (atomic.load(cell + Q_HOLE) !== 0) holes++;
      }
    }
    releaseDead(VICTIM);
    for (const queue of queues) {
      const lock = atomic.load(addressOf(queue as unknown as SyncCell) + Q_LOCK);
      assert.notEqual(lock, VICTIM + 1, 'a lock of the dead is held');
    }
    buryThread(VICTIM);
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
  checkHeap();
  const seen = new Map<number, number>();
  for (const queue of queues) {
    const tokens: number[] = [];
    while (!queue.empty()) tokens.push(Number(queue.get()));
    if (queue instanceof PriorityQueue)
      assert.deepEqual(
        tokens,
        [...tokens].sort((a, b) => a - b),
      );
    for (const token of tokens) seen.set(token, (seen.get(token) ?? 0) + 1);
  }
  for (const [token, times] of seen) assert.equal(times, 1, `token ${token} is there ${times} times`);
  const lost = TOKENS - seen.size;
  assert.ok(lost <= KILLS, `${lost} tokens are lost, with ${KILLS} kills`);
  t.diagnostic(
    `${lost} tokens went with ${KILLS} threads; ${locks} died inside a queue, ${holes} with an entry in hand`,
  );
});
