// Executors at random: see futures_stress_program.ts for the model. HEDDLE_SEED repeats a run, HEDDLE_STRESS makes it so many
// times as long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extent } from '../support/extent.ts';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`futures_stress_program.${extension}`, import.meta.url));

const seed = Number(process.env['HEDDLE_SEED'] ?? Math.floor(Math.random() * 1e9));
const rounds = extent(8, 60) * Number(process.env['HEDDLE_STRESS'] ?? 1);

test(`stress: executors under cancel, time-outs, thread death and shutdown, seed ${seed}`, async (t) => {
  const { status, signal, stdout, stderr } = await programFile(stressProgram, {
    args: [String(seed), String(rounds)],
  });
  assert.equal(signal, null, stderr);
  assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-3000)}`);
  t.diagnostic(stdout.trim());
  const { tasks } = JSON.parse(stdout) as { tasks: number };
  assert.ok(tasks > 30, `too little happened: ${stdout}`);
});
