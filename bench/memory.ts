// Memory of a thread against that of a bare worker that is blocked in a futex. A thread is idle when its function has returned and its
// worker is kept for the next one, or blocked in `acquire()`. Each side is a child process of its own, so that what the other left behind
// does not count; growth of the resident set over 16 of them.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { _count, allocate_lock, start_new_thread } from 'heddle/thread';
import { median, output, type Row } from './harness.js';

const THREADS = 16;
const ROUNDS = 3;
const PARKED = `
  const { workerData: words } = require('node:worker_threads');
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  Atomics.wait(words, 1, 0);
`;

/** Run in the child: prints bytes for each. */
function measureThreads(idle: boolean): void {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const block = allocate_lock();
  block.acquire();
  // The supervisor, its watch and the first worker are there before we begin.
  const park = () => {
    Atomics.add(words, 0, 1);
    Atomics.notify(words, 0);
    block.acquire();
    block.release();
  };
  start_new_thread(park, []);
  start_new_thread(park, []);
  awaitCount(words, 2);
  Atomics.wait(words, 1, 0, 300);
  const before = process.memoryUsage.rss();
  for (let n = 0; n < THREADS; n++) start_new_thread(park, []);
  awaitCount(words, THREADS + 2);
  if (idle) {
    block.release();
    while (_count() > 0) Atomics.wait(words, 1, 0, 10);
    Atomics.wait(words, 1, 0, 1500);
  }
  Atomics.wait(words, 1, 0, 300);
  console.log((process.memoryUsage.rss() - before) / THREADS);
  process.exit();
}

function measureWorkers(): void {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const start = () => new Worker(PARKED, { eval: true, workerData: words });
  start();
  start();
  awaitCount(words, 2);
  Atomics.wait(words, 1, 0, 300);
  const before = process.memoryUsage.rss();
  for (let n = 0; n < THREADS; n++) start();
  awaitCount(words, THREADS + 2);
  Atomics.wait(words, 1, 0, 300);
  console.log((process.memoryUsage.rss() - before) / THREADS);
  process.exit();
}

function awaitCount(words: Int32Array, count: number): void {
  for (let seen = Atomics.load(words, 0); seen < count; seen = Atomics.load(words, 0)) Atomics.wait(words, 0, seen);
}

export function memoryRows(): Row[] {
  return [memoryRow('idle'), memoryRow('blocked')];
}

function memoryRow(state: 'idle' | 'blocked'): Row {
  const me = fileURLToPath(import.meta.url);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(Number(output(process.execPath, [me, state])));
    theirs.push(Number(output(process.execPath, [me, 'workers'])));
  }
  const mebibytes = (values: number[]) => median(values) / 2 ** 20;
  return {
    name: `memory of ${state === 'idle' ? 'an idle' : 'a blocked'} thread`,
    ours: `${mebibytes(ours).toFixed(1)} MiB`,
    against: 'a bare worker',
    theirs: `${mebibytes(theirs).toFixed(1)} MiB`,
    ratio: `+${(mebibytes(ours) - mebibytes(theirs)).toFixed(2)} MiB`,
    target: '≤ +1 MiB',
  };
}

if (process.argv[2] === 'idle' || process.argv[2] === 'blocked') measureThreads(process.argv[2] === 'idle');
if (process.argv[2] === 'workers') measureWorkers();
