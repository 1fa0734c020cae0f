// Finds the object in which a method was written: `super` and private names refer to it. The engine knows this object but does not tell, so it
// is searched for among the objects at hand.
import type { Scope } from '../../platform/inspector.js';
import { isProxy } from '../../platform/kinds.js';
import { ownerOf } from '../values/instances.js';

export interface Home {
  /** A class, its prototype, or the object literal around the method. */
  readonly holder: object;
  readonly key: PropertyKey;
  readonly part: 'value' | 'get' | 'set';
}

/** `owner` is the object through which the method was reached, if there was one. */
export function findHome(fn: object, owner: object | undefined, scopes: readonly Scope[]): Home | undefined {
  const seen = new Set<object>();
  for (const candidate of candidates(owner, scopes)) {
    for (const holder of holdersAround(candidate)) {
      if (seen.has(holder)) continue;
      seen.add(holder);
      const home = homeIn(holder, fn);
      if (home) return home;
    }
  }
  return undefined;
}

function* candidates(owner: object | undefined, scopes: readonly Scope[]): Generator<object> {
  if (owner && !isProxy(owner)) yield owner;
  for (const { description, object } of scopes) {
    if (description === 'Global') return;
    for (const name of Object.getOwnPropertyNames(object)) {
      let value: unknown;
      try {
        value = (object as Record<string, unknown>)[name];
      } catch {
        continue;
      }
      // Asking a Proxy runs code of the program's.
      if (((typeof value === 'object' && value !== null) || typeof value === 'function') && !isProxy(value))
        yield value;
    }
  }
}

/** The object itself, what it inherits from, and the prototype of a class. */
function* holdersAround(candidate: object): Generator<object> {
  if (typeof candidate === 'function') {
    const prototype: unknown = Object.getOwnPropertyDescriptor(candidate, 'prototype')?.value;
    if (typeof prototype === 'object' && prototype !== null) yield prototype;
  }
  for (
    let holder: object | null = candidate;
    holder && holder !== Object.prototype;
    holder = Object.getPrototypeOf(holder)
  ) {
    yield holder;
    if (holder === Function.prototype) return;
  }
}

function homeIn(holder: object, fn: object): Home | undefined {
  for (const key of Reflect.ownKeys(holder)) {
    const found = Object.getOwnPropertyDescriptor(holder, key)!;
    for (const part of ['value', 'get', 'set'] as const) if (found[part] === fn) return { holder, key, part };
  }
  return undefined;
}

/** Whether the text of a class or object literal around the method travels with it. */
export const isClassHome = ({ holder }: Home): boolean =>
  (typeof holder === 'function' || ownerOf(holder) !== undefined) && !isPlainFunction(ownerOf(holder) ?? holder);

const isPlainFunction = (owner: object): boolean => !Function.prototype.toString.call(owner).startsWith('class');
