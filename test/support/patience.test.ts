// What the tests rely on themselves: a program that hangs is found, and one that works is not taken for one that hangs.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { program } from './program.ts';

const linux = process.platform === 'linux';

suite('a program', { concurrency: true }, () => {
  test('that rests hangs', { skip: !linux && 'rest is not told from a wait for a core there' }, async () => {
    const source = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
    await assert.rejects(program(source, { limits: { rest: 2_000 } }), /did not end, and nothing has run for 2 s/);
  });

  test('that goes round in circles hangs', { skip: !linux && 'nobody tells what it has used' }, async () => {
    await assert.rejects(program('for (;;);', { limits: { work: 1_500 } }), /it has used \d+ s of processor time/);
  });

  test('that works, here or in a child, does not, however long it takes', async () => {
    const work = 'for (const start = process.cpuUsage(); process.cpuUsage(start).user < 1_300_000; );';
    const source = `
      import { spawnSync } from 'node:child_process';
      ${work}
      console.log(spawnSync(process.execPath, ['-e', ${JSON.stringify(work)}]).status);
    `;
    const outcome = await program(source, { limits: { rest: 1_000 } });
    assert.deepEqual([outcome.status, outcome.stdout], [0, '0\n']);
  });
});
