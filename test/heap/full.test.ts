// What a full heap does to every operation: full_program.ts says what is held to it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programFile } from '../support/program.ts';

const program = fileURLToPath(new URL(`./full_program${import.meta.url.slice(-3)}`, import.meta.url));

interface Result {
  readonly full: number;
  readonly of: number;
  readonly wrong: readonly string[];
}

test('an operation that finds no room has done nothing, and works when there is room again', {
  timeout: 600_000,
}, async () => {
  const { status, stdout, stderr } = await programFile(program);
  assert.equal(status, 0, stderr.slice(-3000));
  assert.equal(stderr, '');
  const { full, of, wrong } = JSON.parse(stdout) as Result;
  assert.deepEqual(wrong, []);
  assert.ok(full > of / 2, `only ${full} of ${of} operations found the heap full`);
});
