// The lock against the bare instructions that any lock needs.

import { Worker } from 'node:worker_threads';
import { allocate_lock, start_new_thread } from 'heddle/thread';
import { clock, compare, onOneCore, type Row } from './harness.js';

/** Two threads that wait for each other in turns, on one core: a hand-off is half of a round. */
export async function lockRows(): Promise<Row[]> {
  return [await uncontended(), await onOneCore(handOff)];
}

function uncontended(): Promise<Row> {
  const lock = allocate_lock();
  const word = new Int32Array(new SharedArrayBuffer(64));
  return compare({
    name: 'uncontended acquire + release',
    against: 'Atomics.compareExchange + Atomics.store',
    target: '≤ 1.0',
    unit: 'ns',
    count: 1_000_000,
    rounds: 25,
    ours: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          lock.acquire();
          lock.release();
        }
      }),
    theirs: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          Atomics.compareExchange(word, 0, 0, 1);
          Atomics.store(word, 0, 0);
        }
      }),
  });
}

/** The same ping-pong with `Atomics.wait` and `notify` on two words, in a bare worker. */
const PARTNER = `
  const { workerData: words } = require('node:worker_threads');
  for (let turn = 1; ; turn++) {
    while (Atomics.load(words, 0) < turn) Atomics.wait(words, 0, turn - 1);
    Atomics.store(words, 16, turn);
    Atomics.notify(words, 16, 1);
  }
`;

async function handOff(): Promise<Row> {
  const ping = allocate_lock();
  const pong = allocate_lock();
  ping.acquire();
  pong.acquire();
  start_new_thread(() => {
    for (;;) {
      ping.acquire();
      pong.release();
    }
  }, []);
  const words = new Int32Array(new SharedArrayBuffer(128));
  const partner = new Worker(PARTNER, { eval: true, workerData: words });
  partner.unref();
  let turn = 0;
  const row = await compare({
    name: 'lock hand-off between two threads, both ways',
    against: 'Atomics.wait/notify ping-pong',
    target: '≤ 1.2',
    unit: 'µs',
    count: 2_000,
    rounds: 25,
    ours: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          ping.release();
          pong.acquire();
        }
      }),
    theirs: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          turn++;
          Atomics.store(words, 0, turn);
          Atomics.notify(words, 0, 1);
          while (Atomics.load(words, 16) < turn) Atomics.wait(words, 16, turn - 1);
        }
      }),
  });
  await partner.terminate();
  return row;
}
