// What a function is called in labels, reports and errors.
import type { CodeRecord } from '../graph.js';
import { showPosition } from '../text/maps.js';

/** "function work at /abs/path/app.ts:12:7" */
export function labelOf(name: string, record: Pick<CodeRecord, 'form' | 'file' | 'line' | 'column' | 'map'>): string {
  const kind = record.form === 'class' ? 'class' : 'function';
  let place = places.get(record);
  if (place === undefined) {
    const { file, line, column, map } = record;
    place = file === '' ? 'text without a file' : showPosition({ file, line: line + 1, column: column + 1, map });
    places.set(record, place);
  }
  return `${name ? `${kind} ${name}` : '<anonymous>'} at ${place}`;
}

/** Where the texts of functions are. */
const places = new WeakMap<object, string>();

/** The function's name, whatever the program made of the property. */
export function nameOf(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}
