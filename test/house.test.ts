// The rules of the house: who may import whom, who may touch what. They are read off the sources.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { parse } from 'acorn';
import { root } from './support/program.ts';

const plain = ['sync/errors', 'sync/held'];

const ground = ['memory', 'heap', 'sync', 'platform'];
const closure = ['closure', 'closure/text', 'closure/values', 'closure/recipes', 'closure/in', 'closure/out'];

const under = [...ground, ...closure, 'parcel', 'platform', 'runtime', 'data', 'threading', 'queue', 'futures'];

/** The lower floors of the cluster. */
const wire = ['cluster/wire', 'cluster/engine'];

/** The folders of src/, ground floor first, with the folders each may import from. A file may import from its own folder. */
const layers: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  heap: ['memory'],
  sync: ['memory', 'heap'],
  platform: [],
  'platform/uninspected': ['platform'],
  'platform/bun': ['platform', 'platform/uninspected'],
  'platform/deno': ['platform', 'platform/uninspected'],
  closure: ground,
  'closure/text': [...ground, 'closure'],
  'closure/values': [...ground, 'closure', 'closure/text'],
  'closure/recipes': [...ground, 'closure', 'closure/text', 'closure/values'],
  'closure/in': [...ground, 'closure', 'closure/text', 'closure/values'],
  'closure/out': [...ground, 'closure', 'closure/text', 'closure/values', 'closure/recipes'],
  parcel: [...ground, ...closure],
  runtime: [...ground, ...closure, 'parcel'],
  data: [...ground, ...closure, 'parcel', 'runtime'],
  threading: [...ground, ...closure, 'parcel', 'runtime', 'data'],
  queue: [...ground, ...closure, 'parcel', 'runtime', 'data'],
  futures: [...ground, ...closure, 'parcel', 'runtime', 'data', 'threading', 'queue'],
  // Nothing of the house knows the tools but the faces that turn them on.
  tools: [...under, 'tools/explore', 'tools/races', 'tools/trace'],
  'tools/explore': [...under, 'tools'],
  'tools/races': [...under, 'tools'],
  'tools/trace': [...under, 'tools'],
  // Past one machine. The core does not know it.
  cluster: [...ground, ...closure, 'parcel', 'runtime', 'data', 'threading', 'queue', 'futures', ...wire],
  'cluster/wire': [...ground, ...closure, 'parcel', 'cluster/errors'],
  'cluster/engine': ['platform'],
  // The command: faces, and what reads its words.
  cli: ['platform', 'index', 'thread', 'cluster'],
  // Of programs, before they run: nothing of what it makes them call is here.
  transform: ['closure', 'closure/text', 'platform'],
  // The face without threads: what it has in common with the others has no shared memory behind it.
  dummy: plain,
};

const floors = [...ground, ...closure, 'parcel', 'runtime', 'data', 'threading', 'queue', 'futures'];

/** The faces: files of src/ itself. */
const faces: Readonly<Record<string, readonly string[]>> = {
  boot: ['memory', 'platform'],
  entry: [...floors, 'index', 'boot', 'helper'],
  helper: [...floors, 'boot'],
  equip: floors,
  index: [...floors, 'thread', 'wiring'],
  thread: [...floors, 'wiring'],
  wiring: [...floors, 'equip'],
  test: ['tools', 'tools/explore', 'tools/races'],
  load: ['platform'],
  cluster: [...floors, 'cluster', ...wire, 'cluster_thread'],
  cluster_thread: [...floors, 'cluster', ...wire, 'wiring'],
  dummy_thread: ['dummy', ...plain],
};

/** Imports from `node:` outside src/platform, each with its reason. */
const builtinsElsewhere: Readonly<Record<string, readonly string[]>> = {};

const LONGEST = 450;

interface Source {
  /** Path below src/: "sync/lock.ts". */
  readonly path: string;
  /** The folder, or the file's own name for a face. */
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(join(root, 'src'), { recursive: true })
  .map((path) => String(path).replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(root, 'src', path), 'utf8');
    const layer = path.includes('/') ? dirname(path) : path.replace(/\.ts$/, '');
    return { path, layer, text, imports: importsOf(text) };
  });

/** Specifiers of static imports, exports and dynamic imports; a type's import counts as well. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|^import|\bimport\()\s*'([^']+)'/gm)].map((match) => match[1]!);
}

/** "sync/errors" for './errors.js' in sync/lock.ts; undefined for packages and builtins. */
function target(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(dirname(source.path), specifier).replace(/\.[jt]s$/, '');
}

test('imports go down the house only', () => {
  const wrong: string[] = [];
  for (const source of sources) {
    const allowed = (source.path.includes('/') ? layers : faces)[source.layer];
    assert.ok(allowed, `src/${source.path} is in no table`);
    for (const specifier of source.imports) {
      const file = target(source, specifier);
      // A face may look at its own namespace.
      if (file === undefined || [file, dirname(file)].includes(source.layer)) continue;
      if (!allowed.some((layer) => [file, dirname(file)].includes(layer))) {
        wrong.push(`src/${source.path} imports ${specifier}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('every import within src/ names a file that is there', () => {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const specifier of source.imports) {
      const file = target(source, specifier);
      if (file !== undefined && !existsSync(join(root, 'src', `${file}.ts`)))
        wrong.push(`${source.path}: ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no file imports itself by way of others, not even for types', () => {
  const imports = new Map(
    sources.map((source) => {
      const own = source.path.replace(/\.ts$/, '');
      const files = source.imports.map((specifier) => target(source, specifier));
      // A module may look at its own namespace.
      return [own, files.filter((file) => file !== undefined && file !== own) as string[]];
    }),
  );
  /** The files between the start and here; those that lead to no circle are done. */
  const way: string[] = [];
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (file: string): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file)) return;
    done.add(file);
    way.push(file);
    for (const next of imports.get(file) ?? []) follow(next);
    way.pop();
  };
  for (const file of imports.keys()) follow(file);
  assert.deepEqual(circles, []);
});

test('what dummy_thread shares with the others imports nothing', () => {
  const imports = sources.filter(({ path }) => plain.includes(path.replace(/\.ts$/, ''))).map(({ imports }) => imports);
  assert.deepEqual(imports, [[], []]);
});

test('only src/memory/atomics.ts touches Atomics', () => {
  const touching = sources.filter(({ path }) => identifiersOf(path).has('Atomics')).map(({ path }) => path);
  assert.deepEqual(touching, ['memory/atomics.ts']);
});

test('only src/platform/ imports builtins of Node', () => {
  const wrong: string[] = [];
  for (const { path, layer, imports } of sources) {
    if (layer.split('/')[0] === 'platform') continue;
    const builtins = imports.filter((specifier) => specifier.startsWith('node:'));
    wrong.push(
      ...builtins.filter((name) => !builtinsElsewhere[path]?.includes(name)).map((name) => `${path}: ${name}`),
    );
  }
  assert.deepEqual(wrong, []);
});

test('no exported binding changes: a module hook that wraps exports hands out what they were', () => {
  const wrong: string[] = [];
  for (const { path } of sources) {
    const { body } = parse(compiledText(path), { ecmaVersion: 'latest', sourceType: 'module' });
    /** Variables of the module that are not constant. */
    const changing = new Set<string>();
    const declare = (declaration: { kind: string; declarations: readonly { id: unknown }[] }): void => {
      if (declaration.kind === 'const') return;
      for (const { id } of declaration.declarations) changing.add((id as { name?: string }).name ?? 'a pattern');
    };
    for (const node of body) {
      if (node.type === 'VariableDeclaration') declare(node);
      if (node.type === 'ExportNamedDeclaration' && node.declaration?.type === 'VariableDeclaration') {
        declare(node.declaration);
        if (node.declaration.kind !== 'const') wrong.push(`${path}: export ${node.declaration.kind}`);
      }
    }
    for (const node of body) {
      if (node.type !== 'ExportNamedDeclaration' || node.source) continue;
      for (const { local } of node.specifiers) {
        const { name } = local as { name: string };
        if (changing.has(name)) wrong.push(`${path}: ${name}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('no import is for its effect', () => {
  const wrong = sources.filter(({ text }) => /^\s*import\s*'/m.test(text)).map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test('what a module exports is changed by that module only: others are plugged in by src/wiring.ts', () => {
  const wrong: string[] = [];
  for (const { path, layer } of sources) {
    // A tool puts its own in the place of what it watches, while it is on.
    if (layer === 'tools' || layer.startsWith('tools/')) continue;
    const program = parsed(path);
    const imported = importedIn(program);
    visit(program, (node) => {
      const target = (node['left'] ?? node['argument']) as Node | undefined;
      const changes =
        node.type === 'AssignmentExpression' ||
        node.type === 'UpdateExpression' ||
        (node.type === 'UnaryExpression' && node['operator'] === 'delete');
      if (!changes || target?.type !== 'MemberExpression') return;
      // Words of the shared memory, and elements of tables, are data.
      const { name } = target['object'] as { name?: string };
      if (target['computed'] !== true && name !== undefined && imported.has(name)) wrong.push(`${path}: ${name}`);
    });
  }
  assert.deepEqual(wrong, []);
});

/** Where evaluating a module does something to another one. */
const doing: Readonly<Record<string, string>> = {
  'cli/heddle.ts': 'the program itself',
  'entry.ts': 'the first module of a worker',
  'helper.ts': 'the first module of a worker',
  'index.ts': 'a face',
  'cluster.ts': 'a face',
  'cluster_thread.ts': 'a face',
  'thread.ts': 'a face',
  'transform/register.ts': 'what a program preloads',
  'heap/room.ts': 'the heap is there as soon as the memory is, and before anything is allocated',
};

test('evaluating a module does nothing to another one, so the order of imports means nothing', () => {
  const wrong: string[] = [];
  for (const { path } of sources) {
    if (path in doing) continue;
    const program = parsed(path);
    const imported = importedIn(program);
    for (const statement of program['body'] as Node[]) {
      if (statement.type.endsWith('Declaration')) continue;
      visit(statement, (node) => {
        if (node.type !== 'CallExpression') return;
        let callee = node['callee'] as Node;
        while (callee.type === 'MemberExpression') callee = callee['object'] as Node;
        const name = callee['name'] as string | undefined;
        if (name !== undefined && imported.has(name)) wrong.push(`${path}: ${name}`);
      });
    }
  }
  assert.deepEqual(wrong, []);
});

test('no exported function is without a caller, such as a seam that nobody fills', () => {
  const tests = readdirSync(join(root, 'test'), { recursive: true })
    .map(String)
    .filter((path) => /\.(?:ts|mjs)$/.test(path) && path !== 'house.test.ts')
    .map((path) => readFileSync(join(root, 'test', path), 'utf8'));
  const own = sources.map(({ text }) => text).join('\n');
  const all = own + tests.join('\n') + readFileSync(join(root, 'scripts/bundle.mjs'), 'utf8');
  const names = own.matchAll(/^export (?:async )?function\*? (\w+)/gm);
  const wrong = [...names]
    .map(([, name]) => name!)
    .filter((name) => [...all.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length < 2);
  assert.deepEqual(wrong, []);
});

/** Docstrings with examples, which are a page for users. */
const EXAMPLES = /^ *\/\*\*\n(?: *\*(?!\/).*\n)*? *\* @example\n(?: *\*(?!\/).*\n)+ *\*\/\n/gm;

test(`no file of src/ is longer than ${LONGEST} lines, docstrings with examples not counted`, () => {
  const long = sources.map(({ path, text }) => ({ path, lines: text.replace(EXAMPLES, '').split('\n').length - 1 }));
  assert.deepEqual(
    long.filter(({ lines }) => lines > LONGEST),
    [],
  );
});

/** All identifiers of a compiled file: comments and strings do not count. */
function identifiersOf(path: string): Set<string> {
  const names = new Set<string>();
  parse(compiledText(path), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    onToken: (token) => {
      if (token.type.label === 'name') names.add(String((token as { value?: unknown }).value));
    },
  });
  return names;
}

function compiledText(path: string): string {
  return readFileSync(join(root, 'dist', path.replace(/\.ts$/, '.js')), 'utf8');
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const parsed = (path: string): Node =>
  parse(compiledText(path), { ecmaVersion: 'latest', sourceType: 'module' }) as unknown as Node;

/** Names that a module imports. */
function importedIn(program: Node): Set<string> {
  const names = new Set<string>();
  for (const statement of program['body'] as Node[]) {
    if (statement.type !== 'ImportDeclaration') continue;
    for (const { local } of statement['specifiers'] as { local: { name: string } }[]) names.add(local.name);
  }
  return names;
}

function visit(node: Node, look: (node: Node) => void): void {
  look(node);
  for (const part of Object.values(node).flat()) {
    if (typeof part === 'object' && part !== null && 'type' in part) visit(part as Node, look);
  }
}
