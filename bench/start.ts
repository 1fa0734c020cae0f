// Starting a thread and waiting for its end, warm, against a message to a live worker and back.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { allocate_lock, start_new_thread } from 'heddle/thread';
import { clock, clockAsync, compare, type Row, type Side } from './harness.js';

const ECHO = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => parentPort.postMessage(message));
`;

const done = allocate_lock();

/** All that it captures is constant. */
function finish(): void {
  done.release();
}

function helper(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** A message to a live worker and back. */
export const roundTripTo =
  (worker: Worker): Side =>
  (count) =>
    clockAsync(async () => {
      for (let n = 0; n < count; n++) {
        worker.postMessage(n);
        await once(worker, 'message');
      }
    });

export async function startRows(): Promise<Row[]> {
  done.acquire();
  const worker = new Worker(ECHO, { eval: true });
  const common = {
    against: 'postMessage round trip to a live worker',
    unit: 'µs',
    theirs: roundTripTo(worker),
    rounds: 25,
  } as const;
  const rows = [
    await compare({
      ...common,
      name: 'start → joined, warm, same function, constant captures',
      target: '≤ 1.0',
      count: 300,
      ours: (count) =>
        clock(() => {
          for (let n = 0; n < count; n++) {
            start_new_thread(finish, []);
            done.acquire();
          }
        }),
    }),
    await compare({
      ...common,
      name: 'start → joined, warm, fresh closure with a helper and data',
      target: '≤ 4',
      count: 100,
      ours: (count) =>
        clock(() => {
          for (let n = 0; n < count; n++) {
            const data = [n, n + 1, n + 2];
            start_new_thread(() => {
              if (helper(data) !== 3 * n + 3) throw new Error('wrong sum');
              done.release();
            }, []);
            done.acquire();
          }
        }),
    }),
  ];
  await worker.terminate();
  done.release();
  return rows;
}
