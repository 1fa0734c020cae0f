// The built-in objects of a realm, by the names that every realm has for them.
//
// The names are a static list. Enumerating the global object would load every lazy global (fetch alone costs 30 ms), and take what the
// program itself put there for part of the platform.

import { ownValue } from '../../platform/kinds.js';

export type WellKnown = { readonly tag: 'global'; readonly path: string[] } | BuiltinExport;
export interface BuiltinExport {
  readonly tag: 'builtin';
  readonly module: string;
  readonly path: string[];
}

export type Table = Map<unknown, WellKnown>;

export const names = (text: string): string[] => text.trim().split(/\s+/);

/** Globals whose own members are worth a name of their own too. */
export const NAMESPACES = names('Math JSON Reflect Atomics Intl WebAssembly console process');

export const CLASSES = names(`
  Object Function Array Number Boolean String Symbol BigInt Date Promise RegExp Error AggregateError EvalError RangeError
  ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack AsyncDisposableStack ArrayBuffer SharedArrayBuffer
  DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array
  Uint8ClampedArray BigUint64Array BigInt64Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry Proxy Iterator Buffer URL
  URLSearchParams AbortController AbortSignal Event EventTarget MessageChannel MessagePort BroadcastChannel
  TextEncoder TextDecoder Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
  PerformanceObserverEntryList PerformanceResourceTiming DOMException`);

export const FUNCTIONS = names(`
  parseFloat parseInt isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval
  clearImmediate clearInterval clearTimeout setImmediate setInterval setTimeout queueMicrotask structuredClone atob btoa`);

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Own values that can be read without running a getter. */
export function* ownValues(owner: object): Generator<[name: string, value: object]> {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const value = ownValue(owner, name);
    if (isObject(value)) yield [name, value];
  }
}

export const adderTo =
  (table: Table) =>
  (value: unknown, path: string[]): void => {
    if (isObject(value) && !table.has(value)) table.set(value, { tag: 'global', path });
  };

/** Globals and their prototypes. */
export function tableOf(global: object): Table {
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
export const hiddenPrototypes = (): unknown[] => {
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

export function addHidden(table: Table, values: readonly unknown[]): void {
  const add = adderTo(table);
  for (const [at, value] of values.entries()) add(value, HIDDEN_PATHS[at]!);
}

/** Members of the globals in a table. */
export function membersOf(table: Table, global: object): Table {
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
