// Joins the compiled modules of dist/ into a few files, for the package that users get: every worker loads them, and a hundred small files
// take three times as long to load. Nothing is minified, so stacks stay readable.
//
//   node scripts/bundle.mjs            dist/ becomes the joined one, until --undo; what it was is kept in build/modules
//   node scripts/bundle.mjs --undo     dist/ becomes what it was
//   node scripts/bundle.mjs --to=PATH  a folder with all that is packed, beside which dist/ stays as it is
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const kept = join(root, 'build', 'modules');
const to = process.argv.find((word) => word.startsWith('--to='))?.slice('--to='.length);

/** The package's exports, of which each has an entry that says which instance of it is used: src/outside.ts. */
const FACES = ['index', 'thread'];
/** What is imported from outside besides: the package's exports without threads, and the first module of each worker. */
const ENTRIES = ['dummy_thread', 'entry'];

/** An entry of the package. */
const entry = (
  name,
  exports,
) => `// Exports the instance of this library that is used here: in a context of node:vm, the one outside of it.
import { chosen } from './inside/outside.js';
import * as own from './inside/${name}.js';

export const { ${exports.join(', ')} } = chosen(own, import.meta.url);
`;

/** The same for \`require()\`, where that has loaders of its own: Jest's tests in CommonJS. Node itself loads the modules. */
const REQUIRE_ENTRY = `'use strict';
const { pathToFileURL } = require('node:url');
const { requireOutside } = require('./inside/outside.cjs');

module.exports = requireOutside(pathToFileURL(__filename).href.replace(/cjs$/, 'js'), require.cache);
`;

if (process.argv.includes('--undo')) {
  if (existsSync(kept)) {
    rmSync(dist, { recursive: true, force: true });
    renameSync(kept, dist);
  }
} else if (to !== undefined) {
  rmSync(join(to, 'dist'), { recursive: true, force: true });
  await bundle(dist, join(to, 'dist'));
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs', 'examples']) {
    cpSync(join(root, file), join(to, file), { recursive: true });
  }
} else {
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(join(root, 'build'), { recursive: true });
  renameSync(dist, kept);
  await bundle(kept, dist);
}

async function bundle(modules, outdir) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ...ENTRIES.map((name) => [name, join(modules, `${name}.js`)]),
      ...[...FACES, 'outside'].map((name) => [`inside/${name}`, join(modules, `${name}.js`)]),
    ]),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    chunkNames: 'parts/[name]-[hash]',
    logLevel: 'warning',
    plugins: [{ name: 'urls', setup: (plugin) => keepUrls(plugin, modules) }],
  });
  for (const path of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.js')) keepClassNames(join(outdir, path));
  }
  for (const name of FACES) {
    const { exports } = metafile.outputs[relative(root, join(outdir, 'inside', `${name}.js`)).replaceAll('\\', '/')];
    writeFileSync(join(outdir, `${name}.js`), entry(name, exports));
  }
  for (const name of [...FACES, 'dummy_thread']) writeFileSync(join(outdir, `${name}.cjs`), REQUIRE_ENTRY);
  await build({
    entryPoints: [join(modules, 'platform', 'outside.js')],
    outfile: join(outdir, 'inside', 'outside.cjs'),
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  declare(outdir);
}

/** The types that users get: what is marked as internal is not in them, which our own tests need. */
function declare(outdir) {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(compiler), JSON.parse(readFileSync(compiler, 'utf8')).bin.tsc);
  const options = ['--emitDeclarationOnly', '--stripInternal', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), ...options, '--outDir', outdir], {
    stdio: 'inherit',
  });
  const reached = [...FACES, ...ENTRIES].map((name) => join(outdir, `${name}.d.ts`));
  for (const path of reached) {
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from |import |import\()['"](\.[^'"]+)\.js['"]/g)) {
      const target = join(dirname(path), `${name}.d.ts`);
      if (!reached.includes(target)) reached.push(target);
    }
  }
  for (const path of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.d.ts') && !reached.includes(join(outdir, path))) rmSync(join(outdir, path));
  }
}

/**
 * A class that speaks of itself comes out as `var Lock = class _Lock`, and errors, stacks and texts would call it that: gives it back the name
 * that it has in its module. (`keepNames` would do more: it names each function whenever it is made.)
 */
function keepClassNames(file) {
  let source = readFileSync(file, 'utf8');
  for (const [, name] of source.matchAll(/^var (\w+) = class _\1\b/gm)) {
    source = source.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name);
  }
  if (/\bclass _/.test(source)) throw new Error(`${file} has a class whose name is lost`);
  writeFileSync(file, source);
}

/** `import.meta.url` stays that of the module, also where it has become part of another file. */
function keepUrls({ onLoad }, modules) {
  onLoad({ filter: /\.js$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    if (!path.startsWith(modules) || !source.includes('import.meta.url')) return undefined;
    const own = JSON.stringify(relative(modules, path).replaceAll('\\', '/'));
    // It can end up in a file of dist/, or in one of a folder there.
    const url = `new URL(${own}, import.meta.url.replace(/(?:parts|inside)\\/[^/]*$/, '')).href`;
    return { contents: source.replaceAll('import.meta.url', url) };
  });
}
