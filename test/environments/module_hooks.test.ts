// Programs under module hooks that wrap every module's exports, as tracing tools register them: the package works the same.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { install, pack } from '../support/packed.ts';
import { programFile, root } from '../support/program.ts';

const project = mkdtempSync(join(tmpdir(), 'heddle-hooks-'));
const hook = pathToFileURL(join(project, 'hook.mjs')).href;

before(async () => {
  const packed = await pack(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'hooked', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename), 'import-in-the-middle']);
  writeFileSync(
    join(project, 'hook.mjs'),
    `import { register } from 'node:module';\nregister('import-in-the-middle/hook.mjs', import.meta.url);\n`,
  );
});

after(() => rmSync(project, { recursive: true, force: true }));

test('threads, tasks, locks and their owners under import-in-the-middle', async () => {
  const file = join(project, 'program.mjs');
  writeFileSync(
    file,
    `import { asCompleted, Condition, globals, Lock, Queue, RLock, run, shared, Thread, ThreadPoolExecutor } from 'heddle';
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log(await run((a, b) => a + b, 1, 2), [...executor.map((n) => n * 2, [1, 2, 3])].join());
// Several threads on one worker, each with a mark of its own.
for (let round = 0; round < 5; round++) {
  const lock = new RLock(), queue = new Queue();
  const thread = new Thread((lock, queue) => {
    lock.with(() => lock.with(() => queue.put(round)));
  }, { args: [lock, queue] });
  thread.start();
  thread.join();
  console.log(queue.get(), lock.acquire(false));
}
const condition = new Condition(), state = shared({ n: 0 });
const notifier = new Thread((condition, state) => condition.with(() => { state.n = 1; condition.notifyAll(); }), { args: [condition, state] });
condition.acquire();
notifier.start();
while (state.n === 0) condition.wait();
condition.release();
notifier.join();
console.log(await run(() => globals.get('made', () => 3)), globals.get('made', () => 4));
const left = new Lock();
const dies = new Thread((left) => { left.acquire(); throw new Error('dies'); }, { args: [left] });
dies.start();
dies.join();
try { left.acquire(); } catch (error) { console.log(error.name); }
let sum = 0;
for (const future of asCompleted(Array.from({ length: 200 }, (_, n) => executor.submit((n) => n, n)))) sum += future.result();
console.log(sum);
executor.shutdown();
`,
  );
  const { stdout, stderr, status } = await programFile(file, { cwd: project, nodeOptions: [`--import=${hook}`] });
  assert.equal(stdout, '3 2,4,6\n0 true\n1 true\n2 true\n3 true\n4 true\n3 3\nThreadError\n19900\n', stderr);
  assert.equal(status, 0);
  assert.doesNotMatch(stderr, /Deadlock/);
});

test('the suite’s tests of owners, tasks and ends under import-in-the-middle', { timeout: 900_000 }, async () => {
  const parts =
    'conformance/rlock conformance/condition conformance/executor conformance/thread.test runtime/futures.test'.split(
      ' ',
    );
  const { status, output } = await new Promise<{ status: number | null; output: string }>((resolve, reject) => {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const child = spawn(process.execPath, ['scripts/test.mjs', ...parts, `--import=${hook}`], {
      cwd: root,
      env: { ...env, HEDDLE_TEST_IMPORT: hook, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
  assert.equal(status, 0, output);
  assert.match(output, /^ℹ tests 1\d\d$/m);
});
