// Types only: what may be given where a shared object is kept. Plain data that is stored becomes a shared copy, so that a method takes either.

import type { SharedArray } from './array.js';
import type { SharedMap } from './map.js';
import type { SharedSet } from './set.js';

export type Primitive = string | number | bigint | boolean | null | undefined;

export type View =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | DataView;

/** Only for TypeScript: marks the instances of structs, which are shared already. */
declare const STRUCT: unique symbol;

/** What the type of every struct's instance has. No object has it. */
export interface StructInstance {
  readonly [STRUCT]?: true;
}

/** Whether a type is one of a struct's instance: true or false. */
export type IsStruct<T> = typeof STRUCT extends keyof T ? true : false;

/** A value of the shared type T, or the plain data that becomes one when it is stored: an array for a SharedArray, a Map for a SharedMap. */
export type OrPlain<T> = T | PlainForm<T>;

type PlainForm<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : IsStruct<T> extends true
      ? T
      : T extends View | Date | Error | ((...args: never[]) => unknown)
        ? T
        : T extends SharedArrayBuffer
          ? T | ArrayBuffer
          : T extends SharedArray<infer E>
            ? readonly OrPlain<E>[]
            : T extends SharedMap<infer K, infer V>
              ? ReadonlyMap<OrPlain<K>, OrPlain<V>>
              : T extends SharedSet<infer M>
                ? ReadonlySet<OrPlain<M>>
                : { [K in keyof T]: OrPlain<T[K]> };

// Of the object that a method is called on, and not of a class's parameter: a SharedArray<number> is then a SharedArray<unknown> to
// TypeScript, as an array is.

/** What the elements of a shared array are. */
export type ElementOf<A> = A extends SharedArray<infer E> ? E : never;

/** What the keys of a shared map are. */
export type KeyOf<M> = M extends SharedMap<infer K, infer _> ? K : never;

/** What the values of a shared map are. */
export type ValueOf<M> = M extends SharedMap<infer _, infer V> ? V : never;

/** What the members of a shared set are. */
export type MemberOf<S> = S extends SharedSet<infer M> ? M : never;
