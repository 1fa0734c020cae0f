// The types of shared objects, as they follow from the types of what was shared; and the containers as programs make them: what they are
// given becomes shared, so that an array in `new SharedArray([[1]])` is a SharedArray.

import { SharedArray as ArrayClass } from '../heap/array.js';
import { SharedMap as MapClass } from '../heap/map.js';
import type { IsStruct, Primitive, View } from '../heap/plain-form.js';
import { SharedSet as SetClass } from '../heap/set.js';
import type { SyncCell } from '../sync/cell.js';

/** Locks, queues, futures, threads: the same object in every thread. Some are objects of a shape only, as `RWLock.read`. */
export type Synchronised = SyncCell | { acquire(): boolean; release(): void };

/**
 * Objects of the platform of which each thread has its own, with the same contents: a Blob, a key, a certificate, a WebAssembly.Memory… Known by
 * their members, since no program need have the platform's types.
 */
export type Attached =
  | { readonly size: number; readonly type: string; arrayBuffer(): Promise<ArrayBuffer> }
  | { readonly type: string; readonly extractable: boolean; readonly usages: readonly string[] }
  | { readonly type: string; export(...options: never[]): unknown; equals(other: never): boolean }
  | { readonly fingerprint256: string; checkIssued(other: never): boolean }
  | { readonly rules: readonly string[]; check(...address: never[]): boolean }
  | { readonly max: number; percentile(percentile: number): number }
  | { readonly buffer: ArrayBufferLike; grow(pages: number): number };

/** What a value of type T is once it is shared: records stay what they look like, containers become the shared ones. */
export type Shared<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : IsStruct<T> extends true
      ? T
      : T extends View | Date | Error | SharedArrayBuffer | Attached
        ? T
        : T extends ArrayBuffer
          ? SharedArrayBuffer
          : T extends SharedArray<infer _> | SharedMap<infer _, infer _> | SharedSet<infer _>
            ? T
            : T extends (...args: never[]) => unknown
              ? T
              : T extends ReadonlyMap<infer K, infer V>
                ? SharedMap<Shared<K>, Shared<V>>
                : T extends ReadonlySet<infer M>
                  ? SharedSet<Shared<M>>
                  : T extends readonly (infer E)[]
                    ? SharedArray<Shared<E>>
                    : T extends Synchronised
                      ? T
                      : { -readonly [K in keyof T]: Shared<T[K]> };

/** In the place of a part that cannot be shared; its text says why. No value has this type. */
export interface CannotBeShared<Why extends string> {
  readonly __cannotBeShared: Why;
}

/** T if all its parts can be shared; otherwise a type that no value has, which names the part. Instances of classes are known by their methods. */
export type Shareable<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : IsStruct<T> extends true
      ? T
      : T extends View | Date | Error | ArrayBuffer | SharedArrayBuffer | Synchronised | Attached
        ? T
        : T extends SharedArray<infer _> | SharedMap<infer _, infer _> | SharedSet<infer _>
          ? T
          : T extends (...args: never[]) => unknown
            ? CannotBeShared<'a function: methods belong into the class of a struct'>
            : T extends symbol
              ? CannotBeShared<'a symbol belongs to its thread: use a string'>
              : T extends PromiseLike<unknown>
                ? CannotBeShared<'a promise: await it, and share what it gives'>
                : T extends ReadonlyMap<infer K, infer V>
                  ? ReadonlyMap<Shareable<K>, Shareable<V>>
                  : T extends ReadonlySet<infer M>
                    ? ReadonlySet<Shareable<M>>
                    : T extends readonly unknown[]
                      ? { readonly [K in keyof T]: Shareable<T[K]> }
                      : T extends WeakKeyed | RegExp
                        ? CannotBeShared<'an object of a class: declare the class with struct(), or share its data'>
                        : {
                            [K in keyof T]: K extends symbol
                              ? CannotBeShared<'a key that is a symbol'>
                              : Shareable<T[K]>;
                          };

/** For the `this` of a method whose arguments are to be shared: nothing, or what no object is. */
export type IfShareable<T> = [T] extends [Shareable<T>] ? unknown : CannotBeShared<'one of the arguments'>;

type WeakKeyed = WeakMap<never, unknown> | WeakSet<never> | WeakRef<never>;

/** A plain deep copy of a shared value. */
export type Snapshot<T> = unknown extends T
  ? T
  : T extends Primitive | View | Date | Error | Attached
    ? T
    : T extends SharedArrayBuffer
      ? ArrayBuffer
      : T extends (...args: never[]) => unknown
        ? T
        : T extends SharedMap<infer K, infer V>
          ? Map<Snapshot<K>, Snapshot<V>>
          : T extends SharedSet<infer M>
            ? Set<Snapshot<M>>
            : T extends SharedArray<infer E>
              ? Snapshot<E>[]
              : T extends Synchronised
                ? T
                : {
                    [K in keyof T as K extends symbol
                      ? never
                      : T[K] extends (...args: never[]) => unknown
                        ? never
                        : K]: Snapshot<T[K]>;
                  };

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
/**
 * The class of shared arrays: the interface of `Array`, but `at` and `set` instead of `[i]`.
 *
 * @example
 * const numbers = new SharedArray([1, 2, 3]);
 * startNewThread(() => { numbers.push(4); }, []);
 */
export const SharedArray: SharedArrayConstructor = ArrayClass as never;

export interface SharedMap<K = unknown, V = unknown> extends MapClass<K, V> {}
/**
 * The class of shared maps: the interface of `Map`, and `update`.
 *
 * @example
 * const stock = new SharedMap([['apples', 3]]);
 * startNewThread(() => { stock.update('apples', (count = 0) => count - 1); }, []);
 */
export const SharedMap: SharedMapConstructor = MapClass as never;

export interface SharedSet<T = unknown> extends SetClass<T> {}
/**
 * The class of shared sets: the interface of `Set`, and `insert`.
 *
 * @example
 * const seen = new SharedSet(['a']);
 * startNewThread(() => { seen.add('b'); }, []);
 */
export const SharedSet: SharedSetConstructor = SetClass as never;
