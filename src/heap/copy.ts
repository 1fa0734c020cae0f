// shared(): a graph of plain data becomes a graph of shared objects. What is met twice is one object, cycles stay.
//
//   1  look at everything, with what the program's getters and proxies do, and remember it
//   2  make the shared objects, empty
//   3  fill them, errors last
//
// An error in 1 leaves nothing behind; the program's code runs in no other step. No recursion: no graph is too deep.

import { SharedArray } from './array.js';
import { LENGTH_MAX, RESERVE } from './array-cell.js';
import { bufferOfView, isAnyBuffer, isDetached, shareBuffer, shareView } from './buffer.js';
import { shareDate } from './date.js';
import { fillError, shareError } from './error.js';
import { describe, ShareError } from './errors.js';
import { SharedMap } from './map.js';
import type { Layout } from './record-class.js';
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
}

export type Collector = (part: unknown, step: string) => void;

/** Plans for instances of the program's classes, by their prototype; src/data/struct.ts and locks need none, they are shared already. */
function copyGraph(root: object, where: string): object {
  const plans = new Map<object, Plan>();
  // Buffers that several views of one graph lie on are one buffer.
  const buffers = new Map<ArrayBufferLike, SharedArrayBuffer>();
  const bufferOf = (buffer: ArrayBufferLike): SharedArrayBuffer => {
    const known = buffers.get(buffer);
    if (known !== undefined) return known;
    const shared = shareBuffer(buffer);
    buffers.set(buffer, shared);
    return shared;
  };
  const queue: Found[] = [{ value: root, path: where }];
  for (const found of queue) {
    if (plans.has(found.value)) continue;
    plans.set(
      found.value,
      planFor(
        found,
        (part, step) => {
          if (typeof part === 'function' || typeof part === 'symbol') {
            if (typeof part === 'symbol' || cellOf(part) === 0) throw refusal(part, found.path + step);
          } else if (typeof part === 'object' && part !== null && !plans.has(part) && cellOf(part) === 0) {
            queue.push({ value: part, path: found.path + step });
          }
        },
        bufferOf,
      ),
    );
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
  for (const value of plans.keys()) get(value);
  for (const [value, plan] of plans) plan.fill?.(made.get(value)!, get);
  for (const [value, plan] of plans) plan.finish?.(made.get(value)!, get);
  return made.get(root)!;
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

function planFor(
  { value, path }: Found,
  part: Collector,
  bufferOf: (buffer: ArrayBufferLike) => SharedArrayBuffer,
): Plan {
  if (Array.isArray(value)) return arrayPlan(value, path, part);
  if (ArrayBuffer.isView(value)) {
    if (isDetached(bufferOfView(value))) throw refusal(value, path, DETACHED);
    return { make: () => shareView(value, bufferOf) };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return recordPlan(value, part);
  if (isAnyBuffer(value)) {
    if (isDetached(value)) throw refusal(value, path, DETACHED);
    return { make: () => bufferOf(value) };
  }
  if (accepts(mapSize, value)) return mapPlan(value as Map<unknown, unknown>, part);
  if (accepts(setSize, value)) return setPlan(value as Set<unknown>, part);
  if (accepts(Date.prototype.getTime, value)) return { make: () => shareDate(value as Date) };
  if (isError(value)) return errorPlan(value, part);
  throw refusal(value, path);
}

const isError = (value: object): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';

function arrayPlan(value: unknown[], path: string, part: Collector): Plan {
  const items: unknown[] = [];
  const length = Number(value.length);
  if (length > LENGTH_MAX)
    throw new RangeError(`${path} cannot be shared: it has ${length} elements, and ${LENGTH_MAX} are possible`);
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
      for (const item of items) array.push(get(item));
    },
  };
}

function recordPlan(value: object, part: Collector): Plan {
  const entries: [string, unknown][] = [];
  for (const key of Reflect.ownKeys(value)) {
    const found = Reflect.getOwnPropertyDescriptor(value, key);
    if (found === undefined || found.enumerable !== true) continue;
    if (typeof key === 'symbol') throw new ShareError(`a shared record cannot have the key ${String(key)}: use a text`);
    const item = (value as Record<string, unknown>)[key];
    entries.push([key, item]);
    part(item, `.${key}`);
  }
  const text = shapeTextOf(
    '',
    entries.map(([key, item]) => [key, layoutOf(item)] as const),
  );
  return {
    make: () => makeRecord(shapeOfText(text)),
    fill(made, get) {
      for (const [key, item] of entries) (made as Record<string, unknown>)[key] = get(item);
    },
  };
}

/** The first value picks the representation; either holds any value. */
const layoutOf = (value: unknown): Layout => (typeof value === 'number' ? 'number' : 'word');

function mapPlan(value: Map<unknown, unknown>, part: Collector): Plan {
  const entries: [unknown, unknown][] = [];
  Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
    entries.push([key, item]);
    part(key, `<key ${entries.length - 1}>`);
    part(item, `.get(${typeof key === 'object' ? '…' : describe(key)})`);
  });
  return {
    make: () => new SharedMap(),
    fill(made, get) {
      for (const [key, item] of entries) (made as SharedMap).set(get(key), get(item));
    },
  };
}

function setPlan(value: Set<unknown>, part: Collector): Plan {
  const members: unknown[] = [];
  Set.prototype.forEach.call(value, (member: unknown) => {
    members.push(member);
    part(member, `<member ${members.length - 1}>`);
  });
  return {
    make: () => new SharedSet(),
    fill(made, get) {
      for (const member of members) (made as SharedSet).add(get(member));
    },
  };
}

function errorPlan(value: Error, part: Collector): Plan {
  const own: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let count = 0;
  for (const key of Object.keys(value)) {
    if (key === 'stack' || key === 'message' || key === 'cause') continue;
    own[key] = (value as unknown as Record<string, unknown>)[key];
    count++;
  }
  // Not enumerable, and what an AggregateError is about.
  if (value instanceof AggregateError && Object.hasOwn(value, 'errors') && !('errors' in own)) {
    own['errors'] = value.errors;
    count++;
  }
  const properties = count === 0 ? undefined : own;
  if (properties !== undefined) part(properties, '');
  const cause = Object.hasOwn(value, 'cause') ? { value: value.cause } : undefined;
  if (cause !== undefined) part(cause.value, '.cause');
  const { stack } = value;
  const [name, message] = [String(value.name), String(value.message)];
  return {
    make: () => shareError({ name, message, stack } as Error),
    // Its properties are read from the record that they are in.
    finish(made, get) {
      fillError(made as Error, cause && { value: get(cause.value) }, get(properties) as object | undefined);
    },
  };
}

type Reason = readonly [what: string, remedy: string];

const DETACHED: Reason = ['memory that was transferred away', 'Share it before, or what it was transferred to'];

function refusal(value: unknown, path: string, [what, remedy]: Reason = reasonFor(value)): ShareError {
  return new ShareError(`${path} cannot be shared: it is ${what}. ${remedy}`);
}

function reasonFor(value: unknown): Reason {
  if (typeof value === 'function')
    return ['a function', 'Functions travel to threads as arguments or captures; methods belong into a struct'];
  if (typeof value === 'symbol') return [String(value), 'A symbol belongs to its thread: use a text'];
  const prototype = Object.getPrototypeOf(value) as object | null;
  const owner: unknown =
    prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const name = typeof owner === 'function' ? owner.name : '';
  if (/^(Promise|WeakMap|WeakSet|WeakRef|RegExp|Number|String|Boolean|Symbol|BigInt)$/.test(name)) {
    return [`a ${name}`, name === 'Promise' ? 'Await it, and share what it gives' : 'Share what it is made from'];
  }
  return [
    name === '' ? 'an object with a prototype of its own' : `an instance of ${name}`,
    'Declare its class with struct(name, fields, class), or share a plain object with its data',
  ];
}

copyWith(copyGraph);

/** The shared object for a value; primitives and what is shared already are themselves. */
export function share(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    if (typeof value === 'function' && cellOf(value) !== 0) return value;
    throw refusal(value, 'the value');
  }
  if (typeof value !== 'object' || value === null || cellOf(value) !== 0) return value;
  return copyGraph(value, 'the value');
}
