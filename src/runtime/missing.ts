// Things that only the main thread has: globals that the program has set, and members that it has added to built-in objects. If an error in a thread
// looks as if such a thing is missing, the error says so.

import { isStandardGlobal } from '../closure/values/wellknown.js';
import { SharedArray } from '../heap/array.js';
import { GLOBALS, hasMapRoot, mapRoot } from '../heap/roots.js';
import { slot } from '../memory/memory.js';

/** No names of the program's can be these: theirs begin with "=" in the map (src/data/globals.ts). */
const GLOBAL_NAMES = '\u0000global names';
const ADDED_NAMES = '\u0000added names';

const EXTENSIBLE = [
  ...[Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, RegExp, Promise, Map, Set, Error],
  ...[
    WeakMap,
    WeakSet,
    ArrayBuffer,
    SharedArrayBuffer,
    DataView,
    Object.getPrototypeOf(Uint8Array) as typeof Uint8Array,
  ],
];
const NAMESPACES = [Reflect, Math, JSON];

/** Functions of the language are native, and what it gives to objects of its own is not enumerable. */
const isAdded = (owner: object, name: string): boolean => {
  const { value } = Object.getOwnPropertyDescriptor(owner, name) ?? {};
  return typeof value === 'function' && !/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(value));
};

/** Says to all threads what this one, the main thread, has. */
export function publishOwn(): void {
  const globals = Object.keys(globalThis).filter((name) => !isStandardGlobal(name));
  const added = EXTENSIBLE.flatMap((Class) => [...Object.keys(Class), ...Object.keys(Class.prototype as object)]);
  for (const namespace of NAMESPACES) {
    added.push(...Object.getOwnPropertyNames(namespace).filter((name) => isAdded(namespace, name)));
  }
  for (const [key, names] of [
    [GLOBAL_NAMES, globals],
    [ADDED_NAMES, added],
  ] as const) {
    if (names.length === 0) continue;
    const list = new SharedArray<string>();
    list.push(...new Set(names));
    mapRoot(GLOBALS).set(key, list);
  }
}

function mainHas(key: string, name: string): boolean {
  if (!hasMapRoot(GLOBALS)) return false;
  const list = mapRoot(GLOBALS).get(key);
  return list instanceof SharedArray && list.includes(name);
}

/** Adds to an error what is missing here, and what to do, if main has that. */
export function explainMissing(error: unknown): void {
  if (slot === 0) return;
  try {
    if (!(error instanceof TypeError || error instanceof ReferenceError)) return;
    const { message, stack } = error;
    const undefinedName = /^([\w$]{1,100}) is not defined$/.exec(message)?.[1];
    const called = /([\w$]{1,100}) is not a (?:function|constructor)$/.exec(message.slice(-200))?.[1];
    const isMissing =
      (undefinedName !== undefined && mainHas(GLOBAL_NAMES, undefinedName)) ||
      (called !== undefined && mainHas(ADDED_NAMES, called));
    if (!isMissing) return;
    error.message =
      `${message}: the main thread has '${undefinedName ?? called}', which the program has set or added there. A thread has its own ` +
      `globals: let threadSetup() do in each what main has done, such as an import for its effect`;
    if (typeof stack === 'string') error.stack = stack.replace(message, () => error.message);
  } catch {
    // It is frozen, or throws when it is looked at: it says what it said.
  }
}
