// What a function is called in labels, reports and errors.
import type { CodeRecord } from '../graph.js';
import { showPosition } from '../text/maps.js';

/** "function work at /abs/path/app.ts:12:7" */
export function labelOf(
  name: string,
  { form, file, line, column, map }: Pick<CodeRecord, 'form' | 'file' | 'line' | 'column' | 'map'>,
): string {
  const kind = form === 'class' ? 'class' : 'function';
  const place = file === '' ? 'text without a file' : showPosition({ file, line: line + 1, column: column + 1, map });
  return `${name ? `${kind} ${name}` : '<anonymous>'} at ${place}`;
}

/** The function's name, whatever the program made of the property. */
export function nameOf(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}
