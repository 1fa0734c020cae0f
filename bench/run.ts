// All benchmarks: `npm run bench`, or some: `npm run bench -- heap-fields lock`. Prints a table in Markdown, with machine and versions.

import { fileURLToPath } from 'node:url';
import { machine, output, print, type Row } from './harness.js';
import { type Part, rowsOf, runPart } from './part.js';

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

const heap =
  (name: string): Part =>
  async () =>
    (await import('./heap.js')).heapBenches[name]!();

/** Each loads its modules when it is run: a package that cannot even be loaded spoils its own part only. */
const parts: Record<string, Part> = {
  lock: async () => (await import('./lock.js')).lockRows(),
  handoff: async () => (await import('./handoff.js')).handoffRows(),
  start: async () => (await import('./start.js')).startRows(),
  first: async () => (await import('./first.js')).firstRows(),
  memory: async () => (await import('./memory.js')).memoryRows(),
  pools: async () => (await import('./pools.js')).poolRows(),
  futures: async () => (await import('./futures.js')).futureRows(),
  python: async () => (await import('./python.js')).pythonRows(),
  queue: async () => (await import('./queue.js')).queueRows(),
  bytes: async () => (await import('./bytes.js')).byteRows(),
  transform: async () => (await import('./transform.js')).transformRows(),
  cluster: async () => (await import('./cluster.js')).clusterRows(),
  main: () => [mainJobRow()],
  ...Object.fromEntries(
    ['fields', 'tree', 'arrays', 'maps', 'strings', 'collection', 'packages']
      .map((part) => `heap-${part}`)
      .map((name) => [name, heap(name)]),
  ),
};

async function all(wanted: readonly string[]): Promise<void> {
  const chosen = Object.keys(parts).filter(
    (name) => wanted.length === 0 || wanted.some((word) => name === word || name.startsWith(`${word}-`)),
  );
  if (chosen.length === 0) {
    console.error(
      `there is no such benchmark; there are ${Object.keys(parts).join(', ')}, and heap for all of its parts`,
    );
    process.exit(2);
  }
  console.log(`${machine()}\n`);
  const rows: Row[] = [];
  for (const name of chosen) rows.push(...(await rowsOf(name)));
  print(rows);
  // A peer that fails is its own affair; we may not.
  if (rows.some(({ ours }) => ours.startsWith('– ('))) process.exitCode = 1;
}

const [first, part] = process.argv.slice(2);
if (first === '--part') runPart(parts[part!]!);
else await all(process.argv.slice(2));
