// Options of Node under which programs run: threads have them too, or an error says which is in the way.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { program, programFile, root } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-options-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const BUSY = `
  import { run } from 'heddle';
  await run(function busy() { const end = performance.now() + 300; while (performance.now() < end); });
`;

interface CpuProfile {
  readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
}

test('--cpu-prof: the threads are profiled, each in a file of its own', async () => {
  const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name', 'main.cpuprofile'];
  const outcome = await program(BUSY, { nodeOptions });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const busy = files.filter((name) =>
    (JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile).nodes.some(
      ({ callFrame }) => callFrame.functionName === 'busy',
    ),
  );
  assert.equal(busy.length, 1);
  assert.ok(files.includes('main.cpuprofile') && busy[0] !== 'main.cpuprofile');
});

test('--heap-prof: the threads are profiled', async () => {
  const outcome = await program(BUSY, { nodeOptions: ['--heap-prof', '--heap-prof-dir', folder] });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  assert.ok(readdirSync(folder).filter((name) => name.endsWith('.heapprofile')).length > 1);
});

test('--frozen-intrinsics: tasks, errors, shared errors and places work', async () => {
  const outcome = await program(
    `import { run, shared, snapshot, Queue, threadDump } from 'heddle';
     const fails = () => { throw new RangeError('cold', { cause: new Error('below') }); };
     const error = await run(fails).catch((error) => error);
     console.log(error instanceof RangeError, error.message, error.cause.message, error.stack.includes('at fails '));
     const held = shared({ error });
     console.log(snapshot(held).error.message, await run(() => held.error.cause.message));
     console.log(threadDump().includes('MainThread'), await run(() => Object.isFrozen(Array.prototype)));`,
    { nodeOptions: ['--frozen-intrinsics'] },
  );
  assert.deepEqual(
    [outcome.status, outcome.stdout],
    [0, 'true cold below true\ncold below\ntrue true\n'],
    outcome.stderr,
  );
});

test('--disallow-code-generation-from-strings: records, structs and their methods work, in threads too', async () => {
  const outcome = await program(
    `import { run, shared, struct, t, update } from 'heddle';
     const Point = struct('OptionsPoint', { x: t.f64, list: t.any }, class { twice() { return this.x * 2; } });
     const world = shared({ n: 1, point: new Point({ x: 4, list: [1] }), named: new Map([['a', { b: 'c' }]]) });
     console.log(await run((world) => { world.n++; return [world.point.twice(), world.named.get('a').b, world.point instanceof Point]; }, world));
     console.log(world.n, update(world, 'n', (n) => n + 1), world.point);
     try { eval('1'); } catch (error) { console.log(error.name); }`,
    { nodeOptions: ['--disallow-code-generation-from-strings'] },
  );
  assert.deepEqual(
    [outcome.status, outcome.stdout],
    [0, "[ 8, 'c', true ]\n2 3 OptionsPoint { x: 4, list: [ 1 ] }\nEvalError\n"],
    outcome.stderr,
  );
});

test('--jitless: the error says that there is no WebAssembly', async () => {
  const outcome = await program("import 'heddle';", { nodeOptions: ['--jitless'] });
  assert.notEqual(outcome.status, 0);
  assert.match(outcome.stderr, /heddle needs WebAssembly.*--jitless/);
});

/** A project that has linked the package. */
function linkedProject(): string {
  const modules = join(folder, 'linked', 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(root, join(modules, 'heddle'), 'junction');
  const file = join(folder, 'linked', 'main.mjs');
  writeFileSync(
    file,
    `import { Queue, run, startNewThread } from 'heddle';
     const queue = new Queue();
     startNewThread(() => queue.put('thread'), []);
     console.log(queue.get(), await run((n) => n + 1, 4));`,
  );
  return file;
}

test('--preserve-symlinks: the library is the same in the threads', async () => {
  const file = linkedProject();
  const ways = [
    { nodeOptions: [] },
    { nodeOptions: ['--preserve-symlinks'] },
    { nodeOptions: ['--preserve-symlinks', '--preserve-symlinks-main'] },
    { nodeOptions: ['--preserve-symlinks-main'] },
    { env: { NODE_PRESERVE_SYMLINKS: '1' } },
    { env: { NODE_OPTIONS: '--preserve-symlinks' } },
  ];
  for (const way of ways) {
    const outcome = await programFile(file, way);
    assert.deepEqual([outcome.stdout, outcome.stderr], ['thread 5\n', ''], JSON.stringify(way));
  }
});

/** A preload that lets none of the program's threads begin. */
const DEADLY = `data:text/javascript,${encodeURIComponent(`
  import { workerData } from 'node:worker_threads';
  if (workerData?.role === 'thread') throw new Error('deadly');
`)}`;

for (const way of ['await', 'result()']) {
  test(`threads that die before their first task: the executor is broken, not refilled for ever (${way})`, async () => {
    const outcome = await program(
      `import { run, ThreadPoolExecutor } from 'heddle';
       const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
       const show = (error) => console.log(error.name, /die before they can take a task/.test(error.message), error.cause?.message);
       for (const start of [() => run(() => 1), () => executor.submit(() => 1), () => executor.submit(() => 2)]) {
         try { ${way === 'await' ? 'await start()' : 'start().result()'}; } catch (error) { show(error); }
       }
       executor.shutdown();`,
      { nodeOptions: ['--import', DEADLY] },
    );
    assert.deepEqual(
      [outcome.status, outcome.stdout],
      [0, 'BrokenExecutor true Error: deadly\n'.repeat(3)],
      outcome.stderr,
    );
    assert.match(outcome.stderr, /^Exception in thread run_0:\nError: deadly\n/);
    assert.ok(outcome.stderr.split('Error: deadly').length < 14, outcome.stderr);
  });
}
