// What TypeScript knows of a struct: of its fields, its instances, and what its constructor takes.
//
// The fields are no `Record<string, FieldType>`, for TypeScript would have to look into the getters of a struct that refers to itself before
// it knows the type of that struct.

import type { OrPlain, Primitive, StructInstance, View } from '../heap/plain-form.js';
import type { FieldType, ReferenceType } from './fields.js';
import type { CannotBeShared, Shared, SharedArray, SharedMap, SharedSet, Synchronised } from './types.js';

export type AnyClass = abstract new (...args: never[]) => object;

/** In the place of the class that a struct without methods has not. */
export type NoClass = new () => object;

// biome-ignore lint/suspicious/noExplicitAny: see above
export type Fields = Readonly<Record<string, any>>;

/** Only for TypeScript: where a struct's class says what its fields are, for those that extend it. */
declare const FIELDS: unique symbol;

/** What a field of such a type holds. */
type Value<F> =
  F extends ReferenceType<infer T>
    ? Referred<T> | null
    : F extends FieldType<infer T>
      ? T
      : CannotBeShared<'a field has one of the types in t, such as t.f64 or t.any'>;

/** What a reference to a struct's class, another class or a type refers to. */
type Referred<T> = typeof FIELDS extends keyof T
  ? T extends { readonly prototype: infer I }
    ? I
    : never
  : Shared<T extends abstract new (...args: never[]) => infer I ? I : T>;

type Values<F> = { -readonly [K in keyof F]: Value<F[K]> };

/** The fields of a struct with those of the struct that its class extends. */
type WithInherited<F, C> = typeof FIELDS extends keyof C
  ? C extends { readonly [FIELDS]?: infer B }
    ? Omit<NonNullable<B>, keyof F> & F
    : F
  : F;

type Methods<C> = NoClass extends C ? unknown : C extends abstract new (...args: never[]) => infer I ? I : unknown;

type Instance<F, C> = Values<F> & Omit<Methods<C>, keyof F> & StructInstance;

/** By field names. */
type Named<F> = { readonly [K in keyof F]?: OrPlain<Value<F[K]>> };

/** What one of the fields may be given. TypeScript does not know their order. */
type Positional<F> = OrPlain<Value<F[keyof F]>>;

/** What is given as the only value, where it may be anything: not an object with keys of its own, which would be taken for named fields. */
type Single<V> = unknown extends V
  ?
      | Primitive
      | View
      | Date
      | Error
      | ArrayBufferLike
      | Synchronised
      | readonly unknown[]
      | ReadonlyMap<unknown, unknown>
      | ReadonlySet<unknown>
      | SharedArray<unknown>
      | SharedMap<unknown, unknown>
      | SharedSet<unknown>
      | StructInstance
  : V;

/** As many values as there are fields: one, or two and others that may be missing. */
type Several<K, V> = [K] extends [LastOf<K>]
  ? [value: V]
  : Slots<Exclude<K, LastOf<K> | LastOf<Exclude<K, LastOf<K>>>>, V, [first: V, second: V]>;

type Slots<K, V, A extends unknown[]> = [K] extends [never] ? A : Slots<Exclude<K, LastOf<K>>, V, [...A, next?: V]>;

/** One member of a union. */
type LastOf<U> = (U extends unknown ? (of: () => U) => void : never) extends (of: infer I) => void
  ? I extends () => infer L
    ? L
    : never
  : never;

/** What the constructor of a class takes, if it has one of its own: those of structs, and of no class at all, take the fields. */
type OwnParameters<C> = typeof FIELDS extends keyof C
  ? C extends { readonly [FIELDS]?: infer B }
    ? Same<ParametersOf<C>, [values: Named<NonNullable<B>>, none?: undefined]> extends true
      ? []
      : ParametersOf<C>
    : []
  : ParametersOf<C>;

type ParametersOf<C> = C extends abstract new (...args: infer A) => unknown ? A : [];
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** How instances are made. */
type Makes<F, C, Own extends readonly unknown[]> = Own extends readonly []
  ? {
      /** A new shared record, by field names. Fields that are not given are as their types say. */
      new (values?: Named<F>): Instance<F, C>;
      // With parameters: TypeScript looks into their bounds only where a value is given, so that a struct may refer to itself.
      /** A new shared record, by position in the order of the fields, those of the base first. */
      new <V extends Single<Positional<F>>>(value: V): Instance<F, C>;
      new <V extends Several<keyof F, Positional<F>>>(...values: V): Instance<F, C>;
      // Once more: `InstanceType` looks at the last.
      new (values: Named<F>, none?: undefined): Instance<F, C>;
    }
  : { new (...args: Own): Instance<F, C> };

/** The class that `struct()` makes. */
export type StructClass<F, C> = Makes<WithInherited<F, C>, C, OwnParameters<C>> & {
  readonly prototype: Instance<WithInherited<F, C>, C>;
  readonly [FIELDS]?: WithInherited<F, C>;
} & Omit<C, 'prototype' | typeof FIELDS>;
