// indexed(array): a shared array with `array[i]`. A Proxy: each access costs about as much as ten of `at` and `set`.

import { isSharedArray } from '../heap/array-reading.js';
import { describe } from '../heap/errors.js';
import { standsFor } from '../heap/values.js';
import type { SharedArray } from './types.js';

export type Indexed<T> = SharedArray<T> & { [index: number]: T };

const views = new WeakMap<object, object>();

/** The index that a key is; -1 = none. */
function indexIn(key: PropertyKey): number {
  if (typeof key !== 'string') return -1;
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && String(index) === key ? index : -1;
}

const handler: ProxyHandler<SharedArray> = {
  get(array, key) {
    const index = indexIn(key);
    if (index >= 0) return array.at(index);
    const value: unknown = Reflect.get(array, key, array);
    // Methods work on the array itself: its state is not the Proxy's.
    return typeof value === 'function' ? value.bind(array) : value;
  },
  set(array, key, value) {
    const index = indexIn(key);
    if (index >= 0) array.set(index, value);
    else if (key === 'length') array.length = value as number;
    else throw new TypeError(`a shared array has no place for ${describe(key)}: only indexes can be assigned`);
    return true;
  },
  has: (array, key) => (indexIn(key) >= 0 ? indexIn(key) < array.length : Reflect.has(array, key)),
  ownKeys: (array) => Array.from({ length: array.length }, (_, index) => String(index)),
  getOwnPropertyDescriptor(array, key) {
    const index = indexIn(key);
    if (index < 0 || index >= array.length) return undefined;
    return { value: array.at(index), writable: true, enumerable: true, configurable: true };
  },
  deleteProperty(array, key) {
    const index = indexIn(key);
    if (index >= 0 && index < array.length) array.set(index, undefined);
    return true;
  },
  defineProperty(_array, key) {
    throw new TypeError(`a shared array has no place for ${describe(key)}: only indexes can be assigned`);
  },
};

/**
 * A view of a shared array that is read and written by index. Pass it on as the array: it is the same object for all others.
 * @throws TypeError for anything else.
 * @example
 * const list = indexed(new SharedArray([1, 2]));
 * list[0] = 5;
 */
export function indexed<T>(array: SharedArray<T>): Indexed<T> {
  if (!isSharedArray(array)) throw new TypeError(`indexed() takes a shared array, not ${describe(array)}`);
  if (standsFor.has(array)) return array as unknown as Indexed<T>;
  let view = views.get(array);
  if (view === undefined) {
    view = new Proxy<SharedArray>(array as SharedArray, handler);
    views.set(array, view);
    standsFor.set(view, array);
  }
  return view as Indexed<T>;
}
