// Data that the platform's own clone copies exactly: it needs no table of nodes.
import { flagsOf, isIndex } from './attributes.js';

/** What a slot holds as it is. */
export const isPrimitive = (value: unknown): boolean =>
  typeof value === 'object' ? value === null : typeof value !== 'function' && typeof value !== 'symbol';

export function isFlatObject(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype || !Object.isExtensible(value)) return false;
  for (const key of Reflect.ownKeys(value)) {
    const found = Object.getOwnPropertyDescriptor(value, key)!;
    if (typeof key === 'symbol' || !isPrimitive(found.value) || !('value' in found) || flagsOf(found) !== 0)
      return false;
  }
  return true;
}

/** Above this, looking for properties that are not elements costs more than they are likely. */
const LONG_ARRAY = 1000;

export function isFlatArray(value: unknown[]): boolean {
  if (!Object.isExtensible(value)) return false;
  if (value.length <= LONG_ARRAY) {
    return Reflect.ownKeys(value).every((key) => {
      const found = Object.getOwnPropertyDescriptor(value, key)!;
      return (
        key === 'length' ||
        (isPrimitive(found.value) && flagsOf(found) === 0 && 'value' in found && isIndex(String(key)))
      );
    });
  }
  for (const item of value) if (!isPrimitive(item)) return false;
  return true;
}
