// Values that travel by import because it is known where they are exported: this library's own, and values that have come into this thread by
// import.
import type { Payloads } from './graph.js';

export type Export =
  | { readonly tag: 'import'; readonly payload: Payloads['import'] }
  | { readonly tag: 'require'; readonly payload: Payloads['require'] };

const registered = new WeakMap<object, Export>();

/** Namespaces of this library's modules that this thread has loaded, by URL: they need not be imported again. */
export const ownModules = new Map<string, object>();

/**
 * Makes the exports of a module of this library known by identity, for values that are not functions and for programs that were
 * bundled. `url` is the module's own `import.meta.url`.
 */
export function registerExports(url: string, namespace: object): void {
  ownModules.set(url, namespace);
  for (const [name, value] of Object.entries(namespace)) {
    if (isObject(value) && !registered.has(value)) registered.set(value, importOf(url, url, name));
  }
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
