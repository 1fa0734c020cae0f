// Types only: what may be given where a shared object is kept. Plain data that is stored becomes a shared copy, so that a method takes either.

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

// Only for TypeScript: under these names the types of the containers tell what they hold, so that this file does not need their classes. No
// object has them.

/** `() => E`, of a shared array. */
export declare const ELEMENT: unique symbol;
/** `() => [K, V]`, of a shared map. */
export declare const ENTRY: unique symbol;
/** `() => M`, of a shared set. */
export declare const MEMBER: unique symbol;

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
          : typeof ELEMENT extends keyof T
            ? readonly OrPlain<ElementOf<T>>[]
            : typeof ENTRY extends keyof T
              ? ReadonlyMap<OrPlain<KeyOf<T>>, OrPlain<ValueOf<T>>>
              : typeof MEMBER extends keyof T
                ? ReadonlySet<OrPlain<MemberOf<T>>>
                : { [K in keyof T]: OrPlain<T[K]> };

// Of the object that a method is called on, and not of a class's parameter: a SharedArray<number> is then a SharedArray<unknown> to
// TypeScript, as an array is.

/** What the elements of a shared array are. */
export type ElementOf<A> = A extends { readonly [ELEMENT]?: () => infer E } ? E : never;

/** What the keys of a shared map are. */
export type KeyOf<M> = M extends { readonly [ENTRY]?: () => [infer K, unknown] } ? K : never;

/** What the values of a shared map are. */
export type ValueOf<M> = M extends { readonly [ENTRY]?: () => [unknown, infer V] } ? V : never;

/** What the members of a shared set are. */
export type MemberOf<S> = S extends { readonly [MEMBER]?: () => infer M } ? M : never;
