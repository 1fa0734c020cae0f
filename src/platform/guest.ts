// Values for a test that runs in a context of its own: they are of that context's classes, as if its own code had made them, so that the
// test's comparisons and its `instanceof` hold.
import { types } from 'node:util';
import { FAMILIAR, type Guest, guest } from './outside.js';

const CLASSES = [
  ...FAMILIAR.filter((name) => name !== 'Promise'),
  ...['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array'],
  ...['Uint8Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView', 'ArrayBuffer', 'SharedArrayBuffer'],
];

type Prototypes = ReadonlyMap<object | null, object>;
let known: { readonly of: Guest; readonly prototypes: Prototypes } | undefined;

/** The guest's prototypes by those here; undefined = there is no guest. */
function guestPrototypes(): Prototypes | undefined {
  const current = guest();
  if (current === undefined) return undefined;
  if (known?.of !== current) {
    const prototypes = new Map<object | null, object>();
    for (const name of CLASSES) {
      const [here, there] = [globalThis, current.global].map(
        (global) => (global as Record<string, { prototype?: object } | undefined>)[name]?.prototype,
      );
      if (here !== undefined && there !== undefined && here !== there) prototypes.set(here, there);
    }
    known = { of: current, prototypes };
  }
  return known.prototypes;
}

/** Gives a new object to the guest, if there is one. */
export function giveToGuest(value: unknown): void {
  const prototypes = guestPrototypes();
  if (prototypes !== undefined) give(value, prototypes);
}

function give(value: unknown, prototypes: Prototypes): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  const prototype = prototypes.get(Object.getPrototypeOf(value));
  if (prototype !== undefined) Reflect.setPrototypeOf(value, prototype);
  return true;
}

/** The same for plain data, with all that is in it. */
export function giveAllToGuest<T>(root: T): T {
  const prototypes = guestPrototypes();
  if (prototypes === undefined) return root;
  const met = new Set<unknown>([root]);
  for (const value of met) {
    if (!give(value, prototypes) || ArrayBuffer.isView(value)) continue;
    if (types.isMap(value)) for (const entry of value) for (const part of entry) met.add(part);
    else if (types.isSet(value)) for (const part of value) met.add(part);
    for (const key of Reflect.ownKeys(value)) met.add(Object.getOwnPropertyDescriptor(value, key)!.value);
  }
  return root;
}
