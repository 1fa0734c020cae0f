// A program that bundlers join, transform and minify. Where Node can, it runs without the inspector, so nothing but the transform tells what its
// functions have captured.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';

const run = promisify(execFile);
const [major = 0] = process.versions.node.split('.').map(Number);
const folder = mkdtempSync(join(tmpdir(), 'heddle-bundlers-'));

const sources: Readonly<Record<string, string>> = {
  'state.ts': `export let hits: number = 0;
export function hit(n: number): number { hits += n; return hits; }
export const never = (): string => 'never used';
`,
  'math.ts': `const k = 3;
export function triple(n: number): number { return n * k; }
export class Total { sum = 0; add(n: number): this { this.sum += triple(n); return this; } }
`,
  'main.ts': `import { allocateLock, shared, Thread } from 'heddle';
import { Total, triple } from './math.ts';
import { hit, hits } from './state.ts';
let count = 0;
const lock = allocateLock();
const out = shared([] as unknown[]);
const go = (target: () => void): void => { const thread = new Thread({ target }); thread.start(); thread.join(); };
go(() => { out.push(triple(2), new Total().add(1).add(2).sum); });
for (const i of [10, 20]) go(() => { count += i; out.push(i); });
class Box { a = 5; run(): void { go(() => { out.push(this.a); }); } }
new Box().run();
go(() => { lock.with(() => count++); });
const maker = (a: number) => () => () => a + triple(1);
go(() => { out.push(maker(4)()()); });
go(() => { hit(5); });
hit(1);
const say = { hello(text: string) { return text + count; } };
go(() => { out.push(say.hello('n')); });
const fact = function self(n: number): number { return n < 2 ? 1 : n * ((): number => self(n - 1))(); };
go(() => { out.push(fact(5)); });
let where = '';
go(() => { try { throw new Error('here'); } catch (error) { where = (error as Error).stack!.split('\\n')[1]!.trim(); } });
console.log(JSON.stringify([[...out], count, hits, /main\\.ts:22:\\d+/.test(where)]));
`,
};
const EXPECTED = '[[6,9,10,20,5,7,"n31",120],31,6,true]\n';

const build = `const minify = process.argv[3] === 'minified';
const to = (name) => ({ dir: 'out', file: name });
const strip = {
  name: 'strip',
  async transform(code, id) {
    const { transform } = await import('esbuild');
    return transform(code, { loader: 'ts', sourcemap: true, sourcefile: id });
  },
};
const packed = async (bundler, Plugin, rules) => {
  const stats = await new Promise((resolve, reject) => bundler({
    mode: 'production', entry: './main.ts', target: 'node', devtool: 'source-map', experiments: { outputModule: true },
    externals: { heddle: 'module heddle' }, externalsType: 'module', optimization: { minimize: minify, concatenateModules: process.argv[4] !== 'apart' },
    output: { path: process.cwd() + '/out', filename: 'main.mjs', module: true, library: { type: 'module' } },
    resolve: { extensions: ['.ts', '.js'] }, module: { rules }, plugins: [new Plugin()],
  }, (error, done) => (error ? reject(error) : resolve(done))));
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
};
const tools = {
  async esbuild() {
    const { build } = await import('esbuild');
    const { heddle } = await import('heddle/esbuild');
    await build({ entryPoints: ['main.ts'], bundle: true, platform: 'node', format: 'esm', external: process.argv[4] === 'inside' ? [] : ['heddle'], outfile: 'out/main.mjs', minify, sourcemap: true, plugins: [heddle()], banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" } });
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { default: terser } = await import('@rollup/plugin-terser');
    const { heddle } = await import('heddle/rollup');
    const bundle = await rollup({ input: 'main.ts', external: ['heddle'], plugins: [strip, heddle(), ...(minify ? [terser()] : [])] });
    await bundle.write({ file: 'out/main.mjs', format: 'es', sourcemap: true });
  },
  async rolldown() {
    const { rolldown } = await import('rolldown');
    const { heddle } = await import('heddle/rolldown');
    const bundle = await rolldown({ input: 'main.ts', external: ['heddle'], platform: 'node', plugins: [heddle()] });
    await bundle.write({ file: 'out/main.mjs', format: 'esm', minify, sourcemap: true });
  },
  async vite() {
    const { build } = await import('vite');
    const { heddle } = await import('heddle/vite');
    await build({ configFile: false, logLevel: 'error', plugins: [heddle()], build: { minify, sourcemap: true, ssr: true, outDir: 'out', rollupOptions: { input: 'main.ts', external: ['heddle'], output: { entryFileNames: 'main.mjs' } } } });
  },
  async webpack() {
    const { default: webpack } = await import('webpack');
    const { HeddlePlugin } = await import('heddle/webpack');
    await packed(webpack, HeddlePlugin, [{ test: /\\.ts$/, loader: process.cwd() + '/strip.cjs' }]);
  },
  async rspack() {
    const { rspack } = await import('@rspack/core');
    const { HeddlePlugin } = await import('heddle/rspack');
    await packed(rspack, HeddlePlugin, [{ test: /\\.ts$/, type: 'javascript/auto', loader: 'builtin:swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } } }]);
  },
};
await tools[process.argv[2]]();
process.exit();
`;

before(async () => {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries({ ...sources, 'build.mjs': build }))
    writeFileSync(join(folder, name), text);
  const strip = `const { transformSync } = require('esbuild');
module.exports = function (code) {
  const made = transformSync(code, { loader: 'ts', sourcemap: true, sourcefile: this.resourcePath });
  this.callback(null, made.code, JSON.parse(made.map));
};`;
  writeFileSync(join(folder, 'strip.cjs'), strip);
  const { filename } = await pack(folder);
  const packages = ['esbuild', 'rollup', '@rollup/plugin-terser', 'rolldown', 'vite', 'webpack', '@rspack/core'];
  await install(folder, [join(folder, filename), ...packages]);
});

after(() => rmSync(folder, { recursive: true }));

async function outcome(args: readonly string[]): Promise<string> {
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  mkdirSync(join(folder, 'out'));
  await run(process.execPath, ['build.mjs', ...args], { cwd: folder });
  const guarded = major >= 24 ? ['--permission', '--allow-worker', '--allow-fs-read=*', '--no-warnings'] : [];
  const { stdout } = await run(process.execPath, ['--enable-source-maps', ...guarded, 'out/main.mjs'], { cwd: folder });
  return stdout;
}

for (const tool of ['esbuild', 'rollup', 'rolldown', 'vite', 'webpack', 'rspack']) {
  for (const how of ['plain', 'minified']) {
    test(`${tool}, ${how}`, async () => {
      assert.equal(await outcome([tool, how]), EXPECTED);
    });
  }
}

test('esbuild, with Heddle in the bundle', async () => {
  assert.equal(await outcome(['esbuild', 'minified', 'inside']), EXPECTED);
});

test('webpack, modules apart', async () => {
  assert.equal(await outcome(['webpack', 'minified', 'apart']), EXPECTED);
});
