// npm run start:cluster

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { programFile, root } from '../support/program.ts';

test('the demonstration: a worker is killed in the middle, and everything is there once', async () => {
  const { status, stdout, stderr } = await programFile(join(root, 'build', 'examples', 'cluster.js'));
  assert.equal(stderr, '');
  assert.match(stdout, /^PostgreSQL from npm is up: .*\n3 workers take tasks: /);
  assert.match(stdout, /worker \d+ is killed, at \d+ of \d+ files\n/);
  assert.match(stdout, /\n(\d+) of \1 files are there; 0 missing, 0 there twice, 0 other than/);
  assert.match(stdout, /the workers have drained, PostgreSQL is stopped, and its data is removed\n$/);
  assert.equal(status, 0);
});
