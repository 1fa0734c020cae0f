// What can be asked of records, whatever their shape.

import { V } from '../memory/memory.js';
import { ArrayCell, COUNT } from './array-cell.js';
import { type Copy, define, definePlain, describeRecordsWith, type PlainKind } from './plain.js';
import { defineShapes, shapeOfCell } from './shapes.js';
import { TableCell } from './table-cell.js';
import { K_RECORD, KIND_MASK } from './types.js';
import { cellOf, standsFor } from './values.js';

/** The shape of a shared record; undefined for anything else. */
export function shapeOf(value: object): ReturnType<typeof shapeOfCell> | undefined {
  const cell = cellOf(value);
  if (cell === 0) return undefined;
  const header = V.I32[cell]!;
  return (header & KIND_MASK) === K_RECORD ? shapeOfCell(header) : undefined;
}

export function isRecord(value: object): boolean {
  return shapeOf(value) !== undefined;
}

/** Keys of a shared object: a record's fields, an array's indexes, a map's keys, a set's members. */
export function keysOf(of: object): unknown[] {
  const value = standsFor.get(of) ?? of;
  const shape = shapeOf(value);
  if (shape !== undefined) return shape.fields.map(({ name }) => name);
  if (ArrayCell.is(value)) return Array.from({ length: value[COUNT] }, (_, index) => index);
  if (TableCell.is(value)) return [...(value as unknown as { keys(): Iterable<unknown> }).keys()];
  return Object.keys(value);
}

/** Prototypes that have nothing but the name of a struct, which is what is printed of them. */
const shown = new Map<string, object>();

function shownPrototype(name: string): object {
  const known = shown.get(name);
  if (known !== undefined) return known;
  const { prototype } = { [name]: class {} }[name]!;
  shown.set(name, prototype);
  return prototype;
}

function copyInto(copy: object, value: object): Copy {
  const { fields } = shapeOf(value)!;
  return {
    copy,
    fill(plain) {
      for (const { name } of fields) define(copy, name, plain((value as Record<string, unknown>)[name]));
    },
  };
}

const plain: PlainKind = {
  is: isRecord,
  copy: (value) => copyInto({}, value),
  json: (value) => copyInto({}, value),
  show(value) {
    const { name } = shapeOf(value)!;
    return copyInto(name === '' ? {} : (Object.create(shownPrototype(name)) as object), value);
  },
};

/** Records: how a thread makes its object for one, and what is copied out and printed. */
export function defineRecords(): void {
  defineShapes();
  definePlain(plain);
  describeRecordsWith((record) => shapeOf(record)?.fields.map(({ name }) => name) ?? []);
}
