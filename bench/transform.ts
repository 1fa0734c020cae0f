// Transformed code against what it was: starts, closures that are made, variables that threads share, memory.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { transform } from '#heddle/transform/transform.js';
import { clock, compare, type Row } from './harness.js';
import { roundTripTo } from './start.js';

type Sides = typeof import('./transform-sides.js');

const ECHO = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => parentPort.postMessage(message));
`;

async function transformedSides(): Promise<Sides> {
  const file = fileURLToPath(new URL('./transform-sides.js', import.meta.url));
  const made = transform(readFileSync(file, 'utf8'), { id: file })!;
  const to = new URL('./transform-sides.transformed.js', import.meta.url);
  writeFileSync(to, made.code);
  return (await import(to.href)) as Sides;
}

export async function transformRows(): Promise<Row[]> {
  const plain = await import('./transform-sides.js');
  const made = await transformedSides();
  const worker = new Worker(ECHO, { eval: true });
  const started = {
    against: 'postMessage round trip to a live worker',
    unit: 'µs',
    theirs: roundTripTo(worker),
    rounds: 25,
    count: 100,
  } as const;
  const rows = [
    await compare({
      ...started,
      name: 'start → joined, fresh closure with a helper and data, transformed',
      target: '≤ 2',
      ours: (count) => clock(() => made.start(count)),
    }),
    await compare({
      ...started,
      name: 'start → joined, fresh closure with a helper and data, by the inspector',
      target: '≤ 8',
      ours: (count) => clock(() => plain.start(count)),
    }),
  ];
  await worker.terminate();
  const looped = { against: 'the same as written', unit: 'ns', rounds: 15 } as const;
  const sides = (name: string, target: string, ours: (count: number) => void, theirs: (count: number) => void) =>
    compare({
      ...looped,
      name,
      target,
      count: 1_000_000,
      ours: (n) => clock(() => ours(n)),
      theirs: (n) => clock(() => theirs(n)),
    });
  rows.push(await sides('making a closure in a loop, transformed', '≤ 3', made.make, plain.make));
  const variable = 'a variable of a module';
  const own = `${variable} that could be shared, and is not`;
  rows.push(await sides(`reading ${own}`, '≤ 3', made.readAssigned, plain.readPlain));
  rows.push(await sides(`counting in ${own}`, '≤ 3', made.stepAssigned, plain.stepPlain));
  made.spreadVariable();
  const shared = `${variable} that a thread shares`;
  rows.push(await sides(`reading ${shared}`, '≤ 3', made.readSpread, plain.readPlain));
  rows.push(await sides(`writing ${shared}`, '≤ 3', made.writeSpread, plain.writePlain));
  rows.push(await sides(`counting in ${shared}`, '≤ 3', made.stepSpread, plain.stepPlain));
  rows.push(memoryRow(plain, made));
  return rows;
}

const CLOSURES = 200_000;

function memoryRow(plain: Sides, made: Sides): Row {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes = (keep: Sides['keep']): number => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept = keep(CLOSURES);
    collect();
    const used = process.memoryUsage().heapUsed - before;
    return used / kept.length;
  };
  const [ours, theirs] = [bytes(made.keep), bytes(plain.keep)];
  return {
    name: 'memory of a closure that never travels',
    ours: `${ours.toFixed(0)} bytes`,
    against: 'the same as written',
    theirs: `${theirs.toFixed(0)} bytes`,
    ratio: `+${(ours - theirs).toFixed(0)}`,
    target: '≤ +64',
  };
}
