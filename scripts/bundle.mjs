// Joins the compiled modules of dist/ into a few files, for the package that users get: every worker loads them, and a hundred small files
// take three times as long to load. Names are not minified, so stacks stay readable.
//
//   node scripts/bundle.mjs            dist/ becomes the joined one, until --undo; what it was is kept in build/modules
//   node scripts/bundle.mjs --undo     dist/ becomes what it was
//   node scripts/bundle.mjs --to=PATH  a folder with all that is packed, beside which dist/ stays as it is
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { piecesOf, RUNTIMES, takePlatform, textsThere } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const kept = join(root, 'build', 'modules');
const to = process.argv.find((word) => word.startsWith('--to='))?.slice('--to='.length);

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What programs import, of which the first two need threads. */
const FACES = ['index', 'thread', 'dummy_thread', 'test'];
const THREADED = FACES.slice(0, 2);

/** Faces that lie in a file beside the library, with what else is there: it is loaded when it is asked for. */
const BESIDE = ['test'];

/** Entries that stand on the library, and that it does not know: what programs import, and what their own threads import. */
const UPPER = ['cluster', 'cluster_thread'];

/** Entries of the package that transform programs. They bring the packages that they are made with. */
const TRANSFORMS = ['register', 'hooks', 'rollup', 'rolldown', 'vite', 'webpack', 'rspack', 'loader', 'esbuild'];

/** What the face without threads has in common with the others. */
const PLAIN = ['errors', 'held'].map((name) => `./sync/${name}.js`);

/** The library: what helpers need comes first, and more than that is not evaluated for one (src/platform/joined.ts). */
const LIBRARY = `
  import 'heddle:boot';
  import 'heddle:help';
  ${[...THREADED, 'dummy_thread'].map((name) => `export * as ${name} from './${name}.js';`).join('\n')}
  export { serve } from './runtime/worker.js';
  export { loadTools } from './platform/beside.js';
`;
const STEPS = {
  // Before anything that uses the shared memory.
  'heddle:boot': "import { boot } from './boot.js'; if (heddleJoined.role !== undefined) boot();",
  'heddle:help': "import { help } from './helper.js'; heddleHelp(help);",
};
/** A script can return, of which a module knows nothing. */
const HELP = /\bheddleHelp\((\w+)\);/;

/** The library's parser. */
const PARSER = `
  export { parse } from 'acorn';
  export { analyze } from 'eslint-scope';
`;

/** What lies beside the library. */
const TOOLS = `
  ${BESIDE.map((name) => `export * as ${name} from './${name}.js';`).join('\n')}
  export { install, prepare } from './tools/install.js';
`;

/** Gives out the faces: evaluates the texts, which are only read if it must. They are CommonJS, the one form that all loaders read. */
const LOAD = `
  import { faceOf } from './load.js';
  import texts from './texts.cjs';
  export const face = (name) => faceOf(name, '${version}', texts.read);
`;
const TEXTS = `
  module.exports = { read: () => ({ ...require('./library.cjs'), get tools() { return require('./tools.cjs').tools; } }) };
`;

/** An entry of the package. */
const entry = (name, exports) => `import { face } from './load.js';

export const { ${exports.join(', ')} } = face('${name}');
`;
const requireEntry = (name) => `module.exports = require('./load.cjs').face('${name}');\n`;

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
 *   library.cjs               texts: the library, and its parser
 *   tools.cjs                 another: src/tools/ and what they export, which takes all else from the library
 *   parser-licenses.txt       of the packages that the parser is
 *   texts.cjs                 reads that file
 *   load.js                   evaluates the texts
 *   index.js, thread.js       their exports
 *   dummy_thread.js           the face without threads, which needs none of it
 *   *.cjs                     the same for `require()`
 *   cluster.js …              what stands on the library: it takes what it needs of that from load.js
 *   transform/                the transform of programs, with the packages that it is made with
 *   cli/heddle.js             the command, which loads a file for each subcommand; they import the exports above
 */
async function bundle(modules, outdir) {
  const { build } = await import('esbuild');
  const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', write: false };
  const cjs = { ...common, format: 'cjs' };
  const esm = { ...common, format: 'esm' };
  const plain = { name: 'plain', setup: (plugin) => sharePlain(plugin, modules) };
  const stdin = (contents) => ({ stdin: { contents, resolveDir: modules } });
  const textOf = async (options) => (await build(options)).outputFiles[0].text;
  mkdirSync(outdir, { recursive: true });
  const write = (name, text) => writeFileSync(join(outdir, name), text);
  const writeTexts = (file, texts) => {
    const lines = Object.entries(texts).map(([name, text]) => `exports.${name} = ${JSON.stringify(text)};\n`);
    write(file, lines.join(''));
  };

  const script = { ...cjs, minifyWhitespace: true, lineLimit: 120, charset: 'ascii', legalComments: 'none' };
  // It has no place.
  const unplaced = { ...script, define: { 'import.meta.url': '"heddle:library.js"' } };

  // What is beside takes its imports from the library, which is told here what those are.
  const inside = new Set();
  const taking = { name: 'inside', setup: (plugin) => takeFromLibrary(plugin, modules, inside) };
  const tools = await textOf({ ...unplaced, ...stdin(TOOLS), plugins: [taking] });
  const giver = { name: 'giver', setup: (plugin) => giveToTools(plugin, modules, inside) };
  const optionsFor = (folders) => {
    const platform = { name: 'platform', setup: (plugin) => takePlatform(plugin, modules, folders) };
    return {
      ...unplaced,
      external: ['acorn', 'eslint-scope', 'heddle:tools'],
      plugins: [{ name: 'steps', setup: (plugin) => takeSteps(plugin, modules) }, platform, giver, plain],
    };
  };
  const { metafile } = await build({ ...optionsFor([]), ...stdin(LIBRARY), metafile: true });
  const own = new Set(Object.keys(metafile.inputs).map((path) => resolve(path)));
  const handed = handedTo(UPPER, modules, own);
  const libraryFor = (folders) => textOf({ ...optionsFor(folders), ...stdin(LIBRARY + handOut(handed)) });
  const parser = await textOf({ ...script, ...stdin(PARSER), minify: true });
  // Its text is in the package, so its licences are too.
  write('parser-licenses.txt', licensesOf(['acorn', 'eslint-scope', 'esrecurse', 'estraverse']));
  const forHelpers =
    "if (heddleJoined.role !== undefined && heddleJoined.role !== 'thread') return $1(heddleJoined.role);";
  const parameters = 'require, heddleJoined';
  const whole = (library) => {
    if (!HELP.test(library)) throw new Error('what helpers need is not told from the rest of the library');
    return asFunction(parameters, withClassNames(library).replace(HELP, forHelpers));
  };
  const library = whole(await libraryFor([]));
  writeTexts('library.cjs', { version, library, parser: asFunction('', parser) });
  writeTexts('tools.cjs', { tools: asFunction(parameters, withClassNames(tools)) });
  write('texts.cjs', TEXTS);
  for (const [format, ending] of [
    [esm, 'js'],
    [cjs, 'cjs'],
  ]) {
    const options = { ...format, entryPoints: [join(modules, 'dummy_thread.js')], plugins: [plain] };
    write(`dummy_thread.${ending}`, withClassNames(await textOf(options)));
    write(`load.${ending}`, await textOf({ ...format, ...stdin(LOAD), external: ['./texts.cjs'] }));
  }
  const faces = await Promise.all([...THREADED, ...BESIDE].map(async (name) => [name, await exportsOf(name)]));
  const writeFaces = (folder) => {
    for (const [name, exports] of faces) {
      write(`${folder}${name}.js`, entry(name, exports));
      write(`${folder}${name}.cjs`, requireEntry(name));
    }
  };
  writeFaces('');
  for (const [runtime, folders] of Object.entries(RUNTIMES)) {
    mkdirSync(join(outdir, runtime), { recursive: true });
    const pieces = `exports.library = ${JSON.stringify(piecesOf(library, whole(await libraryFor(folders))))};\n`;
    // Deno's cache takes a file for an earlier one of that name if only both are as long.
    const file = `library-${createHash('sha256').update(pieces).digest('hex').slice(0, 8)}.cjs`;
    write(`${runtime}/${file}`, pieces);
    write(`${runtime}/texts.cjs`, textsThere(file));
    for (const ending of ['js', 'cjs']) cpSync(join(outdir, `load.${ending}`), join(outdir, runtime, `load.${ending}`));
    writeFaces(`${runtime}/`);
    await build({
      ...esm,
      write: true,
      entryPoints: [join(modules, 'transform', 'register.js')],
      outdir: join(outdir, runtime),
      plugins: [{ name: 'platform', setup: (plugin) => takePlatform(plugin, modules, folders) }],
      external: ['acorn', 'eslint-scope'],
      legalComments: 'inline',
    });
  }
  await build({
    ...esm,
    write: true,
    entryPoints: TRANSFORMS.map((name) => join(modules, 'transform', `${name}.js`)),
    outdir: join(outdir, 'transform'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    external: ['acorn', 'eslint-scope'],
    legalComments: 'inline',
  });
  await build({
    ...esm,
    write: true,
    entryPoints: UPPER.map((name) => join(modules, `${name}.js`)),
    outdir,
    splitting: true,
    chunkNames: 'cluster-[hash]',
    packages: 'external',
    plugins: [{ name: 'upper', setup: (plugin) => takeHanded(plugin, modules, handed) }],
  });
  for (const file of readdirSync(outdir).filter((name) => /^cluster.*\.js$/.test(name))) {
    write(file, withClassNames(readFileSync(join(outdir, file), 'utf8')));
  }
  await build({
    ...esm,
    write: true,
    entryPoints: [join(modules, 'cli', 'heddle.js')],
    outdir: join(outdir, 'cli'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    packages: 'external',
    external: [...FACES, ...UPPER].map((name) => `../${name}.js`),
  });
  declare(outdir);

  async function exportsOf(name) {
    const options = { ...esm, entryPoints: [join(modules, `${name}.js`)], packages: 'external', metafile: true };
    return Object.values((await build(options)).metafile.outputs)[0].exports;
  }
}

function licensesOf(packages) {
  const texts = packages.map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    // One has it at the head of its text.
    const source = file ?? JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).main;
    const text = readFileSync(join(folder, source), 'utf8');
    const license = file === undefined ? /\/\*(.*?Copyright.*?)\*\//s.exec(text)[1] : text;
    return `${name}\n\n${license.trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** Statements that have their place among the modules of the library. */
function takeSteps({ onResolve, onLoad }, modules) {
  onResolve({ filter: /^heddle:(boot|help)$/ }, ({ path }) => ({ path, namespace: 'step' }));
  onLoad({ filter: /.*/, namespace: 'step' }, ({ path }) => ({ contents: STEPS[path], resolveDir: modules }));
}

/** A script whose value is a function of these parameters, which gives the exports of a CommonJS module. */
function asFunction(parameters, module) {
  return `(function (${parameters}) { 'use strict'; const module = { exports: {} };\n${module}\nreturn module.exports; })`;
}

/**
 * The modules of PLAIN are the same for all faces of a thread, whichever is loaded first: that may be the one without threads, which can be
 * part of another file than the library.
 */
function sharePlain({ onResolve, onLoad }, modules) {
  const shared = PLAIN.map((name) => join(modules, name));
  const text = `
    import * as own from 'heddle:plain';
    const PLAIN = Symbol.for('heddle.plain/${version}');
    if (globalThis[PLAIN] === undefined) Object.defineProperty(globalThis, PLAIN, { value: own });
    export const { ${plainNames(modules).join(', ')} } = globalThis[PLAIN];
  `;
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, namespace }) =>
    namespace !== 'plain' && shared.includes(join(resolveDir, path))
      ? { path: 'shared', namespace: 'plain' }
      : undefined,
  );
  onResolve({ filter: /^heddle:plain$/ }, () => ({ path: 'own', namespace: 'plain' }));
  onLoad({ filter: /.*/, namespace: 'plain' }, ({ path }) => ({
    contents: path === 'shared' ? text : PLAIN.map((name) => `export * from '${name}';`).join('\n'),
    resolveDir: modules,
  }));
}

/** What they export. */
function plainNames(modules) {
  const exported = /^export (?:class|function|const) (\w+)/gm;
  return PLAIN.flatMap((name) =>
    [...readFileSync(join(modules, name), 'utf8').matchAll(exported)].map(([, each]) => each),
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
        ...names.map((name, at) => `import * as m${at} from './${name}';`),
        `const inside = { ${names.map((name, at) => `${JSON.stringify(name)}: m${at}`).join(', ')} };`,
        'let tools;',
        "const load = (id) => (id.startsWith('heddle:') ? inside[id.slice('heddle:'.length)] : require(id));",
        "export const loadTools = () => (tools ??= require('heddle:tools')(load, heddleJoined));",
      ].join('\n'),
    };
  });
}

/** Of the library's modules, `own`, what entries that stand on it import, by the module's path below `modules`. */
function handedTo(entries, modules, own) {
  const handed = new Map();
  const seen = new Set();
  const look = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = readFileSync(path, 'utf8');
    for (const [, names, specifier] of source.matchAll(/^(?:import|export) (?:\{([^}]*)\} from )?'(\.[^']+)';$/gm)) {
      const target = resolve(dirname(path), specifier);
      if (!own.has(target)) look(target);
      else if (names !== undefined) {
        const name = relative(modules, target).replaceAll('\\', '/');
        const list = handed.get(name) ?? new Set();
        handed.set(name, list);
        for (const each of names.split(',')) if (each.trim() !== '') list.add(each.trim().split(' as ')[0]);
      }
    }
    for (const [, later] of source.matchAll(/\bimport\('(\.[^']+)'\)/g)) look(resolve(dirname(path), later));
  };
  for (const name of entries) look(join(modules, `${name}.js`));
  return handed;
}

/** What the library hands out of itself, for those. */
function handOut(handed) {
  const lines = [...handed].map(
    ([path, names], at) =>
      `import { ${[...names].map((name) => `${name} as x${at}${name}`).join(', ')} } from './${path}';`,
  );
  const entries = [...handed].map(
    ([path, names], at) => `'${path}': { ${[...names].map((name) => `${name}: x${at}${name}`).join(', ')} }`,
  );
  return [...lines, `export const handed = { ${entries.join(',\n')} };`].join('\n');
}

/** And how they take it. */
function takeHanded({ onResolve, onLoad }, modules, handed) {
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
    const name = relative(modules, resolve(resolveDir, path)).replaceAll('\\', '/');
    return handed.has(name) ? { path: name, namespace: 'handed' } : undefined;
  });
  onResolve({ filter: /^heddle:load$/ }, () => ({ path: './load.js', external: true }));
  onLoad({ filter: /.*/, namespace: 'handed' }, ({ path }) => ({
    contents: `import { face } from 'heddle:load';
const { ${[...handed.get(path)].join(', ')} } = face('handed')['${path}'];
export { ${[...handed.get(path)].join(', ')} };`,
  }));
}

/** The types that users get: what is marked as internal is not in them, which our own tests need. */
function declare(outdir) {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(compiler), JSON.parse(readFileSync(compiler, 'utf8')).bin.tsc);
  const options = ['--emitDeclarationOnly', '--stripInternal', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), ...options, '--outDir', outdir], {
    stdio: 'inherit',
  });
  const reached = [...FACES, UPPER[0], ...TRANSFORMS.map((name) => `transform/${name}`)].map((name) =>
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
function withClassNames(source) {
  let named = source;
  for (const [, name] of source.matchAll(/\b(\w+)\s*=\s*class _\1\b/g)) {
    named = named.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name);
  }
  if (/\bclass _/.test(named)) throw new Error('the library has a class whose name is lost');
  return named;
}
