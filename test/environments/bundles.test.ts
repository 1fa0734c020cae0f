// Programs that bundlers have made one file of: Heddle is in it, or left out. One program is bundled by each of them, and runs in a folder
// without node_modules; and as a single executable; and with the files that a tracer lists. The tools are installed for the occasion, so
// this is not part of `npm test`: npm run test:environments
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { BuildOptions } from 'esbuild';
import { install, pack } from '../support/packed.ts';
import { PACKAGES, TEN_CHECKS } from './ten_checks.ts';

const run = promisify(execFile);
const project = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-bundles-')));
/** Programs are moved here: nothing above it has packages. */
const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-moved-')));

const TOOLS = [
  '@rollup/plugin-commonjs@29',
  '@rollup/plugin-node-resolve@16',
  '@rollup/plugin-terser@1',
  '@rspack/core@1',
  '@vercel/ncc@0.38',
  '@vercel/nft@1',
  'esbuild@0.28',
  'postject@1.0.0-alpha.6',
  'rolldown@1',
  'rollup@4',
  'typescript@5',
  'vite@8',
  'webpack@5',
];

before(async () => {
  const packed = await pack(project);
  write('package.json', JSON.stringify({ name: 'bundles', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename), ...TOOLS, ...PACKAGES]);
  for (const [name, text] of Object.entries(TEN_CHECKS)) write(`src/${name}`, text);
  write('strip.cjs', STRIP);
  const compilerOptions = { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', sourceMap: true };
  const rest = { rewriteRelativeImportExtensions: true, skipLibCheck: true, types: [], noCheck: true };
  write('tsconfig.json', JSON.stringify({ compilerOptions: { ...compilerOptions, ...rest }, include: ['src'] }));
});

after(() => {
  for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  const file = join(project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A loader of webpack's and Rspack's. */
const STRIP = `const { transformSync } = require('esbuild');
module.exports = function (text) {
  const { code, map } = transformSync(text, { loader: 'ts', sourcemap: 'external', sourcefile: this.resourcePath });
  this.callback(null, code, JSON.parse(map));
};
`;

/** Of programs that build \`src/main.ts\` into a file: \`entry\`, \`file\`, \`folder\`, \`inside\` and \`minify\` are given, and the format by its ending. */
const BUILDERS = {
  esbuild: `
    const { build } = await import('esbuild');
    const external = inside ? [] : ['heddle'];
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: esm ? 'esm' : 'cjs', minify, sourcemap: true, outfile: file, external });
  `,
  rollup: `
    const { rollup } = await import('rollup');
    const { transform } = await import('esbuild');
    const [{ default: commonjs }, { default: resolve }, { default: terser }] = await Promise.all(['commonjs', 'node-resolve', 'terser'].map((name) => import('@rollup/plugin-' + name)));
    const strip = { name: 'strip', transform: (text, id) => id.endsWith('.ts') ? transform(text, { loader: 'ts', sourcemap: true, sourcefile: id }) : undefined };
    const external = (id) => id.startsWith('node:') || (!inside && id === 'heddle');
    const onwarn = ({ code, message }) => { if (code !== 'CIRCULAR_DEPENDENCY') throw new Error(message); };
    const bundle = await rollup({ input: entry, external, onwarn, plugins: [resolve({ preferBuiltins: true }), commonjs(), strip, minify && terser({ module: esm })] });
    await bundle.write({ file, format: esm ? 'es' : 'cjs', sourcemap: true });
  `,
  rolldown: `
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input: entry, platform: 'node', external: inside ? [/^node:/] : [/^node:/, 'heddle'] });
    await bundle.write({ file, format: esm ? 'esm' : 'cjs', sourcemap: true, minify });
  `,
  'vite, for a server': `
    const { build } = await import('vite');
    const output = { entryFileNames: name, format: esm ? 'esm' : 'cjs' };
    const ssr = { noExternal: true, external: inside ? [] : ['heddle'] };
    await build({ logLevel: 'warn', configFile: false, ssr, build: { ssr: entry, outDir: folder, emptyOutDir: false, sourcemap: true, minify, rollupOptions: { output } } });
  `,
  'vite, a library': `
    const { build } = await import('vite');
    const lib = { entry, formats: [esm ? 'es' : 'cjs'], fileName: () => name };
    await build({ logLevel: 'warn', configFile: false, build: { lib, outDir: folder, emptyOutDir: false, sourcemap: true, minify, rollupOptions: { external: inside ? [/^node:/] : [/^node:/, 'heddle'] } } });
  `,
  webpack: `
    const { default: pack } = await import('webpack');
    ${packing()}
  `,
  rspack: `
    const { rspack: pack } = await import('@rspack/core');
    ${packing()}
  `,
  ncc: `
    const { default: ncc } = await import('@vercel/ncc');
    const { code, map, assets } = await ncc(entry, { minify, sourceMap: true, quiet: true, cache: false, filename: name, externals: inside ? [] : ['heddle'] });
    writeFileSync(file, code);
    writeFileSync(file + '.map', map);
    for (const [asset, { source }] of Object.entries(assets)) writeFileSync(join(folder, asset), source);
  `,
};

function packing(): string {
  return `
    const module = { rules: [{ test: /\\.ts$/, use: [join(process.cwd(), 'strip.cjs')] }] };
    const output = { path: folder, filename: name, ...(esm && { module: true, chunkFormat: 'module', library: { type: 'module' } }) };
    const externals = inside ? [] : [({ request }, done) => (request === 'heddle' ? done(null, (esm ? 'module ' : 'commonjs ') + request) : done())];
    const stats = await new Promise((resolve, reject) => pack({
      mode: minify ? 'production' : 'development', target: 'node20', entry, devtool: 'source-map', output, module, externals,
      externalsPresets: { node: true }, experiments: esm ? { outputModule: true } : {}, resolve: { extensions: ['.ts', '.js'] },
    }, (error, done) => (error ? reject(error) : resolve(done))));
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    for (const { message } of [...errors, ...warnings]) throw new Error(message);
  `;
}

interface Build {
  readonly ending: 'mjs' | 'cjs';
  readonly minify?: boolean;
  readonly inside?: boolean;
}

/** Bundles the program. Gives the file. */
async function bundle(
  builder: keyof typeof BUILDERS,
  { ending, minify = false, inside = true }: Build,
): Promise<string> {
  const variant = [builder.replaceAll(/\W+/g, '-'), ending, ...(minify ? ['min'] : []), ...(inside ? [] : ['outside'])];
  const name = `main.${ending}`;
  const folder = join(project, 'out', variant.join('-'));
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const given = { entry: join(project, 'src/main.ts'), file, folder, name, inside, minify, esm: ending === 'mjs' };
  const script = `build-${variant.join('-')}.mjs`;
  write(
    script,
    `import { writeFileSync } from 'node:fs';\nimport { join } from 'node:path';\nconst { ${Object.keys(given).join(', ')} } = ${JSON.stringify(given)};\n${BUILDERS[builder]}`,
  );
  await started(process.execPath, [script], project);
  return file;
}

async function started(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
  const options = { cwd, env: { ...env, NO_COLOR: '1' }, maxBuffer: 1e8, timeout: 240_000 };
  const { stdout, stderr } = await run(command, [...args], options).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    // A bundle is named in one line with all of its text.
    return assert.fail([String(error), stdout, stderr].map((text) => text.slice(0, 1500)).join('\n'));
  });
  return `${stdout}${stderr}`;
}

const RIGHT = 'TEN OF TEN\n';

let moves = 0;

/** Runs a program from a copy of its folder, while the folder itself is away. */
async function moved(file: string): Promise<string> {
  const folder = join(elsewhere, String(moves++));
  cpSync(dirname(file), folder, { recursive: true });
  rmSync(dirname(file), { recursive: true });
  return started(process.execPath, [join(folder, file.slice(dirname(file).length + 1))], folder);
}

const VARIANTS: Readonly<Record<keyof typeof BUILDERS, readonly Build[]>> = {
  esbuild: [
    { ending: 'mjs' },
    { ending: 'mjs', minify: true },
    { ending: 'cjs', minify: true },
    { ending: 'mjs', inside: false },
  ],
  rollup: [{ ending: 'mjs', minify: true }, { ending: 'cjs' }, { ending: 'cjs', inside: false }],
  rolldown: [{ ending: 'mjs' }, { ending: 'cjs', minify: true }, { ending: 'mjs', inside: false }],
  'vite, for a server': [{ ending: 'mjs' }, { ending: 'mjs', minify: true }, { ending: 'mjs', inside: false }],
  'vite, a library': [{ ending: 'mjs' }],
  webpack: [{ ending: 'cjs' }, { ending: 'mjs', minify: true }, { ending: 'cjs', minify: true, inside: false }],
  rspack: [{ ending: 'cjs', minify: true }, { ending: 'mjs' }, { ending: 'cjs', inside: false }],
  // Its minifier's map has no lines of what webpack has joined.
  ncc: [{ ending: 'mjs' }, { ending: 'mjs', inside: false }],
};

for (const [builder, builds] of Object.entries(VARIANTS)) {
  test(`${builder}: in the bundle, in a folder without node_modules, and left out of it`, async () => {
    for (const build of builds) {
      const file = await bundle(builder as keyof typeof BUILDERS, build);
      const inPlace = () => started(process.execPath, [file], dirname(file));
      assert.equal(await (build.inside === false ? inPlace() : moved(file)), RIGHT, JSON.stringify(build));
    }
  });
}

test('a single executable', { skip: process.platform !== 'linux' }, async () => {
  const { build } = await import('esbuild');
  const main = join(project, 'sea/main.cjs');
  const text: BuildOptions = { entryPoints: [join(project, 'src/main.ts')], bundle: true, outfile: main };
  await build({
    ...text,
    logLevel: 'error',
    platform: 'node',
    format: 'cjs',
    minify: true,
    sourcemap: 'inline',
    sourcesContent: false,
  });
  const blob = join(project, 'sea/program.blob');
  write('sea/config.json', JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  await started(process.execPath, ['--experimental-sea-config', 'sea/config.json'], project);
  const executable = join(elsewhere, 'program');
  copyFileSync(process.execPath, executable);
  const fuse = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'];
  const postject = join(project, 'node_modules/postject/dist/cli.js');
  await started(process.execPath, [postject, executable, 'NODE_SEA_BLOB', blob, ...fuse], project);
  rmSync(join(project, 'sea'), { recursive: true });
  assert.equal(await started(executable, [], elsewhere), RIGHT);
});

test('a file tracer lists all files that are needed', async () => {
  for (const ending of ['mjs', 'cjs'] as const) {
    const file = await bundle('esbuild', { ending, inside: false });
    write(
      'trace.mjs',
      `import { nodeFileTrace } from '@vercel/nft';
      const { fileList, warnings } = await nodeFileTrace([${JSON.stringify(file)}], { base: process.cwd() });
      console.log(JSON.stringify({ files: [...fileList], warnings: [...warnings].map(String) }));`,
    );
    const traced = JSON.parse(await started(process.execPath, ['trace.mjs'], project)) as Record<string, string[]>;
    assert.deepEqual(traced['warnings'], []);
    const folder = join(elsewhere, `traced-${ending}`);
    for (const path of [...traced['files']!, `${file.slice(project.length + 1)}.map`]) {
      cpSync(join(project, path), join(folder, path));
    }
    assert.equal(await started(process.execPath, [join(folder, file.slice(project.length))], folder), RIGHT);
  }
});

test('a copy in the bundle and one beside it are one library', async () => {
  write(
    'twice.ts',
    `import * as inside from 'heddle';
import { createRequire } from 'node:module';
const beside = createRequire(import.meta.url)('heddle');
console.log(inside.Lock === beside.Lock, await inside.run(() => beside.run(() => 1)));
`,
  );
  const { build } = await import('esbuild');
  const outfile = join(project, 'twice.mjs');
  const options = { bundle: true, minify: true, platform: 'node', format: 'esm', logLevel: 'error' } as const;
  await build({ entryPoints: [join(project, 'twice.ts')], outfile, ...options });
  assert.equal(await started(process.execPath, [outfile], project), 'true 1\n');
});
