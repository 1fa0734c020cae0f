// Shared objects as plain data: deep copies, and what is printed of them.
//
// JSON.stringify and util.inspect find cycles by the identity of objects. So the plain objects for printing are made for the whole graph at once: if
// each shared object made a new one whenever it is asked, no object would be met twice.

import { CELL, GONE, INSPECT, standsFor } from './values.js';

/** An empty copy, and how it is filled. */
export interface Copy {
  readonly copy: object;
  fill(plain: (value: unknown) => unknown): void;
}

/** How a kind of shared object is copied out, and printed: kinds.ts has them all. */
export interface PlainKind {
  is(value: object): boolean;
  /** `plain` is for parts without which there is no copy, not even an empty one. */
  copy(value: object, plain: (value: unknown) => unknown): Copy;
  /** For `JSON.stringify`; without it, it sees the object itself. */
  json?(value: object): Copy;
  /** For `util.inspect`, which prints so many elements; without it, it sees the object itself. */
  show?(value: object, elements: number): Copy;
  /** Where the kind has its own `toJSON` and `INSPECT`. */
  readonly prototype?: object;
}

const kinds: PlainKind[] = [];

export function definePlain(kind: PlainKind): void {
  kinds.push(kind);
  if (kind.prototype !== undefined) printsItself(kind.prototype);
}

function kindOf(value: object): PlainKind | undefined {
  for (const kind of kinds) if (kind.is(value)) return kind;
  return undefined;
}

/** Methods that call what is below. An object that has others is the program's to print. */
const own = new WeakSet<object>();

/** Notes a prototype's `toJSON` and `INSPECT` as the heap's. */
export function printsItself(prototype: object): void {
  for (const key of ['toJSON', INSPECT]) {
    const found = Object.getOwnPropertyDescriptor(prototype, key);
    if (typeof found?.value === 'function') own.add(found.value as object);
  }
}

/** Whether an object is not printed by the heap but by a method of the program's, or of a lock's. */
function printsOtherwise(value: object, key: PropertyKey): boolean {
  const method = (value as Record<PropertyKey, unknown>)[key];
  return typeof method === 'function' && !own.has(method);
}

/** Field names of a record: record.ts knows them. */
let fieldsOf: (record: object) => readonly string[] = () => [];

export function describeRecordsWith(fields: typeof fieldsOf): void {
  fieldsOf = fields;
}

/** One level of a record. */
export function plainRecord(record: object): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name of fieldsOf(record)) define(plain, name, (record as Record<string, unknown>)[name]);
  return plain;
}

/** A field may have a name that means something to objects. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

type Copier = (kind: PlainKind, value: object, plain: (value: unknown) => unknown) => Copy | undefined;

/** Copies a graph as far as `depth` steps from its root; what lies there has the originals as its parts. */
function copyGraph(root: unknown, depth: number, copier: Copier): unknown {
  const copies = new Map<object, object>();
  const fills: { readonly fill: Copy['fill']; readonly distance: number }[] = [];
  let distance = 0;
  const plain = (part: unknown): unknown => {
    if ((typeof part !== 'object' && typeof part !== 'function') || part === null) return part;
    const item = standsFor.get(part) ?? part;
    const done = copies.get(item);
    if (done !== undefined) return done;
    const kind = kindOf(item);
    const made = kind === undefined ? undefined : copier(kind, item, plain);
    if (made === undefined) return item;
    copies.set(item, made.copy);
    fills.push({ fill: made.fill, distance });
    return made.copy;
  };
  const copy = plain(root);
  // Without recursion: no graph is too deep. And nearest first, so that each object is met at its least distance.
  for (const next of fills) {
    distance = next.distance + 1;
    next.fill(distance > depth ? itself : plain);
  }
  // The engine may hold what `plain` closes over for a while: see copy.ts.
  copies.clear();
  fills.length = 0;
  return copy;
}

const itself = (value: unknown): unknown => value;

/** A deep copy without anything shared; what is met twice is one object in it, and cycles stay. */
export function snapshotOf(value: unknown): unknown {
  return copyGraph(value, Infinity, (kind, item, plain) => kind.copy(item, plain));
}

/** What `JSON.stringify` is given for a shared object. */
export function jsonOf(root: object): unknown {
  return copyGraph(root, Infinity, (kind, item) =>
    item !== root && printsOtherwise(item, 'toJSON') ? undefined : kind.json?.(item),
  );
}

const GONE_TEXT = '<gone: its scope has ended>';

/** What is printed of an object whose scope has ended: who prints is looking for a mistake, and is not to get another one. */
export function goneText(value: object): string | undefined {
  return (value as { [CELL]?: () => number })[CELL]?.() === GONE ? GONE_TEXT : undefined;
}

interface Options {
  readonly maxArrayLength?: number | null;
  stylize?(text: string, style: string): string;
}

/**
 * What `util.inspect` is given for a shared object: the graph as far as it prints it. `depth` levels below the object are printed, and of
 * the next one the names of classes.
 */
export function shownOf(root: object, depth?: number | null, options?: Options): unknown {
  const gone = goneText(root);
  if (gone !== undefined) return options?.stylize?.(gone, 'special') ?? gone;
  const levels = typeof depth === 'number' && !Number.isNaN(depth) ? depth : Infinity;
  const elements = options?.maxArrayLength ?? Infinity;
  return copyGraph(root, levels + 1, (kind, item) =>
    item !== root && printsOtherwise(item, INSPECT) ? undefined : kind.show?.(item, elements),
  );
}
