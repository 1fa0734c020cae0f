// The types of shared objects, as they follow from the types of what was shared.

import type { SharedArray } from '../heap/array.js';
import type { SharedMap } from '../heap/map.js';
import type { SharedSet } from '../heap/set.js';
import type { SyncCell } from '../sync/cell.js';

type Primitive = string | number | bigint | boolean | null | undefined;
type View =
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

/** What a value of type T is once it is shared: records stay what they look like, containers become the shared ones. */
export type Shared<T> = unknown extends T
  ? T
  : T extends Primitive | View | Date | Error | SharedArrayBuffer
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
                : T extends SyncCell | { acquire(): boolean; release(): void }
                  ? T
                  : { [K in keyof T]: Shared<T[K]> };

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
              : T extends SyncCell | { acquire(): boolean; release(): void }
                ? T
                : { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Snapshot<T[K]> };
