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

/** What programs import, of which the first two need threads. */
const FACES = ['index', 'thread', 'dummy_thread', 'test'];
const THREADED = FACES.slice(0, 2);

/** Faces that lie in a file beside the library, with what else is there: it is loaded when it is asked for. */
const BESIDE = ['test'];

/** What the face without threads has in common with the others: one module for both. */
const PLAIN = ['errors', 'held'].map((name) => `./sync/${name}.js`);

/** Entries of the package that transform programs. They bring the packages that they are made with. */
const TRANSFORMS = ['register', 'hooks', 'rollup', 'rolldown', 'vite', 'webpack', 'rspack', 'loader', 'esbuild'];

/** Builtin modules that are loaded when something of theirs is first used: each takes a worker a good part of a millisecond to load. */
const LAZY = ['fs', 'inspector', 'os', 'tty', 'v8'].map((id) => `node:${id}`);
const LAZILY = `const heddleRequire = require;
require = (id) => ${JSON.stringify(LAZY)}.includes(id) ? new Proxy({}, { get: (_, key) => heddleRequire(id)[key] }) : heddleRequire(id);`;

/** An entry of the package: src/outside.ts says of which instance. */
const entry = (name, exports) => `import { face } from './library.js';

export const { ${exports.join(', ')} } = face('${name}', import.meta.url);
`;

/** The same for \`require()\`, where that has loaders of its own: Jest's tests in CommonJS. Node itself loads the modules. */
const REQUIRE_ENTRY = `'use strict';
const { pathToFileURL } = require('node:url');
const { requireOutside } = require('./inside/outside.cjs');

module.exports = requireOutside(pathToFileURL(__filename).href.replace(/cjs$/, 'js'), require.cache);
`;

/** Loads the library when it is first asked for: in a context of node:vm it is not. */
const LIBRARY = `import { chosen } from './outside.js';
import { loadJoined } from './platform/joined.js';
import * as plain from './plain.js';

let library;
const load = () => (library ??= loadJoined(new URL('./library.cjs', import.meta.url).href, import.meta.url, plain));

export const face = (name, url) => chosen(() => load()[name] ?? load().loadTools()[name], url);
export const serve = () => load().serve();
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

/**
 *   library.cjs               all of the library that knows of threads: a script, which src/platform/joined.ts evaluates
 *   library.js                evaluates it
 *   tools.cjs                 src/tools/ and what they export: a script too, which takes all else from the library
 *   index.js, thread.js       its exports
 *   runtime/worker.js         what the entry of a thread's worker takes of it
 *   plain.js, dummy_thread.js the library without threads, and what both have in common
 *   transform/                the transform of programs, with the packages that it is made with
 *   *.cjs                     the exports for \`require()\`, where that has loaders of its own
 *   entry.js                  the first module of a thread's worker
 *   helper.cjs                all that helpers need: CommonJS boots fastest
 *   cli/heddle.js             the command, which loads a file for each subcommand; they import the exports above
 */
async function bundle(modules, outdir) {
  const { build } = await import('esbuild');
  const urls = (variable) => ({ name: 'urls', setup: (plugin) => keepUrls(plugin, modules, variable) });
  const common = { bundle: true, platform: 'node', target: 'node20', packages: 'external', logLevel: 'warning' };
  const cjs = { ...common, format: 'cjs' };
  const esm = { ...common, format: 'esm', plugins: [urls('import.meta.url')] };
  const text = (contents) => ({ stdin: { contents, resolveDir: modules } });
  const plain = { name: 'plain', setup: (plugin) => sharePlain(plugin, modules) };

  // What is beside takes its imports from the library, which is told here what those are.
  const inside = new Set();
  const beside = BESIDE.map((name) => `export * as ${name} from './${name}.js';`);
  await build({
    ...cjs,
    ...text([...beside, "export { install } from './tools/install.js';"].join('\n')),
    outfile: join(outdir, 'tools.cjs'),
    plugins: [urls('heddleUrl'), { name: 'inside', setup: (plugin) => takeFromLibrary(plugin, modules, inside) }],
    banner: { js: `(function (require, module, heddleUrl) { 'use strict'; ${LAZILY}` },
    footer: { js: '})' },
  });
  const giver = { name: 'giver', setup: (plugin) => giveToTools(plugin, modules, inside) };

  const threaded = THREADED.map((name) => `export * as ${name} from './${name}.js';`);
  await build({
    ...cjs,
    ...text(
      [
        ...threaded,
        "export { serve } from './runtime/worker.js';",
        "export { loadTools } from './platform/beside.js';",
      ].join('\n'),
    ),
    outfile: join(outdir, 'library.cjs'),
    plugins: [giver, urls('heddleUrl'), plain],
    banner: { js: `(function (require, module, heddleUrl) { 'use strict'; ${LAZILY}` },
    footer: { js: '})' },
  });
  await build({
    ...cjs,
    entryPoints: [join(modules, 'helper.js')],
    outfile: join(outdir, 'helper.cjs'),
    plugins: [urls('heddleUrl')],
    banner: { js: `'use strict'; const heddleUrl = require('node:url').pathToFileURL(__filename).href; ${LAZILY}` },
  });
  for (const name of ['library.cjs', 'tools.cjs', 'helper.cjs']) {
    keepClassNames(join(outdir, name));
    keepAscii(join(outdir, name));
  }
  await build({
    ...esm,
    ...text(PLAIN.map((name) => `export * from '${name}';`).join('\n')),
    outfile: join(outdir, 'plain.js'),
  });
  keepClassNames(join(outdir, 'plain.js'));
  await build({
    ...esm,
    entryPoints: [join(modules, 'dummy_thread.js')],
    outfile: join(outdir, 'dummy_thread.js'),
    plugins: [urls('import.meta.url'), plain],
  });
  keepClassNames(join(outdir, 'dummy_thread.js'));
  await build({ ...esm, ...text(LIBRARY), outfile: join(outdir, 'library.js'), external: ['./plain.js'] });
  await build({
    ...esm,
    entryPoints: [join(modules, 'entry.js')],
    outfile: join(outdir, 'entry.js'),
    external: ['./index.js', './runtime/worker.js'],
  });
  await build({
    ...esm,
    entryPoints: TRANSFORMS.map((name) => join(modules, 'transform', `${name}.js`)),
    outdir: join(outdir, 'transform'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    packages: undefined,
    external: ['acorn', 'eslint-scope'],
    legalComments: 'inline',
    plugins: [],
  });
  for (const name of [...THREADED, ...BESIDE])
    writeFileSync(join(outdir, `${name}.js`), entry(name, await exportsOf(name)));
  for (const name of FACES) writeFileSync(join(outdir, `${name}.cjs`), REQUIRE_ENTRY);
  await build({
    ...esm,
    entryPoints: [join(modules, 'cli', 'heddle.js')],
    outdir: join(outdir, 'cli'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    external: FACES.map((name) => `../${name}.js`),
  });
  mkdirSync(join(outdir, 'runtime'), { recursive: true });
  writeFileSync(join(outdir, 'runtime', 'worker.js'), "export { serve } from '../library.js';\n");
  await build({
    ...cjs,
    bundle: false,
    packages: undefined,
    entryPoints: [join(modules, 'platform', 'outside.js')],
    outfile: join(outdir, 'inside', 'outside.cjs'),
  });
  declare(outdir);

  async function exportsOf(name) {
    const entryPoints = [join(modules, `${name}.js`)];
    const { metafile } = await build({ ...esm, entryPoints, write: false, metafile: true, outfile: 'face.js' });
    return Object.values(metafile.outputs)[0].exports;
  }
}

/** Modules of PLAIN are not joined to what imports them: an ES module imports them, a script asks for them. */
function sharePlain({ onResolve, initialOptions: { format } }, modules) {
  const shared = PLAIN.map((name) => join(modules, name));
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) =>
    shared.includes(join(resolveDir, path))
      ? { path: format === 'cjs' ? 'heddle:plain' : './plain.js', external: true }
      : undefined,
  );
}

/** For what is beside the library: a module of that is asked for by its path, and noted. */
function takeFromLibrary({ onResolve }, modules, inside) {
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
    const name = relative(modules, join(resolveDir, path)).replaceAll('\\', '/');
    if (name.startsWith('tools/') || BESIDE.includes(name.replace(/\.js$/, ''))) return undefined;
    inside.add(name);
    return { path: `heddle:${name}`, external: true };
  });
}

/** What takes the place of src/platform/beside.ts: gives these modules to what is beside the library. */
function giveToTools({ onLoad }, modules, inside) {
  onLoad({ filter: /\bplatform[\\/]beside\.js$/ }, () => {
    const names = [...inside].sort();
    return {
      resolveDir: modules,
      contents: [
        "import { loadBeside } from './platform/joined.js';",
        ...names.map((name, at) => `import * as m${at} from './${name}';`),
        `const inside = { ${names.map((name, at) => `${JSON.stringify(name)}: m${at}`).join(', ')} };`,
        'let tools;',
        "export const loadTools = () => (tools ??= loadBeside('tools.cjs', heddleUrl, inside));",
      ].join('\n'),
    };
  });
}

/** The types that users get: what is marked as internal is not in them, which our own tests need. */
function declare(outdir) {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(compiler), JSON.parse(readFileSync(compiler, 'utf8')).bin.tsc);
  const options = ['--emitDeclarationOnly', '--stripInternal', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), ...options, '--outDir', outdir], {
    stdio: 'inherit',
  });
  const reached = [...FACES, 'entry', ...TRANSFORMS.map((name) => `transform/${name}`)].map((name) =>
    join(outdir, `${name}.d.ts`),
  );
  for (const path of reached) {
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from |import |import\()['"](\.[^'"]+)\.js['"]/g)) {
      const target = join(dirname(path), `${name}.d.ts`);
      if (!reached.includes(target)) reached.push(target);
    }
  }
  for (const path of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.d.ts') && !reached.includes(join(outdir, path))) rmSync(join(outdir, path));
  }
  declareForRequire(outdir);
}

/**
 * The same types for \`require()\`: TypeScript takes a declaration for what its name says, and lets no CommonJS file import that of an ES module.
 * Those of the faces, and all that they reach.
 */
function declareForRequire(outdir) {
  const reached = FACES.map((name) => join(outdir, `${name}.d.ts`));
  for (const path of reached) {
    const text = readFileSync(path, 'utf8').replaceAll(
      /((?:from |import |import\()['"])(\.[^'"]+)\.js(['"])/g,
      (_, before, name, after) => {
        const target = join(dirname(path), `${name}.d.ts`);
        if (!reached.includes(target)) reached.push(target);
        return `${before}${name}.cjs${after}`;
      },
    );
    writeFileSync(path.replace(/\.ts$/, '.cts'), text);
  }
}

/**
 * A class that speaks of itself comes out as `var Lock = class _Lock`, and errors, stacks and texts would call it that: gives it back the name
 * that it has in its module. (`keepNames` would do more: it names each function whenever it is made.)
 */
function keepClassNames(file) {
  let source = readFileSync(file, 'utf8');
  for (const [, name] of source.matchAll(/^\s*(?:var )?(\w+) = class _\1\b/gm)) {
    source = source.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name);
  }
  if (/\bclass _/.test(source)) throw new Error(`${file} has a class whose name is lost`);
  writeFileSync(file, source);
}

/** What is not ASCII stands in comments: the rest is escaped. So the file can be read without decoding it. */
function keepAscii(file) {
  const source = readFileSync(file, 'utf8').replaceAll('\u2026', '...');
  writeFileSync(file, source.replaceAll(/[^\n -~]/g, '?'));
}

/**
 * `import.meta.url` stays that of the module, also where it has become part of another file. `variable`: what the file that it becomes part of
 * calls its own URL. And helpers are started by their file.
 */
function keepUrls({ onLoad }, modules, variable) {
  onLoad({ filter: /\.js$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    if (!path.startsWith(modules) || !source.includes('import.meta.url')) return undefined;
    const own = JSON.stringify(relative(modules, path).replaceAll('\\', '/'));
    const url = `new URL(${own}, ${variable}).href`;
    return { contents: source.replaceAll('import.meta.url', url).replace("'../helper.js'", "'../helper.cjs'") };
  });
}
