// What can be asked of records, whatever their shape.

import { V } from '../memory/memory.js';
import { ArrayCell, COUNT } from './array-cell.js';
import { define, definePlain, describeRecordsWith } from './plain.js';
import { shapeOfCell } from './shapes.js';
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

describeRecordsWith(
  (record) => shapeOf(record)?.fields.map(({ name }) => name) ?? [],
  (record) => shapeOf(record)?.name ?? '',
);

definePlain({
  is: isRecord,
  copy(value) {
    const copy = {};
    const names = shapeOf(value)!.fields.map(({ name }) => name);
    return {
      copy,
      fill(plain) {
        for (const name of names) define(copy, name, plain((value as Record<string, unknown>)[name]));
      },
    };
  },
});
