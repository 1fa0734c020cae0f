// All benchmarks: `npm run bench`, or some: `npm run bench -- heap-fields lock`. Prints a table in Markdown, with machine and versions.

import { fileURLToPath } from 'node:url';
import { futureRows } from './futures.js';
import { handoffRows } from './handoff.js';
import { machine, output, print, type Row } from './harness.js';
import { heapBenches } from './heap.js';
import { lockRows } from './lock.js';
import { memoryRows } from './memory.js';
import { poolRows } from './pools.js';
import { pythonRows } from './python.js';
import { queueRows } from './queue.js';
import { startRows } from './start.js';

/** The main job's own figures: it runs with one thread and with all cores. */
function mainJobRow(): Row {
  const job = fileURLToPath(new URL('../examples/checksum.js', import.meta.url));
  const printed = output(process.execPath, [job]) ?? '';
  const speeds = [...printed.matchAll(/([\d.]+) MB\/s/g)].map((match) => match[1]);
  return {
    name: 'main job: checksums of node_modules',
    ours: `${speeds.at(-1)} MB/s`,
    against: 'one thread',
    theirs: `${speeds[0]} MB/s`,
    ratio: (Number(speeds.at(-1)) / Number(speeds[0])).toFixed(2),
    target: '≥ 1.7',
  };
}

const benches: Record<string, () => Row[] | Promise<Row[]>> = {
  lock: lockRows,
  handoff: handoffRows,
  start: startRows,
  memory: memoryRows,
  pools: poolRows,
  futures: futureRows,
  python: pythonRows,
  queue: queueRows,
  main: () => [mainJobRow()],
  ...heapBenches,
};

const wanted = process.argv.slice(2);
const chosen = Object.keys(benches).filter(
  (name) => wanted.length === 0 || wanted.some((word) => name === word || name.startsWith(`${word}-`)),
);
if (chosen.length === 0) {
  console.error(
    `there is no such benchmark; there are ${Object.keys(benches).join(', ')}, and heap for all of its parts`,
  );
  process.exit(2);
}
console.log(`${machine()}\n`);
const rows: Row[] = [];
for (const name of chosen) rows.push(...(await benches[name]!()));
print(rows);
process.exit();
