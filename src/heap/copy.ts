// shared(): a graph of plain data becomes a graph of shared objects. What is met twice is one object, cycles stay.
//
//   1  look at everything, with what the program's getters and proxies do, and remember it
//   2  make the shared objects, empty
//   3  fill them, errors last
//
// An error in 1 leaves nothing behind; the program's code runs in no other step. No recursion: no graph is too deep.

import { SharedArray } from './array.js';
import { LENGTH_MAX, RESERVE } from './array-cell.js';
import { attachmentPlan } from './attachment.js';
import { bufferOfView, isAnyBuffer, isDetached, shareBuffer, shareView } from './buffer.js';
import { shareDate } from './date.js';
import { factsOf, fillError, shareError } from './error.js';
import { describe, ShareError } from './errors.js';
import { SharedMap } from './map.js';
import { type Layout, noteFilled } from './record-class.js';
import { SharedSet } from './set.js';
import { makeRecord, shapeOfText, shapeTextOf } from './shapes.js';
import { cellOf, copyWith } from './values.js';

/** How to make the shared object of something that was looked at, and to fill it. `get` gives the shared value for one of its parts. */
interface Plan {
  make(get: (part: unknown) => unknown): object;
  fill?(made: object, get: (part: unknown) => unknown): void;
  /** As `fill`, when all others are full. */
  finish?(made: object, get: (part: unknown) => unknown): void;
}

interface Found {
  readonly value: object;
  readonly path: string;
  /** Reached through an error only: what cannot be shared is left out, and the error is shared without it. */
  readonly ofError: boolean;
}

/** Says that something has a part; `ofError` if that is because of an error. */
export type Collector = (part: unknown, step: string, ofError?: boolean) => void;

/** What plans are made with. */
interface Means {
  readonly part: Collector;
  /** Parts of errors that are left out. Complete when plans are carried out. */
  readonly left: ReadonlySet<unknown>;
  bufferOf(buffer: ArrayBufferLike): SharedArrayBuffer;
}

/** Plans for instances of the program's classes, by their prototype; src/data/struct.ts and locks need none, they are shared already. */
function copyGraph(root: object, where: string): object {
  const plans = new Map<object, Plan>();
  const left = new Set<unknown>();
  // Buffers that several views of one graph lie on are one buffer.
  const buffers = new Map<ArrayBufferLike, SharedArrayBuffer>();
  const bufferOf = (buffer: ArrayBufferLike): SharedArrayBuffer => {
    const known = buffers.get(buffer);
    if (known !== undefined) return known;
    const shared = shareBuffer(buffer);
    buffers.set(buffer, shared);
    return shared;
  };
  // Parts of errors come last: what is reached both ways may not be left out.
  const queue: Found[] = [{ value: root, path: where, ofError: false }];
  const later: Found[] = [];
  const plan = (found: Found): Plan => {
    const part: Collector = (part, step, ofError = found.ofError) => {
      if (typeof part === 'function' || typeof part === 'symbol') {
        if (typeof part === 'function' && cellOf(part) !== 0) return;
        if (!ofError) throw refusal(part, found.path + step);
        left.add(part);
      } else if (typeof part === 'object' && part !== null && !plans.has(part) && cellOf(part) === 0) {
        (ofError ? later : queue).push({ value: part, path: found.path + step, ofError });
      }
    };
    return planFor(found, { part, left, bufferOf });
  };
  for (const found of queue) if (!plans.has(found.value)) plans.set(found.value, plan(found));
  for (const found of later) {
    if (plans.has(found.value)) continue;
    try {
      plans.set(found.value, plan(found));
    } catch {
      left.add(found.value);
    }
  }
  const made = new Map<object, object>();
  const get = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    const done = made.get(part);
    if (done !== undefined) return done;
    const plan = plans.get(part);
    if (plan === undefined) return part;
    const object = plan.make(get);
    made.set(part, object);
    return object;
  };
  try {
    for (const value of plans.keys()) get(value);
    for (const [value, plan] of plans) plan.fill?.(made.get(value)!, get);
    for (const [value, plan] of plans) plan.finish?.(made.get(value)!, get);
    return made.get(root)!;
  } finally {
    // The engine may be about to optimize `get`. Until it has found a core to do so, it holds what `get` closes over.
    made.clear();
    plans.clear();
  }
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;

/** Whether a method of the platform's accepts the object: nothing of the program's runs. */
function accepts(check: (this: unknown) => unknown, value: object): boolean {
  try {
    check.call(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether a prototype is `Object.prototype`, of this realm or of another: a context of the `vm` module has its own. */
export function isPlainPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  if (Object.getPrototypeOf(prototype) !== null) return false;
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof made === 'function' && made.prototype === prototype && NATIVE_OBJECT.test(textOf.call(made));
}

const textOf = Function.prototype.toString;
const NATIVE_OBJECT = /^function Object\(\)\s*\{\s*\[native code\]/;

function planFor({ value, path }: Found, means: Means): Plan {
  const { part, bufferOf } = means;
  if (Array.isArray(value)) return arrayPlan(value, path, means);
  if (ArrayBuffer.isView(value)) {
    if (isDetached(bufferOfView(value))) throw refusal(value, path, DETACHED);
    return { make: () => shareView(value, bufferOf) };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || isPlainPrototype(prototype as object)) return recordPlan(value, means);
  if (isAnyBuffer(value)) {
    if (isDetached(value)) throw refusal(value, path, DETACHED);
    return { make: () => bufferOf(value) };
  }
  if (accepts(mapSize, value)) return mapPlan(value as Map<unknown, unknown>, means);
  if (accepts(setSize, value)) return setPlan(value as Set<unknown>, means);
  if (accepts(Date.prototype.getTime, value)) return { make: () => shareDate(value as Date) };
  if (isError(value)) return errorPlan(value, part, means.left);
  const make = attachmentPlan(value, (what, remedy) => refusal(value, path, [what, remedy]));
  if (make !== undefined) return { make };
  throw refusal(value, path);
}

const isError = (value: object): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';

function arrayPlan(value: unknown[], path: string, { part, left }: Means): Plan {
  const items: unknown[] = [];
  const length = Number(value.length);
  if (length > LENGTH_MAX)
    throw new RangeError(`${path} cannot be shared: it has ${length} elements, and at most ${LENGTH_MAX} are possible`);
  for (let at = 0; at < length; at++) {
    const item = value[at];
    items.push(item);
    if (typeof item === 'object' || typeof item === 'function' || typeof item === 'symbol') part(item, `[${at}]`);
  }
  return {
    make: () => new SharedArray(),
    fill(made, get) {
      const array = made as SharedArray;
      if (items.length > 0) array[RESERVE](items.length);
      for (const item of items) array.push(left.has(item) ? undefined : get(item));
    },
  };
}

function recordPlan(value: object, { part, left }: Means): Plan {
  const entries: [string, unknown][] = [];
  for (const key of Reflect.ownKeys(value)) {
    const found = Reflect.getOwnPropertyDescriptor(value, key);
    if (found === undefined || found.enumerable !== true) continue;
    if (typeof key === 'symbol')
      throw new ShareError(`a shared record cannot have the key ${String(key)}: use a string`);
    const item = (value as Record<string, unknown>)[key];
    entries.push([key, item]);
    part(item, `.${key}`);
  }
  const kept = (): [string, unknown][] => (left.size === 0 ? entries : entries.filter(([, item]) => !left.has(item)));
  return {
    make() {
      const text = shapeTextOf(
        '',
        kept().map(([key, item]) => [key, layoutOf(item)] as const),
      );
      return makeRecord(shapeOfText(text));
    },
    fill(made, get) {
      for (const [key, item] of kept()) (made as Record<string, unknown>)[key] = get(item);
      noteFilled(made);
    },
  };
}

/** The first value picks the representation; either holds any value. */
const layoutOf = (value: unknown): Layout => (typeof value === 'number' ? 'number' : 'word');

function mapPlan(value: Map<unknown, unknown>, { part, left }: Means): Plan {
  const entries: [unknown, unknown][] = [];
  Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
    entries.push([key, item]);
    part(key, `<key ${entries.length - 1}>`);
    part(item, `.get(${typeof key === 'object' ? '…' : describe(key)})`);
  });
  return {
    make: () => new SharedMap(),
    fill(made, get) {
      for (const [key, item] of entries)
        if (!left.has(key) && !left.has(item)) (made as SharedMap).set(get(key), get(item));
    },
  };
}

function setPlan(value: Set<unknown>, { part, left }: Means): Plan {
  const members: unknown[] = [];
  Set.prototype.forEach.call(value, (member: unknown) => {
    members.push(member);
    part(member, `<member ${members.length - 1}>`);
  });
  return {
    make: () => new SharedSet(),
    fill(made, get) {
      for (const member of members) if (!left.has(member)) (made as SharedSet).add(get(member));
    },
  };
}

/** What reading gives; undefined where the program's getter throws: an error still says what it can. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Own properties that are not enumerable, and what errors of the language are about. */
const HIDDEN = ['errors', 'error', 'suppressed'];

function errorPlan(value: Error, part: Collector, left: ReadonlySet<unknown>): Plan {
  const own: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const hidden = HIDDEN.filter((key) => Object.hasOwn(value, key) && !Object.keys(value).includes(key));
  for (const key of [...Object.keys(value), ...hidden]) {
    if (key === 'stack' || key === 'message' || key === 'cause' || key === 'name') continue;
    own[key] = read(value, key);
  }
  const properties = Object.keys(own).length === 0 ? undefined : own;
  if (properties !== undefined) part(properties, '', true);
  const cause = Object.hasOwn(value, 'cause') ? { value: read(value, 'cause') } : undefined;
  if (cause !== undefined) part(cause.value, '.cause', true);
  const facts = factsOf(value, read);
  return {
    make: () => shareError(facts),
    // Its properties are read from the record that they are in.
    finish(made, get) {
      const kept = cause !== undefined && !left.has(cause.value) ? { value: get(cause.value) } : undefined;
      fillError(made as Error, kept, get(properties) as object | undefined);
    },
  };
}

type Reason = readonly [what: string, remedy: string];

const DETACHED: Reason = [
  'memory that was transferred away',
  'Share it before the transfer, or share what it was transferred to',
];

/** Characters at either end of a long path that are shown. */
const SHOWN = 100;

const shorten = (path: string): string =>
  path.length > 3 * SHOWN ? `${path.slice(0, SHOWN)}…${path.slice(-SHOWN)}` : path;

function refusal(value: unknown, path: string, [what, remedy]: Reason = reasonFor(value)): ShareError {
  return new ShareError(`${shorten(path)} cannot be shared: it is ${what}. ${remedy}`);
}

function reasonFor(value: unknown): Reason {
  if (typeof value === 'function')
    return ['a function', 'Pass functions to threads as arguments, or capture them; put methods into a struct'];
  if (typeof value === 'symbol') return [String(value), 'A symbol belongs to its thread: use a string'];
  const prototype = Object.getPrototypeOf(value) as object | null;
  const owner: unknown =
    prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const name = typeof owner === 'function' ? owner.name : '';
  if (/^(Promise|WeakMap|WeakSet|WeakRef|RegExp|Number|String|Boolean|Symbol|BigInt)$/.test(name)) {
    return [`a ${name}`, name === 'Promise' ? 'Await it, and share the result' : 'Share what it is made from'];
  }
  // A class of the platform's, such as URL or File.
  if (name !== '' && (globalThis as Record<string, unknown>)[name] === owner) {
    const article = /^[AEIOaeio]/.test(name) ? 'an' : 'a';
    return [`${article} ${name}`, 'Share what it is made from, or pass it to threads as an argument'];
  }
  return [
    name === '' ? 'an object with a prototype of its own' : `an instance of ${name}`,
    'Declare its class with struct(name, fields, class), or share a plain object with its data',
  ];
}

/** From now on plain data that is put into a shared object becomes a shared copy. */
export function defineCopies(): void {
  copyWith(copyGraph);
}

/** The shared object for a value; primitives and what is shared already are themselves. */
export function share(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    if (typeof value === 'function' && cellOf(value) !== 0) return value;
    throw refusal(value, 'the value');
  }
  if (typeof value !== 'object' || value === null || cellOf(value) !== 0) return value;
  return copyGraph(value, 'the value');
}
