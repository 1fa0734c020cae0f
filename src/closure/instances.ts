// Which objects have state that properties do not show: private fields, and what the platform keeps outside JavaScript.
import type { Inspected } from '../platform/inspector.js';
import { analyse } from './analyse.js';
import { type AnyFunction, kindOf } from './functions.js';
import type { Reason } from './paths.js';
import type { WellKnown } from './wellknown.js';

/** The function that made `prototype` together with itself, if there is one. */
export function ownerOf(prototype: object): AnyFunction | undefined {
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof owner !== 'function') return undefined;
  return Object.getOwnPropertyDescriptor(owner, 'prototype')?.value === prototype ? (owner as AnyFunction) : undefined;
}

/**
 * Why an instance cannot be copied property by property. `isExotic`: the engine says what the object is (a Map, an Error), so that
 * a platform class is expected among its prototypes. `base`: from this prototype on somebody else answers for it.
 */
export function hiddenStateOf(
  value: object,
  isExotic: boolean,
  inspections: Map<object, Inspected>,
  base: object = Object.prototype,
): Reason | undefined {
  for (let prototype = Object.getPrototypeOf(value); prototype; prototype = Object.getPrototypeOf(prototype)) {
    if (prototype === base) return undefined;
    const owner = ownerOf(prototype);
    if (!owner) continue;
    const kind = kindOf(owner, inspections);
    if (kind.kind === 'platform') {
      return isExotic || isTransparent(kind.name) ? undefined : native(owner.name);
    }
    if (kind.kind === 'obstacle') return native(owner.name);
    if (hasPrivates(owner)) {
      return {
        why: `it is an instance of ${owner.name || 'a class'}, which has private fields (#)`,
        remedy: 'Make it in the thread, or pass what it is made from',
      };
    }
  }
  return undefined;
}

const native = (name: string): Reason => ({
  why: `it is ${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name || 'native object'}, which holds state outside JavaScript`,
  remedy: 'Make it in the thread',
});

/** Platform classes whose instances are ordinary objects. */
function isTransparent(name: WellKnown): boolean {
  if (name.tag === 'builtin') return name.module === 'events';
  return /^(?:Object|Array|Function|(?:[A-Z]\w*)?Error)$/.test(name.path[0] ?? '');
}

const answers = new WeakMap<object, boolean>();

/** Whether instances of the class have private fields. */
export function hasPrivates(owner: AnyFunction): boolean {
  let answer = answers.get(owner);
  if (answer === undefined) {
    const text = Function.prototype.toString.call(owner);
    // Most classes have none, and need not be parsed to know it.
    answer = /#[\p{ID_Start}$_]/u.test(text) && text.startsWith('class') && parsedPrivates(text);
    answers.set(owner, answer);
  }
  return answer;
}

function parsedPrivates(text: string): boolean {
  try {
    return analyse(text).shape?.hasPrivateInstances === true;
  } catch {
    return true;
  }
}
