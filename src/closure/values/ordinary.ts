// Which instances of the platform's classes are ordinary objects: their whole state is in properties, whose keys are strings, or symbols
// that every thread can find (samples.ts). All others stay, and the error names their class.
import type { Inspected } from '../../platform/inspector.js';
import { inspectIfPossible } from './engine.js';
import { type AnyFunction, NATIVE } from './functions.js';
import { MAKE_THERE, type Reason } from './paths.js';
import { knowSymbols } from './samples.js';
import { symbolNode } from './symbols.js';
import { atHome, platformNameOf, sampleNameOf } from './wellknown.js';

/** Whether an instance of a platform class is what its properties say. `owner` is the class, `prototype` its prototype. */
export function isOrdinary(
  value: object,
  owner: AnyFunction,
  prototype: object,
  inspections: Map<object, Inspected>,
): boolean {
  const { name } = owner;
  if (platformNameOf(prototype) === undefined && sampleNameOf(prototype, name) === undefined) return false;
  if (isMadeByTheEngine(prototype)) return false;
  const keys = Reflect.ownKeys(value);
  // What is not in properties is somewhere else.
  if (keys.length === 0) return false;
  knowSymbols(name);
  for (const key of keys) {
    const { value: held } = Object.getOwnPropertyDescriptor(value, key)!;
    for (const symbol of [key, held]) if (typeof symbol === 'symbol' && !isFound(symbol)) return false;
  }
  let inspected = inspections.get(value);
  if (inspected === undefined) {
    inspected = inspectIfPossible(value);
    if (inspected === undefined) return false;
    inspections.set(value, inspected);
  }
  return inspected.privates.size === 0;
}

const isFound = (symbol: symbol): boolean => symbolNode(symbol) !== undefined;

/** Properties that the first look at them makes: on a frozen copy that would fail. */
const LAZY: Readonly<Record<string, readonly string[]>> = {
  Stats: ['atime', 'mtime', 'ctime', 'birthtime'],
  BigIntStats: ['atime', 'mtime', 'ctime', 'birthtime'],
};

/** An object with all its properties, if it is one that makes some of them when they are looked at. */
export function withLazyProperties(value: object): object {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value;
  const { value: owner } = Object.getOwnPropertyDescriptor(prototype, 'constructor') ?? {};
  const names = typeof owner === 'function' && Object.hasOwn(LAZY, owner.name) ? LAZY[owner.name]! : undefined;
  if (
    names === undefined ||
    (platformNameOf(prototype) === undefined && sampleNameOf(prototype, owner.name) === undefined)
  )
    return value;
  // The getters set what they make on what they are called on.
  const whole = Object.create(prototype, Object.getOwnPropertyDescriptors(value)) as Record<string, unknown>;
  for (const name of names) void whole[name];
  return whole;
}

/** Whether an instance can have a state of the engine's or of the host's, or is a stream, which is more than its buffers. */
function isMadeByTheEngine(prototype: object): boolean {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (atHome(at) === Object.prototype) return false;
    const made: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made === 'function' && (made.name === 'Stream' || NATIVE.test(Function.prototype.toString.call(made))))
      return true;
  }
  return false;
}

/** What to do instead, by the name of a class among those of the object. */
const REMEDIES: Readonly<Record<string, string>> = {
  AbortController: 'Pass an Event of this library, or cancel the future',
  AsyncLocalStorage: 'Make it in the thread, and pass what it holds',
  Cipheriv: 'Pass what it gives, or make it in the thread',
  Decipheriv: 'Pass what it gives, or make it in the thread',
  Hash: 'Pass what it gives, or make it in the thread',
  Hmac: 'Pass what it gives, or make it in the thread',
  Immediate: 'Set it in the thread',
  Sign: 'Pass what it gives, or make it in the thread',
  Verify: 'Pass what it gives, or make it in the thread',
  PerformanceEntry: 'Pass its toJSON()',
  Request: 'Pass its url, method, headers and the bytes of its body: await request.arrayBuffer()',
  Response: 'Pass its status, headers and the bytes of its body: await response.arrayBuffer()',
  Stream: 'Pass what is read from it, or the path or address to open in the thread',
  Timeout: 'Set the timer in the thread',
  URLPattern: 'Pass what it is made from',
};

const articleOf = (name: string): string => (/^(?:[AEIO]|U(?!RL))/.test(name) ? 'an' : 'a');

/** Why an instance of a platform class stays. `name` is that of the first class of the platform's among its own. */
export function staysWhole(value: object, name: string): Reason {
  let remedy: string | undefined;
  for (let at: object | null = value; at !== null && remedy === undefined; at = Object.getPrototypeOf(at)) {
    const made: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made === 'function' && Object.hasOwn(REMEDIES, made.name)) remedy = REMEDIES[made.name];
  }
  const { value: direct } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value) ?? {}, 'constructor') ?? {};
  const isOwn = typeof direct === 'function' && direct.name !== name && name !== '';
  const what = isOwn
    ? `an instance of ${direct.name || 'a class'}, which extends ${name} and so`
    : `${articleOf(name)} ${name || 'native object'}, which`;
  return {
    why: `it is ${what} holds state outside JavaScript`,
    remedy: remedy ?? MAKE_THERE,
  };
}
