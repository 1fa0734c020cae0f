// Ways in which packages are installed and programs are started: the packed package behind links, as npm link, workspaces and pnpm lay it,
// with and without --preserve-symlinks, in a folder with a name of its own, and under the profilers.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { install, pack } from '../support/packed.ts';
import { programFile } from '../support/program.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-installed-')));
const store = join(folder, 'store');
const project = join(folder, 'app ü', '(group)', '[id] #1');

const PROGRAM = `import { Lock, Queue, run, shared, Thread, ThreadPoolExecutor } from 'heddle';
import { total } from 'linked';
const lock = new Lock(), queue = new Queue(), sum = shared({ n: 0 });
const threads = [1, 2, 3].map((n) => new Thread(() => { lock.with(() => { sum.n += n; }); queue.put(n); }));
for (const thread of threads) thread.start();
for (const thread of threads) thread.join();
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
const doubled = [...executor.map((n) => n * 2, [1, 2])];
executor.shutdown();
const error = await run(function busy() {
  const end = performance.now() + 300;
  while (performance.now() < end);
  throw new RangeError('here');
}).catch((error) => error);
const place = /at busy \\((.*)\\)/.exec(error.stack)[1];
const { fileURLToPath } = await import('node:url');
console.log(JSON.stringify([
  sum.n, doubled, await run(() => total([1, 2])), place.replace(/^file:.*(?=:\\d+:\\d+$)/, (url) => fileURLToPath(url)),
]));
`;

before(async () => {
  const packed = await pack(folder);
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  mkdirSync(join(store, 'linked'), { recursive: true });
  writeFileSync(join(store, 'package.json'), JSON.stringify({ name: 'store', private: true }));
  await install(store, [join(folder, packed.filename)]);
  writeFileSync(
    join(store, 'linked', 'package.json'),
    JSON.stringify({ name: 'linked', type: 'module', exports: './index.js' }),
  );
  writeFileSync(
    join(store, 'linked', 'index.js'),
    'export const total = (all) => all.reduce((sum, n) => sum + n, 0);\n',
  );
  symlinkSync(join(store, 'node_modules', 'heddle'), join(project, 'node_modules', 'heddle'), 'junction');
  symlinkSync(join(store, 'linked'), join(project, 'node_modules', 'linked'), 'junction');
  // Where links are not followed, what a package needs must lie beside the link.
  for (const name of readdirSync(join(store, 'node_modules'))) {
    if (name === 'heddle' || name.startsWith('.')) continue;
    symlinkSync(join(store, 'node_modules', name), join(project, 'node_modules', name), 'junction');
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  writeFileSync(join(project, 'main.mjs'), PROGRAM);
});

after(() => rmSync(folder, { recursive: true, force: true }));

const WAYS: Readonly<Record<string, readonly string[]>> = {
  'links that are followed': [],
  'links that are not followed': ['--preserve-symlinks'],
  'links that are not followed, the program neither': ['--preserve-symlinks', '--preserve-symlinks-main'],
  '--cpu-prof': ['--cpu-prof', `--cpu-prof-dir=${join(folder, 'profiles')}`],
  '--heap-prof': ['--heap-prof', `--heap-prof-dir=${join(folder, 'profiles')}`],
};

for (const [name, nodeOptions] of Object.entries(WAYS)) {
  test(name, async () => {
    const { status, stdout, stderr } = await programFile(join(project, 'main.mjs'), { cwd: project, nodeOptions });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const place = `${join(project, 'main.mjs')}:13:9`;
    assert.deepEqual(JSON.parse(stdout), [6, [2, 4], 3, place]);
    const kind = /--(cpu|heap)-prof$/.exec(name)?.[1];
    if (kind === undefined) return;
    const files = readdirSync(join(folder, 'profiles')).filter((file) => file.endsWith(`.${kind}profile`));
    assert.ok(files.length > 1, files.join());
    if (kind === 'cpu')
      assert.ok(files.some((file) => readFileSync(join(folder, 'profiles', file), 'utf8').includes('"busy"')));
  });
}
