// Where a module's own text makes a value: the declaration of a variable at its top, or what it exports.
import type { Scope, Variable } from 'eslint-scope';
import { scriptOf } from '../../platform/inspector.js';
import { asPath, asUrl, commonjsCache, isBuiltin, resolveFrom } from '../../platform/modules.js';
import type { MapRecord, Node } from '../graph.js';
import { constancy, isDirect } from './constancy.js';
import { type ImportedName, importedName, type ParsedFile, parsedFile } from './declarations.js';
import { exportNamed, isPackageFile } from './installed.js';
import { moduleAt } from './liveness.js';
import { mapOfFile, mapOfScript } from './maps.js';
import type { Syntax } from './parse.js';
import { fileSource, ranSource } from './sources.js';
import { viteExported, viteImport } from './vite.js';

/** One of the program's modules, as text. */
export interface Place {
  readonly file: string;
  readonly parsed: ParsedFile;
  /** Of the text as it ran. */
  readonly map: MapRecord | undefined;
}

/** What a name in a module stands for. */
export type Site =
  /** A declaration, or an expression that is exported: from `start` to `end` of the text. */
  | {
      readonly kind: 'written';
      readonly place: Place;
      readonly form: 'variable' | 'declaration' | 'expression';
      readonly start: number;
      readonly end: number;
      readonly syntax: Syntax;
      /** What it declares; of an expression the name that it is exported under. */
      readonly names: readonly string[];
      readonly name: string;
    }
  /** It comes from a package or from the platform. */
  | {
      readonly kind: 'imported';
      readonly node: Node;
      readonly via?: { readonly place: Place; readonly variable: Variable };
    }
  | { readonly kind: 'unknown'; readonly why: string };

const LONGEST_CHAIN = 8;

const unknown = (why: string): Site => ({ kind: 'unknown', why });

/** The variable of this name at the top of a module. */
export const topVariable = ({ parsed }: Place, name: string): Variable | undefined => {
  const variable = parsed.top().scope.set.get(name);
  return variable && variable.defs.length > 0 ? variable : undefined;
};

export function isTop({ scope }: Variable, { parsed }: Place): boolean {
  return scope === parsed.top().scope;
}

export function siteOf(place: Place, variable: Variable, chain = 0): Site {
  const definition = variable.defs[0]!;
  const { name } = variable;
  if (definition.type === 'ImportBinding') {
    const site = importedSite(place, importedName(definition as never), chain);
    return site.kind === 'imported' && !site.via ? { ...site, via: { place, variable } } : site;
  }
  if (constancy(variable, place.parsed) !== 'always') return unknown(`'${name}' is assigned to more than once`);
  const syntax = definition.node as unknown as Syntax;
  if (definition.type === 'Variable') {
    const specifier = viteImport(syntax);
    if (specifier !== undefined) return vitePackage(place, specifier) ?? unknown(`'${name}' is a module`);
    const declaration = definition.parent as unknown as Syntax;
    if (!syntax['init'] || !isDirect(declaration, variable.scope as Scope))
      return unknown(`'${name}' has no initialiser`);
    const id = syntax['id'] as Syntax;
    const end = (syntax['init'] as Syntax).end;
    return { kind: 'written', place, form: 'variable', start: id.start, end, syntax, names: namesIn(id), name };
  }
  if (definition.type !== 'FunctionName' && definition.type !== 'ClassName')
    return unknown(`'${name}' is not a constant of a module`);
  const { start, end } = syntax;
  return { kind: 'written', place, form: 'declaration', start, end, syntax, names: [name], name };
}

/** What Vite imports by a path or a name that is a package's. */
function vitePackage(place: Place, specifier: string): Site | undefined {
  if (isBuiltin(specifier))
    return { kind: 'imported', node: ['import', { base: asUrl(place.file), specifier, name: '*' }] };
  const path = vitePaths(place.file, specifier).find((each) => isPackageFile(each) && fileSource(each) !== undefined);
  if (path === undefined) return undefined;
  return { kind: 'imported', node: ['import', { base: asUrl(place.file), specifier: asUrl(path), name: '*' }] };
}

/** Vite's paths begin at the project's folder, which is one of those around the importer, or at the root. */
function vitePaths(importer: string, specifier: string): string[] {
  const paths = [specifier];
  const folders = (asPath(importer) ?? '').split(/[\\/]/);
  while (folders.pop() !== undefined && folders.length > 0) paths.push(folders.join('/') + specifier);
  return paths;
}

/** What a module of the program's exports that Vite has compiled and imported by `specifier`. */
export function viteExport(importer: string, specifier: string, name: string): Site {
  const place = vitePlace(importer, specifier);
  const value = place && viteExported(place.parsed.top().body, name);
  return place && value ? expression(place, value, name) : unknown(`no export '${name}' is found in '${specifier}'`);
}

function vitePlace(importer: string, specifier: string): Place | undefined {
  for (const file of vitePaths(importer, specifier).flatMap((path) => [path, asUrl(path)])) {
    const id = scriptOf(file);
    const source = id === undefined ? undefined : ranSource(id);
    const parsed = source && parsedFile(source);
    if (parsed) return { file, parsed, map: mapOfScript(file, id!, () => source!.text) };
  }
  return undefined;
}

/** Names that a pattern declares. */
function namesIn(pattern: Syntax): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern['name'] as string];
    case 'ObjectPattern':
      return (pattern['properties'] as Syntax[]).flatMap((each) =>
        namesIn((each['argument'] ?? each['value']) as Syntax),
      );
    case 'ArrayPattern':
      return (pattern['elements'] as (Syntax | null)[]).flatMap((each) => (each ? namesIn(each) : []));
    case 'AssignmentPattern':
      return namesIn(pattern['left'] as Syntax);
    case 'RestElement':
      return namesIn(pattern['argument'] as Syntax);
    default:
      return [];
  }
}

/** What a module imports. */
function importedSite(place: Place, imported: ImportedName, chain: number): Site {
  const { specifier, name } = imported;
  if (isBuiltin(specifier)) {
    const path = name === '*' || name === 'default' ? [] : [name];
    return { kind: 'imported', node: ['builtin', { module: specifier, path }] };
  }
  const found = exportNamed(place.file, imported);
  if (found)
    return { kind: 'imported', node: found.tag === 'import' ? ['import', found.payload] : ['require', found.payload] };
  if (chain > LONGEST_CHAIN) return unknown(`'${name}' of '${specifier}' is exported again too often`);
  return exportedSite(urlOf(place.file, specifier), name, chain + 1);
}

export function urlOf(file: string, specifier: string): string {
  const base = asUrl(file);
  if (/^\.{0,2}\//.test(specifier) || !/^[#@\w]/.test(specifier)) return new URL(specifier, base).href;
  try {
    return resolveFrom(base, specifier);
  } catch {
    return specifier;
  }
}

/** What the program's module at `url` exports as `name`. */
export function exportedSite(url: string, name: string, chain = 0): Site {
  if (name === '*') return unknown('it is a whole module');
  const path = asPath(url);
  if (path !== undefined && commonjsCache()[path]) {
    const source = fileSource(path);
    const parsed = source && parsedFile(source);
    if (!parsed) return unknown(`the text of ${url} cannot be read`);
    return commonjsExport({ file: path, parsed, map: mapOfFile(path, () => source.text) }, name);
  }
  const module = moduleAt(url);
  if (!module) return unknown(`the text of ${url} cannot be read`);
  return moduleExport({ file: module.url, parsed: module.parsed, map: module.map }, name, chain);
}

function moduleExport(place: Place, name: string, chain: number): Site {
  const stars: string[] = [];
  for (const statement of place.parsed.top().body) {
    const source = (statement['source'] as Syntax | null | undefined)?.['value'] as string | undefined;
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default') {
      const declaration = statement['declaration'] as Syntax;
      const id = declaration['id'] as Syntax | null | undefined;
      if (id) return local(place, id['name'] as string, chain);
      return expression(place, declaration, 'default', chain);
    }
    if (statement.type === 'ExportAllDeclaration') {
      const exported = statement['exported'] as Syntax | null;
      if (!exported) stars.push(source!);
      else if (exported['name'] === name) return importedSite(place, { specifier: source!, name: '*' }, chain);
    }
    if (statement.type !== 'ExportNamedDeclaration') continue;
    for (const { local: from, exported } of statement['specifiers'] as { local: Syntax; exported: Syntax }[]) {
      if ((exported['name'] ?? exported['value']) !== name) continue;
      const inner = (from['name'] ?? from['value']) as string;
      if (source === undefined) return local(place, inner, chain);
      return importedSite(place, { specifier: source, name: inner }, chain);
    }
    const variable = statement['declaration'] ? topVariable(place, name) : undefined;
    if (variable && isWithin(variable, statement)) return siteOf(place, variable, chain);
  }
  for (const specifier of name === 'default' ? [] : stars) {
    const site = importedSite(place, { specifier, name }, chain);
    if (site.kind === 'written') return site;
  }
  return unknown(`no export '${name}' is found in the text of ${place.file}`);
}

function isWithin({ defs }: Variable, { start, end }: Syntax): boolean {
  const name = defs[0]!.name as unknown as Syntax;
  return start <= name.start && name.end <= end;
}

function local(place: Place, name: string, chain: number): Site {
  const variable = topVariable(place, name);
  return variable ? siteOf(place, variable, chain) : unknown(`'${name}' is not declared at the top of its module`);
}

function expression(place: Place, syntax: Syntax, name: string, chain = 0): Site {
  if (syntax.type === 'Identifier') return local(place, syntax['name'] as string, chain);
  const { start, end } = syntax;
  return { kind: 'written', place, form: 'expression', start, end, syntax, names: [name], name };
}

/** `exports.name = …`, `module.exports.name = …`, `module.exports = { name: … }` at the top of a CommonJS module. */
function commonjsExport(place: Place, name: string): Site {
  let found: Syntax | undefined;
  for (const statement of place.parsed.top().body) {
    let value = statement.type === 'ExpressionStatement' ? (statement['expression'] as Syntax) : undefined;
    // Compilers write `exports.a = exports.b = undefined` first.
    while (value?.type === 'AssignmentExpression') {
      const target = value['left'] as Syntax;
      const right = value['right'] as Syntax;
      const key = memberKey(target);
      if (key === name && isExports(target['object'] as Syntax) && !isVoid(lastOf(right))) found = lastOf(right);
      if (isExports(target) && right.type === 'ObjectExpression') found = propertyOf(right, name) ?? found;
      value = right;
    }
  }
  return found ? expression(place, found, name) : unknown(`no export '${name}' is found in the text of ${place.file}`);
}

function lastOf(value: Syntax): Syntax {
  return value.type === 'AssignmentExpression' ? lastOf(value['right'] as Syntax) : value;
}

const isVoid = ({ type, operator }: Syntax): boolean => type === 'UnaryExpression' && operator === 'void';

const memberKey = (node: Syntax): unknown =>
  node.type === 'MemberExpression' && !node['computed'] ? (node['property'] as Syntax)['name'] : undefined;

const isExports = (node: Syntax): boolean =>
  (node.type === 'Identifier' && node['name'] === 'exports') ||
  (memberKey(node) === 'exports' && (node['object'] as Syntax)['name'] === 'module');

function propertyOf(object: Syntax, name: string): Syntax | undefined {
  const property = (object['properties'] as Syntax[]).find(
    (each) =>
      each.type === 'Property' &&
      !each['computed'] &&
      ((each['key'] as Syntax)['name'] ?? (each['key'] as Syntax)['value']) === name,
  );
  return property && !property['method'] && property['kind'] === 'init' ? (property['value'] as Syntax) : undefined;
}

/** The file of a CommonJS module of the program's, by what it exports. */
export function programModuleOf(exports: object): string | undefined {
  for (const [file, module] of Object.entries(commonjsCache())) if (module?.exports === exports) return file;
  return undefined;
}
