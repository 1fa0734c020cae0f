// Executors at random: see futures_stress_program.ts for the model. HEDDLE_SEED repeats a run, HEDDLE_STRESS_MS makes it longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`futures_stress_program.${extension}`, import.meta.url));

const seed = Number(process.env['HEDDLE_SEED'] ?? Math.floor(Math.random() * 1e9));
const duration = Number(process.env['HEDDLE_STRESS_MS'] ?? 6000);

test(`stress: executors under cancel, time-outs, thread death and shutdown, seed ${seed}`, {
  timeout: duration + 120_000,
}, async (t) => {
  const { status, signal, stdout, stderr } = await programFile(stressProgram, {
    args: [String(seed), String(duration)],
    timeout: duration + 100_000,
  });
  assert.equal(signal, null, stderr);
  assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-3000)}`);
  t.diagnostic(stdout.trim());
  const { tasks } = JSON.parse(stdout) as { tasks: number };
  assert.ok(tasks > 30, `too little happened: ${stdout}`);
});
