// Shapes: which fields a record has, and how they are laid out. Known to the whole process by a number, which is in each record's header;
// each thread makes its own class for a shape when it first meets one.
//
//   roots   SHAPE_IDS    text of a shape → its number
//           SHAPE_TEXTS  number → text
//   SHAPES_START + 4 * number   {tagged words, numbers}: all that the collector needs
//
// A shape's text is JSON: [name, [field, 'w' or 'n'] …]. Shapes are never given back.

import { atomic } from '../memory/atomics.js';
import { H_SHAPES, MAX_SHAPES, SHAPES_START } from '../memory/layout.js';
import { adopt } from './adopt.js';
import { classOf } from './allocate.js';
import { whole } from './cut.js';
import { MemoryError } from './errors.js';
import { tagOf } from './likeness.js';
import type { SharedMap } from './map.js';
import { jsonOf, printsItself, shownOf } from './plain.js';
import { type Field, type Layout, type Makings, makeRecordClass, noteClass, type RecordClass } from './record-class.js';
import { mapRoot, SHAPE_IDS, SHAPE_TEXTS } from './roots.js';
import { K_RECORD, SHAPE_SHIFT, SMALL_MAX } from './types.js';
import { defineKind } from './values.js';

export interface Shape {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly Field[];
  readonly Class: RecordClass;
}

/** A struct's own part in the making of its class. */
export type Behaviour = Pick<Makings, 'initialise' | 'always' | 'admit' | 'staged'> & {
  /** Words of new records that are not 0, by field. */
  readonly initial: ReadonlyMap<string, number>;
};

const byText = new Map<string, Shape>();
const byId: (Shape | undefined)[] = [];
const byClass = new WeakMap<object, Shape>();

/** Makes the class of a struct that this thread meets before it has defined it: src/data/struct.ts knows how. */
let meetStruct: (name: string, fields: readonly (readonly [string, Layout])[]) => void = () => {};

export function meetStructsWith(meet: typeof meetStruct): void {
  meetStruct = meet;
}

const PLAIN: Behaviour = {
  initial: new Map(),
  always: false,
  initialise(record, args) {
    throw new TypeError(
      `a shared record is not made by its class (${args.length} arguments for ${String(record)}): use shared() or struct()`,
    );
  },
  admit() {
    throw new TypeError('the class of a shared record cannot be extended: use struct(name, fields, class)');
  },
  staged() {
    throw new TypeError('the class of a shared record cannot be extended');
  },
};

export function shapeTextOf(name: string, fields: readonly (readonly [name: string, layout: Layout])[]): string {
  return JSON.stringify([name, ...fields.map(([field, layout]) => [field, layout[0]])]);
}

/** The shape of a text in this thread, made if it is new; `behaviour` is a struct's. */
export function shapeOfText(text: string, behaviour: Behaviour = PLAIN): Shape {
  return byText.get(text) ?? whole(() => makeShape(text, idOf(text), behaviour));
}

export const knownShape = (text: string): Shape | undefined => byText.get(text);

/** The shape that a class of this thread was made for. */
export const shapeOfClass = (Class: object): Shape | undefined => byClass.get(Class);

/** The shape of a wrapper, whatever its prototype says. */
export function shapeOfCell(header: number): Shape {
  return byId[header >>> SHAPE_SHIFT] ?? whole(() => shapeOfId(header >>> SHAPE_SHIFT));
}

function shapeOfId(id: number): Shape {
  const text = (mapRoot(SHAPE_TEXTS) as SharedMap<number, string>).get(id);
  if (text === undefined) throw new Error(`shape ${id} is not known`);
  const [name, ...fields] = JSON.parse(text) as [string, ...[string, string][]];
  if (name !== '')
    meetStruct(
      name,
      fields.map(([field, letter]) => [field, letter === 'w' ? 'word' : 'number']),
    );
  return byId[id] ?? makeShape(text, id, PLAIN);
}

/** The process's number for a text. The first thread that comes says which; if two race, the number of the other stays unused. */
function idOf(text: string): number {
  const ids = mapRoot(SHAPE_IDS) as SharedMap<string, number>;
  const known = ids.get(text);
  if (known !== undefined) return known;
  const id = atomic.add(H_SHAPES, 1) + 1;
  if (id >= MAX_SHAPES) {
    throw new MemoryError(
      `there are ${MAX_SHAPES} shapes of shared records already: use a Map for objects that differ in their keys`,
    );
  }
  const fields = (JSON.parse(text) as [string, ...[string, string][]]).slice(1) as [string, string][];
  const words = fields.filter(([, letter]) => letter === 'w').length;
  atomic.store(SHAPES_START + id * 4, words | ((fields.length - words) << 16));
  (mapRoot(SHAPE_TEXTS) as SharedMap<number, string>).set(id, text);
  return ids.getOrInsert(text, id);
}

/** Words follow the header; numbers follow them, aligned to 8 bytes. */
function layOut(fields: readonly (readonly [string, string])[]): { fields: Field[]; bytes: number } {
  const words = fields.filter(([, letter]) => letter === 'w').length;
  let word = 1;
  let number = (1 + words + 1) & ~1;
  const laid = fields.map(([name, letter]): Field => {
    if (letter === 'w') return { name, layout: 'word', offset: word++ };
    const offset = number;
    number += 2;
    return { name, layout: 'number', offset };
  });
  return { fields: laid, bytes: words === fields.length ? word * 4 : number * 4 };
}

function makeShape(text: string, id: number, behaviour: Behaviour): Shape {
  const [name, ...pairs] = JSON.parse(text) as [string, ...[string, string][]];
  const { fields, bytes } = layOut(pairs);
  if (bytes > SMALL_MAX)
    throw new TypeError(
      `a record of ${fields.length} fields takes ${bytes} bytes, and more than ${SMALL_MAX} are not possible: use a Map`,
    );
  const makings: Makings = {
    ...behaviour,
    initial: fields
      .filter((field) => behaviour.initial.has(field.name))
      .map((field) => [field.offset, behaviour.initial.get(field.name)!] as const),
    name: name === '' ? 'Object' : name,
    fields,
    header: (id << SHAPE_SHIFT) | K_RECORD,
    sizeClass: classOf(bytes),
    json: jsonOf,
    show: shownOf,
    own(record) {
      for (const { name: key } of fields)
        Object.defineProperty(record, key, Object.getOwnPropertyDescriptor(Class.prototype, key)!);
    },
  };
  const Class: RecordClass = makeRecordClass(makings);
  printsItself(Class.prototype as object);
  const shape = { id, name, fields, Class };
  for (const method of ['toJSON', 'constructor']) {
    const found = Object.getOwnPropertyDescriptor(Class.prototype, method);
    if (found !== undefined && 'value' in found)
      Object.defineProperty(Class.prototype, method, { ...found, enumerable: false });
  }
  for (const field of fields) Object.defineProperty(Class.prototype, field.name, { enumerable: true });
  // Here and not behind the guard: the engine does not look for it through a Proxy.
  Object.defineProperty(Class.prototype, Symbol.toStringTag, tag);
  Object.setPrototypeOf(Class.prototype, guard);
  noteClass(Class, makings);
  byText.set(text, shape);
  byId[id] = shape;
  byClass.set(Class, shape);
  return shape;
}

/** What records are compared by where no properties are seen in them (likeness.ts). */
class Compared {
  /** Itself: no two are equal. */
  valueOf(): this {
    return this;
  }

  toString(): string {
    return '[object Object]';
  }
}

Object.defineProperty(Compared.prototype, 'constructor', { value: Object });

const tag: PropertyDescriptor = {
  get(this: object) {
    return tagOf(this, 'Object');
  },
  configurable: true,
};

/** Behind all other prototypes of a record: a key that nobody knows cannot be added. */
const guard = new Proxy(Compared.prototype, {
  set(_target, key) {
    throw new TypeError(
      `a shared record has no field ${String(key)}, and no field can be added: give the object this key before you share it, or use a Map`,
    );
  },
});

/** How a thread makes its object for a record. */
export function defineShapes(): void {
  defineKind(K_RECORD, (cell, page, header) => adopt(shapeOfCell(header).Class, cell, page));
}

/** A new record of a shape, all of whose fields are undefined or 0. */
export const makeRecord = (shape: Shape): object => new shape.Class();
