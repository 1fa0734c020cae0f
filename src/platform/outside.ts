// The process's own context, as seen from a context of `node:vm`, whose globals are others.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';

/** The global object of the context in which Node runs programs. */
export const mainGlobal = runInThisContext('globalThis') as Record<string, unknown>;

export const isInside = mainGlobal !== globalThis;

/** A context that has asked for a module of the process's own. */
export interface Guest {
  readonly global: object;
  /** Its CommonJS modules, by file name. */
  readonly modules: object;
}

/** Those of CommonJS that this context has loaded, for a module at a file URL. */
export const commonjsModules = (url: string): object => createRequire(url).cache;

/** Under this the process's own context finds the latest guest: tests run one after the other. */
const GUEST = Symbol.for('heddle.guest');

export const guest = (): Guest | undefined => (globalThis as { [GUEST]?: Guest })[GUEST];

/** For what a guest has in the place of a global object of the process's own context: the path to that. Jest makes it a `process` of its own. */
export function standIn(value: object): string[] | undefined {
  const { global } = guest() ?? {};
  if (global === undefined) return undefined;
  const { console, process } = global as typeof globalThis;
  if (value === console) return ['console'];
  if (value === process) return ['process'];
  return value === process.env ? ['process', 'env'] : undefined;
}

/** The module at a file URL as the process's own context has it, without waiting. `modules` are those of CommonJS here. */
export function requireOutside(url: string, modules: object): Record<string, unknown> {
  const { process } = mainGlobal as unknown as { process: NodeJS.Process };
  if (process.features.require_module !== true) {
    throw new Error(
      `heddle cannot be loaded in a context of node:vm, such as a test of Jest, or by require(), with Node ${process.versions.node}: ` +
        'use Node 20.19, 22.12 or a later version, without --no-experimental-require-module',
    );
  }
  if (isInside) {
    const value: Guest = { global: globalThis, modules };
    Object.defineProperty(mainGlobal, GUEST, { value, configurable: true });
    for (const name of FAMILIAR) acceptOutsiders(name);
  }
  const outer = process.getBuiltinModule('node:module');
  return outer.createRequire(url)(fileURLToPath(url)) as Record<string, unknown>;
}

/** Classes whose instances this library makes: results, and errors. */
export const FAMILIAR = [
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'],
  ...['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'Promise'],
];

const ordinary = Function.prototype[Symbol.hasInstance];

/** Makes `instanceof` true in this context for what the process's own context has made. Classes that extend this one have nothing of it. */
function acceptOutsiders(name: string): void {
  const own = (globalThis as unknown as Record<string, object>)[name];
  const outer = mainGlobal[name];
  if (typeof own !== 'function' || typeof outer !== 'function' || own === outer) return;
  const value = function (this: unknown, instance: unknown): boolean {
    return (
      ordinary.call(this as () => void, instance) || (this === own && ordinary.call(outer as () => void, instance))
    );
  };
  Reflect.defineProperty(own, Symbol.hasInstance, { value, configurable: true });
}
