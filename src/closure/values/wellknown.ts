// What exists in every thread: the language's and the platform's globals, and the exports of builtin modules. They travel by name.
import { isProxy } from '../../platform/kinds.js';
import { builtin, loadedBuiltins, loadedCount } from '../../platform/modules.js';
import { standIn } from '../../platform/outside.js';
import {
  adderTo,
  addHidden,
  type BuiltinExport,
  CLASSES,
  FUNCTIONS,
  hiddenPrototypes,
  isObject,
  membersOf,
  NAMESPACES,
  names,
  ownValues,
  type Table,
  tableOf,
  type WellKnown,
} from './intrinsics.js';
import { foreignNameOf } from './realms.js';
import { isSamplePrototype, samplePrototype } from './samples.js';

export type { WellKnown };

/** Loaded by Node when first asked for, so they are compared by name and never enumerated. */
const LAZY = names(`
  Blob File FormData Headers Request Response WebSocket CloseEvent EventSource fetch ReadableStream ReadableStreamDefaultReader
  ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableByteStreamController ReadableStreamDefaultController TransformStream
  TransformStreamDefaultController WritableStream WritableStreamDefaultController WritableStreamDefaultWriter
  ByteLengthQueuingStrategy CountQueuingStrategy TextEncoderStream TextDecoderStream CompressionStream DecompressionStream
  Crypto CryptoKey SubtleCrypto CustomEvent Navigator Storage URLPattern QuotaExceededError
  MessageEvent ErrorEvent Temporal`);

/** Objects that are lazy globals, by the tag they carry. */
const LAZY_OBJECTS: Record<string, string> = {
  Performance: 'performance',
  Crypto: 'crypto',
  Navigator: 'navigator',
};

const VALUES = names(
  'globalThis global undefined NaN Infinity performance crypto navigator localStorage sessionStorage',
);

const everywhere = new Set([...NAMESPACES, ...CLASSES, ...FUNCTIONS, ...LAZY, ...VALUES]);

/** Whether a name that no scope binds can be left to the other thread's own global object. */
export const isStandardGlobal = (name: string): boolean => everywhere.has(name);

/** Exports of builtin modules behind getters that are known to be harmless. */
const GETTERS = [
  ['fs', 'promises'],
  ['async_hooks', 'AsyncLocalStorage'],
  ['crypto', 'webcrypto'],
  ['crypto', 'subtle'],
  ['http', 'globalAgent'],
  ['dns', 'promises'],
] as const;

let globals: Table | undefined;
let members: Table | undefined;
let modules: Table | undefined;
let modulesKnown = 0;

/** Globals and their prototypes: about two hundred objects, looked up for every object that is captured. */
function globalTable(): Table {
  if (globals) return globals;
  globals = tableOf(globalThis);
  const add = adderTo(globals);
  // Accessors on some versions, and always loaded.
  for (const name of ['process', 'Buffer']) {
    const value = (globalThis as Record<string, unknown>)[name];
    add(value, [name]);
    if (typeof value === 'function') add(value.prototype, [name, 'prototype']);
  }
  add(process.env, ['process', 'env']);
  addHidden(globals, hiddenPrototypes());
  return globals;
}

/** Members of globals: Math.max, Array.prototype.map, process.hrtime… Made when a function is found to be native. */
function memberTable(): Table {
  members ??= membersOf(globalTable(), globalThis);
  return members;
}

const homes = new WeakMap<object, object>();

/** A prototype, or the one of this realm for which it stands. */
export function atHome(prototype: object | null): object | null {
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return prototype;
  let home = homes.get(prototype);
  if (home === undefined) {
    const name = globalTable().has(prototype) ? undefined : foreignNameOf(prototype);
    home = name === undefined ? prototype : (globalAt((name as { path: string[] }).path) as object);
    homes.set(prototype, home);
  }
  return home;
}

/** Exports of the builtin modules that are loaded, and what their classes have on them. */
function moduleTable(): Table {
  const loaded = loadedBuiltins();
  if (modules && modulesKnown === loaded.length) return modules;
  modulesKnown = loaded.length;
  modules = new Map();
  const add = (value: object, module: string, path: string[]) => {
    if (!modules!.has(value)) modules!.set(value, { tag: 'builtin', module, path });
  };
  const exported = loaded.map((module) => [module, builtin(module)] as const);
  for (const [module, name] of GETTERS) {
    if (!loaded.includes(module)) continue;
    const value = (builtin(module) as Record<string, unknown>)[name];
    if (!isObject(value)) continue;
    add(value, module, [name]);
    for (const [key, member] of ownValues(value)) add(member, module, [name, key]);
  }
  for (const [module, exports] of exported) if (isObject(exports)) add(exports, module, []);
  for (const [module, exports] of exported) {
    if (!isObject(exports)) continue;
    for (const [name, value] of ownValues(exports)) {
      add(value, module, [name]);
      if (typeof value === 'function' && isObject(value.prototype)) {
        add(value.prototype, module, [name, 'prototype']);
        for (const [key, method] of ownValues(value.prototype)) add(method, module, [name, 'prototype', key]);
      } else if (Object.getPrototypeOf(value) === Object.prototype) {
        for (const [key, member] of ownValues(value)) add(member, module, [name, key]);
      }
    }
  }
  return modules;
}

/**
 * For a function, or the prototype of one: what Node exports behind a getter, which loads it. It has the function's name, so it is loaded
 * already.
 */
function lazyExport(value: object): WellKnown | undefined {
  const isFunction = typeof value === 'function';
  const owner: unknown = isFunction ? value : Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
  if (typeof owner !== 'function' || owner.name === '' || (!isFunction && owner.prototype !== value)) return undefined;
  const rest = isFunction ? [] : ['prototype'];
  const { name } = owner;
  for (const module of loadedBuiltins()) {
    const exports = builtin(module);
    if (!isObject(exports) || Object.getOwnPropertyDescriptor(exports, name)?.get === undefined) continue;
    if ((exports as Record<string, unknown>)[name] === owner) return { tag: 'builtin', module, path: [name, ...rest] };
  }
  for (const path of [['Temporal'], ['Temporal', 'Now']]) {
    const holder = globalAt(path) as Record<string, unknown> | undefined;
    if (holder === undefined) return undefined;
    if (holder[name] === owner) return { tag: 'global', path: [...path, name, ...rest] };
  }
  return undefined;
}

let symbols = new Map<symbol, BuiltinExport>();
let symbolsKnown = 0;

/** A symbol that a builtin module exports, or has among its constants, such as `events.errorMonitor`. */
export function exportedSymbol(symbol: symbol): BuiltinExport | undefined {
  if (symbolsKnown !== loadedCount()) {
    symbols = new Map();
    for (const module of loadedBuiltins()) {
      const exports = builtin(module);
      if (!isObject(exports)) continue;
      addSymbols(exports, module, []);
      const constants: unknown = Object.getOwnPropertyDescriptor(exports, 'constants')?.value;
      if (isObject(constants)) addSymbols(constants, module, ['constants']);
    }
    symbolsKnown = loadedCount();
  }
  return symbols.get(symbol);
}

function addSymbols(owner: object, module: string, path: string[]): void {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (typeof value === 'symbol' && !symbols.has(value))
      symbols.set(value, { tag: 'builtin', module, path: [...path, name] });
  }
}

let exportsObjects = new Map<unknown, string>();
let exportsKnown = 0;

/** First properties of builtin modules that have no function there. */
const FIRST = new Set(names('RTLD_LAZY _stack version CLIENT_RENEG_LIMIT inspector isMainThread isInternalThread'));

/** For a plain object: whether it is what `require()` of a builtin module gives. Most objects are told apart by their first property. */
export function builtinNameOf(value: object): WellKnown | undefined {
  for (const name in value) {
    const first = Object.getOwnPropertyDescriptor(value, name);
    if (typeof first?.value !== 'function' && first?.get === undefined && !FIRST.has(name)) return undefined;
    const module = moduleOf(value);
    return module === undefined ? processMember(value) : { tag: 'builtin', module, path: [] };
  }
  // It has no property that is seen by such a loop.
  const tag: unknown = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value;
  const isTime = (tag === 'Temporal' || tag === 'Temporal.Now') && 'Temporal' in globalThis;
  const path = isTime ? tag.split('.') : undefined;
  return path !== undefined && globalAt(path) === value ? { tag: 'global', path } : undefined;
}

/** The builtin module, among those that are loaded, that has this object for its exports. */
export function moduleOf(value: object): string | undefined {
  if (exportsKnown !== loadedCount()) {
    exportsObjects = new Map(loadedBuiltins().map((id) => [builtin(id), id]));
    exportsKnown = loadedCount();
  }
  return exportsObjects.get(value);
}

/** For any object: one look-up. */
export function globalNameOf(value: object): WellKnown | undefined {
  return globalTable().get(value) ?? standInName(value) ?? foreignNameOf(value);
}

/** For a function known not to be the program's, and for an object with native state. Costs a millisecond the first time. */
export function platformNameOf(value: object): WellKnown | undefined {
  if (isProxy(value)) return undefined;
  return (
    globalNameOf(value) ??
    lazyGlobal(value) ??
    memberTable().get(value) ??
    moduleTable().get(value) ??
    lazyExport(value) ??
    processMember(value)
  );
}

function standInName(value: object): WellKnown | undefined {
  const path = standIn(value);
  return path && { tag: 'global', path };
}

/** What getters of `process` give. Those of its streams make them, so they are only asked about a stream. */
function processMember(value: object): WellKnown | undefined {
  if (typeof value === 'function') return undefined;
  const isStream = value instanceof (builtin('stream') as new () => object);
  const asked = isStream
    ? ['stdout', 'stderr', ...((value as { fd?: unknown }).fd === 0 ? ['stdin'] : [])]
    : ['report', 'features'];
  for (const name of asked) {
    if ((process as unknown as Record<string, unknown>)[name] === value)
      return { tag: 'global', path: ['process', name] };
  }
  return undefined;
}

/** For a prototype of a class that Node does not export: it is found on a sample. */
export function sampleNameOf(prototype: object, className: string): WellKnown | undefined {
  return isSamplePrototype(prototype, className) ? { tag: 'global', path: [SAMPLE + className] } : undefined;
}
const SAMPLE = '%sample ';

/** The program's own getter may throw. */
function tagOf(value: object): string {
  try {
    return String((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]);
  } catch {
    return '';
  }
}

const className = (value: object): string => {
  const made: unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value) ?? {}, 'constructor')?.value;
  return typeof made === 'function' ? made.name : '';
};

function lazyGlobal(value: object): WellKnown | undefined {
  const name =
    typeof value === 'function' ? value.name : (LAZY_OBJECTS[tagOf(value)] ?? LAZY_OBJECTS[className(value)]);
  if (name !== undefined && isStandardGlobal(name) && (globalThis as Record<string, unknown>)[name] === value) {
    return { tag: 'global', path: [name] };
  }
  // The prototype of a lazy class.
  const owner = Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
  if (typeof owner === 'function' && owner.prototype === value && lazyGlobal(owner)) {
    return { tag: 'global', path: [owner.name, 'prototype'] };
  }
  return undefined;
}

const HIDDEN_OWNERS: Record<string, () => object> = {
  '%ArrayIterator%': () => Object.getPrototypeOf([][Symbol.iterator]()),
  '%AsyncFunction%': () => Object.getPrototypeOf(async () => {}),
  '%GeneratorFunction%': () => Object.getPrototypeOf(function* () {}),
  '%AsyncGeneratorFunction%': () => Object.getPrototypeOf(async function* () {}),
};

/** This thread's object for a path from globalThis. */
export function globalAt(path: readonly string[]): unknown {
  if (path[0]?.startsWith(SAMPLE)) return samplePrototype(path[0].slice(SAMPLE.length));
  let value: unknown = globalThis;
  for (const name of path)
    value = Object.hasOwn(HIDDEN_OWNERS, name) ? HIDDEN_OWNERS[name]!() : (value as Record<string, unknown>)[name];
  return value;
}

export function builtinAt(module: string, path: readonly string[]): unknown {
  let value = builtin(module);
  for (const name of path) value = (value as Record<string, unknown>)[name];
  return value;
}
