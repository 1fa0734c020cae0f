// The process's own context, as seen from a context of `node:vm`, whose globals are others.

// Not `createRequire` by its name: bundlers take that for a sign, and look into what it is called with.
import Module from 'node:module';
import { runInThisContext } from 'node:vm';

/** The global object of the context in which Node runs programs. */
export const mainGlobal = runInThisContext('globalThis') as Record<PropertyKey, unknown>;

export const isInside = mainGlobal !== globalThis;

/** A context that has asked for a module of the process's own. */
export interface Guest {
  readonly global: object;
  /** Its CommonJS modules, by file name. */
  readonly modules: object;
}

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

/** A `require` for builtin modules, of the process's own context. */
export function mainRequire(): NodeJS.Require {
  const { process: own } = mainGlobal as { process: Partial<NodeJS.Process> & { version: string } };
  const module = own.getBuiltinModule?.('node:module') ?? (isInside ? undefined : Module);
  if (module !== undefined) return module.createRequire(process.execPath);
  throw new Error(
    `heddle cannot be loaded in a context of node:vm, such as a test of Jest, with Node ${own.version}: use Node 20.16, 22.3 or a later version`,
  );
}

/** In a context of `node:vm`: its values become familiar to the process's own context, and the other way round. */
export function admitGuest(): void {
  // Of the context's own registry, whoever asks.
  const value: Guest = { global: globalThis, modules: Module.createRequire(process.execPath).cache };
  Object.defineProperty(mainGlobal, GUEST, { value, configurable: true });
  for (const name of FAMILIAR) acceptOutsiders(name);
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
