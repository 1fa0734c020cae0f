// The text by which assert.deepStrictEqual, Jest, vitest and chai compare shared objects. They find no properties in a shared object, so any two
// would be equal. But all of them read `Symbol.toStringTag` first: it gives the content, and costs nothing unless it is read.

import { shownOf } from './plain.js';
import { CELL, cellOf, GONE } from './values.js';

/** So many parts are looked at; of others only which object they are in. */
const PARTS = 1_000_000;
/** Levels of a graph, for the same reason and for the stack. */
const DEPTH = 200;
/** Characters of the content that are told in full. */
const LONGEST = 200;

/** The tag of a shared object: its class's name, and its content. */
export function tagOf(object: object, name: string): string {
  const cell = (object as { [CELL]?: () => number })[CELL]?.() ?? 0;
  // The prototype itself, or an object whose scope has ended.
  if (cell === 0 || cell === GONE) return name;
  const text = contentOf(object);
  return `${name} ${text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… #${hashOf(text)}`}`;
}

function contentOf(root: object): string {
  const path: unknown[] = [];
  let left = PARTS;
  const textOf = (value: unknown): string => {
    left--;
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
    const above = path.lastIndexOf(value);
    if (above >= 0) return `<${path.length - above} up>`;
    if (left < 0 || path.length > DEPTH) return identityOf(value);
    path.push(value);
    try {
      return partsOf(value, textOf);
    } finally {
      path.pop();
    }
  };
  return textOf(shownOf(root));
}

function partsOf(value: object, textOf: (part: unknown) => string): string {
  if (Array.isArray(value)) return `[${Array.from(value, textOf).join()}]`;
  if (value instanceof Map)
    return `Map{${Array.from(value, ([key, item]) => `${textOf(key)}=>${textOf(item)}`)
      .sort()
      .join()}}`;
  if (value instanceof Set) return `Set{${Array.from(value, textOf).sort().join()}}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${bytes.join()})`;
  }
  if (value instanceof SharedArrayBuffer || value instanceof ArrayBuffer)
    return `Buffer(${new Uint8Array(value).join()})`;
  if (value instanceof Error) {
    const own = Object.keys(value).filter((key) => key !== 'stack');
    const parts = own.map((key) => `${key}:${textOf((value as never)[key])}`);
    return `${value.name}(${JSON.stringify(value.message)},${parts.join()},${'cause' in value ? textOf(value.cause) : ''})`;
  }
  // A lock, a queue, a future.
  if (cellOf(value) !== 0) return identityOf(value);
  const keys = Object.keys(value).sort();
  const { name } = value.constructor ?? Object;
  return `${name === 'Object' ? '' : name}{${keys.map((key) => `${JSON.stringify(key)}:${textOf((value as never)[key])}`).join()}}`;
}

const serials = new WeakMap<object, number>();
let serial = 0;

/** Which object of this thread it is. */
function identityOf(value: object): string {
  const cell = cellOf(value);
  if (cell !== 0) return `<object at ${cell * 4}>`;
  const known = serials.get(value) ?? ++serial;
  serials.set(value, known);
  return `<object ${known}>`;
}

/** 64 bits of a text: FNV-1a twice, with different offsets. */
function hashOf(text: string): string {
  let [one, other] = [0x811c9dc5, 0xc2b2ae35];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ (unit + at), 0x85ebca6b) ^ (other >>> 13);
  }
  return (one >>> 0).toString(16).padStart(8, '0') + (other >>> 0).toString(16).padStart(8, '0');
}
