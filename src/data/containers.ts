// The containers as programs make them: what they are given becomes shared, so that an array in `new SharedArray([[1]])` is a SharedArray.

import { SharedArray as ArrayClass } from '../heap/array.js';
import { SharedMap as MapClass } from '../heap/map.js';
import { SharedSet as SetClass } from '../heap/set.js';
import type { IfShareable, Shareable, Shared } from './types.js';

/** The class of shared arrays. */
export interface SharedArrayConstructor {
  /**
   * A new array with these elements. What is plain data among them becomes shared.
   *
   * @throws TypeError for what is not iterable, a length too, and for an element that cannot be shared.
   * @example
   * const numbers = new SharedArray([1, 2, 3]);
   * numbers.push(4);
   */
  new <T>(elements?: Iterable<T & Shareable<T>> | null): SharedArray<Shared<T>>;
  readonly prototype: SharedArray<unknown>;
  /**
   * A new array of what an iterable or an array-like has, each through `map` if it is given, as `Array.from`.
   *
   * @throws TypeError for an element that cannot be shared, and for what is neither iterable nor array-like.
   * @example
   * const squares = SharedArray.from({ length: 3 }, (_, at) => at * at);
   */
  from<T>(elements: Iterable<T & Shareable<T>> | ArrayLike<T & Shareable<T>>): SharedArray<Shared<T>>;
  from<T, U>(
    elements: Iterable<T> | ArrayLike<T>,
    map: (element: T, index: number) => U & Shareable<U>,
    self?: unknown,
  ): SharedArray<Shared<U>>;
  /**
   * A new array of its arguments, as `Array.of`.
   *
   * @throws TypeError for an element that cannot be shared.
   * @example
   * const numbers = SharedArray.of(1, 2, 3);
   */
  of<T>(this: IfShareable<T>, ...elements: T[]): SharedArray<Shared<T>>;
}

/** The class of shared maps. */
export interface SharedMapConstructor {
  /**
   * A new map with these entries. What is plain data among them becomes shared.
   *
   * @throws TypeError for what is no iterable of entries, and for a key or value that cannot be shared.
   * @example
   * const stock = new SharedMap([['apples', 3], ['pears', 5]]);
   * stock.update('apples', (count = 0) => count - 1);
   */
  new <K, V>(entries?: Iterable<readonly [K & Shareable<K>, V & Shareable<V>]> | null): SharedMap<Shared<K>, Shared<V>>;
  readonly prototype: SharedMap<unknown, unknown>;
}

/** The class of shared sets. */
export interface SharedSetConstructor {
  /**
   * A new set with these members. What is plain data among them becomes shared.
   *
   * @throws TypeError for what is not iterable, and for a member that cannot be shared.
   * @example
   * const seen = new SharedSet(['a', 'b']);
   * if (seen.insert('c')) console.log('c is new');
   */
  new <T>(members?: Iterable<T & Shareable<T>> | null): SharedSet<Shared<T>>;
  readonly prototype: SharedSet<unknown>;
}

// Interfaces and not aliases: the declarations that a program's build emits can name them.

export interface SharedArray<T = unknown> extends ArrayClass<T> {}
export const SharedArray: SharedArrayConstructor = ArrayClass as never;

export interface SharedMap<K = unknown, V = unknown> extends MapClass<K, V> {}
export const SharedMap: SharedMapConstructor = MapClass as never;

export interface SharedSet<T = unknown> extends SetClass<T> {}
export const SharedSet: SharedSetConstructor = SetClass as never;
