// Objects that no bytes can carry, only a message of the platform's: a Blob, a WebAssembly.Module, a key of `crypto`. The first time that one
// is sent or shared it becomes the wrapper of a cell, and from then on it travels as a shared object does, by its address. The thread that meets
// the cell first gets an object of its own from the exchange of buffers, which is what the platform's clone gives: the same bytes, key or memory.

import { publishObject } from './buffer.js';
import { cellOf } from './values.js';

/**
 * The byte address of the cell of an object that a message can carry; the first call makes it. `bytes` are those that the object holds
 * outside of the engine's memory. The sender holds the object until the receiver holds the cell.
 * @throws the platform's error for an object that no message carries.
 */
export function attachment(object: object, bytes = 0): number {
  if (cellOf(object) === 0) publishObject(object, bytes);
  return cellOf(object) * 4;
}

/** What layers above know of the platform's objects. */
export interface Attachable {
  /** The bytes that an object holds outside of the engine's memory, if only messages carry it; undefined for any other. */
  bytes(object: object): number | undefined;
  /** Why a message does not carry it after all. */
  explain(object: object): { readonly what: string; readonly remedy?: string | undefined };
}

let known: Attachable | undefined;

export function recogniseAttachments(attachable: Attachable): void {
  known = attachable;
}

/** How an object becomes its own shared object, if it is one of those; `refuse` makes the error for one that no message carries. */
export function attachmentPlan(
  object: object,
  refuse: (what: string, remedy: string) => Error,
): (() => object) | undefined {
  const bytes = known?.bytes(object);
  if (bytes === undefined) return undefined;
  return () => {
    try {
      attachment(object, bytes);
      return object;
    } catch (error) {
      if ((error as Error).name === 'MemoryError') throw error;
      const { what, remedy = 'Share what it is made from' } = known!.explain(object);
      throw refuse(what, remedy);
    }
  };
}
