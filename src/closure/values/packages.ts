// What installed packages and this library export. It travels by import: each thread has its own instance of such a module, as it
// has of the platform's. The program's own modules are never evaluated again, so their exports travel by source and value.
import { asPath, asUrl, commonjsCache } from '../../platform/modules.js';
import { type Export, importOf, isObject, rememberedExport } from '../exports.js';
import { parsedFile } from '../text/declarations.js';
import { isOwnFile, isPackageFile } from '../text/installed.js';
import type { Syntax } from '../text/parse.js';
import { fileSource } from '../text/sources.js';

/** By identity: what was registered, and what CommonJS packages export. */
export function exportOf(value: object): Export | undefined {
  return rememberedExport(value) ?? commonjsExports().get(value);
}

/** The URL of the CommonJS module of a package with these exports. */
export function packageModuleOf(exports: object): string | undefined {
  const found = commonjsExports().get(exports);
  return found?.tag === 'require' && found.payload.name === undefined ? asUrl(found.payload.file) : undefined;
}

let index = new Map<object, Export>();
let indexed = 0;
let indexedCache: object | undefined;
let isFresh = false;

/** At the start of a capture: modules may have been loaded since the last one. */
export function expireExports(): void {
  isFresh = false;
}

function commonjsExports(): Map<object, Export> {
  if (isFresh) return index;
  isFresh = true;
  const cache = commonjsCache();
  const files = Object.keys(cache);
  if (cache === indexedCache && files.length === indexed) return index;
  indexedCache = cache;
  indexed = files.length;
  index = new Map();
  const add = (value: unknown, file: string, name: string | undefined) => {
    if (!isObject(value) || index.has(value)) return;
    // A loader may have made CommonJS of this library; in a thread it is what the worker's entry has imported.
    const own = isOwnFile(file) && importOf(asUrl(file), asUrl(file), name ?? '*');
    index.set(value, own || { tag: 'require', payload: { file, name } });
  };
  const installed = files.filter((file) => isPackageFile(file) && cache[file]!.loaded);
  for (const file of installed) add(cache[file]!.exports, file, undefined);
  for (const file of installed) {
    const exports: unknown = cache[file]!.exports;
    if (!isObject(exports)) continue;
    for (const name of Object.getOwnPropertyNames(exports)) {
      // A getter may load something: what it would give is found at the file that defines it.
      const value = Object.getOwnPropertyDescriptor(exports, name)?.value;
      if (typeof value === 'function' || isPrototype(value)) add(value, file, name);
    }
  }
  return index;
}

/** What instances inherit from, exported without their class: `moment.fn`. */
function isPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const owner: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
  return typeof owner === 'function' && Object.getOwnPropertyDescriptor(owner, 'prototype')?.value === value;
}

/** By place: the export of an ES module of a package whose text begins at `start`. */
export function exportAt(file: string, start: number): Export | undefined {
  if (asPath(file) === undefined || asPath(file)! in commonjsCache()) return undefined;
  const name = moduleExports(file).get(start);
  return name === undefined ? undefined : importOf(asUrl(file), asUrl(file), name);
}

const byStart = new Map<string, ReadonlyMap<number, string>>();

/** Names of a module's exported functions and classes, by the offset of their text. */
function moduleExports(file: string): ReadonlyMap<number, string> {
  let found = byStart.get(file);
  if (!found) {
    const source = fileSource(file);
    const parsed = source && parsedFile(source);
    found = parsed?.isModule ? exportsIn(parsed.program) : new Map();
    byStart.set(file, found);
  }
  return found;
}

function exportsIn(program: Syntax): Map<number, string> {
  const exports = new Map<number, string>();
  const locals = new Map<string, number>();
  const declare = (declaration: Syntax | null | undefined, exported: boolean): void => {
    const declared: [Syntax, Syntax][] = [];
    if (declaration?.type === 'VariableDeclaration') {
      for (const each of declaration['declarations'] as Syntax[]) {
        if (each['init']) declared.push([each['id'] as Syntax, each['init'] as Syntax]);
      }
    } else if (declaration?.['id']) declared.push([declaration['id'] as Syntax, declaration]);
    for (const [id, node] of declared) {
      if (id.type !== 'Identifier') continue;
      locals.set(id['name'] as string, node.start);
      if (exported) exports.set(node.start, id['name'] as string);
    }
  };
  const body = program['body'] as Syntax[];
  for (const statement of body) {
    if (statement.type === 'ExportNamedDeclaration') declare(statement['declaration'] as Syntax | null, true);
    else if (statement.type === 'ExportDefaultDeclaration') {
      const declaration = statement['declaration'] as Syntax;
      if (declaration['id']) declare(declaration, false);
      exports.set(declaration.start, 'default');
    } else declare(statement, false);
  }
  for (const statement of body) {
    if (statement.type === 'ExportNamedDeclaration' && !statement['source']) {
      for (const { local, exported } of statement['specifiers'] as { local: Syntax; exported: Syntax }[]) {
        const start = locals.get(local['name'] as string);
        if (start !== undefined && !exports.has(start))
          exports.set(start, String(exported['name'] ?? exported['value']));
      }
    } else if (statement.type === 'ExportDefaultDeclaration') {
      const start = locals.get((statement['declaration'] as Syntax)['name'] as string);
      if (start !== undefined) exports.set(start, 'default');
    }
  }
  return exports;
}
