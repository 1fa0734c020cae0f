// Data that the platform's own clone copies exactly: it needs no table of nodes.
import { hasNamedKeys } from '../../platform/insides.js';
import { flagsOf, isIndex } from '../attributes.js';

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

/** Above this, the keys of an array are not listed where that can be left out. */
export const LONG_ARRAY = 1000;

/** Elements that are looked at to tell whether most of them are not there. */
const SAMPLES = 64;

/** Whether an array has few elements for its length, which may be 2 ** 32 - 1: then its keys are fewer than its indexes. */
function isSparse(value: unknown[]): boolean {
  const step = value.length / SAMPLES;
  let found = 0;
  for (let sample = 0; sample < SAMPLES; sample++) if (Object.hasOwn(value, Math.floor(sample * step))) found++;
  return found * 2 < SAMPLES;
}

export function isFlatArray(value: unknown[]): boolean {
  if (!Object.isExtensible(value)) return false;
  if (value.length <= LONG_ARRAY || isSparse(value) || hasNamedKeys(value)) {
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

/** The elements of a flat array, and its length. The platform's own way to copy one takes as long as the array is, however few they are. */
export function copyOfFlat(value: unknown[]): unknown[] {
  if (value.length <= LONG_ARRAY || !isSparse(value)) return value.slice();
  const copy: unknown[] = [];
  for (const key of Object.keys(value)) copy[Number(key)] = value[Number(key)];
  copy.length = value.length;
  return copy;
}
