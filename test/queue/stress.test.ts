// Producers and consumers at random: see stress_program.ts for the model. HEDDLE_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`stress_program.${extension}`, import.meta.url));
const given = process.env['HEDDLE_SEED'];
const first = Math.floor(Math.random() * 1e9);
/** Three in a row: the order is drawn. */
const seeds = given === undefined ? [first, first + 1, first + 2] : [Number(given)];

for (const seed of seeds) {
  test(`stress: ten producers, ten consumers, seed ${seed}`, { timeout: 170_000 }, async (t) => {
    const { status, signal, stdout, stderr } = await programFile(stressProgram, {
      args: [String(seed)],
      timeout: 160_000,
    });
    assert.equal(signal, null, stderr);
    assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-2000)}`);
    t.diagnostic(stdout.trim());
    const { errors, waiting } = JSON.parse(stdout) as Record<string, number>;
    assert.equal(errors, 0);
    assert.equal(waiting, 0);
  });
}
