// The package as users get it: packed, installed into an empty project, and run from there.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, type Packed, pack } from '../support/packed.ts';
import { type Outcome, programFile, root } from '../support/program.ts';

const run = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), 'heddle-pack-'));
let packed: Packed;

/** Runs a program that lies in the project. */
async function inProject(name: string, source: string): Promise<Outcome> {
  writeFileSync(join(project, name), source);
  return programFile(join(project, name), { cwd: project });
}

const printed = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });

before(async () => {
  packed = await pack(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename)]);
});

after(() => rmSync(project, { recursive: true, force: true }));

test('the tarball holds what users need and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const outside = paths.filter((path) => !path.startsWith('dist/')).sort();
  const texts = outside.filter((path) => !/^(docs|examples)\/[\w-]+\.(md|ts)$/.test(path));
  assert.deepEqual(texts, ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'package.json']);
  assert.ok(paths.includes('docs/guide.md') && paths.includes('examples/01-hello.ts'));
  const odd = paths
    .filter((path) => path.startsWith('dist/') && !/\.(js|d\.c?ts)$/.test(path))
    .map((path) => path.replace(/-[\da-f]{8}(?=\.cjs$)/, ''))
    .sort();
  const there = ['index.cjs', 'library.cjs', 'load.cjs', 'test.cjs', 'texts.cjs', 'thread.cjs'];
  assert.deepEqual(odd, [
    ...there.map((name) => `dist/bun/${name}`),
    ...there.map((name) => `dist/deno/${name}`),
    'dist/dummy_thread.cjs',
    'dist/index.cjs',
    'dist/library.cjs',
    'dist/load.cjs',
    'dist/parser-licenses.txt',
    'dist/test.cjs',
    'dist/texts.cjs',
    'dist/thread.cjs',
    'dist/tools.cjs',
  ]);
  for (const face of ['index', 'thread', 'dummy_thread', 'test']) {
    assert.ok(paths.includes(`dist/${face}.js`) && paths.includes(`dist/${face}.d.ts`), face);
  }
  assert.ok(packed.unpackedSize < 2_600_000, `${packed.unpackedSize} bytes`);
});

test('every export of package.json is a file of the tarball', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
  const targetsOf = (entry: string | object): string[] =>
    typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targetsOf);
  const targets = targetsOf(exports);
  const paths = new Set(packed.files.map(({ path }) => `./${path}`));
  assert.deepEqual(
    targets.filter((path) => !paths.has(path)),
    [],
  );
});

test('what is for require() has types of CommonJS', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { require?: { types?: string; default?: string } }>;
  };
  const threaded = Object.entries(exports).filter(([, entry]) => typeof entry === 'object' && 'require' in entry);
  assert.ok(threaded.length >= 4);
  for (const [name, entry] of threaded) {
    assert.match(String((entry as { require?: { types?: string } }).require?.types), /\.d\.cts$/, name);
  }
});

/** Runs the compiler on files of the project, which has no types of Node of its own. */
async function compile(how: readonly string[], files: readonly string[]): Promise<void> {
  const modules = join(root, 'node_modules');
  const compiler = join(modules, 'typescript', 'package.json');
  const { bin } = JSON.parse(readFileSync(compiler, 'utf8')) as { bin: { tsc: string } };
  const types = ['--typeRoots', join(modules, '@types'), '--types', 'node'];
  const strict = ['--strict', '--skipLibCheck', 'false', '--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
  const out = ['--declaration', '--outDir', join(project, 'compiled')];
  const tsc = [join(modules, 'typescript', bin.tsc), ...how, ...types, ...strict, ...out, ...files];
  await run(process.execPath, tsc, { cwd: project }).catch((error: { stdout: string }) => assert.fail(error.stdout));
}

/** A program that uses values, types, generics and subclasses of each face. */
const TYPED = `
import { Future, Lock, Queue, run, shared, type SharedMap, struct, t, Thread, ThreadPoolExecutor } from 'heddle';
import { allocate_lock, error, LockType, start_new_thread } from 'heddle/thread';
import * as dummy from 'heddle/dummy_thread';

class Mine extends Thread {
  override run(): void {}
}
class Account extends struct('CommonAccount', { owner: t.string, balance: t.f64 }) {}
const queue: Queue<number> = new Queue<number>({ maxSize: 1 });
const future: Future<number> = run((n: number) => n, 1);
const map: SharedMap<string, number> = shared(new Map([['a', 1]]));
const lock: Lock = allocate_lock();
const other: LockType = dummy.allocate_lock() as unknown as LockType;
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
export async function main(): Promise<void> {
  start_new_thread(() => {}, []);
  console.log(new Mine() instanceof Thread, error.name, map.get('a'), await future, queue.size, lock.locked());
  console.log(new Account({ owner: 'Ann' }).owner, other.locked(), executor.submit(() => 2).result() + 1);
  // @ts-expect-error a wrong type of item
  queue.put('a');
  executor.shutdown();
}
`;

test('a CommonJS project gets types that are of CommonJS, under each way to resolve', async () => {
  const folder = join(project, 'common');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'main.ts'), `${TYPED}void main();\n`);
  for (const how of [
    ['--module', 'node16', '--moduleResolution', 'node16'],
    ['--module', 'nodenext', '--exactOptionalPropertyTypes'],
  ]) {
    await compile([...how, '--ignoreConfig'], [join('common', 'main.ts')]);
  }
  const emitted = join(project, 'compiled', 'main.js');
  assert.match(readFileSync(emitted, 'utf8'), /require\("heddle"\)/);
  writeFileSync(join(project, 'main.mts'), `${TYPED}await main();\n`);
  await compile(['--module', 'node16', '--moduleResolution', 'node16'], ['main.mts']);
});

test('what is internal is in no type that users see, and the types are whole', async () => {
  const dist = join(project, 'node_modules', 'heddle', 'dist');
  const types = packed.files.map(({ path }) => path).filter((path) => /\.d\.c?ts$/.test(path));
  const internal = types.filter((path) => readFileSync(join(dist, '..', path), 'utf8').includes('@internal'));
  assert.deepEqual(internal, []);
  for (const name of ['data', 'faces', 'futures', 'threads']) {
    cpSync(join(root, 'test', 'types', `${name}.ts`), join(project, `${name}.ts`));
  }
  writeFileSync(
    join(project, 'exports.ts'),
    `import { shared, SharedArray, struct, t } from 'heddle';
export const Account = struct('Account', { n: t.f64 }, class { declare n: number; twice(): number { return this.n * 2; } });
export const list = new SharedArray([1]);
export const world = shared({ list: [1], map: new Map([['a', new Set([1])]]), account: new Account() });
`,
  );
  for (const how of [
    ['--module', 'nodenext', '--exactOptionalPropertyTypes'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    await compile(how, ['data.ts', 'faces.ts', 'futures.ts', 'threads.ts', 'exports.ts']);
  }
});

const counting = (imports: string) => `
  ${imports}
  const lock = allocate_lock();
  const done = allocate_lock();
  const sums = new Int32Array(new SharedArrayBuffer(8));
  done.acquire();
  for (let n = 1; n <= 4; n++) {
    start_new_thread((by) => {
      const last = lock.with(() => { sums[0] += by; return ++sums[1] === 4; });
      if (last) done.release();
    }, [n]);
  }
  done.acquire();
  console.log('sum', sums[0]);
`;

test('an .mjs program', async () => {
  const source = counting("import { allocate_lock, start_new_thread } from 'heddle/thread';");
  assert.deepEqual(await inProject('count.mjs', source), printed('sum 10\n'));
});

test('the same through heddle/_thread', async () => {
  const source = counting("import { allocate_lock, start_new_thread } from 'heddle/_thread';");
  assert.deepEqual(await inProject('count_.mjs', source), printed('sum 10\n'));
});

test('the same on dummy_thread', async () => {
  const source = counting("import { allocate_lock, start_new_thread } from 'heddle/dummy_thread';");
  assert.deepEqual(await inProject('count_dummy.mjs', source), printed('sum 10\n'));
});

test('the TypeScript face', async () => {
  const names = 'allocateLock as allocate_lock, startNewThread as start_new_thread';
  assert.deepEqual(await inProject('face.mjs', counting(`import { ${names} } from 'heddle';`)), printed('sum 10\n'));
});

test('a .cjs program, by dynamic import', async () => {
  const source = counting("const { allocate_lock, start_new_thread } = await import('heddle/thread');");
  assert.deepEqual(await inProject('count.cjs', `(async () => {${source}})();`), printed('sum 10\n'));
});

test('classes are called what they are exported as, also in stacks', async () => {
  const source = `
    for (const face of ['heddle', 'heddle/thread', 'heddle/dummy_thread']) {
      for (const [name, value] of Object.entries(await import(face))) {
        if (typeof value === 'function' && /^class\\b/.test(value) && value.name.startsWith('_')) console.log(face, name, value.name);
      }
    }
    const { allocateLock, currentThread, Thread } = await import('heddle');
    console.log(String(currentThread()));
    try {
      allocateLock().release();
    } catch (error) {
      console.log(error.stack.split('\\n')[0], error.stack.includes(' Lock.release '));
    }
  `;
  assert.deepEqual(
    await inProject('names.mjs', source),
    printed('<Thread(MainThread, started 1)>\nThreadError: release unlocked lock true\n'),
  );
});

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

if (strips) {
  test('a .ts program', async () => {
    const source = counting("import { allocate_lock, start_new_thread } from 'heddle/thread';")
      .replace('(by) =>', '(by: number): void =>')
      .replaceAll(/sums\[(\d)\]/g, 'sums[$1]!');
    assert.deepEqual(await inProject('count.ts', source), printed('sum 10\n'));
  });
}

test('shared objects, structs with modules of the package, and the stack of an error in a thread', async () => {
  const { status, stdout, stderr } = await inProject(
    'world.mjs',
    `import { allocateLock, shared, startNewThread, struct, t } from 'heddle';
const Tally = struct('Tally', { n: t.f64, guard: t.any }, class { add(by) { this.guard.with(() => { this.n += by; }); } });
const world = shared({ tally: new Tally({ n: 0, guard: allocateLock() }), done: allocateLock() });
world.done.acquire();
function fails() {
  world.tally.add(5);
  world.done.release();
  throw new RangeError('line eight');
}
startNewThread(fails, []);
world.done.acquire();
console.log(world.tally.n);
world.done.acquire({ timeout: 200 });
`,
  );
  assert.equal(status, 0);
  assert.equal(stdout, '5\n');
  assert.match(
    stderr,
    /^Unhandled exception in thread started by <function fails at .*world\.mjs:5:1>\nRangeError: line eight\n {4}at fails \(.*world\.mjs:8:9\)\n$/,
  );
});

test('a module that the package does not export cannot be imported', async () => {
  const outcome = await inProject('inside.mjs', "import 'heddle/dist/memory/atomics.js';");
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test('threads take over what the engine has made of the library, also after a collection', async () => {
  const source = `
    import { Barrier, collect, run, ThreadPoolExecutor } from 'heddle';
    const accepted = () => globalThis[Symbol.for('heddle.library')].accepted;
    console.log(accepted(), await run(accepted));
    collect();
    const barrier = new Barrier(3);
    const executor = new ThreadPoolExecutor({ maxWorkers: 3 });
    const each = [1, 2, 3].map(() => executor.submit(() => { barrier.wait(); return accepted(); }));
    console.log(...(await Promise.all(each)));
    executor.shutdown();
  `;
  assert.deepEqual(await inProject('taken_over.mjs', source), printed('false true\ntrue true true\n'));
});

test('an error is of the same class in all faces', async () => {
  const source = `
    import * as heddle from 'heddle';
    import { error } from 'heddle/thread';
    import * as dummy from 'heddle/dummy_thread';
    console.log(error === heddle.ThreadError, dummy.error === error, dummy.SystemExit === heddle.SystemExit);
  `;
  assert.deepEqual(await inProject('classes.mjs', source), printed('true true true\n'));
});
