// All benchmarks: `npm run bench`. Prints a table in Markdown, with machine and versions.

import { fileURLToPath } from 'node:url';
import { machine, output, print, type Row } from './harness.js';
import { lockRows } from './lock.js';
import { memoryRows } from './memory.js';
import { poolRows } from './pools.js';
import { pythonRows } from './python.js';
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

console.log(`${machine()}\n`);
print([
  ...(await lockRows()),
  ...(await startRows()),
  ...memoryRows(),
  ...(await poolRows()),
  ...pythonRows(),
  mainJobRow(),
]);
process.exit();
