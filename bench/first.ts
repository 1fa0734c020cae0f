// What the first thread of a program costs, the import included, and the second one: against the first message of a bare worker, and of
// another. Processor time of a whole child process, which does not depend on what else the machine does; the children take turns.

import { fileURLToPath } from 'node:url';
import { median, output, type Row } from './harness.js';

const ROUNDS = 15;
const CHILD = fileURLToPath(new URL('first-child.js', import.meta.url));

const measure = (side: 'threads' | 'workers'): [number, number] =>
  JSON.parse(output(process.execPath, [CHILD, side]) ?? '[null,null]');

export function firstRows(): Row[] {
  const rounds = Array.from({ length: ROUNDS }, () => [measure('threads'), measure('workers')] as const);
  return [
    row(rounds, 0, 'import, start of the first thread, its answer: processor time', '≤ 2.5'),
    row(rounds, 1, 'the second thread, likewise', '≤ 1.3'),
  ];
}

function row(
  rounds: ReadonlyArray<readonly [[number, number], [number, number]]>,
  at: 0 | 1,
  name: string,
  target: string,
): Row {
  const ours = rounds.map(([threads]) => threads[at]);
  const theirs = rounds.map(([, workers]) => workers[at]);
  return {
    name,
    ours: `${median(ours).toFixed(1)} ms`,
    against: 'the first message of a bare worker',
    theirs: `${median(theirs).toFixed(1)} ms`,
    ratio: median(ours.map((value, round) => value / theirs[round]!)).toFixed(2),
    target,
  };
}
