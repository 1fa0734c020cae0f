// Namespaces of modules that are values: what `await import()` gives, or `import * as` passed on. That of a package or of a builtin module is
// imported by the receiver, as the functions in it are; the program's own modules are never evaluated again, so theirs is copied.
//
// The engine does not say which module a namespace belongs to. So it is looked for among the modules of packages that this thread has
// loaded: `require()` of a module that was imported gives its namespace, and evaluates nothing. Of one with a default export it gives
// another object with the same members, and one more.
import { type Inspected, scriptUrls } from '../../platform/inspector.js';
import { loadedNamespace } from '../../platform/modules.js';
import { type Export, importOf, isObject, ownModuleLike } from '../exports.js';
import { isPackageFile } from '../text/installed.js';
import { kindOf } from './functions.js';
import { packageModuleOf } from './packages.js';
import { moduleOf } from './wellknown.js';

/** How a namespace is imported; undefined for one of the program's own. */
const known = new WeakMap<object, { readonly found: Export | undefined }>();

/** Modules that were looked at. */
const seen = new Set<string>();
/** What stands for the namespaces of modules with a default export. */
const doubles: { readonly double: object; readonly url: string }[] = [];
const MARK = '__esModule';

/** How the receiver imports what a namespace is of; undefined if it is one of the program's own, or none. */
export function namespaceExport(namespace: object, inspections: Map<object, Inspected>): Export | undefined {
  let answer = known.get(namespace);
  if (answer === undefined) {
    answer = { found: search(namespace, inspections) };
    known.set(namespace, answer);
  }
  return answer.found;
}

/** Whether a namespace is that of a package, as far as that is quick to say: of one that exports functions of its own. */
export const isPackageNamespace = (namespace: object, inspections: Map<object, Inspected>): boolean =>
  authorOf(namespace, inspections) === 'a package' && namespaceExport(namespace, inspections) !== undefined;

/** Whose the first function is that a namespace has and that is not the platform's. */
function authorOf(namespace: object, inspections: Map<object, Inspected>): 'a package' | 'the program' | undefined {
  for (const name of Object.keys(namespace)) {
    let value: unknown;
    try {
      value = (namespace as Record<string, unknown>)[name];
    } catch {
      // It is not initialised yet.
      continue;
    }
    if (typeof value !== 'function') continue;
    const kind = kindOf(value, inspections);
    if (kind.kind === 'export') return 'a package';
    if (kind.kind === 'source') return isPackageFile(kind.record.file) ? 'a package' : 'the program';
  }
  return undefined;
}

function search(namespace: object, inspections: Map<object, Inspected>): Export | undefined {
  const exported = defaultOf(namespace);
  if (exported !== undefined) {
    const builtin = moduleOf(exported);
    if (builtin !== undefined && isWhole(namespace, exported))
      return importOf('', builtin.startsWith('node:') ? builtin : `node:${builtin}`, '*');
    const file = packageModuleOf(exported);
    if (file !== undefined && isWhole(namespace, exported)) return importOf(file, file, '*');
  }
  const author = authorOf(namespace, inspections);
  if (author === 'the program') return undefined;
  const own = author === 'a package' ? ownModuleLike(namespace) : undefined;
  if (own !== undefined) return own;
  indexPackages();
  const exact = known.get(namespace)?.found;
  if (exact !== undefined) return exact;
  const { url } = doubles.find(({ double }) => isDouble(double, namespace)) ?? {};
  return url === undefined ? undefined : importOf(url, url, '*');
}

/** Whether all members are the same. Of texts and numbers alone there may be any number of modules. */
function isDouble(double: object, namespace: object): boolean {
  const names = Object.keys(namespace);
  if (Object.keys(double).length !== names.length + 1) return false;
  let isKnown = false;
  for (const name of names) {
    if (!Object.hasOwn(double, name)) return false;
    const value = (namespace as Record<string, unknown>)[name];
    if (value !== (double as Record<string, unknown>)[name]) return false;
    isKnown ||= isObject(value);
  }
  return isKnown;
}

function defaultOf(namespace: object): object | undefined {
  try {
    const { default: exported } = namespace as { default?: unknown };
    return isObject(exported) ? exported : undefined;
  } catch {
    // It is not initialised yet.
    return undefined;
  }
}

/** Whether a namespace has what that of a CommonJS module has, and no more: another module may have the same default export. */
function isWhole(namespace: object, exported: object): boolean {
  return Object.keys(namespace).every((name) => name === 'default' || name === 'module.exports' || name in exported);
}

function indexPackages(): void {
  for (const url of scriptUrls()) {
    if (seen.has(url) || !url.startsWith('file:') || !isPackageFile(url)) continue;
    seen.add(url);
    const namespace = loadedNamespace(url);
    if (namespace === undefined) continue;
    if (Object.hasOwn(namespace, MARK)) doubles.push({ double: namespace, url });
    known.set(namespace, { found: importOf(url, url, '*') });
  }
}
