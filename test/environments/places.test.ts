// Where programs are run by other tools: the frames of an error that was thrown in a thread name the user's file, line and column. One
// program, packed and installed as users have it, is run by each of them. The tools are installed for the occasion, so this is not part of
// `npm test`: npm run test:environments
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';
import { root } from '../support/program.ts';

const run = promisify(execFile);
const project = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-environments-')));

const TOOLS = [
  '@babel/core@7',
  '@babel/preset-env@7',
  '@babel/preset-typescript@7',
  '@babel/register@7',
  '@swc-node/register@1',
  '@swc/core@1',
  'esbuild@0.28',
  'source-map-support@0.5',
  'ts-node@10',
  'tsx@4',
  'typescript@5',
  'vite@8',
  'vite-node@6',
  'vitest@4',
];

/** What is looked for is marked in it. */
const program = readFileSync(join(root, 'test/environments/places.txt'), 'utf8');

before(async () => {
  const packed = await pack(project);
  write('package.json', JSON.stringify({ name: 'environments', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename), ...TOOLS]);
});

after(() => rmSync(project, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const MODULE = "import { places } from './places.ts';\nconsole.log('SHOWN ' + JSON.stringify(await places()));\n";
const COMMONJS =
  "import { places } from './places';\nvoid places().then((shown) => console.log('SHOWN ' + JSON.stringify(shown)));\n";

interface Folder {
  readonly name: string;
  readonly commonjs?: boolean;
  readonly files?: Readonly<Record<string, string>>;
}

/** The program in a folder of its own. */
function folder({ name, commonjs = false, files = {} }: Folder): (file: string) => string {
  write(`${name}/package.json`, JSON.stringify({ type: commonjs ? 'commonjs' : 'module' }));
  write(`${name}/places.ts`, program);
  write(`${name}/main.ts`, commonjs ? COMMONJS : MODULE);
  for (const [file, text] of Object.entries(files)) write(`${name}/${file}`, text);
  return (file) => join(project, name, file);
}

/** Runs Node in the project, and hands back all that it prints. */
async function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...outer } = process.env;
  const options = { cwd: project, env: { ...outer, NO_COLOR: '1', ...env }, maxBuffer: 1e8 };
  const { stdout, stderr } = await run(process.execPath, [...args], options).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return assert.fail(`${String(error)}\n${stdout}\n${stderr}`);
  });
  return `${stderr}\n${stdout}`;
}

/** Positions behind the marks, "12:7" by name. */
function marks(source: string): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { 0: mark, 1: name, index } of source.matchAll(/\/\*@(\w+)\*\//g)) {
    const lines = source.slice(0, index + mark.length).split('\n');
    places.set(name!, `${lines.length}:${lines.at(-1)!.length + 1}`);
  }
  return places;
}

const asPaths = (text: string): string =>
  text.replaceAll('file://', '').replaceAll(/%[0-9A-F]{2}(?:%[0-9A-F]{2})*/g, (coded) => decodeURIComponent(coded));

/** `columns`: whether the tool's own map has them right for calls. */
function check(output: string, file: string, source = program): void {
  const line = output.split('\n').find((text) => text.startsWith('SHOWN '));
  assert.ok(line, output);
  const places = marks(source);
  const shown = JSON.parse(line.slice('SHOWN '.length)) as [string, string][];
  assert.ok(shown.length > 10);
  const wrong: unknown[] = [];
  const expect = (name: string, text: string): void => {
    const first =
      asPaths(text)
        .split('\n')
        .find((part) => /:\d+:\d+/.test(part) && !part.includes('a.frame')) ?? '';
    // Of a call, tools disagree about the column: some mean the name of the function, some its parenthesis.
    const place = name === 'site' ? places.get(name)!.replace(/\d+$/, '') : places.get(name)!;
    if (!first.includes(`${file}:${place}`)) wrong.push([name, place, text]);
  };
  for (const [name, text] of shown) expect(name, text);
  const report = output.slice(output.indexOf('Exception in thread'));
  expect('outer', report);
  expect('inner', report.slice(report.indexOf('[cause]')));
  assert.deepEqual(wrong, []);
  assert.ok(!output.includes('?heddle'), output);
}

const strips = process.features.typescript !== undefined && process.features.typescript !== false;
const loadsModules = process.features.require_module === true;

test('TypeScript that Node runs itself', { skip: !strips && 'this Node does not' }, async () => {
  const at = folder({ name: 'native' });
  const source = program.replace(/^enum .*$/m, 'const Level = { Low: 1, High: 2 } as const;');
  write('native/places.ts', source);
  check(await node([at('main.ts')]), at('places.ts'), source);
});

const transforms = strips && process.allowedNodeEnvironmentFlags.has('--experimental-transform-types');

test('TypeScript that Node transforms', { skip: !transforms && 'this Node does not' }, async () => {
  const at = folder({ name: 'transformed' });
  check(await node(['--experimental-transform-types', at('main.ts')]), at('places.ts'));
});

for (const commonjs of [false, true]) {
  const skip = commonjs && !loadsModules && 'this Node does not require() modules';
  const kind = commonjs ? 'CommonJS' : 'ES modules';
  const name = commonjs ? 'commonjs' : 'modules';

  test(`tsx, ${kind}`, { skip }, async () => {
    const at = folder({ name: `tsx-${name}`, commonjs });
    check(await node(['--import', 'tsx', at('main.ts')]), at('places.ts'));
  });

  const compiler = {
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module: commonjs ? 'commonjs' : 'esnext',
        moduleResolution: commonjs ? 'node10' : 'bundler',
        target: 'es2022',
        esModuleInterop: true,
        sourceMap: true,
        skipLibCheck: true,
      },
      'ts-node': { transpileOnly: true },
    }),
    'main.ts': (commonjs ? COMMONJS : MODULE).replace('places.ts', 'places.js'),
  };

  test(`ts-node, ${kind}`, { skip }, async () => {
    const at = folder({ name: `ts-node-${name}`, commonjs, files: compiler });
    const loader = commonjs ? ['--require', 'ts-node/register'] : ['--loader', 'ts-node/esm'];
    const env = { TS_NODE_PROJECT: at('tsconfig.json'), TS_NODE_TRANSPILE_ONLY: 'true' };
    check(await node([...loader, at('main.ts')], env), at('places.ts'));
  });

  test(`swc-node, ${kind}`, { skip }, async () => {
    const at = folder({ name: `swc-${name}`, commonjs, files: compiler });
    const loader = commonjs ? ['--require', '@swc-node/register'] : ['--import', '@swc-node/register/esm-register'];
    check(await node([...loader, at('main.ts')], { SWC_NODE_PROJECT: at('tsconfig.json') }), at('places.ts'));
  });

  for (const map of ['inline', 'linked']) {
    test(`esbuild, ${kind}, its map ${map}, in a folder with a name of its own`, { skip }, async () => {
      const at = folder({ name: `app ü #1/(${name})/${map}`, commonjs });
      const out = at(`out/x (1).${commonjs ? 'cjs' : 'mjs'}`);
      const { build } = (await import(join(project, 'node_modules/esbuild/lib/main.js'))) as typeof import('esbuild');
      await build({
        entryPoints: [at('main.ts')],
        outfile: out,
        bundle: true,
        platform: 'node',
        format: commonjs ? 'cjs' : 'esm',
        external: ['heddle'],
        sourcemap: map as 'inline' | 'linked',
        logLevel: 'silent',
      });
      for (const options of [[], ['--enable-source-maps'], ['--require', 'source-map-support/register']])
        check(await node([...options, out]), at('places.ts'));
    });
  }
}

test('@babel/register', { skip: !loadsModules && 'this Node does not require() modules' }, async () => {
  const presets = [['@babel/preset-env', { targets: { node: '20' } }], '@babel/preset-typescript'];
  const files = {
    'register.cjs': `require('@babel/register')({ extensions: ['.ts'], cache: false, presets: ${JSON.stringify(presets)} });`,
  };
  const at = folder({ name: 'babel', commonjs: true, files });
  check(await node(['--require', at('register.cjs'), at('main.ts')]), at('places.ts'));
});

for (const pool of ['forks', 'threads', 'vmForks', 'vmThreads']) {
  test(`vitest, in ${pool}`, async () => {
    const files = {
      'a.test.ts': `import { test } from 'vitest'; import { writeFileSync } from 'node:fs'; import { places } from './places';
test('places', async () => { writeFileSync(${JSON.stringify(join(project, `vitest-${pool}/shown`))}, JSON.stringify(await places())); }, 3_600_000);`,
    };
    const at = folder({ name: `vitest-${pool}`, files });
    const vitest = join(project, 'node_modules/vitest/vitest.mjs');
    const output = await node([vitest, 'run', '--root', at('.'), `--pool=${pool}`]);
    check(`${output}\nSHOWN ${readFileSync(at('shown'), 'utf8')}`, at('places.ts'));
  });
}

test('vite-node', async () => {
  const at = folder({ name: 'vite-node' });
  check(
    await node([join(project, 'node_modules/vite-node/dist/cli.mjs'), '--root', at('.'), at('main.ts')]),
    at('places.ts'),
  );
});

test("Vite's development server, rendering on the server", async () => {
  const files = {
    'server.mjs': `import { createServer } from 'vite';
const server = await createServer({ root: import.meta.dirname, appType: 'custom', logLevel: 'silent', server: { middlewareMode: true, ws: false } });
await server.ssrLoadModule('/main.ts');
await server.close();`,
  };
  const at = folder({ name: 'vite', files });
  check(await node([at('server.mjs')]), at('places.ts'));
});
