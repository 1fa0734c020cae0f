// Values of half a megabyte, of which a few are on their way at once: all that was let go of goes by its bytes, in every style of program.
// What stays would fill the heap several times, and be a MemoryError. HEDDLE_LARGE says how many values each style carries: 10,000 take
// some minutes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { whole } from '../support/extent.ts';
import { programFile } from '../support/program.ts';

const program = fileURLToPath(new URL(`./large_program${import.meta.url.slice(-3)}`, import.meta.url));
/** By default three times what the heap may have. */
const given = process.env['HEDDLE_LARGE'];
const count = given ?? '150';
const maxHeap = given === undefined ? '24' : '48';

interface Result {
  readonly live: number;
  readonly committed: number;
  readonly resident: number;
  readonly after: number;
}

/** Megabytes that may be alive: what goes at once is never much; what waits for JavaScript's collector may be, in between. */
const EXACT = 10;

const runs: readonly [style: string, values: string, live: number][] = [
  ['queue-blocking', 'text', EXACT],
  ['queue-timed', 'plain', EXACT],
  ['queue-async', 'buffer', EXACT],
  ['queue-each', 'wide', EXACT],
  ['queue-blocking', 'record', Infinity],
  ['queue-each', 'record', Infinity],
  ['queue-async', 'small', Infinity],
  ['queue-blocking', 'shared-buffer', Infinity],
  ['lifo-blocking', 'text', EXACT],
  ['priority-timed', 'plain', EXACT],
  ['priority-named-async', 'text', EXACT],
  ['simple-each', 'buffer', EXACT],
  ['arguments', 'text', EXACT],
  ['arguments-blocking', 'plain', EXACT],
  ['results', 'text', Infinity],
  ['results-blocking', 'plain', Infinity],
  ['dropped', 'buffer', Infinity],
  ['map', 'text', EXACT],
  ['map-async', 'plain', EXACT],
  ['entry', 'text', EXACT],
  ['entry', 'record', Infinity],
  ['field', 'wide', EXACT],
  ['field', 'record', Infinity],
];

/** `npm test` runs every third. */
const chosen = runs.filter((_, at) => whole || given !== undefined || at % 3 === 0);

for (const [style, values, most] of chosen) {
  test(`${style}: ${values}`, async (t) => {
    const { status, stdout, stderr } = await programFile(program, {
      args: [style, values, count, maxHeap],
      limits: { work: 300_000 + 100 * Number(count) },
    });
    assert.equal(status, 0, stderr.slice(-3000));
    assert.equal(stderr, '');
    t.diagnostic(stdout.trim());
    const { live, after } = JSON.parse(stdout) as Result;
    assert.ok(live <= most, `${live} MB were alive, with a few values of half a megabyte on their way`);
    assert.ok(after <= most, `${after} MB are kept at the end`);
  });
}
