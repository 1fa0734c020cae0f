// Threads at random: see stress_program.ts for the model. HEDDLE_SEED repeats a run, HEDDLE_STRESS_MS makes it longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`stress_program.${extension}`, import.meta.url));

const seed = Number(process.env['HEDDLE_SEED'] ?? Math.floor(Math.random() * 1e9));
const duration = Number(process.env['HEDDLE_STRESS_MS'] ?? 8000);

test(`stress: random threads, seed ${seed}`, { timeout: duration + 120_000 }, async (t) => {
  const { status, signal, stdout, stderr } = await programFile(stressProgram, {
    args: [String(seed), String(duration)],
    timeout: duration + 100_000,
  });
  assert.equal(signal, null, stderr);
  assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-2000)}`);
  t.diagnostic(stdout.trim());
  const { failed, started, raised } = JSON.parse(stdout) as Record<string, number>;
  assert.ok(started! > 20 && raised! > 100, `too little happened: ${stdout}`);
  const reports = stderr.match(/^Unhandled exception in thread started by <function walk at .+stress_program/gm) ?? [];
  assert.equal(reports.length, failed, 'each failure is reported once, with its function and place');
});
