// Threads at random: see stress_program.ts for the model. HEDDLE_SEED repeats a run, HEDDLE_STRESS makes it so many times as long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extent } from '../support/extent.ts';
import { programFile } from '../support/program.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const stressProgram = fileURLToPath(new URL(`stress_program.${extension}`, import.meta.url));

const seed = Number(process.env['HEDDLE_SEED'] ?? Math.floor(Math.random() * 1e9));
const threads = extent(60, 600) * Number(process.env['HEDDLE_STRESS'] ?? 1);

test(`stress: random threads, seed ${seed}`, async (t) => {
  const { status, signal, stdout, stderr } = await programFile(stressProgram, {
    args: [String(seed), String(threads)],
  });
  assert.equal(signal, null, stderr);
  assert.equal(status, 0, `seed ${seed}: ${stderr.slice(-2000)}`);
  t.diagnostic(stdout.trim());
  const { failed, started, raised } = JSON.parse(stdout) as Record<string, number>;
  assert.ok(started! >= threads && raised! > threads, `too little happened: ${stdout}`);
  const reports = stderr.match(/^Unhandled exception in thread started by <function walk at .+stress_program/gm) ?? [];
  assert.equal(reports.length, failed, 'each failure is reported once, with its function and place');
});
