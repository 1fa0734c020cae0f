// Every kind of value in every place: it comes out as it went in, here, after collections, and in another thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateLock, isShared, type SharedArray, type SharedMap, SharedSet, shared, snapshot } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';
import { assertSame, keys, nameOf, objects, primitives } from './corpus.ts';

const everything = (): unknown[] => [...primitives, ...objects()];

test('a field that began as a number holds any value, and any value after it', () => {
  const record = shared<{ field: unknown }>({ field: 0 });
  for (const value of everything()) {
    record.field = value;
    assertSame(record.field, value);
  }
  checkHeap();
});

test('a field that began as something else holds any value, and any value after it', () => {
  const record = shared({ field: null as unknown });
  for (const value of everything()) {
    record.field = value;
    assertSame(record.field, value);
  }
  checkHeap();
});

test('a field begins with any value', () => {
  for (const value of everything()) assertSame(shared({ before: 1, field: value, behind: 'x' }).field, value);
});

test('an element holds any value', () => {
  const values = everything();
  const whole = shared(values) as SharedArray;
  assertSame(whole, values);
  const pushed = shared([] as unknown[]);
  for (const value of values) pushed.push(value);
  assertSame(pushed, values);
  const one = shared([undefined as unknown]);
  for (const value of values) {
    one.set(0, value);
    assertSame(one.at(0), value);
  }
  checkHeap();
});

test("a map's value can be any value", () => {
  const map = shared(new Map<unknown, unknown>());
  for (const value of everything()) {
    map.set('key', value);
    assertSame(map.get('key'), value);
  }
  assert.equal(map.size, 1);
  checkHeap();
});

test('any primitive is a key, and finds what was stored under an equal one', () => {
  const map = shared(new Map<unknown, unknown>());
  for (const [at, key] of keys.entries()) map.set(key, at);
  const distinct = new Map(keys.map((key, at) => [key, at]));
  assert.equal(map.size, distinct.size);
  for (const [key, at] of distinct) {
    assert.equal(map.get(key), at, nameOf(key));
    assert.ok(map.has(key), nameOf(key));
    // Another string with the same characters.
    if (typeof key === 'string') assert.equal(map.get(`${key}x`.slice(0, -1)), at, nameOf(key));
  }
  assertSame(map, distinct);
  checkHeap();
  for (const key of distinct.keys()) assert.ok(map.delete(key), nameOf(key));
  assert.equal(map.size, 0);
  checkHeap();
});

test('any primitive is a member of a set, once', () => {
  const set = new SharedSet<unknown>([...keys, ...keys]);
  assertSame(set, new Set(keys));
  checkHeap();
});

test('-0 and 0 are one key, which is 0; NaN is one key', () => {
  const map = shared(new Map([[-0, 'zero']]));
  map.set(NaN, 'none');
  assert.equal(map.get(0), 'zero');
  assert.equal(map.get(-0), 'zero');
  assert.ok(Object.is([...map.keys()][0], 0));
  assert.equal(map.get(Number('no number')), 'none');
  const [other] = new Float64Array(new BigUint64Array([0xfff8_0000_dead_beefn]).buffer);
  assert.equal(map.get(other!), 'none');
  assert.ok(map.delete(NaN));
  assert.equal(map.size, 1);
});

test('a NaN of any bits is a number wherever it is put', () => {
  const odd = new Float64Array(
    new BigUint64Array([0x7ff8_0000_0000_0010n, 0xfff0_0000_0000_0010n, 0x7ff0_0000_0000_0010n]).buffer,
  );
  const record = shared({ field: 0, word: null as unknown });
  for (const nan of odd) {
    record.field = nan;
    record.word = nan;
    assert.ok(Number.isNaN(record.field));
    assert.ok(Number.isNaN(record.word));
    assert.ok(Number.isNaN(shared([nan]).at(0)));
  }
  checkHeap();
});

test('shared objects are keys by identity', () => {
  const [a, b] = [shared({ n: 1 }), shared({ n: 1 })];
  const map = shared(new Map<object, string>());
  map.set(a, 'a').set(b, 'b');
  const lock = allocateLock();
  map.set(lock, 'lock').set(map, 'itself');
  assert.deepEqual(
    [a, b, lock, map].map((key) => map.get(key)),
    ['a', 'b', 'lock', 'itself'],
  );
  assert.equal(map.get({ n: 1 }), undefined);
  assert.equal(map.has({}), false);
  assert.equal(map.delete([]), false);
  collectAll();
  assert.deepEqual([...map.keys()], [a, b, lock, map]);
  checkHeap();
});

test('a lock is the same lock in every place', () => {
  const lock = allocateLock();
  const all = shared({ field: lock, list: [lock], map: new Map([[lock, lock]]), set: new Set([lock]) });
  lock.acquire();
  assert.equal(all.field, lock);
  assert.equal(all.list.at(0), lock);
  assert.equal(all.map.get(lock), lock);
  assert.ok(all.set.has(lock));
  elsewhere((given) => {
    assert.equal(given.field.locked(), true);
    assert.equal(given.list.at(0), given.field);
    given.map.get(given.field)?.release();
  }, all);
  assert.equal(lock.locked(), false);
});

test('all values outlive collections that find nothing but the container', () => {
  const values = everything();
  const kept = shared({ list: values, map: new Map(values.map((value, at) => [at, value])) });
  for (let round = 0; round < 3; round++) {
    collectAll();
    checkHeap();
    assertSame(kept.list, values);
    assertSame(kept.map, new Map(values.entries()));
  }
});

test('all values are the same in another thread, and come back from it', () => {
  const values = everything();
  const there = shared(values) as SharedArray;
  const keyed = shared(new Map(keys.map((key, at) => [key, at]))) as SharedMap;
  const back = shared([] as unknown[]);
  elsewhere(
    (list, map, out) => {
      for (const value of list) out.push(value);
      for (const key of map.keys()) assert.notEqual(map.get(key), undefined);
    },
    there,
    keyed,
    back,
  );
  assertSame(back, values);
  for (const [at, value] of values.entries()) if (isShared(value)) assert.equal(back.at(at), there.at(at));
  checkHeap();
});

test('a snapshot says the same, and has nothing shared in it', () => {
  const values = everything();
  const copy = snapshot(shared(values)) as unknown[];
  assert.ok(Array.isArray(copy));
  assertSame(copy, values);
  for (const value of copy) assert.ok(!isShared(value), nameOf(value));
});

test('what cannot be shared is refused in every place, and changes nothing', () => {
  const record = shared({ word: 'before' as unknown, number: 1 as unknown });
  const list = shared(['before'] as unknown[]);
  const map = shared(new Map<unknown, unknown>([['key', 'before']]));
  const set = shared(new Set<unknown>(['before']));
  const never = [Symbol('s'), () => {}, Promise.resolve(), new WeakMap(), /x/, new (class Own {})(), Object(1)];
  for (const value of never) {
    const name = { name: 'TypeError' };
    assert.throws(() => shared(value), name);
    assert.throws(
      () => {
        record.word = value;
      },
      { ...name, message: /field 'word'/ },
    );
    assert.throws(
      () => {
        record.number = value;
      },
      { ...name, message: /field 'number'/ },
    );
    assert.throws(() => list.push(value), { ...name, message: /element/ });
    assert.throws(() => list.set(0, value), { ...name, message: /element/ });
    assert.throws(() => list.splice(0, 1, value), { ...name, message: /element/ });
    assert.throws(() => list.fill(value), { ...name, message: /element/ });
    assert.throws(() => map.set('key', value), { ...name, message: /entry/ });
    assert.throws(() => map.set(value, 1), { ...name, message: /key/ });
    assert.throws(() => map.update('key', () => value), { ...name, message: /entry/ });
    assert.throws(() => set.add(value), { ...name, message: /key/ });
    assert.equal(map.has(value), false);
    assert.equal(map.get(value), undefined);
    assert.equal(set.delete(value), false);
  }
  assert.deepEqual(snapshot([record.word, record.number, list, map, set].map(snapshot)), [
    'before',
    1,
    ['before'],
    new Map([['key', 'before']]),
    new Set(['before']),
  ]);
  checkHeap();
});
