// Hostile values: what they do is an error, or what they say; the heap is valid afterwards, no lock is held, and all goes on.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import {
  allocateLock,
  indexed,
  isShared,
  keys,
  SharedArray,
  SharedMap,
  SharedSet,
  scope,
  shared,
  snapshot,
} from 'heddle';
import { checkHeap, collectAll } from '../support/heap.ts';

type Any = Record<PropertyKey, unknown>;

/** What is there before and must be there afterwards. */
const world = shared({
  word: 'word' as unknown,
  number: 1 as unknown,
  list: ['a', 'b'] as unknown[],
  map: new Map<unknown, unknown>([['k', 'v']]),
  set: new Set<unknown>(['m']),
});

class Hostile extends Error {}

/** Ways in for a value. */
const doors: Record<string, (value: unknown) => void> = {
  shared: (value) => void shared(value),
  'shared in a graph': (value) => void shared({ before: [1, {}], value, behind: new Map([[1, {}]]) }),
  'shared as a key': (value) => void shared(new Map([[value, value]])),
  'a word field': (value) => {
    world.word = value;
  },
  'a number field': (value) => {
    world.number = value;
  },
  push: (value) => void world.list.push(value),
  set: (value) => void world.list.set(0, value),
  'set behind the end': (value) => void world.list.set(world.list.length + 3, value),
  splice: (value) => void world.list.splice(0, 0, value, value),
  fill: (value) => void world.list.fill(value),
  unshift: (value) => void world.list.unshift(value),
  includes: (value) => void world.list.includes(value),
  "a map's value": (value) => void world.map.set('k', value),
  "a map's key": (value) => void world.map.set(value, 1),
  update: (value) => void world.map.update('k', () => value),
  getOrInsert: (value) => void world.map.getOrInsert('new', value),
  'map.get': (value) => void world.map.get(value),
  'map.has': (value) => void world.map.has(value),
  'map.delete': (value) => void world.map.delete(value),
  add: (value) => void world.set.add(value),
  'set.has': (value) => void world.set.has(value),
  isShared: (value) => void isShared(value),
  snapshot: (value) => void snapshot(value),
  keys: (value) => void keys(value as object),
  indexed: (value) => void indexed(value as never),
  'new SharedMap': (value) => void new SharedMap(value as never),
  'new SharedSet': (value) => void new SharedSet(value as never),
  'a length': (value) => {
    world.list.length = value as never;
  },
  'an index': (value) => void world.list.at(value as never),
  concat: (value) => void world.list.concat(value as never),
  scope: (value) => void scope(() => value),
};

/** Puts a value through every door; errors may be any, but nothing of the heap's insides, and all goes on. */
function assault(make: () => unknown, through: Readonly<Record<string, (value: unknown) => void>> = doors): void {
  for (const [door, enter] of Object.entries(through)) {
    try {
      enter(make());
    } catch (error) {
      assert.ok(error instanceof Error, `${door}: threw ${String(error)}`);
      assert.doesNotMatch(
        String(error),
        /holds a cell of kind|is not known$|out of bounds|unreachable|undefined \(reading/,
        door,
      );
    }
  }
  if (assaults % 5 === 0) checkHeap();
  world.word = 'word';
  world.number = 1;
  world.list.clear();
  world.list.push('a', 'b');
  world.map.clear();
  world.map.set('k', 'v');
  world.set.clear();
  world.set.add('m');
  assert.deepEqual(snapshot(world), {
    word: 'word',
    number: 1,
    list: ['a', 'b'],
    map: new Map([['k', 'v']]),
    set: new Set(['m']),
  });
  if (++assaults % 50 === 0) collectAll();
}

let assaults = 0;

afterEach(() => {
  collectAll();
  checkHeap();
});

const throwing = (): never => {
  throw new Hostile('no');
};

test('accessors that throw, in every kind of object', () => {
  assault(() => Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: throwing }));
  assault(() => Object.defineProperty([1, 2], 1, { get: throwing }));
  assault(() => Object.assign(new Error('x'), Object.defineProperty({}, 'y', { get: throwing })));
  assault(() => Object.defineProperty(new Error('x'), 'cause', { get: throwing }));
  assault(() => Object.defineProperty(new Error('x'), 'message', { get: throwing }));
  assault(() => Object.defineProperty(new Uint8Array(4), 'buffer', { get: throwing }));
  assault(() => Object.defineProperty(new ArrayBuffer(4), 'byteLength', { get: throwing }));
  assault(() => Object.defineProperty(new Map([[1, 2]]), 'size', { get: throwing }));
});

test('accessors that change the very containers that are being filled', () => {
  const meddling = (): object => ({
    first: 1,
    get meddle() {
      world.list.push('meddled');
      world.list.shift();
      world.list.length = 0;
      world.map.clear();
      world.map.set('k', { in: 1 }).delete('other');
      world.set.add({}).add(1);
      world.word = ['meddled'];
      world.number = { meddled: true };
      world.list.sort().reverse();
      return 'done';
    },
    last: { deep: [] },
  });
  // What an update is made of would change the entry again each time: it would never be done.
  const { update, ...others } = doors;
  assault(meddling, others);
  assault(() => [meddling(), meddling()], others);
  assert.ok(update);
});

test('accessors that collect, open scopes and share', () => {
  assault(() => ({
    kept: {},
    get busy() {
      collectAll();
      scope(() => shared({ inner: [1] }));
      for (let n = 0; n < 500; n++) shared({ n });
      return shared({ of: 'a getter' });
    },
    after: [shared({ a: 1 })],
  }));
  assault(() => ({
    get value() {
      return scope(() => [shared({ gone: 1 })])[0];
    },
  }));
});

test('proxies with traps that throw, one after the other', () => {
  const traps = [
    'get',
    'has',
    'ownKeys',
    'getOwnPropertyDescriptor',
    'getPrototypeOf',
    'set',
    'defineProperty',
    'isExtensible',
  ] as const;
  for (const trap of traps) {
    for (const target of [
      { a: 1 },
      [1, 2],
      new Map([[1, 2]]),
      new Date(),
      new Error('x'),
      new Uint8Array(2),
      shared({ a: 1 }),
      shared([1]),
      () => {},
    ]) {
      assault(() => new Proxy(target as object, { [trap]: throwing }));
    }
  }
});

test('proxies that lie', () => {
  const lies: ProxyHandler<never>[] = [
    { get: () => -1 },
    { get: (_target, key) => (key === 'length' ? Number.MAX_SAFE_INTEGER : 0) },
    { get: (_target, key) => (key === 'length' ? { valueOf: () => 3 } : 'x') },
    { get: (_target, key) => (key === 'length' ? 2n : 'x') },
    { get: (_target, key) => (key === 'length' ? Symbol('length') : 'x') },
    { get: () => () => 16 },
    { getPrototypeOf: () => Map.prototype },
    { getPrototypeOf: () => SharedMap.prototype },
    { getPrototypeOf: () => Error.prototype },
    { getPrototypeOf: () => Object.prototype },
    { getPrototypeOf: () => null },
    { ownKeys: () => ['a', 'b', 'length'] },
  ];
  for (const lie of lies) {
    for (const target of [{ a: 1 }, [1, 2], new Map(), shared({ a: 1 }), shared([1]), shared(new Map())])
      assault(() => new Proxy(target as never, lie));
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assault(() => proxy);
  assault(() => [proxy]);
});

test('objects with hostile methods that others call', () => {
  for (const key of [
    Symbol.toPrimitive,
    Symbol.iterator,
    Symbol.toStringTag,
    Symbol.species,
    'toString',
    'valueOf',
    'toJSON',
    'then',
    'constructor',
    'length',
    'name',
  ]) {
    assault(() => ({ [key]: throwing }));
    assault(() => Object.create({ [key]: throwing }) as object);
    assault(() => Object.defineProperty(Object.create(null) as object, key, { get: throwing }));
    assault(() => Object.defineProperty([1], key, { value: throwing }));
    assault(() => Object.defineProperty(new Map([[1, 2]]), key, { value: throwing }));
    assault(() => Object.defineProperty(new Date(5), key, { get: throwing }));
    assault(() =>
      Object.defineProperty(new Error('x'), key, { value: { toString: throwing, [Symbol.toPrimitive]: throwing } }),
    );
  }
});

test('objects that say that they are what they are not', () => {
  for (const tag of [
    'SharedArrayBuffer',
    'ArrayBuffer',
    'Error',
    'Map',
    'Set',
    'Date',
    'SharedMap',
    'Uint8Array',
    'DataView',
  ]) {
    const prototype = {
      get [Symbol.toStringTag]() {
        return tag;
      },
    };
    assault(() => Object.create(prototype) as object);
    assault(() =>
      Object.assign(Object.create(prototype) as object, {
        byteLength: 16,
        buffer: new ArrayBuffer(8),
        size: 3,
        message: 5,
      }),
    );
    assault(() => Object.defineProperty({}, Symbol.toStringTag, { value: tag }));
  }
  for (const Class of [
    Map,
    Set,
    Date,
    Error,
    ArrayBuffer,
    SharedArrayBuffer,
    Uint8Array,
    DataView,
    Array,
    Promise,
    SharedMap,
    SharedSet,
    SharedArray,
  ]) {
    assault(() => Object.create(Class.prototype) as object);
    assault(() => Object.setPrototypeOf({ a: 1 }, Class.prototype) as object);
    assault(() => Object.setPrototypeOf([1], Class.prototype) as object);
    assault(() => Object.setPrototypeOf(new Map([[1, 2]]), Class.prototype) as object);
    assault(() => Object.setPrototypeOf(new Uint8Array(3), Class.prototype) as object);
    assault(() => Object.setPrototypeOf(new SharedArrayBuffer(3), Class.prototype) as object);
  }
});

test('views whose properties lie about their memory', () => {
  const lying = (view: object, lies: Any): object => {
    for (const [key, value] of Object.entries(lies)) Object.defineProperty(view, key, { value });
    return view;
  };
  for (const make of [
    () => new Uint8Array(4),
    () => new Float64Array(2),
    () => new DataView(new ArrayBuffer(8)),
    () => Buffer.from('abcd'),
  ]) {
    assault(() => lying(make(), { buffer: {} }));
    assault(() =>
      lying(make(), { buffer: new SharedArrayBuffer(1), byteOffset: 100, byteLength: 2 ** 40, length: -1 }),
    );
    assault(() => lying(make(), { buffer: new ArrayBuffer(0), constructor: throwing }));
  }
  assault(() => lying(new ArrayBuffer(8), { byteLength: 2 ** 40 }));
  assault(() => lying(new SharedArrayBuffer(8), { byteLength: NaN }));
  const view = shared(lying(new Uint8Array([1, 2]), { byteLength: 2 ** 40, length: 99 })) as Uint8Array;
  assert.deepEqual([view.byteLength, ...view], [2, 1, 2]);
});

test('objects that pretend to be shared', () => {
  const [record, list, map] = [shared({ a: 1, inner: { b: 2 } }), shared([1]), shared(new Map([['k', 1]]))];
  for (const real of [
    record,
    list,
    map,
    allocateLock(),
    shared(new Date()),
    shared(new Error('x')),
    shared(new Uint8Array(1)),
  ] as object[]) {
    assault(() => Object.create(real) as object);
    assault(() => ({ __proto__: real }));
    assault(() => Object.assign(Object.create(Object.getPrototypeOf(real) as object) as object, { a: 1 }));
    assault(() => new Proxy(real, {}));
    for (const symbol of symbolsOf(real)) {
      for (const answer of [
        () => 4,
        () => 0,
        () => -4,
        () => 2 ** 30,
        () => NaN,
        () => 'x',
        () => 1.5,
        () => 2 ** 29,
        throwing,
        5,
      ]) {
        assault(() => ({ [symbol]: answer }));
        assault(() => Object.defineProperty([1], symbol, { value: answer }));
        assault(() => Object.defineProperty(() => {}, symbol, { value: answer }));
      }
      // The real one's own cell, said by another.
      const method = (real as Any)[symbol];
      if (typeof method === 'function') assault(() => ({ [symbol]: () => (method as () => unknown).call(real) }));
    }
  }
  assert.equal(record.inner.b, 2);
  assert.equal(list.at(0), 1);
  assert.equal(map.get('k'), 1);
});

/** All symbols along the prototypes. */
function symbolsOf(value: object): symbol[] {
  const found = new Set<symbol>();
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    for (const symbol of Object.getOwnPropertySymbols(at)) found.add(symbol);
  }
  return [...found];
}

test('shared objects whose prototypes were swapped', () => {
  const prototypes = [
    Object.prototype,
    null,
    Map.prototype,
    SharedMap.prototype,
    SharedArray.prototype,
    Object.getPrototypeOf(shared({ a: 1, b: 'x' })) as object,
  ];
  for (const prototype of prototypes) {
    for (const make of [
      () => shared({ a: 1 }),
      () => shared([1]),
      () => shared(new Map([[1, 2]])),
      () => shared(new Set([1])),
    ]) {
      assault(() => Object.setPrototypeOf(make(), prototype) as object);
    }
  }
});

test('methods that are called on what is not theirs', () => {
  const others = [
    undefined,
    null,
    1,
    'x',
    {},
    [],
    new Map(),
    shared({ a: 1 }),
    shared([1]),
    shared(new Map([['k', 1]])),
    shared(new Set([1])),
    Object.create(SharedMap.prototype),
    indexed(shared([1])),
  ];
  for (const Class of [SharedMap, SharedSet, SharedArray]) {
    for (
      let prototype: object = Class.prototype;
      prototype !== Object.prototype;
      prototype = Object.getPrototypeOf(prototype) as object
    ) {
      for (const key of Reflect.ownKeys(prototype)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key)!;
        for (const method of [value, get, set] as unknown[]) {
          // The marker by which a scope ends: calling it is ending the object, which is no attack on the heap.
          if (typeof method !== 'function' || key === 'constructor') continue;
          for (const other of others) {
            for (const args of [
              [],
              ['k'],
              [0, 1],
              [() => 1],
              [{ a: 1 }, { b: 2 }],
              [-1, [1, 2]],
              [NaN],
              [2 ** 32, 2 ** 32, [1]],
            ]) {
              try {
                method.call(other, ...args);
              } catch (error) {
                assert.ok(error instanceof Error, `${Class.name}.${String(key)}`);
              }
            }
          }
        }
      }
    }
  }
  checkHeap();
  collectAll();
  checkHeap();
  assault(() => ({}));
});

test('constructors that are called in other ways', () => {
  for (const Class of [SharedMap, SharedSet, SharedArray]) {
    assert.throws(() => (Class as unknown as () => void)(), TypeError);
    class Derived extends (Class as unknown as new (...args: unknown[]) => object) {
      readonly own = 1;
    }
    assault(() => new Derived());
    assault(() => Reflect.construct(Class, [], Object) as object);
    assault(() => Reflect.construct(Class, [], SharedMap) as object);
    assault(
      () =>
        Reflect.construct(
          Class,
          [],
          Object.defineProperty((() => {}).bind(null), 'prototype', { get: throwing }),
        ) as object,
    );
    const returning = class extends (Class as unknown as new () => object) {
      constructor(instead: object) {
        super();
        // biome-ignore lint/correctness/noConstructorReturn: it is an attack
        return instead;
      }
    };
    assault(() => new returning({}));
    const base = Object.getPrototypeOf(Class) as new (...args: unknown[]) => object;
    for (const header of [1, 17, 5, 'x', undefined, 2 ** 31]) {
      try {
        assert.ok(isShared(new base(header)));
      } catch (error) {
        assert.ok(error instanceof TypeError);
      }
    }
    checkHeap();
  }
});

test('iterables that throw, lie, or change what is filled', () => {
  const map = new SharedMap<unknown, unknown>();
  const iterables: (() => Iterable<never>)[] = [
    function* () {
      yield ['a', 1] as never;
      throw new Hostile();
    },
    function* () {
      yield ['a', 1] as never;
      collectAll();
      yield [{}, {}] as never;
    },
    function* () {
      for (let n = 0; n < 100; n++) {
        map.set(n, {});
        yield [n, map] as never;
        map.delete(n);
      }
    },
    () => ({ [Symbol.iterator]: throwing }),
    () =>
      ({
        [Symbol.iterator]: () => ({
          next: () => ({
            get done(): never {
              return throwing();
            },
          }),
        }),
      }) as never,
    () => ({ [Symbol.iterator]: () => 5 }) as never,
  ];
  for (const make of iterables) {
    for (const Class of [SharedMap, SharedSet]) {
      try {
        new (Class as new (from: Iterable<never>) => object)(make());
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
    checkHeap();
  }
});

test('callbacks that change the array or map that calls them', () => {
  const list = shared(Array.from({ length: 20 }, (_, at) => at) as unknown[]);
  const change = (): number => {
    list.push({});
    list.shift();
    list.length = 5;
    list.unshift(1, 2, 3);
    collectAll();
    return 0;
  };
  const uses: (() => unknown)[] = [
    () => list.forEach(change),
    () => list.map(change),
    () => list.filter(change),
    () => list.reduce(change, 0),
    () => list.find(change),
    () => list.flatMap(change),
    () => list.toSorted(change),
    () => {
      let times = 0;
      return list.sort(() => (times++ < 3 ? change() : 0));
    },
    () => list.join({ toString: () => `${change()}` } as never),
    () => list.some(throwing),
    () => list.sort(throwing),
    () => list.splice({ valueOf: change } as never, 1),
    () => list.at({ valueOf: change } as never),
    () => list.fill(0, { valueOf: change } as never, 3),
  ];
  for (const use of uses) {
    try {
      use();
    } catch (error) {
      assert.ok(error instanceof Error, String(use));
    }
    checkHeap();
  }
});

test('a stack that is at its end leaves no lock and no guard behind', () => {
  const record = shared({ field: null as unknown, number: 1 as unknown });
  const list = shared([] as unknown[]);
  const map = new SharedMap<unknown, unknown>();
  const steps: (() => void)[] = [
    () => list.push({ deep: [1] }),
    () => void map.set(`key ${list.length}`, { a: new Map() }),
    () => {
      record.field = 'a text';
    },
    () => {
      record.number = new Error('x');
    },
    () => void list.splice(0, 1, 'x', {}),
    () => void list.sort(),
    () => void snapshot(list),
    () => void map.update('u', () => ({})),
    () => void [...map],
    () => void scope(() => shared({ a: [1] })),
    () => void JSON.stringify(record),
  ];
  for (const step of steps) {
    // The step at every distance from the end of the stack.
    const sink = (depth: number): void => {
      try {
        step();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      if (depth > 0) sink(depth - 1);
    };
    assert.throws(() => sink(1e9), RangeError, String(step));
    list.length = Math.min(list.length, 10);
    map.clear();
    checkHeap();
  }
  collectAll();
  checkHeap();
  assault(() => ({}));
});
