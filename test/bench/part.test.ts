// The benchmarks go on when a peer fails, and say so in its row.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rowsOf } from '../../bench/part.ts';

const program = fileURLToPath(
  new URL(`part_program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

test('every peer has a row, in which its failure is said', async () => {
  const rows = await rowsOf('peers', program);
  assert.deepEqual(
    rows.map(({ against, ours, theirs, ratio }) => [against, ours, theirs, ratio]),
    [
      ['answers wrongly', '–', '– (wrong result)', '–'],
      ['works', '2.0 ms', '2.0 ms', '1.00'],
      ['ends the process', '–', '– (the process ended with status 3)', '–'],
      ['kills the process', '–', '– (the process ended with SIGKILL)', '–'],
      ['throws where nobody catches it', '–', '– (TypeError: out of nowhere)', '–'],
      ['works as well', '2.0 ms', '4.0 ms', '0.50'],
    ],
  );
});
