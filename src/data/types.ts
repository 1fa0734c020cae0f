// The types of shared objects, as they follow from the types of what was shared.

import type { IsStruct, Primitive, View } from '../heap/plain-form.js';
import type { SyncCell } from '../sync/cell.js';
import type { SharedArray, SharedMap, SharedSet } from './containers.js';

/** Locks, queues, futures, threads: the same object in every thread. Some are objects of a shape only, as `RWLock.read`. */
export type Synchronised = SyncCell | { acquire(): boolean; release(): void };

/** What a value of type T is once it is shared: records stay what they look like, containers become the shared ones. */
export type Shared<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : IsStruct<T> extends true
      ? T
      : T extends View | Date | Error | SharedArrayBuffer
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
      : T extends View | Date | Error | ArrayBuffer | SharedArrayBuffer | Synchronised
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
  : T extends Primitive | View | Date | Error
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
