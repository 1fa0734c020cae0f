// Watches the files that Node's test runner runs, each in a process of its own, and ends those that hang. A test that waits has a limit of
// its own (counter.ts, program.ts), and says better what did not come: this is for what has none, such as a call that never returns.

import { readFileSync } from 'node:fs';
import { activityOf, childrenOf, endTree } from './activity.ts';
import { type Limits, Patience } from './patience.ts';

/** Longer than any limit inside, and than a package manager waits for a network. */
const LIMITS: Limits = { rest: 360_000, work: 3_600_000 };
const EVERY = 5_000;

/** Watches the children of a process until the function that it returns is called. */
export function watchFiles(runner: number, tell: (line: string) => void): () => void {
  const watched = new Map<number, Patience>();
  const looks = setInterval(() => {
    for (const pid of childrenOf(runner)) {
      const patience = watched.get(pid) ?? new Patience(() => activityOf(pid), LIMITS);
      watched.set(pid, patience);
      const verdict = patience.verdict();
      if (verdict === undefined) continue;
      tell(`✖ ${fileOf(pid)} hangs and is ended: ${verdict}`);
      endTree(pid);
    }
  }, EVERY);
  return () => clearInterval(looks);
}

function fileOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return words.filter((word) => /\.test\.[jt]s$/.test(word)).join(' ') || `process ${pid}`;
}
