// Classes of shared records for the benchmarks.

import * as heddle from 'heddle';
import { shapeOfText, shapeTextOf } from '#heddle/heap/shapes.js';

type FieldType = 'f64' | 'i32' | 'any' | 'string';
interface WithStructs {
  readonly struct?: (name: string, fields: Record<string, unknown>) => new () => never;
  readonly t?: Record<FieldType, unknown>;
}

/** A struct with these fields. */
export function heapClass<T>(name: string, fields: Partial<Record<keyof T & string, FieldType>>): new () => T {
  const { struct, t } = heddle as WithStructs;
  const entries = Object.entries(fields) as [string, FieldType][];
  if (struct === undefined || t === undefined) {
    const layouts = entries.map(([field, type]) => [field, type === 'f64' ? 'number' : 'word'] as const);
    return shapeOfText(shapeTextOf('', layouts)).Class as unknown as new () => T;
  }
  return struct(name, Object.fromEntries(entries.map(([field, type]) => [field, t[type]])));
}
