// The program that part.test.ts runs: a part of the benchmarks whose peers fail in every way.

import { compare, type Row } from '../../bench/harness.ts';
import { runPart } from '../../bench/part.ts';

const peers: Readonly<Record<string, () => number | Promise<number>>> = {
  'answers wrongly': () => {
    throw new Error('wrong result');
  },
  works: () => 2,
  'ends the process': () => process.exit(3),
  'kills the process': () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  },
  'throws where nobody catches it': () =>
    new Promise(() => {
      setImmediate(() => {
        throw new TypeError('out of nowhere');
      });
    }),
  'works as well': () => 4,
};

runPart(async () => {
  const rows: Row[] = [];
  for (const [against, theirs] of Object.entries(peers)) {
    rows.push(
      await compare({ name: 'a task', against, target: '–', unit: 'ms', count: 1, rounds: 1, ours: () => 2, theirs }),
    );
  }
  return rows;
});
