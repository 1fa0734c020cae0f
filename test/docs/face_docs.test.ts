// Every exported name, and every public method of an exported class, says what it does, with an example, and what it throws. Read off the
// declarations that users get, and off the sources.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/program.ts';

const types = join(root, 'build', 'joined', 'dist');

/** Methods that do what all of their name do: also those of the language's containers. */
const KNOWN = new Set([
  ...[Array, Map, Set].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype)),
  // Which Node 20 does not have yet.
  ...['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom'],
]);
const USUAL = /^(?:toString|toJSON|then|catch|finally|valueOf|is|\[[\w.]+\])$/;

interface Declared {
  readonly name: string;
  readonly file: string;
}

const isClass = (name: string, file: string): boolean =>
  new RegExp(`^export declare (?:abstract )?class ${name}\\b`, 'm').test(readFileSync(join(types, file), 'utf8'));

/** The names that a face exports, each with the file that declares it and what it is called there. */
function exportsOf(face: string): Declared[] {
  const text = readFileSync(join(types, face), 'utf8');
  const found: Declared[] = [];
  for (const [, all, names = '', from] of text.matchAll(/^export (type )?\{([^}]*)\}(?: from '([^']+)')?;/gm)) {
    for (const part of names.split(',').map((name) => name.trim())) {
      if (part === '') continue;
      const isType = all !== undefined || part.startsWith('type ');
      const name = part.replace(/^type /, '').split(' as ')[0]!;
      const file = fileOf(name, from, text, face);
      // Of types, those are looked at whose objects have methods.
      if (!isType || isClass(name, file)) found.push({ name, file });
    }
  }
  for (const [, name = ''] of text.matchAll(/^export declare (?:const|function|class) (\w+)/gm))
    found.push({ name, file: face });
  return found.flatMap((declared) => followed(declared));
}

/** The file that a name comes from: by what the export says, or by an import of the file. */
function fileOf(name: string, from: string | undefined, text: string, file: string): string {
  const path = from ?? new RegExp(`import (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(text)?.[1];
  return path === undefined ? file : join(dirname(file), path.replace(/\.js$/, '.d.ts'));
}

/** A name that a file passes on, where it is declared. */
function followed({ name, file }: Declared): Declared[] {
  const text = readFileSync(join(types, file), 'utf8');
  if (new RegExp(`^export (?:declare )?(?:const|function|class|abstract class) ${name}\\b`, 'm').test(text))
    return [{ name, file }];
  const passed = exportsOf(file).filter((other) => other.name === name);
  return passed.length > 0 ? passed.slice(0, 1) : [{ name, file }];
}

/** Classes that are exported under an interface of their own. */
const CONTAINERS: Readonly<Record<string, string>> = {
  SharedArray: 'heap/array.d.ts',
  SharedMap: 'heap/map.d.ts',
  SharedSet: 'heap/set.d.ts',
};

interface Documented {
  /** "Lock.acquire", "run". */
  readonly name: string;
  readonly doc: string;
}

const DOC = String.raw`(?:^[ ]*(/\*\*(?:(?!\*/)[\s\S])*\*/)\n)?`;

/** What a declaration says, and for a class what its methods do. */
function documentedIn({ name, file }: Declared): Documented[] {
  const text = readFileSync(join(types, file), 'utf8');
  const declaration = new RegExp(
    `${DOC}^export (?:declare )?(?:abstract )?(const|function|class) ${name}\\b([^{;]*)`,
    'm',
  );
  const match = declaration.exec(text);
  assert.ok(match, `${name} is not declared in ${file}`);
  const [, doc = '', kind, heritage = ''] = match;
  if (CONTAINERS[name] !== undefined && file !== CONTAINERS[name]) {
    const [, ...methods] = documentedIn({ name, file: CONTAINERS[name] });
    return [{ name, doc }, ...methods];
  }
  if (kind !== 'class') return [{ name, doc }];
  const body = text.slice(match.index, text.indexOf('\n}', match.index));
  const base = /\bextends (\w+)/.exec(heritage)?.[1];
  const own = methodsIn(name, body);
  const others = inherited(name, base, text, file).filter((other) => own.every((method) => method.name !== other.name));
  return [{ name, doc }, ...own, ...others];
}

function methodsIn(owner: string, body: string): Documented[] {
  const methods = new Map<string, string>();
  const isContainer = /^(?:Shared(?:Array|Map|Set)|ReadingArray|TableCell)$/.test(owner);
  const method = new RegExp(
    `${DOC.replace('[ ]*', ' {4}')}^ {4}(?:static )?(?!get |set |private |protected |readonly |#)([\\w]+|\\[[\\w.]+\\])(?:<[^(]*>)?\\(`,
    'gm',
  );
  for (const [, doc = '', name = ''] of body.matchAll(method)) {
    if (name === 'constructor' || USUAL.test(name) || (isContainer && KNOWN.has(name))) continue;
    // The first of several overloads says it for all.
    if (!methods.has(name)) methods.set(name, doc);
  }
  return [...methods].map(([name, doc]) => ({ name: `${owner}.${name}`, doc }));
}

/** Methods of a base class that is not exported itself. */
function inherited(owner: string, base: string | undefined, text: string, file: string): Documented[] {
  if (base === undefined) return [];
  const isOwn = new RegExp(`^export (?:declare )?(?:abstract )?class ${base}\\b`, 'm').test(text);
  const where = isOwn ? file : fileOf(base, undefined, text, file);
  // A class of the language's.
  if (!isOwn && where === file) return [];
  return documentedIn({ name: base, file: where })
    .filter(({ name }) => name.startsWith(`${base}.`))
    .map(({ name, doc }) => ({ name: `${owner}${name.slice(base.length)}`, doc }));
}

for (const face of ['index.d.ts', 'thread.d.ts', 'dummy_thread.d.ts']) {
  test(`${face}: every exported name and public method is documented, with an example`, () => {
    const all = exportsOf(face).flatMap((declared) => documentedIn(declared));
    assert.ok(all.length > 10, `${all.length} names`);
    assert.deepEqual(
      all.filter(({ doc }) => doc === '').map(({ name }) => name),
      [],
      'without a word',
    );
    assert.deepEqual(
      all.filter(({ doc }) => !doc.includes('@example')).map(({ name }) => name),
      [],
      'without an example',
    );
  });
}

/** A public docstring, what it is of, and the text up to the end of that. */
const DOCUMENTED =
  /^( *)\/\*\*((?:(?!\*\/)[\s\S])*@example(?:(?!\*\/)[\s\S])*)\*\/\n((?:\1(?:(?:export|override|async|static|function|const) )*\w+(?:<.*>)?\(.*\{\n)(?:(?!\1\})[\s\S])*?)^\1\}/gm;

test('what throws says so', () => {
  const silent: string[] = [];
  let seen = 0;
  for (const path of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || path.startsWith('transform/')) continue;
    for (const [, , doc = '', text = ''] of readFileSync(join(root, 'src', path), 'utf8').matchAll(DOCUMENTED)) {
      seen++;
      if (/\bthrow /.test(text) && !doc.includes('@throws')) silent.push(`${path}: ${text.split('\n', 1)[0]!.trim()}`);
    }
  }
  assert.ok(seen > 60, `${seen} functions`);
  assert.deepEqual(silent, []);
});
