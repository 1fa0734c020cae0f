// What exists in every thread: the language's and the platform's globals, and the exports of builtin modules. They travel by name.
//
// The names are a static list. Enumerating globalThis would load every lazy global (fetch alone costs 30 ms), and take what the
// program itself put there for part of the platform.
import { builtin, loadedBuiltins, loadedCount } from '../platform/modules.js';

const names = (text: string): string[] => text.trim().split(/\s+/);

/** Globals whose own members are worth a name of their own too. */
const NAMESPACES = names('Math JSON Reflect Atomics Intl WebAssembly console process');

const CLASSES = names(`
  Object Function Array Number Boolean String Symbol BigInt Date Promise RegExp Error AggregateError EvalError RangeError
  ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack AsyncDisposableStack ArrayBuffer SharedArrayBuffer
  DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array
  Uint8ClampedArray BigUint64Array BigInt64Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry Proxy Iterator Buffer URL
  URLSearchParams AbortController AbortSignal Event EventTarget MessageChannel MessagePort BroadcastChannel
  TextEncoder TextDecoder Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
  PerformanceObserverEntryList PerformanceResourceTiming DOMException`);

const FUNCTIONS = names(`
  parseFloat parseInt isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval
  clearImmediate clearInterval clearTimeout setImmediate setInterval setTimeout queueMicrotask structuredClone atob btoa`);

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

export type WellKnown = { readonly tag: 'global'; readonly path: string[] } | BuiltinExport;
export interface BuiltinExport {
  readonly tag: 'builtin';
  readonly module: string;
  readonly path: string[];
}

/** Exports of builtin modules behind getters that are known to be harmless. */
const GETTERS = [
  ['fs', 'promises'],
  ['async_hooks', 'AsyncLocalStorage'],
  ['crypto', 'webcrypto'],
  ['crypto', 'subtle'],
  ['http', 'globalAgent'],
] as const;

type Table = Map<unknown, WellKnown>;
let globals: Table | undefined;
let members: Table | undefined;
let modules: Table | undefined;
let modulesKnown = 0;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Own values that can be read without running a getter. */
function* ownValues(owner: object): Generator<[name: string, value: object]> {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const value = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (isObject(value)) yield [name, value];
  }
}

/** Globals and their prototypes: about two hundred objects, looked up for every object that is captured. */
function globalTable(): Table {
  if (globals) return globals;
  globals = new Map();
  const add = (value: unknown, path: string[]) => {
    if (isObject(value) && !globals!.has(value)) globals!.set(value, { tag: 'global', path });
  };
  add(globalThis, []);
  for (const name of [...CLASSES, ...FUNCTIONS, ...NAMESPACES]) {
    const value = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
    add(value, [name]);
    if (typeof value === 'function')
      add(Object.getOwnPropertyDescriptor(value, 'prototype')?.value, [name, 'prototype']);
  }
  // Accessors on some versions, and always loaded.
  for (const name of ['process', 'Buffer']) {
    const value = (globalThis as Record<string, unknown>)[name];
    add(value, [name]);
    if (typeof value === 'function') add(value.prototype, [name, 'prototype']);
  }
  add(process.env, ['process', 'env']);
  // Constructors and prototypes that only syntax can name.
  const { getPrototypeOf } = Object;
  const hidden: [unknown, string[]][] = [
    [getPrototypeOf(Uint8Array), ['Uint8Array', '__proto__']],
    [getPrototypeOf(Uint8Array.prototype), ['Uint8Array', 'prototype', '__proto__']],
    [getPrototypeOf([][Symbol.iterator]()), ['%ArrayIterator%']],
    [getPrototypeOf(async () => {}), ['%AsyncFunction%']],
    [getPrototypeOf(function* () {}), ['%GeneratorFunction%']],
    [getPrototypeOf(async function* () {}), ['%AsyncGeneratorFunction%']],
    [getPrototypeOf(function* () {}).prototype, ['%GeneratorFunction%', 'prototype']],
    [getPrototypeOf(async function* () {}).prototype, ['%AsyncGeneratorFunction%', 'prototype']],
  ];
  for (const [value, path] of hidden) add(value, path);
  return globals;
}

/** Members of globals: Math.max, Array.prototype.map, process.hrtime… Made when a function is found to be native. */
function memberTable(): Table {
  if (members) return members;
  members = new Map();
  for (const [owner, { path }] of globalTable() as Map<object, { path: string[] }>) {
    if (owner === globalThis) continue;
    for (const [name, value] of ownValues(owner)) {
      if (!members.has(value)) members.set(value, { tag: 'global', path: [...path, name] });
      if (NAMESPACES.includes(path[0]!) && typeof value === 'function' && isObject(value.prototype)) {
        members.set(value.prototype, { tag: 'global', path: [...path, name, 'prototype'] });
      }
    }
  }
  return members;
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
      }
    }
  }
  return modules;
}

let exportsObjects = new Map<unknown, string>();
let exportsKnown = 0;

/** For a plain object: whether it is what `require()` of a builtin module gives. Only those have a function as first property. */
export function builtinNameOf(value: object): WellKnown | undefined {
  for (const name in value) {
    if (typeof Object.getOwnPropertyDescriptor(value, name)?.value !== 'function') return undefined;
    if (exportsKnown !== loadedCount()) {
      exportsObjects = new Map(loadedBuiltins().map((id) => [builtin(id), id]));
      exportsKnown = loadedCount();
    }
    const module = exportsObjects.get(value);
    return module === undefined ? undefined : { tag: 'builtin', module, path: [] };
  }
  return undefined;
}

/** For any object: one look-up. */
export function globalNameOf(value: object): WellKnown | undefined {
  return globalTable().get(value);
}

/** For a function known not to be the program's, and for an object with native state. Costs a millisecond the first time. */
export function platformNameOf(value: object): WellKnown | undefined {
  return globalTable().get(value) ?? lazyGlobal(value) ?? memberTable().get(value) ?? moduleTable().get(value);
}

/** The program's own getter may throw. */
function tagOf(value: object): string {
  try {
    return String((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]);
  } catch {
    return '';
  }
}

function lazyGlobal(value: object): WellKnown | undefined {
  const name = typeof value === 'function' ? value.name : LAZY_OBJECTS[tagOf(value)];
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
