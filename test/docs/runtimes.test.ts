// What Bun and Deno cannot do is said once, in test/runtimes/cannot.json: each entry names tests that are there, and why. The page counts them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/program.ts';

interface Entry {
  readonly file: string;
  readonly runtimes: readonly ('bun' | 'deno')[];
  readonly tests: readonly string[];
  readonly reason: string;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const table = JSON.parse(read('test/runtimes/cannot.json')) as Entry[];

test('each entry names runtimes, tests of a file that is there, and a reason', () => {
  for (const { file, runtimes, tests, reason } of table) {
    const source = read(`test/${file}.test.ts`);
    assert.ok(tests.length > 0 && runtimes.length > 0 && reason.length > 20, file);
    for (const runtime of runtimes) assert.ok(['bun', 'deno'].includes(runtime), runtime);
    for (const name of tests) {
      // A name can be made of the names of a suite and of a case.
      const parts = name.split(/ > |: (?=the )/);
      const missing = parts.filter((part) => !source.includes(part.replaceAll("'", "\\'")) && !source.includes(part));
      assert.deepEqual(missing, [], `${file}: ${name}`);
    }
  }
});

test('the page says how many tests cannot pass', () => {
  const page = read('docs/runtimes.md');
  for (const [name, runtime] of [
    ['Bun', 'bun'],
    ['Deno', 'deno'],
  ] as const) {
    const cannot = table.filter(({ runtimes }) => runtimes.includes(runtime)).flatMap(({ tests }) => tests).length;
    const [, said] = new RegExp(`^\\| ${name} \\| \\d+ \\| \\d+ \\| (\\d+) \\|$`, 'm').exec(page) ?? [];
    assert.equal(Number(said), cannot, name);
  }
});
