// Classes of shared records for the benchmarks.

import { struct, t } from 'heddle';

/** A struct with these fields. */
export function heapClass<T>(name: string, fields: Partial<Record<keyof T & string, keyof typeof t>>): new () => T {
  const types = Object.entries(fields).map(([field, type]) => [field, t[type as keyof typeof t]]);
  return struct(name, Object.fromEntries(types)) as unknown as new () => T;
}
