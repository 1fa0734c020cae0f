// What the platform knows of arrays and views, and JavaScript can only find out with much work, or not at all.

import { inspect } from 'node:util';
import { Serializer } from 'node:v8';
import { isSharedArrayBuffer } from './kinds.js';

/** The printer asks the engine for the keys that are no indexes, and for nothing else where no element is shown. */
const NO_ELEMENTS = {
  breakLength: Infinity,
  colors: false,
  compact: 3,
  customInspect: false,
  depth: 0,
  getters: false,
  maxArrayLength: 0,
  numericSeparator: false,
  showHidden: true,
  showProxy: false,
  sorted: false,
} as const;

/** Whether an array of more than one element has properties besides its elements and its length. Takes no longer for a long one. */
export function hasNamedKeys(array: unknown[]): boolean {
  const { length } = array;
  return inspect(array, NO_ELEMENTS) !== `[ ... ${length} more items, [length]: ${length} ]`;
}

interface Wire {
  transferArrayBuffer(id: number, buffer: ArrayBuffer): void;
  _getSharedArrayBufferId: () => number;
}

/** Whether a view becomes longer with its buffer, which can be resized. The last byte of its clone says so. */
export function followsLength(view: ArrayBufferView): boolean {
  const serializer = new Serializer();
  const wire = serializer as unknown as Wire;
  // So the buffer is named by a number, and not copied.
  if (isSharedArrayBuffer(view.buffer)) wire._getSharedArrayBufferId = () => 0;
  else wire.transferArrayBuffer(0, view.buffer as ArrayBuffer);
  serializer.writeValue(view);
  return (serializer.releaseBuffer().at(-1)! & 1) === 1;
}
