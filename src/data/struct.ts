// struct(): a class whose instances are shared records, the same in every thread.
//
// A struct is known to the process by its name. Its definition is a record in the map at the root STRUCTS: what its fields are, the text of
// the class that has its methods, and that class as it travels: functions and what they have captured (src/closure). So a thread that
// meets an instance without ever having seen the struct defines it, from there.
//
//   name → { fields, source, code: { parcel, imports } or undefined, failure: text or undefined }
//
// Importing takes turns of the event loop, and meeting an instance must not: a thread imports what methods of structs need before it runs a
// function.

import { importsOf, namesModules } from '../closure/in/rebuild.js';
import { captureValue } from '../closure/out/capture.js';
import type { StructParts, Structs } from '../closure/values/structs.js';
import { share } from '../heap/copy.js';
import { describe } from '../heap/errors.js';
import type { SharedMap } from '../heap/map.js';
import { mapRoot, STRUCTS } from '../heap/roots.js';
import { knownShape, type Shape, shapeOfText, shapeTextOf } from '../heap/shapes.js';
import { atomic } from '../memory/atomics.js';
import { H_SLOTS, H_STRUCTS_IMPORTING } from '../memory/layout.js';
import { type Parcel, packetIn, parcelOf, unpack } from '../parcel/parcel.js';
import { type Behaviour, behaviourOf, copyMethods } from './behaviour.js';
import { type FieldType, LAYOUTS } from './fields.js';
import type { AnyClass, Fields, NoClass, StructClass } from './struct-types.js';

export type { StructClass } from './struct-types.js';

interface Definition {
  fields: string;
  source: string;
  /** In one piece: two threads that define the struct at once both write it. */
  code: Code | undefined;
  failure: string | undefined;
}

interface Code {
  readonly parcel: Parcel;
  /** Whether the packet names modules that a thread may have to import first. */
  readonly imports: boolean;
}

interface Known extends StructParts {
  readonly Class: object;
  readonly shape: Shape;
}

/** Structs of this thread, by name and by class. */
const known = new Map<string, Known>();
const byClass = new WeakMap<object, Known>();

/** Structs whose methods other threads cannot find yet. */
const unpublished: Known[] = [];

/**
 * Declares a struct: a name, which is one for the whole process, its fields, and a class with its methods, getters and statics. The class
 * may extend another struct's: then it has that one's fields as well. A constructor or field initialisers of the class run for new
 * instances.
 *
 * @returns the class. `new Account({ owner: 'Ann' })` or `new Account('Ann', 10)` make instances that all threads share.
 * @throws TypeError if the name is taken by a struct that is defined differently, in whatever thread; for wrong fields.
 * @example
 * const Account = struct('Account', { owner: t.string, balance: t.f64 }, class {
 *   declare balance: number;
 *   deposit(amount: number) { this.balance += amount; }
 * });
 * const account = new Account({ owner: 'Ann' });
 * account.deposit(5);
 */
export function struct<const F extends Fields, C extends AnyClass = NoClass>(
  name: string,
  fields: F,
  methods?: C,
): StructClass<F, C> {
  checkArguments(name, fields, methods);
  const source = methods === undefined ? '' : Function.prototype.toString.call(methods);
  const all = JSON.stringify([
    ...inherited(name, methods),
    ...(Object.entries(fields) as [string, FieldType][]).map(([key, { type }]) => [key, type]),
  ]);
  return define({ name, fields: all, source, methods: methods as never }) as StructClass<F, C>;
}

function checkArguments(name: string, fields: unknown, methods: unknown): void {
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`a struct has a name, and ${describe(name)} is none`);
  if (typeof fields !== 'object' || fields === null) {
    throw new TypeError(
      `struct ${name} needs its fields, such as { owner: t.string, balance: t.f64 }, not ${describe(fields)}`,
    );
  }
  for (const [key, type] of Object.entries(fields) as [string, FieldType | undefined][]) {
    if (typeof type !== 'object' || type === null || !LAYOUTS.has(type.type)) {
      throw new TypeError(
        `field '${key}' of struct ${name} has no type: give one of t, such as t.f64 or t.any, not ${describe(type)}`,
      );
    }
  }
  if (
    methods !== undefined &&
    (typeof methods !== 'function' || !/^class\b/.test(Function.prototype.toString.call(methods)))
  ) {
    throw new TypeError(`the methods of struct ${name} are a class, not ${describe(methods)}`);
  }
}

/** Fields of the struct that a class extends. */
function inherited(name: string, methods: object | undefined): [string, string][] {
  const base: unknown = methods === undefined ? null : Object.getPrototypeOf(methods);
  if (base === Function.prototype || base === null) return [];
  const struct = byClass.get(base as object);
  if (struct === undefined)
    throw new TypeError(
      `the class of struct ${name} extends a class that is not a struct, whose fields would not be shared: declare that as a struct too`,
    );
  return JSON.parse(struct.fields) as [string, string][];
}

function define(parts: StructParts): object {
  const here = known.get(parts.name);
  if (here !== undefined) {
    agree(parts, here.fields, here.source);
    return here.Class;
  }
  const definitions = mapRoot(STRUCTS) as SharedMap<string, Definition>;
  const { fields, source } = parts;
  const definition =
    definitions.get(parts.name) ??
    definitions.getOrInsert(parts.name, share({ fields, source, code: undefined, failure: undefined }) as Definition);
  agree(parts, definition.fields, definition.source);
  const made = make(parts);
  if (definition.code === undefined && definition.failure === undefined) {
    unpublished.push(made);
    if (atomic.load(H_SLOTS) > 1) publishStructs();
  }
  return made.Class;
}

/** Two definitions of one name must be the same. */
function agree({ name, fields, source }: StructParts, otherFields: string, otherSource: string): void {
  if (fields !== otherFields) {
    const [mine, theirs] = [fields, otherFields].map((text) => JSON.parse(text) as [string, string][]) as [
      [string, string][],
      [string, string][],
    ];
    const at = mine.findIndex(([key, type], index) => theirs[index]?.[0] !== key || theirs[index]?.[1] !== type);
    const show = (field: [string, string] | undefined): string =>
      field === undefined ? 'nothing' : `${field[0]}: t.${field[1]}`;
    const index = at < 0 ? mine.length : at;
    throw new TypeError(
      `struct ${name} is defined differently elsewhere: here its field ${index + 1} is ${show(mine[index])}, there ${show(theirs[index])}. A name is one struct in all threads`,
    );
  }
  if (source !== otherSource) {
    throw new TypeError(
      `struct ${name} is defined differently elsewhere: its class has another text. A name is one struct in all threads`,
    );
  }
}

function make(parts: StructParts): Known {
  const { name, methods } = parts;
  const fields = JSON.parse(parts.fields) as [string, string][];
  const names = fields.map(([key]) => key);
  const twice = names.find((key, at) => names.indexOf(key) !== at);
  if (twice !== undefined)
    throw new TypeError(`struct ${name} has the field '${twice}' twice, one of them from the struct that it extends`);
  const text = shapeTextOf(
    name,
    fields.map(([key, type]) => [key, LAYOUTS.get(type)!.layout] as const),
  );
  if (knownShape(text) !== undefined) throw new Error(`the shape of struct ${name} was made without it`);
  const initial = new Map(
    fields.map(([key, type]) => [key, LAYOUTS.get(type)!.initial] as const).filter(([, word]) => word !== 0),
  );
  const behaviour: Behaviour = { ...behaviourOf(name, names, methods), initial };
  const shape = shapeOfText(text, behaviour);
  const Class = shape.Class;
  if (methods !== undefined) copyMethods(name, Class, methods, names);
  const made: Known = { ...parts, Class, shape };
  known.set(name, made);
  byClass.set(Class, made);
  return made;
}

/** Leaves the methods of this thread's structs where other threads find them. Before there is another thread that could look. */
export function publishStructs(): void {
  const definitions = mapRoot(STRUCTS) as SharedMap<string, Definition>;
  for (const made of unpublished.splice(0)) {
    const definition = definitions.get(made.name)!;
    if (definition.code !== undefined) continue;
    try {
      const what = `struct ${made.name}`;
      const captured = captureValue(made.Class, what);
      const imports = namesModules(captured);
      definition.code = { parcel: parcelOf(captured), imports };
      if (imports) atomic.add(H_STRUCTS_IMPORTING, 1);
    } catch (error) {
      // The struct's fields work everywhere; its methods say this where they are called.
      definition.failure = error instanceof Error ? error.message : String(error);
    }
  }
}

/** How many of the structs that import this thread has looked at. */
let importing = 0;

/** A promise for the modules that methods of structs use, if this thread does not know all of those structs. */
export function importForStructs(): Promise<unknown> | undefined {
  const now = atomic.load(H_STRUCTS_IMPORTING);
  if (now === importing) return undefined;
  importing = now;
  const waits: unknown[] = [];
  for (const [name, { code }] of mapRoot(STRUCTS) as SharedMap<string, Definition>) {
    // A module that cannot be imported is told of by the method that uses it.
    if (code?.imports === true && !known.has(name)) waits.push(importsOf(packetIn(code.parcel)));
  }
  return Promise.all(waits);
}

/** An instance of a struct that this thread has not defined. */
export function meetStruct(name: string): void {
  const definition = (mapRoot(STRUCTS) as SharedMap<string, Definition>).get(name);
  if (definition === undefined || known.has(name)) return;
  const { fields, source, code, failure } = definition;
  let reason = failure ?? 'the thread that defined it has not said how';
  if (code !== undefined) {
    const rebuilt = unpack(code.parcel);
    if (!(rebuilt instanceof Promise)) return;
    rebuilt.catch(() => {});
    reason =
      'they use modules that this thread has not imported: define the struct before the thread starts, or capture it in its function';
  }
  make({ name, fields, source: source === '' ? '' : source, methods: undefined });
  if (source !== '') missMethods(name, reason);
}

/** A struct whose methods this thread could not get: they say so. */
function missMethods(name: string, reason: string): void {
  const { prototype } = known.get(name)!.Class as { prototype: object };
  const fallback = new Proxy(Object.getPrototypeOf(prototype) as object, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver);
      if (found !== undefined || typeof key === 'symbol' || key === 'then') return found;
      throw new TypeError(`${key} of struct ${name} is not known in this thread: ${reason}`);
    },
  });
  Object.setPrototypeOf(prototype, fallback);
}

/** How classes of structs travel. */
export const structs: Structs = { partsOf: (fn) => byClass.get(fn), define };
