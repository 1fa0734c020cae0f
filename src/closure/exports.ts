// Values that travel by import because it is known where they are exported: this library's own, and values that have come into this thread by
// import.
import type { Payloads } from './graph.js';

export type Export =
  | { readonly tag: 'import'; readonly payload: Payloads['import'] }
  | { readonly tag: 'require'; readonly payload: Payloads['require'] };

const registered = new WeakMap<object, Export>();

/** Namespaces of this library's modules that this thread has loaded, by name: they need not be imported again. */
const ownModules = new Map<string, object>();

/** What programs import them by. */
const PUBLIC: Readonly<Record<string, string>> = {
  heddle: 'heddle:index',
  'heddle/thread': 'heddle:thread',
  'heddle/_thread': 'heddle:thread',
};

/** The module of this library that an import names; undefined = it is not one of those that say what they export. */
export const ownModule = (specifier: string): object | undefined =>
  ownModules.get(Object.hasOwn(PUBLIC, specifier) ? PUBLIC[specifier]! : specifier);

/**
 * Makes the exports of a module of this library known by identity: a bundler may have given them any name, and put them anywhere. The module's
 * own name is the same in every thread: its path below src/, as "heddle:futures/worker"; of one that is a file of its own, the URL.
 */
export function registerExports(module: string, namespace: object): void {
  ownModules.set(module, namespace);
  rememberExport(namespace, importOf(module, module, '*'));
  for (const [name, value] of Object.entries(namespace)) rememberExport(value, importOf(module, module, name));
}

/** The module of this library that has all the exports that a namespace has: the package's entries have namespaces of their own. */
export function ownModuleLike(namespace: object): Export | undefined {
  const exports = Object.entries(namespace);
  for (const [module, own] of ownModules) {
    if (Object.keys(own).length !== exports.length) continue;
    if (exports.every(([name, value]) => value === (own as Record<string, unknown>)[name])) {
      return importOf(module, module, '*');
    }
  }
  return undefined;
}

export const importOf = (base: string, specifier: string, name: string): Export => ({
  tag: 'import',
  payload: { base, specifier, name },
});

/** Remembers how a value came into this thread, so that it goes on to others in the same way. */
export function rememberExport(value: unknown, found: Export): void {
  if (isObject(value) && !registered.has(value)) registered.set(value, found);
}

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** What is known of a value by its identity. */
export const rememberedExport = (value: object): Export | undefined => registered.get(value);
