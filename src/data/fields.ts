// Types of a struct's fields. Any field can hold any value that can be shared; its type says how it is laid out, what it is at first, and
// what TypeScript knows of it.

import type { Layout } from '../heap/record-class.js';
import { EMPTY, FALSE, NULL } from '../heap/types.js';

/** The type of a field, one of `t`. */
export interface FieldType<T = unknown> {
  readonly type: string;
  /** Only for TypeScript: nothing is there. */
  readonly __value?: T;
}

/** The type of a field that holds a shared object: what `t.ref` makes. */
export interface ReferenceType<T = unknown> extends FieldType {
  readonly type: 'ref';
  /** Only for TypeScript: nothing is there. */
  readonly __target?: T;
}

const field = <T>(type: string): FieldType<T> => Object.freeze({ type });

/**
 * What fields can be. A record of a struct is any other's field as `t.ref<typeof Account>()`, or t.any.
 *
 * @example
 * const Account = struct('Account', { owner: t.string, balance: t.f64, open: t.boolean });
 */
export const t = Object.freeze({
  /** A number, laid out as a float64; 0 at first. */
  f64: field<number>('f64'),
  /** The same. */
  number: field<number>('number'),
  /** A number that is an integer most of the time: four bytes. Others are stored at more cost. 0 at first. */
  i32: field<number>('i32'),
  /** '' at first. */
  string: field<string>('string'),
  /** false at first. */
  boolean: field<boolean>('boolean'),
  /** The same. */
  bool: field<boolean>('bool'),
  /** undefined at first. */
  bigint: field<bigint | undefined>('bigint'),
  /** undefined at first. */
  date: field<Date | undefined>('date'),
  /** Anything that can be shared; undefined at first. */
  // biome-ignore lint/suspicious/noExplicitAny: that is what it says
  any: field<any>('any'),
  /**
   * A shared object of a type of its own, or null, which it is at first. `T` is a struct's class or the type of an object. A struct that
   * refers to itself, or to one that is declared below it, says so in a getter: TypeScript does not look into one before it has to.
   *
   * @example
   * const Person = struct('Person', { name: t.string });
   * const Tree = struct('Tree', {
   *   value: t.f64,
   *   owner: t.ref<typeof Person>(),
   *   get left() { return t.ref<typeof Tree>(); },
   *   get right() { return t.ref<typeof Tree>(); },
   * });
   */
  ref: <T = unknown>(): ReferenceType<T> => REFERENCE as never,
});

const REFERENCE = field<unknown>('ref');

/** The integer 0 as a tagged word. */
const ZERO = 1;

/** How a type is laid out, and the word that a new field of it has; 0 = all zeros will do. */
export const LAYOUTS: ReadonlyMap<string, { readonly layout: Layout; readonly initial: number }> = new Map([
  ['f64', { layout: 'number', initial: 0 }],
  ['number', { layout: 'number', initial: 0 }],
  ['i32', { layout: 'word', initial: ZERO }],
  ['string', { layout: 'word', initial: EMPTY }],
  ['boolean', { layout: 'word', initial: FALSE }],
  ['bool', { layout: 'word', initial: FALSE }],
  ['bigint', { layout: 'word', initial: 0 }],
  ['date', { layout: 'word', initial: 0 }],
  ['any', { layout: 'word', initial: 0 }],
  ['ref', { layout: 'word', initial: NULL }],
] as const);
