// The same trivial task through the pools of worker_threads that people use. They send the task to a worker file and give its result
// back through the event loop; a thread of ours is started and joined for each task.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { allocate_lock, start_new_thread } from 'heddle/thread';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';
import { clock, clockAsync, compare, type Row, type Side } from './harness.js';

const done = allocate_lock();
const result = new Int32Array(new SharedArrayBuffer(4));

function addOne(value: number): void {
  result[0] = value + 1;
  done.release();
}

const ours: Side = (count) =>
  clock(() => {
    for (let n = 0; n < count; n++) {
      start_new_thread(addOne, [n]);
      done.acquire();
      if (result[0] !== n + 1) throw new Error('wrong result');
    }
  });

export async function poolRows(): Promise<Row[]> {
  done.acquire();
  const file = join(tmpdir(), `heddle-bench-${process.pid}.mjs`);
  writeFileSync(file, 'export default (value) => value + 1;\n');
  const filename = pathToFileURL(file).href;

  const piscina = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
  const tinypool = new Tinypool({ filename, minThreads: 2, maxThreads: 2 });
  const pool = workerpool.pool({ minWorkers: 2, maxWorkers: 2, workerType: 'thread' });
  const sides: [string, (n: number) => Promise<unknown>][] = [
    ['piscina', (n) => piscina.run(n)],
    ['tinypool', (n) => tinypool.run(n)],
    ['workerpool', async (n) => await pool.exec((value: number) => value + 1, [n])],
  ];
  const rows: Row[] = [];
  for (const [name, run] of sides) {
    rows.push(
      await compare({
        name: 'a trivial task, one after the other',
        against: name,
        target: '< 1',
        unit: 'µs',
        count: 200,
        rounds: 21,
        ours,
        theirs: (count) =>
          clockAsync(async () => {
            for (let n = 0; n < count; n++) if ((await run(n)) !== n + 1) throw new Error('wrong result');
          }),
      }),
    );
  }
  await Promise.all([piscina.destroy(), tinypool.destroy(), pool.terminate()]);
  done.release();
  return rows;
}
