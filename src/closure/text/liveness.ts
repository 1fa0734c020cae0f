// Imports are live: the exporting module may assign to what it exports. Whether it ever does is written in its text.
import type { Scope } from 'eslint-scope';
import { scriptOf } from '../../platform/inspector.js';
import { asPath, asUrl, commonjsCache, isBuiltin } from '../../platform/modules.js';
import type { MapRecord } from '../graph.js';
import { constancy } from './constancy.js';
import { type ImportedName, importedName, type ParsedFile, parsedFile } from './declarations.js';
import { exportNamed } from './installed.js';
import { mapOfFile, mapOfScript } from './maps.js';
import type { Syntax } from './parse.js';
import { fileSource, ranSource } from './sources.js';

/** Chains of re-exports longer than this are taken to be live. */
const LONGEST_CHAIN = 8;

/** Whether what `file` imports keeps the value it has once that is set. May start the debugger. */
export function importIsConstant(file: string, imported: ImportedName, chain = 0): boolean {
  const { specifier, name } = imported;
  if (chain > LONGEST_CHAIN) return false;
  // The object of a namespace is always the same; its members are read again at each start.
  if (name === '*' || isBuiltin(specifier) || exportNamed(file, imported)) return true;
  if (!specifier.startsWith('.')) return false;
  const url = new URL(specifier, asUrl(file)).href;
  if (url.endsWith('.json') || (asPath(url) ?? '') in commonjsCache()) return true;
  const module = moduleAt(url);
  return module !== undefined && exportIsConstant(module.parsed, module.url, name, chain);
}

/** The text of an ES module, as it ran. May start the debugger. */
export function moduleAt(url: string): { parsed: ParsedFile; url: string; map: MapRecord | undefined } | undefined {
  if (/\.m?js$/.test(url)) {
    const source = fileSource(url);
    const parsed = source && parsedFile(source);
    if (parsed?.isModule) return { parsed, url, map: mapOfFile(url, () => source!.text) };
  }
  // Loaders find other files for a name, and run other text than is on disk.
  for (const candidate of [url, url.replace(/\.(m|c)?js$/, '.$1ts'), `${url}.ts`, `${url}.js`, `${url}/index.ts`]) {
    const id = scriptOf(candidate);
    const source = id === undefined ? undefined : ranSource(id);
    const parsed = source && parsedFile(source);
    if (parsed?.isModule) return { parsed, url: candidate, map: mapOfScript(candidate, id!, () => source!.text) };
  }
  return undefined;
}

function exportIsConstant(file: ParsedFile, url: string, name: string, chain: number): boolean {
  const body = file.program['body'] as Syntax[];
  const stars: string[] = [];
  for (const statement of body) {
    const source = (statement['source'] as Syntax | null | undefined)?.['value'] as string | undefined;
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default') {
      const id = (statement['declaration'] as Syntax)['id'] as Syntax | null | undefined;
      // The value of an expression is copied; a declaration stays live.
      return !id || localIsConstant(file, url, id['name'] as string, chain);
    }
    if (statement.type === 'ExportAllDeclaration') {
      const exported = statement['exported'] as Syntax | null;
      if (!exported) stars.push(source!);
      else if (exported['name'] === name) return true;
    }
    if (statement.type !== 'ExportNamedDeclaration') continue;
    for (const { local, exported } of statement['specifiers'] as { local: Syntax; exported: Syntax }[]) {
      if ((exported['name'] ?? exported['value']) !== name) continue;
      const from = (local['name'] ?? local['value']) as string;
      if (source === undefined) return localIsConstant(file, url, from, chain);
      return importIsConstant(url, { specifier: source, name: from }, chain + 1);
    }
    if (declares(statement['declaration'] as Syntax | null, name)) return localIsConstant(file, url, name, chain);
  }
  // Only one of the modules can export the name.
  return name !== 'default' && stars.some((specifier) => importIsConstant(url, { specifier, name }, chain + 1));
}

function declares(declaration: Syntax | null, name: string): boolean {
  if (!declaration) return false;
  if (declaration.type !== 'VariableDeclaration') return (declaration['id'] as Syntax | null)?.['name'] === name;
  return (declaration['declarations'] as Syntax[]).some(({ id }) => (id as Syntax)['name'] === name);
}

function localIsConstant(file: ParsedFile, url: string, name: string, chain: number): boolean {
  const scope = file.scopes.globalScope!.childScopes[0] as Scope;
  const variable = scope.set.get(name);
  const definition = variable?.defs[0];
  if (!variable || !definition) return false;
  if (definition.type === 'ImportBinding') {
    return importIsConstant(url, importedName(definition as never), chain + 1);
  }
  return constancy(variable, file) === 'always';
}
