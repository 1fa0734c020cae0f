// A file to which tasks write what they do, wherever they run on this machine, and however they end.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Journal {
  /** Tasks append to it: `appendFileSync(path, 'text\n')`. */
  readonly path: string;
  lines(): string[];
  /** When there are so many lines that match. */
  until(pattern: RegExp, count?: number): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'heddle-journal-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let made = 0;

export function journal(): Journal {
  const path = join(folder, String(made++));
  writeFileSync(path, '');
  const lines = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return {
    path,
    lines,
    async until(pattern, count = 1) {
      await becomes(() => lines().filter((line) => pattern.test(line)).length >= count);
    },
  };
}

/** When it holds. It is looked at again and again: nobody tells of it. Who hangs here is found by the watchdog of the tests. */
export async function becomes(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
