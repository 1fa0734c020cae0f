// Executors against the pools of worker_threads that people use, and against CPython's: one task after the other, many at once, and work
// that fills the cores.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ThreadPoolExecutor } from 'heddle';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';
import { clock, clockAsync, compare, median, output, type Row, type Side } from './harness.js';

const THREADS = 2;

const addOne = (value: number): number => value + 1;

/** Some ten milliseconds of arithmetic. */
function crunch(from: number): number {
  let sum = from;
  for (let n = 0; n < 10_000_000; n++) sum = (sum * 31 + n) | 0;
  return sum;
}

const SCRIPT = `
import sys, time
from concurrent.futures import ThreadPoolExecutor
def add_one(value): return value + 1
with ThreadPoolExecutor(2) as executor:
    singles, pipelined = [], []
    for _ in range(15):
        for n in range(300):
            start = time.perf_counter()
            executor.submit(add_one, n).result()
            singles.append(time.perf_counter() - start)
        start = time.perf_counter()
        for future in [executor.submit(add_one, n) for n in range(2000)]: future.result()
        pipelined.append((time.perf_counter() - start) / 2000)
middle = lambda times: sorted(times)[len(times) // 2]
print(sys.version.split()[0], middle(singles), middle(pipelined))
`;

export async function futureRows(): Promise<Row[]> {
  const executor = new ThreadPoolExecutor({ maxWorkers: THREADS });
  const file = join(tmpdir(), `heddle-bench-futures-${process.pid}.mjs`);
  writeFileSync(file, 'export default (value) => value + 1;\n');
  const filename = pathToFileURL(file).href;
  const options = { filename, minThreads: THREADS, maxThreads: THREADS };
  const piscina = new Piscina(options);
  const tinypool = new Tinypool(options);
  const pool = workerpool.pool({ minWorkers: THREADS, maxWorkers: THREADS, workerType: 'thread' });
  const others: [string, (n: number) => Promise<unknown>][] = [
    ['piscina', (n) => piscina.run(n)],
    ['tinypool', (n) => tinypool.run(n)],
    ['workerpool', async (n) => await pool.exec((value: number) => value + 1, [n])],
    ...(await multithreading()),
  ];

  // Of one task after the other the middle one counts: `count` times its time.
  const single: Side = (count) => {
    const times = new Float64Array(count);
    for (let n = 0; n < count; n++) {
      const start = performance.now();
      if (executor.submit(addOne, n).result() !== n + 1) throw new Error('wrong result');
      times[n] = performance.now() - start;
    }
    return median([...times]) * count;
  };
  const awaited =
    (run: (n: number) => PromiseLike<unknown>): Side =>
    async (count) => {
      const times = new Float64Array(count);
      for (let n = 0; n < count; n++) {
        const start = performance.now();
        if ((await run(n)) !== n + 1) throw new Error('wrong result');
        times[n] = performance.now() - start;
      }
      return median([...times]) * count;
    };
  const pipelined: Side = (count) =>
    clock(() => {
      const futures = Array.from({ length: count }, (_, n) => executor.submit(addOne, n));
      for (const [n, future] of futures.entries()) if (future.result() !== n + 1) throw new Error('wrong result');
    });

  const rows: Row[] = [
    await compare({
      name: 'submit(f).result(), warm, p50',
      against: 'piscina, awaited task',
      target: '≤ 0.7',
      unit: 'µs',
      count: 300,
      rounds: 31,
      ours: single,
      theirs: awaited((n) => piscina.run(n)),
    }),
    await compare({
      name: 'await submit(f), warm, p50',
      against: 'piscina, awaited task',
      target: '–',
      unit: 'µs',
      count: 300,
      rounds: 31,
      ours: awaited((n) => executor.submit(addOne, n)),
      theirs: awaited((n) => piscina.run(n)),
    }),
  ];
  for (const [name, run] of others) {
    rows.push(
      await compare({
        name: `trivial tasks at once, ${THREADS} threads, each`,
        against: name,
        target: '≤ 0.33',
        unit: 'µs',
        count: 2000,
        rounds: 11,
        ours: pipelined,
        theirs: (count) =>
          clockAsync(async () => {
            const results = await Promise.all(Array.from({ length: count }, (_, n) => run(n)));
            if (results.at(-1) !== count) throw new Error('wrong result');
          }),
      }),
    );
  }
  rows.push(
    await compare({
      name: `work that fills ${THREADS} cores: map of 16 tasks, each`,
      against: 'one thread',
      target: '≤ 0.53',
      unit: 'ms',
      count: 16,
      rounds: 9,
      ours: (count) =>
        clock(() => {
          const numbers = Array.from({ length: count }, (_, n) => n);
          if ([...executor.map(crunch, numbers)].length !== count) throw new Error('wrong results');
        }),
      theirs: (count) =>
        clock(() => {
          for (let n = 0; n < count; n++) crunch(n);
        }),
    }),
  );
  rows.push(...(await pythonRows(single, pipelined)));
  await Promise.all([piscina.destroy(), tinypool.destroy(), pool.terminate()]);
  executor.shutdown();
  return rows;
}

type Spawn = (args: unknown[], fn: (value: number) => number) => { join(): Promise<{ value?: unknown }> };

/** Where it is installed. */
async function multithreading(): Promise<[string, (n: number) => Promise<unknown>][]> {
  try {
    const { spawn } = (await import('multithreading' as string)) as { spawn: Spawn };
    return [['multithreading', async (n) => (await spawn([n], (value: number) => value + 1).join()).value]];
  } catch {
    return [];
  }
}

/** In a child, between two rounds of ours. */
async function pythonRows(single: Side, pipelined: Side): Promise<Row[]> {
  const measure = async (side: Side, count: number): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < 15; round++) times.push((await side(count)) / count);
    return median(times);
  };
  const before = [await measure(single, 300), await measure(pipelined, 2000)];
  const answer = output('python3', ['-c', SCRIPT]);
  const after = [await measure(single, 300), await measure(pipelined, 2000)];
  if (answer === undefined) return [];
  const [version, ...seconds] = answer.trim().split(' ');
  return ['submit(f).result(), warm, p50', `trivial tasks at once, ${THREADS} threads, each`].map((name, index) => {
    const mine = (before[index]! + after[index]!) / 2;
    const theirs = Number(seconds[index]) * 1000;
    return {
      name,
      ours: `${(mine * 1000).toFixed(1)} µs`,
      against: `CPython ${version}`,
      theirs: `${(theirs * 1000).toFixed(1)} µs`,
      ratio: (mine / theirs).toFixed(2),
      target: '≤ 1.0',
    };
  });
}
