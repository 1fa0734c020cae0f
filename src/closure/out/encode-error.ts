// Errors. Properties that cannot travel are left out, and the rest arrives: the receiver of an error needs to know what has happened, more
// than which part could not be sent.
//
// This file handles class, name, message, stack and own properties. The values of the properties are encoded as parts of an error
// (Encoder.asParts). All prototypes are named: the receiver takes the first one that it can have.
import { isNativeError, isProxy } from '../../platform/kinds.js';
import { flagsOf } from '../attributes.js';
import { type ErrorPayload, HIDDEN, type Property, type Slot } from '../graph.js';
import { showNodeError } from '../node-error.js';
import { stackOf } from '../text/stacks.js';
import { kindOf } from '../values/functions.js';
import { hasPrivates, ownerOf } from '../values/instances.js';
import { type Path, propertyPath } from '../values/paths.js';
import type { Encoder, Pending } from './encoder.js';

/** Fills the node of an error, or says that it is none. */
export function encodeError(encoder: Encoder, pending: Pending): boolean {
  const { value, index, path } = pending;
  const native = isNativeError(value);
  if (!native && !(value instanceof Error)) return false;
  const made = madeBy(value);
  const { ignored, payload } = describe(value as Error, made === undefined);
  const bases = encoder.asParts(() => basesOf(encoder, value, path));
  encoder.nodes[index] = [
    'error',
    {
      ...payload,
      ...(bases && { bases }),
      ...(made && { made }),
      ...(!native && made === undefined && { like: true }),
    },
  ];
  encoder.changing = true;
  encoder.asParts(() => {
    const keys = Reflect.ownKeys(value).filter((key) => !ignored.has(key));
    encoder.finish(index, value, path, []);
    const properties = [
      ...ownProperties(encoder, value, keys, path),
      ...hiddenState(encoder, value, path),
      ...ofNode(encoder, value, path),
    ];
    if (properties.length > 0) encoder.nodes[index]![3] = properties;
  });
  return true;
}

/** What reading gives; undefined where it throws. */
function read(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function describe(error: Error, own: boolean): { payload: ErrorPayload; ignored: Set<PropertyKey> } {
  const ignored = new Set<PropertyKey>(['stack']);
  const message = Object.getOwnPropertyDescriptor(error, 'message');
  // One that was put there by hand, in its own way, is a property as any other.
  const isUsual = own && typeof message?.value === 'string' && flagsOf(message) === HIDDEN;
  if (isUsual || !own) ignored.add('message');
  const stack = read(error, 'stack');
  const name = read(error, 'name');
  return {
    payload: {
      message: isUsual ? (message.value as string) : undefined,
      stack: typeof stack === 'string' ? stackOf(error, stack, String(read(error, 'message'))) : undefined,
      name: typeof name === 'string' ? name : 'Error',
    },
    ignored,
  };
}

/** What makes it again, if it is an instance of a class of the platform's with state of its own. */
function madeBy(value: object): ErrorPayload['made'] {
  const tag = read(value, Symbol.toStringTag);
  if ((tag !== 'DOMException' && tag !== 'QuotaExceededError') || !(value instanceof DOMException)) return undefined;
  const { message, name } = value;
  const { quota, requested } = value as { quota?: unknown; requested?: unknown };
  const type = 'QuotaExceededError';
  const Quota = (globalThis as unknown as Record<string, typeof DOMException | undefined>)[type];
  if (name === type && Quota !== undefined && value instanceof Quota) {
    const options = { ...(quota != null && { quota }), ...(requested != null && { requested }) };
    return { type, args: [message, options] };
  }
  return { type: 'DOMException', args: [message, name] };
}

/** Own properties. What a getter computes travels as what it gives now: an error says what has happened. */
function ownProperties(encoder: Encoder, error: object, keys: readonly PropertyKey[], path: Path): Property[] {
  const properties: Property[] = [];
  for (const key of keys) {
    const found = Object.getOwnPropertyDescriptor(error, key)!;
    const slot = encoder.key(key);
    if (slot === undefined) continue;
    let { value } = found;
    if (key === 'toString' && typeof value === 'function' && isObstacle(encoder, value)) continue;
    if (!('value' in found)) {
      value = read(error, key);
      if (value === undefined) continue;
    }
    const flags = 'value' in found ? flagsOf(found) : flagsOf({ ...found, writable: true });
    const part = encoder.slot(value, propertyPath(path, key as string, error));
    properties.push(flags === 0 ? [slot, part] : [slot, part, flags]);
  }
  return properties;
}

/**
 * Private fields do not travel, nor do classes that are internal to Node, and the copy is made without them. What the class's getters give
 * becomes properties of the copy, out of sight.
 */
function* hiddenState(encoder: Encoder, error: object, path: Path): Generator<Property> {
  const done = new Set<PropertyKey>([...Reflect.ownKeys(error), 'constructor', '__proto__']);
  for (const prototype of prototypesOf(error)) {
    const owner = ownerOf(prototype);
    if (owner === undefined) continue;
    const { kind } = kindOf(owner, encoder.inspections);
    if (kind === 'platform' || (kind !== 'obstacle' && !hasPrivates(owner))) continue;
    for (const key of Reflect.ownKeys(prototype)) {
      const slot = done.has(key) ? undefined : encoder.key(key);
      if (slot === undefined || Object.getOwnPropertyDescriptor(prototype, key)?.get === undefined) continue;
      done.add(key);
      const value = read(error, key);
      if (value !== undefined) yield [slot, encoder.slot(value, propertyPath(path, key as string, error)), HIDDEN];
    }
  }
}

/** Node's own errors have a code, and say it. */
function* ofNode(encoder: Encoder, error: object, path: Path): Generator<Property> {
  const show = read(error, 'toString');
  if (typeof show !== 'function' || show === Error.prototype.toString || !isObstacle(encoder, show)) return;
  if (typeof read(error, 'code') === 'string')
    yield ['toString', encoder.slot(showNodeError, propertyPath(path, 'toString', error)), HIDDEN];
}

function* prototypesOf(value: object): Generator<object> {
  for (let at = Object.getPrototypeOf(value); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    // Whatever is behind it, nobody can look.
    if (isProxy(at)) return;
    yield at;
  }
}

/** Its prototypes, from its own on, as far as they are the program's or have a name; undefined for an Error. */
function basesOf(encoder: Encoder, error: object, path: Path): Slot[] | undefined {
  const prototype: unknown = Object.getPrototypeOf(error);
  if (prototype === Error.prototype) return undefined;
  if (prototype === null) return [null];
  const bases: Slot[] = [];
  for (const prototype of prototypesOf(error)) {
    const standard = standardFor(encoder, prototype);
    if (standard !== null) bases.push(encoder.slot(standard, propertyPath(path, '__proto__', error)));
    if (standard === Error.prototype) break;
  }
  return bases;
}

/** The prototype itself; of another realm's error this realm's; null for one that is internal to Node. */
function standardFor(encoder: Encoder, prototype: object): object | null {
  const owner = ownerOf(prototype);
  if (owner === undefined) {
    const parts = Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value, get }) => [value, get]);
    const functions = parts.filter((part) => typeof part === 'function');
    return functions.length > 0 && functions.every((part) => isObstacle(encoder, part)) ? null : prototype;
  }
  if (kindOf(owner, encoder.inspections).kind !== 'obstacle') return prototype;
  const same = /Error$/.test(owner.name) ? (globalThis as Record<string, unknown>)[owner.name] : undefined;
  return typeof same === 'function' && isNativeClass(owner) ? (same.prototype as object) : null;
}

const isNativeClass = (owner: object): boolean =>
  /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(owner));

/** Whether it is a function that belongs to Node, or to the engine, and has no name. */
const isObstacle = (encoder: Encoder, fn: object): boolean => kindOf(fn, encoder.inspections).kind === 'obstacle';
