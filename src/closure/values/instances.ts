// Which objects have state that properties do not show: private fields, and what the platform keeps outside JavaScript.
import type { Inspected } from '../../platform/inspector.js';
import { ownValue } from '../../platform/kinds.js';
import { analyse } from '../text/analyse.js';
import { type AnyFunction, inspectFunction, kindOf, NATIVE } from './functions.js';
import { isOrdinary, staysWhole } from './ordinary.js';
import { MAKE_THERE, type Reason } from './paths.js';
import { knowSymbols } from './samples.js';
import { atHome, moduleOf, platformNameOf, type WellKnown } from './wellknown.js';

/** The function that made `prototype` together with itself, if there is one. */
export function ownerOf(prototype: object): AnyFunction | undefined {
  const owner = ownValue(prototype, 'constructor');
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
    if (prototype === base || atHome(prototype) === base) return undefined;
    const owner = ownerOf(prototype);
    if (!owner) {
      if (!isExotic && isEngines(prototype)) return staysWhole(value, '');
      continue;
    }
    const kind = kindOf(owner, inspections);
    // Among emitters there is `cluster`, which every thread has.
    if (kind.kind === 'platform' && !isExotic && moduleOf(value) !== undefined) return staysWhole(value, owner.name);
    if (kind.kind === 'platform' && (isExotic || isTransparent(kind.name))) return undefined;
    if (kind.kind === 'platform' || kind.kind === 'obstacle') {
      return isOrdinary(value, owner, prototype, inspections) ? undefined : staysWhole(value, owner.name);
    }
    if (hasPrivates(owner)) {
      return {
        why: `it is an instance of ${owner.name || 'a class'}, which has private fields (#)`,
        remedy: `Pass what it is made from. ${MAKE_THERE}`,
      };
    }
  }
  return undefined;
}

/** Platform classes whose instances are ordinary objects. */
function isTransparent(name: WellKnown): boolean {
  if (name.tag === 'builtin') {
    if (name.module !== 'events') return false;
    knowSymbols('EventEmitter');
    return true;
  }
  return /^(?:Object|Array|Function|(?:[A-Z]\w*)?Error)$/.test(name.path[0] ?? '');
}

const engines = new WeakMap<object, boolean>();

/** Whether a prototype without a constructor is one of the engine's that nobody can name: of the segments of a text, say. */
function isEngines(prototype: object): boolean {
  let answer = engines.get(prototype);
  if (answer === undefined) {
    answer =
      platformNameOf(prototype) === undefined &&
      Object.values(Object.getOwnPropertyDescriptors(prototype)).some(
        ({ value }) =>
          typeof value === 'function' &&
          NATIVE.test(Function.prototype.toString.call(value)) &&
          platformNameOf(value) === undefined &&
          inspectFunction(value, new Map()).bound === undefined,
      );
    engines.set(prototype, answer);
  }
  return answer;
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
