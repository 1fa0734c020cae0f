// What exists in every thread: the language's and the platform's globals, and the exports of builtin modules. They travel by name.
//
// The names are a static list. Enumerating globalThis would load every lazy global (fetch alone costs 30 ms), and take what the
// program itself put there for part of the platform.
import { isProxy } from '../platform/kinds.js';
import { builtin, loadedBuiltins, loadedCount } from '../platform/modules.js';
import { isSamplePrototype, samplePrototype } from './samples.js';

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

const adderTo =
  (table: Table) =>
  (value: unknown, path: string[]): void => {
    if (isObject(value) && !table.has(value)) table.set(value, { tag: 'global', path });
  };

function tableOf(global: object): Table {
  const table: Table = new Map();
  const add = adderTo(table);
  add(global, []);
  for (const name of [...CLASSES, ...FUNCTIONS, ...NAMESPACES]) {
    const value = Object.getOwnPropertyDescriptor(global, name)?.value;
    add(value, [name]);
    if (typeof value === 'function')
      add(Object.getOwnPropertyDescriptor(value, 'prototype')?.value, [name, 'prototype']);
  }
  return table;
}

/** Constructors and prototypes that only syntax can name, in the order of HIDDEN_PATHS. */
const hiddenPrototypes = (): unknown[] => {
  const { getPrototypeOf } = Object;
  return [
    getPrototypeOf(Uint8Array),
    getPrototypeOf(Uint8Array.prototype),
    getPrototypeOf([][Symbol.iterator]()),
    getPrototypeOf(async () => {}),
    getPrototypeOf(function* () {}),
    getPrototypeOf(async function* () {}),
    getPrototypeOf(function* () {}).prototype,
    getPrototypeOf(async function* () {}).prototype,
  ];
};

const HIDDEN_PATHS = [
  ['Uint8Array', '__proto__'],
  ['Uint8Array', 'prototype', '__proto__'],
  ['%ArrayIterator%'],
  ['%AsyncFunction%'],
  ['%GeneratorFunction%'],
  ['%AsyncGeneratorFunction%'],
  ['%GeneratorFunction%', 'prototype'],
  ['%AsyncGeneratorFunction%', 'prototype'],
];

function addHidden(table: Table, values: readonly unknown[]): void {
  const add = adderTo(table);
  for (const [at, value] of values.entries()) add(value, HIDDEN_PATHS[at]!);
}

/** Members of globals: Math.max, Array.prototype.map, process.hrtime… Made when a function is found to be native. */
function memberTable(): Table {
  members ??= membersOf(globalTable(), globalThis);
  return members;
}

function membersOf(table: Table, global: object): Table {
  const found: Table = new Map();
  for (const [owner, { path }] of table as Map<object, { path: string[] }>) {
    if (owner === global) continue;
    for (const [name, value] of ownValues(owner)) {
      if (!found.has(value)) found.set(value, { tag: 'global', path: [...path, name] });
      if (NAMESPACES.includes(path[0]!) && typeof value === 'function' && isObject(value.prototype)) {
        found.set(value.prototype, { tag: 'global', path: [...path, name, 'prototype'] });
      }
    }
  }
  return found;
}

/** The built-in objects of another realm, by its global object; what the program has put there in their place is not among them. */
function realmTable(global: object, evaluate: ((text: string) => unknown) | undefined): Table {
  const table = tableOf(global);
  for (const [value] of table) {
    if (typeof value !== 'function' || isNative(value)) continue;
    table.delete(value);
    table.delete(value.prototype);
  }
  if (evaluate)
    addHidden(table, evaluate(`return (${Function.prototype.toString.call(hiddenPrototypes)})()`) as unknown[]);
  for (const [value, name] of membersOf(table, global)) {
    if (!table.has(value) && (typeof value !== 'function' || isNative(value))) table.set(value, name);
  }
  return table;
}

const NATIVE = /\{\s*\[native code\]\s*\}$/;
const isNative = (value: object): boolean => NATIVE.test(Function.prototype.toString.call(value));

/** By the realm's Object.prototype. */
const realms = new WeakMap<object, Table>();

/**
 * For a built-in object of the language in another realm: the name of ours, for which it stands. A context of the `vm` module, such as Jest
 * and vitest run tests in, has an `Object`, an `Array` and an `Error` of its own.
 */
function foreignNameOf(value: object): WellKnown | undefined {
  let root = value;
  for (let next = Object.getPrototypeOf(root); next !== null; next = Object.getPrototypeOf(next)) {
    // Only what is behind a Proxy may say anything of itself.
    if (isProxy(next)) return undefined;
    root = next;
  }
  return root === Object.prototype ? undefined : realmOf(root)?.get(value);
}

/** `root` is the last prototype of some object. */
function realmOf(root: object): Table | undefined {
  const known = realms.get(root);
  if (known !== undefined) return known;
  const made: unknown = Object.getOwnPropertyDescriptor(root, 'constructor')?.value;
  if (typeof made !== 'function' || made.name !== 'Object' || made.prototype !== root || !isNative(made))
    return undefined;
  const evaluate = (text: string): unknown => (made.constructor as (text: string) => () => unknown)(text)();
  let table: Table;
  try {
    table = realmTable(evaluate('return this') as object, evaluate);
  } catch {
    // A context may forbid to make code of text.
    table = realmTable({ Object: made, Function: made.constructor }, undefined);
  }
  realms.set(root, table);
  return table;
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
      }
    }
  }
  return modules;
}

let exportsObjects = new Map<unknown, string>();
let exportsKnown = 0;

/** First properties of builtin modules that have no function there. */
const FIRST = new Set(names('RTLD_LAZY _stack version CLIENT_RENEG_LIMIT isMainThread isInternalThread'));

/** For a plain object: whether it is what `require()` of a builtin module gives. Most objects are told apart by their first property. */
export function builtinNameOf(value: object): WellKnown | undefined {
  for (const name in value) {
    const first = Object.getOwnPropertyDescriptor(value, name);
    if (typeof first?.value !== 'function' && first?.get === undefined && !FIRST.has(name)) return undefined;
    const module = moduleOf(value);
    return module === undefined ? undefined : { tag: 'builtin', module, path: [] };
  }
  return undefined;
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
  return globalTable().get(value) ?? foreignNameOf(value);
}

/** For a function known not to be the program's, and for an object with native state. Costs a millisecond the first time. */
export function platformNameOf(value: object): WellKnown | undefined {
  return (
    globalNameOf(value) ??
    lazyGlobal(value) ??
    memberTable().get(value) ??
    moduleTable().get(value) ??
    processMember(value)
  );
}

/** What getters of `process` give. Those of its streams make them, so they are only asked about a stream. */
function processMember(value: object): WellKnown | undefined {
  if (typeof value === 'function') return undefined;
  const { write, fd } = value as { write?: unknown; fd?: unknown };
  const names = fd === 0 ? ['stdin'] : typeof write === 'function' ? ['stdout', 'stderr'] : ['report', 'features'];
  for (const name of names) {
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
