// Threads at random over one heap, in the styles in which programs are written; soak_program.ts has the model. HEDDLE_SOAK says for how
// many seconds in all (`npm run test:whole`: 80), HEDDLE_SEED repeats a run's choices.
//
// What is bounded: cells that are alive at the end of a collection, and the memory in use, against what can be reached at most. The factors
// are large because what can be reached is little: 32,768 cells may live through a thread's pins alone before its JavaScript garbage is
// collected for their sake (src/heap/tidy.ts), and pins go, and what they have kept is swept, in the collection after. 25 collections a
// second are asked for, so that many fall into the middle of that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extent } from '../support/extent.ts';
import { programFile } from '../support/program.ts';

const program = fileURLToPath(new URL(`./soak_program${import.meta.url.slice(-3)}`, import.meta.url));
const styles: Readonly<Record<string, number>> = { events: 16, scopes: 8, blocking: 16, mixed: 16 };
const seconds = Number(process.env['HEDDLE_SOAK'] ?? extent(3, 80));
const seed = process.env['HEDDLE_SEED'] ?? String(Math.floor(Math.random() * 1e9));

interface Result {
  readonly wrong: number;
  readonly operations: number;
  readonly collections: number;
  readonly reachable: number;
  readonly cells: number;
  readonly rest: number;
  readonly cellsAfter: number;
  readonly megabytes: number;
}

for (const [style, factor] of Object.entries(styles)) {
  const duration = Math.round((seconds * 1000) / Object.keys(styles).length);
  test(`soak: ${style}, seed ${seed}`, async (t) => {
    const { status, stdout, stderr } = await programFile(program, {
      args: [style, String(duration), seed],
      limits: { work: 300_000 + 20 * duration },
    });
    assert.equal(status, 0, stderr.slice(-3000));
    t.diagnostic(stdout.trim());
    const result = JSON.parse(stdout) as Result;
    assert.equal(result.wrong, 0, stderr.slice(-3000));
    assert.equal(stderr, '');
    assert.ok(result.operations > 100 && result.collections > 1, `too little happened: ${stdout}`);
    assert.ok(
      result.cells < factor * result.reachable,
      `more than ${factor} times of what can be reached is alive: ${stdout}`,
    );
    assert.ok(result.cellsAfter <= 2 * result.rest, `what nobody holds is kept: ${stdout}`);
    // 64 bytes a cell at most, and what may be taken until the next collection is over.
    assert.ok(result.megabytes < factor * ((result.reachable * 64) / 2 ** 20) + 64, `memory grows: ${stdout}`);
  });
}
