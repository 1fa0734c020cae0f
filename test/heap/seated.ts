// Workers that share the memory of the test without the runtime.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { memory } from '#heddle/memory/memory.js';
import type { SeatData } from './seat.ts';

/** The entry as it lies beside this file: compiled, or as it is. */
const entry = new URL(`./seat${import.meta.url.slice(-3)}`, import.meta.url);

/** Runs a job in several workers at once, on the slots from 1 on; returns the cells that each has got, after all have exited. */
export async function seated(
  workers: number,
  job: Pick<SeatData, 'job' | 'count'> & Partial<SeatData>,
): Promise<readonly (readonly number[])[]> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  return Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const seat = { memory, slot: index + 1 };
      const worker = new Worker(entry, { workerData: { head: 0, cellSize: 0, ...job, seat, gate, workers } });
      const exited = once(worker, 'exit');
      const [cells] = (await once(worker, 'message')) as [number[]];
      await exited;
      return cells;
    }),
  );
}
