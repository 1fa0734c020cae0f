// shared(): a graph of plain data becomes one of shared objects, as it was; or is refused, with the place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { allocateLock, isShared, keys, SharedArray, SharedMap, SharedSet, shared, snapshot } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

type Any = Record<string, unknown>;

test('what is met twice is one object, in whatever it lies', () => {
  const one = { n: 1 };
  const all = shared({ a: one, b: [one, one], c: new Map<unknown, unknown>([[one, one]]), d: new Set([one]) });
  assert.equal(all.b.at(0), all.a);
  assert.equal(all.b.at(1), all.a);
  assert.equal(all.c.get(all.a), all.a);
  assert.ok(all.d.has(all.a));
  const copy = snapshot(all);
  assert.equal(copy.b[0], copy.a);
  assert.equal(copy.c.get(copy.a), copy.a);
  assert.ok(copy.d.has(copy.a));
});

test('what another context of the vm module has made is plain data all the same', () => {
  const made: unknown = runInNewContext(
    '({ list: [1, { n: 2 }], map: new Map([["k", { n: 3 }]]), set: new Set([4]), date: new Date(5), bytes: Uint8Array.of(6) })',
  );
  const all = shared(
    made as { list: unknown[]; map: Map<string, unknown>; set: Set<number>; date: Date; bytes: Uint8Array },
  );
  assert.deepEqual(snapshot(all), {
    list: [1, { n: 2 }],
    map: new Map([['k', { n: 3 }]]),
    set: new Set([4]),
    date: new Date(5),
    bytes: Uint8Array.of(6),
  });
});

test('cycles stay, through everything that can be in one', () => {
  const record: Any = {};
  const list: unknown[] = [record];
  const map = new Map<unknown, unknown>([[list, record]]);
  const set = new Set<unknown>([map]);
  map.set(map, set);
  Object.assign(record, { record, list, map, set });
  const all = shared(record) as { record: object; list: SharedArray; map: SharedMap; set: SharedSet };
  assert.equal(all.record, all);
  assert.equal(all.list.at(0), all);
  assert.equal(all.map.get(all.list), all);
  assert.equal(all.map.get(all.map), all.set);
  assert.ok(all.set.has(all.map));
  const copy = snapshot(all) as unknown as {
    record: object;
    list: unknown[];
    map: Map<unknown, unknown>;
    set: Set<unknown>;
  };
  assert.equal(copy.record, copy);
  assert.equal(copy.map.get(copy.map), copy.set);
  assert.equal(copy.map.get(copy.list), copy);
  checkHeap();
});

test('each kind becomes its shared one, a primitive itself', () => {
  assert.ok(shared([]) instanceof SharedArray);
  assert.ok(shared(new Map()) instanceof SharedMap);
  assert.ok(shared(new Set()) instanceof SharedSet);
  for (const value of [1, 'a', 1n, true, null, undefined]) {
    assert.equal(shared(value), value);
    assert.equal(isShared(value), false);
  }
  for (const value of [
    {},
    [],
    new Map(),
    new Set(),
    new Date(),
    new Error('x'),
    new Uint8Array(1),
    Object.create(null) as object,
  ]) {
    assert.equal(isShared(value), false);
    assert.equal(isShared(shared(value)), true);
  }
  assert.ok(isShared(allocateLock()));
  for (const wrong of [[], [1, 2]])
    assert.throws(() => (shared as (...args: unknown[]) => unknown)(...wrong), TypeError);
});

test('instances of classes derived from the platform’s become what they are derived from', () => {
  class Own extends Map<string, number> {}
  const map = shared(new Own([['a', 1]]) as Map<string, number>);
  assert.ok(map instanceof SharedMap);
  assert.equal(map.get('a'), 1);
  class List extends Array<number> {}
  assert.deepEqual(shared(List.of(1, 2) as number[]).toArray(), [1, 2]);
  class When extends Date {}
  assert.equal(shared(new When(7) as Date).getTime(), 7);
  class Bytes extends Uint8Array {}
  assert.deepEqual([...shared(Bytes.of(1, 2) as Uint8Array)], [1, 2]);
});

test('what cannot be shared is refused with its path', () => {
  class Account {}
  const refused: [unknown, RegExp][] = [
    [{ a: { b: [1, { c() {} }] } }, /^the value\.a\.b\[1\]\.c cannot be shared: it is a function/],
    [{ s: Symbol('x') }, /^the value\.s cannot be shared: it is Symbol\(x\)/],
    [[new Account()], /^the value\[0\] cannot be shared: it is an instance of Account\. Declare its class with struct/],
    [{ p: Promise.resolve() }, /^the value\.p cannot be shared: it is a Promise\. Await it/],
    [{ r: /x/ }, /^the value\.r cannot be shared: it is a RegExp/],
    [new Map([['key', new WeakMap()]]), /^the value\.get\("key"\) cannot be shared: it is a WeakMap/],
    [new Map([[() => {}, 1]]), /^the value<key 0> cannot be shared: it is a function/],
    [new Set([1, Symbol.iterator]), /^the value<member 1> cannot be shared: it is Symbol\(Symbol\.iterator\)/],
    [{ [Symbol('k')]: 1 }, /cannot have the key Symbol\(k\)/],
    [Object.create({ inherited: 1 }), /object with a prototype of its own|instance of Object/],
    [() => {}, /^the value cannot be shared: it is a function/],
    [Symbol('s'), /^the value cannot be shared/],
    [globalThis, /cannot be shared/],
    [process, /cannot be shared/],
    [new Proxy(new Map(), {}), /cannot be shared/],
    [[Object(1)], /it is a Number/],
    [(function* () {})(), /cannot be shared/],
    [class {}, /cannot be shared/],
  ];
  for (const [value, message] of refused) assert.throws(() => shared(value), { name: 'TypeError', message });
  checkHeap();
});

test('a graph is refused as a whole: what was there is as it was', () => {
  const record = shared({ field: 'before' as unknown });
  const list = shared([1] as unknown[]);
  assert.throws(
    () => {
      record.field = { fine: 1, bad: () => {} };
    },
    { message: /field 'field'\.bad cannot be shared/ },
  );
  assert.throws(() => list.push({ bad: [() => {}] }), { message: /an element\.bad\[0\] cannot be shared/ });
  assert.throws(() => list.splice(0, 1, 2, () => {}), TypeError);
  assert.equal(record.field, 'before');
  assert.deepEqual(list.toArray(), [1]);
  checkHeap();
});

test('getters are read once each, what they throw is thrown, and only what is enumerable counts', () => {
  let reads = 0;
  const value = {
    get once() {
      reads++;
      return reads;
    },
  };
  Object.defineProperty(value, 'hidden', { value: () => {}, enumerable: false });
  Object.defineProperty(value, Symbol('hidden'), { value: 1, enumerable: false });
  const record = shared(value);
  assert.equal(record.once, 1);
  assert.deepEqual(keys(record), ['once']);
  assert.equal(reads, 1);
  assert.throws(
    () =>
      shared({
        a: {
          get b() {
            throw new RangeError('no');
          },
        },
      }),
    { name: 'RangeError', message: 'no' },
  );
  checkHeap();
});

test('a proxy is shared as what it seems to be', () => {
  const plain = new Proxy({ a: 1 }, { get: (target, key) => (key === 'a' ? 2 : Reflect.get(target, key)) });
  assert.deepEqual(snapshot(shared({ plain, list: new Proxy([1, 2], {}) })), { plain: { a: 2 }, list: [1, 2] });
  const frozen = Object.freeze({ a: Object.freeze([1]) });
  assert.deepEqual(snapshot(shared(frozen)), { a: [1] });
});

test('sparse arrays have undefined in their holes', () => {
  const sparse: unknown[] = [1];
  sparse[2] = 3;
  sparse.length = 5;
  const list = shared(sparse);
  assert.deepEqual(list.toArray(), [1, undefined, 3, undefined, undefined]);
  assert.equal(list.length, 5);
  const far: unknown[] = [];
  far[99_999] = 'last';
  assert.equal(shared(far).at(-1), 'last');
});

test('an array that is too long is refused before anything is read of it', () => {
  const endless = new Proxy([], { get: (target, key) => (key === 'length' ? Infinity : Reflect.get(target, key)) });
  for (const value of [new Array(2 ** 32 - 1), endless]) {
    assert.throws(() => shared({ a: value }), {
      name: 'RangeError',
      message: /^the value\.a cannot be shared: it has/,
    });
  }
});

test('an array of a million elements, and a map of 200,000 entries', () => {
  const list = shared(Array.from({ length: 1_000_000 }, (_, at) => at));
  assert.equal(list.length, 1_000_000);
  assert.equal(list.at(999_999), 999_999);
  assert.equal(
    list.reduce((sum, value) => sum + value, 0),
    499_999_500_000,
  );
  const map = shared(new Map(Array.from({ length: 200_000 }, (_, at) => [at, `${at}`])));
  assert.equal(map.get(199_999), '199999');
});

interface Node {
  readonly value: number;
  next: Node | null;
}

test('a list of 200,000 nodes is shared, walked, copied out, and let go of', () => {
  let head: Node | null = null;
  for (let value = 0; value < 200_000; value++) head = { value, next: head };
  let list = shared({ head });
  const length = (from: Node | null): number => {
    let count = 0;
    for (let at = from; at !== null; at = at.next) count++;
    return count;
  };
  assert.equal(length(list.head as Node), 200_000);
  assert.equal(length(snapshot(list).head as Node), 200_000);
  elsewhere(
    (given, measure) => {
      if (measure(given.head as Node) !== 200_000) throw new Error('too short');
    },
    list,
    length,
  );
  collectAll();
  checkHeap();
  list = shared({ head: null });
  collectAll();
  checkHeap();
});

test('arrays, maps and errors in each other 20,000 deep', () => {
  let deep: unknown = 'bottom';
  for (let n = 0; n < 20_000; n++) deep = n % 3 === 0 ? [deep] : n % 3 === 1 ? new Map([['in', deep]]) : { in: deep };
  let at: unknown = shared(deep);
  for (let n = 19_999; n >= 0; n--)
    at = n % 3 === 0 ? (at as SharedArray).at(0) : n % 3 === 1 ? (at as SharedMap).get('in') : (at as Any)['in'];
  assert.equal(at, 'bottom');
  assert.ok(Array.isArray(snapshot(shared([deep])) as unknown[]));
});

test('snapshot of what is not shared is that', () => {
  const plain = { a: 1 };
  assert.equal(snapshot(plain), plain);
  assert.equal(snapshot(5), 5);
  const lock = allocateLock();
  assert.equal((snapshot(shared({ lock })) as { lock: unknown }).lock, lock);
});

test('keys of every kind', () => {
  assert.deepEqual(keys(shared({ b: 1, a: 2 })), ['b', 'a']);
  assert.deepEqual(keys(shared(['x', 'y'])), [0, 1]);
  assert.deepEqual(
    keys(
      shared(
        new Map<unknown, number>([
          ['x', 1],
          [2, 2],
        ]),
      ),
    ),
    ['x', 2],
  );
  assert.deepEqual(keys(shared(new Set(['x']))), ['x']);
  assert.deepEqual(keys({ plain: 1 }), ['plain']);
  for (const wrong of [1, 'ab', null, undefined]) assert.throws(() => keys(wrong as never), TypeError);
});

test('what is printed looks like the plain data', () => {
  const plain = {
    list: [1, 'two'],
    map: new Map([['k', { v: 1 }]]),
    set: new Set([1]),
    at: new Date(0),
    bytes: Uint8Array.of(1),
  };
  assert.equal(inspect(shared(plain), { depth: 5 }), inspect(plain, { depth: 5 }));
  assert.equal(
    JSON.stringify(shared({ a: [new Map([['k', 1]]), new Set([1]), new Date(0)] })),
    '{"a":[{"k":1},[1],"1970-01-01T00:00:00.000Z"]}',
  );
});
