// Producers and consumers at random: see stress_program.ts for the model. HEDDLE_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extent } from '../support/extent.ts';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`stress_program.${extension}`, import.meta.url));
const given = process.env['HEDDLE_SEED'];
const first = Math.floor(Math.random() * 1e9);
/** Several in a row: the order is drawn. */
const seeds = given === undefined ? Array.from({ length: extent(1, 12) }, (_, at) => first + at) : [Number(given)];

for (const seed of seeds) {
  test(`stress: ten producers, ten consumers, seed ${seed}`, async (t) => {
    const { status, signal, stdout, stderr } = await programFile(stressProgram, {
      args: [String(seed)],
    });
    assert.equal(signal, null, stderr);
    assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-2000)}`);
    t.diagnostic(stdout.trim());
    const { errors, waiting } = JSON.parse(stdout) as Record<string, number>;
    assert.equal(errors, 0);
    assert.equal(waiting, 0);
  });
}
