// Values that go as a whole: trees of plain data, which the platform's own clone copies exactly, and views of bytes. Most of what travels
// is that, and is not looked into any further.
import { isProxy } from '../../platform/kinds.js';
import { flagsOf, isIndex } from '../attributes.js';
import type { Node, Slot } from '../graph.js';
import { isFlatArray, isPrimitive, LONG_ARRAY } from '../values/flat.js';
import { exportOf } from '../values/packages.js';
import { globalNameOf } from '../values/wellknown.js';

/** The clone calls itself for each level: what is deeper takes the table of nodes, which does not. */
const DEEPEST = 64;

export interface Whole {
  readonly nodes: Node[];
  readonly roots: Slot[];
  readonly bytes: Uint8Array[];
}

/** Objects that are known by another name. */
type Taken = ReadonlyMap<object, unknown> | undefined;

/** The graph of values that go as a whole, if all do, and no object is in two of them, or in `taken`. */
export function wholeOf(values: readonly unknown[], taken: Taken): Whole | undefined {
  const whole = new Walk(taken);
  return values.every((value) => whole.add(value)) ? whole : undefined;
}

class Walk implements Whole {
  readonly nodes: Node[] = [];
  readonly roots: Slot[] = [];
  readonly bytes: Uint8Array[] = [];
  readonly #taken: Taken;
  /** Objects, and the root that they were found in. */
  #seen: Map<object, number> | undefined;

  constructor(taken: Taken) {
    this.#taken = taken;
  }

  /** False: the value needs more. */
  add(value: unknown): boolean {
    const index = this.nodes.length;
    if (isPrimitive(value)) this.roots.push(value as Slot);
    else if (typeof value !== 'object') return false;
    else if (ArrayBuffer.isView(value)) {
      this.roots.push([index]);
      return this.#view(value);
    } else {
      this.roots.push([index]);
      this.nodes.push(['raw', value]);
      return this.#isTree(value, index, 0);
    }
    return true;
  }

  /** Whether this is the first that is known of an object. */
  #isNew(object: object, root: number): boolean {
    this.#seen ??= new Map();
    if (this.#seen.has(object) || this.#taken?.has(object)) return false;
    this.#seen.set(object, root);
    return true;
  }

  #isTree(value: unknown, root: number, depth: number): boolean {
    if (isPrimitive(value)) return true;
    if (typeof value !== 'object' || depth > DEEPEST) return false;
    if (this.#seen?.get(value!) === root) return true;
    if (isProxy(value!) || !Object.isExtensible(value) || !this.#isNew(value!, root)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    const isArray = prototype === Array.prototype;
    if (isArray ? !Array.isArray(value) : prototype !== Object.prototype) return false;
    if (!isArray && (globalNameOf(value!) || exportOf(value!))) return false;
    if (isArray && (value as unknown[]).length > LONG_ARRAY && isFlatArray(value as unknown[])) return true;
    for (const key of Reflect.ownKeys(value!)) {
      if (isArray && key === 'length') continue;
      if (typeof key !== 'string' || (isArray && !isIndex(key))) return false;
      const found = Object.getOwnPropertyDescriptor(value, key)!;
      if (flagsOf(found) !== 0 || !('value' in found) || !this.#isTree(found.value, root, depth + 1)) return false;
    }
    return true;
  }

  #view(view: ArrayBufferView): boolean {
    const type = viewTypes.get(Object.getPrototypeOf(view) as object);
    if (type === undefined || !Object.isExtensible(view) || !this.#isNew(view, this.nodes.length)) return false;
    const { buffer, byteOffset, byteLength } = view;
    if (!isUsual(buffer) || !this.#isNew(buffer, this.nodes.length)) return false;
    const at = this.bytes.length;
    if (type === 'Buffer' && byteLength !== buffer.byteLength) {
      // Without the pool that it lies in.
      this.bytes.push(new Uint8Array(buffer, byteOffset, byteLength));
      this.nodes.push(['buffer', at]);
      return true;
    }
    this.bytes.push(new Uint8Array(buffer));
    const length = (view as Uint8Array).length;
    const bytes: Slot = [this.nodes.length + 1];
    this.nodes.push(['view', { type, buffer: bytes, offset: byteOffset, length }], ['bytes', { at }]);
    return true;
  }
}

/** What is neither shared nor resizable nor gone. */
const isUsual = (buffer: ArrayBufferLike): buffer is ArrayBuffer =>
  Object.getPrototypeOf(buffer) === ArrayBuffer.prototype &&
  buffer.byteLength > 0 &&
  (buffer as { resizable?: boolean }).resizable !== true;

/** Views that are exactly of one of the platform's classes, which all tell their length. */
const viewTypes = new Map<object, string>();
for (const name of [
  'Buffer',
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigUint64Array',
  'BigInt64Array',
]) {
  const Class = (globalThis as unknown as Record<string, { readonly prototype: object } | undefined>)[name];
  if (Class !== undefined) viewTypes.set(Class.prototype, name);
}
