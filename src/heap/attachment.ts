// Objects that no bytes can carry, only a message of the platform's: a Blob, a WebAssembly.Module, a key of `crypto`. The first time that one
// is sent it becomes the wrapper of a cell, and from then on it travels as a shared object does, by its address. The thread that meets the
// cell first gets an object of its own from the exchange of buffers, which is what the platform's clone gives: the same bytes, key or memory.

import { publishObject } from './buffer.js';
import { cellOf } from './values.js';

/**
 * The byte address of the cell of an object that a message can carry; the first call makes it. `bytes` are those that the object holds
 * outside of the engine's memory. Whoever sends the address holds the object until the receiver holds the cell.
 * @throws the platform's error for an object that no message carries.
 */
export function attachment(object: object, bytes = 0): number {
  if (cellOf(object) === 0) publishObject(object, bytes);
  return cellOf(object) * 4;
}
