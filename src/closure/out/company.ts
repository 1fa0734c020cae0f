// Things that travel with a shared object besides its cell: own properties, and fields that a program's subclass has added. The receiver gets
// copies of them, on its object for the cell. Few objects have such things, and they say so themselves.
import { SyncCell } from '../../sync/cell.js';
import { hiddenStateOf } from '../values/instances.js';
import { propertyPath } from '../values/paths.js';
import type { Encoder, Pending } from './encoder.js';

export interface Company {
  /** The prototype that the receiver's object has by itself. */
  readonly base: object;
  /** Nothing of it can change. */
  readonly constant: boolean;
}

/** The method that says whether an object takes something along now; undefined = it does not. */
export const COMPANY: unique symbol = Symbol('heddle.company');

/** Adds to the node of a shared object what it takes along. */
export function encodeCompany(encoder: Encoder, pending: Pending): void {
  const { value, index, path } = pending;
  if (!(value instanceof SyncCell)) return;
  const company = (value as { [COMPANY]?: () => Company | undefined })[COMPANY]?.();
  if (company === undefined) return;
  const { base, constant } = company;
  if (!constant) encoder.changing = true;
  const prototype: object = Object.getPrototypeOf(value);
  if (prototype !== base) {
    const hidden = hiddenStateOf(value, false, encoder.inspections, base);
    if (hidden) {
      encoder.leave(pending, hidden);
      return;
    }
    encoder.nodes[index]![2] = encoder.slot(prototype, propertyPath(path, '__proto__', value));
  }
  encoder.finish(index, value, path);
}
