// Shared objects as plain data: deep copies, and what is printed of them.

import { standsFor } from './values.js';

/** How a kind of shared object is copied out, and listed; each registers itself. */
export interface PlainKind {
  is(value: object): boolean;
  /** An empty copy, and how it is filled. */
  copy(value: object): { readonly copy: object; fill(plain: (value: unknown) => unknown): void };
}

const kinds: PlainKind[] = [];

export function definePlain(kind: PlainKind): void {
  kinds.push(kind);
}

/** Field names of a record; set by src/heap/record.ts. */
let fieldsOf: (record: object) => readonly string[] = () => [];
let nameOf: (record: object) => string = () => '';

export function describeRecordsWith(fields: typeof fieldsOf, name: typeof nameOf): void {
  fieldsOf = fields;
  nameOf = name;
}

/** One level of a record, for JSON. */
export function plainRecord(record: object): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name of fieldsOf(record)) define(plain, name, (record as Record<string, unknown>)[name]);
  return plain;
}

/** A field may have a name that means something to objects. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

/** What `util.inspect` shows: the record as a plain object, with its struct's name before it. */
export function inspectRecord(record: object, _depth: number, options: unknown, inspect: unknown): unknown {
  const plain = plainRecord(record);
  const name = nameOf(record);
  if (name === '') return plain;
  // A class of that name, which is all that is shown of it.
  const Shown = { [name]: class {} }[name]!;
  return typeof inspect === 'function' && options !== undefined
    ? Object.assign(Object.create(Shown.prototype as object), plain)
    : plain;
}

/** A deep copy without anything shared; what is met twice is one object in it, and cycles stay. */
export function snapshotOf(value: unknown): unknown {
  const copies = new Map<object, object>();
  const fills: (() => void)[] = [];
  const plain = (part: unknown): unknown => {
    if ((typeof part !== 'object' && typeof part !== 'function') || part === null) return part;
    const item = standsFor.get(part) ?? part;
    const done = copies.get(item);
    if (done !== undefined) return done;
    const kind = kinds.find((each) => each.is(item));
    if (kind === undefined) return item;
    const { copy, fill } = kind.copy(item);
    copies.set(item, copy);
    fills.push(() => fill(plain));
    return copy;
  };
  const root = plain(value);
  // Without recursion: no graph is too deep.
  for (const fill of fills) fill();
  return root;
}
