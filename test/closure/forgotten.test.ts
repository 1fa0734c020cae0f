// Functions that a program makes as it runs: what is known of them goes with them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

test('functions of ever new texts do not pile up, neither here nor in the thread that runs them', async () => {
  const { stdout, stderr, status } = await program(
    `
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ThreadPoolExecutor } from 'heddle';

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const rest = 'x'.repeat(300_000);
let sum = 0;
for (let n = 0; n < 150; n++) sum += await executor.submit(new Function(\`/* \${n} \${rest} */ return \${n}\`));

async function megabytes() {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  // What a collection finds dead is let go of in a turn after it, and what that has held by the next.
  for (let round = 0; round < 4; round++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed / 1e6;
}
const [here, there] = [await megabytes(), await executor.submit(megabytes)];
console.log(JSON.stringify({ sum, here, there }));
executor.shutdown();
`,
    // The engine's own cache keeps texts for some collections.
    { nodeOptions: ['--no-compilation-cache'] },
  );
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const { sum, here, there } = JSON.parse(stdout) as { sum: number; here: number; there: number };
  assert.equal(sum, 11175);
  // All texts are 45 MB, and more than one copy of each was kept.
  assert.ok(here < 48, `${here} MB here`);
  assert.ok(there < 60, `${there} MB in the thread`);
});
