// Trees of plain data, which the platform's own clone copies whole. Most of what travels is that, and needs no table of nodes.
import { isProxy } from '../platform/kinds.js';
import { flagsOf, isIndex } from './attributes.js';
import { isPrimitive } from './flat.js';
import { exportOf } from './packages.js';
import { globalNameOf } from './wellknown.js';

/** The clone calls itself for each level: what is deeper takes the table, which does not. */
const DEEPEST = 64;

/**
 * Whether each of these values is a primitive, or an object or array with nothing in it but what is so, and no object is in two of them, or in
 * `taken`: there it is known by another name.
 */
export function areTrees(values: readonly unknown[], taken: ReadonlyMap<object, unknown> | undefined): boolean {
  /** Objects, and which value they were found in. */
  const seen = new Map<object, number>();
  const isTree = (value: unknown, tree: number, depth: number): boolean => {
    if (isPrimitive(value)) return true;
    if (typeof value !== 'object' || depth > DEEPEST) return false;
    const found = seen.get(value!);
    if (found !== undefined) return found === tree;
    seen.set(value!, tree);
    if (isProxy(value!) || !Object.isExtensible(value) || taken?.has(value!)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) {
      if (!Array.isArray(value)) return false;
    } else if (prototype !== Object.prototype || globalNameOf(value!) || exportOf(value!)) return false;
    const isArray = prototype === Array.prototype;
    for (const key of Reflect.ownKeys(value!)) {
      if (isArray && key === 'length') continue;
      if (typeof key !== 'string' || (isArray && !isIndex(key))) return false;
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      if (flagsOf(property) !== 0 || !('value' in property) || !isTree(property.value, tree, depth + 1)) return false;
    }
    return true;
  };
  return values.every((value, tree) => isTree(value, tree, 0));
}
