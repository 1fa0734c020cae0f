// SharedMap: what `Map` does, and what it has beside that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShared, SharedMap, shared, snapshot } from 'heddle';
import { collectNow } from '#heddle/heap/collector.js';
import { collectGarbage } from '#heddle/platform/garbage.js';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

test('a map is filled, read, changed and emptied as Map is', () => {
  const [mine, theirs] = [new SharedMap<unknown, unknown>(), new Map<unknown, unknown>()];
  for (const map of [mine, theirs]) {
    assert.equal(map.set('a', 1).set('b', 2).set(3, 'c').size, 3);
    assert.equal(map.get('a'), 1);
    assert.equal(map.get('none'), undefined);
    assert.equal(map.has('b'), true);
    assert.equal(map.has('none'), false);
    map.set('a', undefined);
    assert.equal(map.has('a'), true);
    assert.equal(map.get('a'), undefined);
    assert.equal(map.delete('b'), true);
    assert.equal(map.delete('b'), false);
    map.set('b', 'again');
    assert.deepEqual(
      [...map],
      [
        ['a', undefined],
        [3, 'c'],
        ['b', 'again'],
      ],
    );
    assert.deepEqual([...map.keys()], ['a', 3, 'b']);
    assert.deepEqual([...map.values()], [undefined, 'c', 'again']);
    assert.deepEqual([...map.entries()], [...map]);
    map.clear();
    assert.equal(map.size, 0);
    assert.deepEqual([...map], []);
    map.set('after', 1);
    assert.equal(map.get('after'), 1);
  }
  checkHeap();
});

test('a map is made of entries, of another map, or of nothing', () => {
  assert.deepEqual([...new SharedMap([['a', 1]])], [['a', 1]]);
  assert.deepEqual([...new SharedMap(new Map([[1, 'x']]))], [[1, 'x']]);
  assert.deepEqual([...new SharedMap(new SharedMap([[1, 'x']]))], [[1, 'x']]);
  for (const nothing of [undefined, null]) assert.equal(new SharedMap(nothing).size, 0);
  for (const wrong of [5, {}, [1], ['ab', 5]]) assert.throws(() => new SharedMap(wrong as never), TypeError);
  checkHeap();
});

test('an iteration sees what is added meanwhile, and not what is deleted before it comes there', () => {
  const seen = [new SharedMap<number, string>(), new Map<number, string>()].map((map) => {
    for (let n = 0; n < 10; n++) map.set(n, 'x');
    const keys: number[] = [];
    for (const [key] of map) {
      keys.push(key);
      map.delete(key - 1);
      map.delete(key + 2);
      if (key < 20) map.set(key + 10, 'later');
    }
    return keys;
  });
  assert.deepEqual(seen[0], seen[1]);
});

test('an iteration goes on correctly when the table is replaced, emptied and filled again', () => {
  for (const map of [new SharedMap<number, number>(), new Map<number, number>()]) {
    for (let n = 0; n < 5; n++) map.set(n, n);
    const iterator = map.keys();
    const next = (): unknown => iterator.next().value;
    assert.deepEqual([next(), next()], [0, 1]);
    for (let n = 5; n < 500; n++) map.set(n, n);
    for (let n = 2; n < 490; n++) map.delete(n);
    assert.equal(next(), 490);
    map.set(3, 3);
    for (let n = 1000; n < 2000; n++) map.set(n, n).delete(n);
    assert.equal(next(), 491);
    map.clear();
    map.set(7, 7);
    assert.equal(next(), 7);
    assert.deepEqual(iterator.next(), { done: true, value: undefined });
    map.set(8, 8);
    assert.equal(iterator.next().done, true);
  }
  checkHeap();
});

test('a key that is deleted and set again moves to the end, one that is set keeps its place', () => {
  const map = new SharedMap([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  map.set('b', 20);
  map.delete('a');
  map.set('a', 10);
  assert.deepEqual(
    [...map],
    [
      ['b', 20],
      ['c', 3],
      ['a', 10],
    ],
  );
});

test('forEach gives value, key and map, and throws what the callback throws', () => {
  const map = new SharedMap([['a', 1]]);
  const seen: unknown[] = [];
  map.forEach(function (this: unknown, ...args) {
    seen.push(this, ...args);
  }, 'self');
  assert.deepEqual(seen.slice(0, 3).map(String), ['self', '1', 'a']);
  assert.equal(seen[3], map);
  assert.equal(seen[3], map);
  assert.throws(
    () =>
      map.forEach(() => {
        throw new RangeError('no');
      }),
    { message: 'no' },
  );
  assert.throws(() => map.forEach('x' as never), TypeError);
});

test('getOrInsert stores what is not there, and gives what is in the map', () => {
  const map = new SharedMap<string, unknown>();
  assert.equal(map.getOrInsert('n', 1), 1);
  assert.equal(map.getOrInsert('n', 2), 1);
  const object = map.getOrInsert('o', { a: 1 });
  assert.ok(isShared(object));
  assert.equal(map.get('o'), object);
  assert.equal(map.getOrInsert('o', {}), object);
  assert.equal(map.getOrInsert('u', undefined), undefined);
  assert.equal(map.getOrInsert('u', 5), undefined);
});

test('getOrInsertComputed calls its function for what is not there only', () => {
  const map = new SharedMap<string, unknown>();
  const calls: unknown[] = [];
  const make = (key: string): unknown => {
    calls.push(key);
    return [key];
  };
  const made = map.getOrInsertComputed('a', make);
  assert.equal(map.getOrInsertComputed('a', make), made);
  assert.equal(map.get('a'), made);
  assert.deepEqual(calls, ['a']);
  assert.throws(
    () =>
      map.getOrInsertComputed('b', () => {
        throw new RangeError('no');
      }),
    { message: 'no' },
  );
  assert.equal(map.has('b'), false);
  // Who was first in the meantime has made it.
  assert.equal(
    map.getOrInsertComputed('c', () => {
      map.set('c', 1);
      return 2;
    }),
    1,
  );
});

test('update gets what is there, and gives what is there then', () => {
  const map = new SharedMap<unknown, unknown>();
  assert.equal(
    map.update('n', (value) => ((value as number | undefined) ?? 0) + 1),
    1,
  );
  assert.equal(
    map.update('n', (value) => (value as number) + 1),
    2,
  );
  const object = map.update('o', () => ({ a: 1 }));
  assert.ok(isShared(object));
  assert.equal(map.get('o'), object);
  assert.equal(
    map.update('o', (value) => value),
    object,
  );
  for (const value of [NaN, -0, undefined, null, 'text', 12n ** 40n, 2 ** 1000, 2 ** 1000 * (1 + 66 / 2 ** 52)]) {
    map.set('v', value);
    assert.ok(
      Object.is(
        map.update('v', (before) => before),
        value,
      ),
    );
    assert.equal(
      map.update('v', () => 'next'),
      'next',
    );
    assert.equal(
      map.update(value, () => 'by key'),
      'by key',
    );
  }
  assert.throws(
    () =>
      map.update('n', () => {
        throw new RangeError('no');
      }),
    { message: 'no' },
  );
  assert.equal(map.get('n'), 2);
  checkHeap();
});

test('update calls its function again when the value has changed meanwhile', () => {
  const map = new SharedMap<string, number>([['n', 1]]);
  const seen: unknown[] = [];
  const value = map.update('n', (before) => {
    seen.push(before);
    if (seen.length < 3) map.set('n', seen.length * 10);
    return before! + 1;
  });
  assert.deepEqual([seen, value, map.get('n')], [[1, 10, 20], 21, 21]);
  const missing = map.update('m', (before) => {
    if (before === undefined) map.set('m', 5);
    return (before ?? 0) + 1;
  });
  assert.equal(missing, 6);
  const gone = map.update('n', (before) => {
    if (before !== undefined) map.delete('n');
    return before ?? -1;
  });
  assert.deepEqual([gone, map.get('n')], [-1, -1]);
});

test('plain objects become shared ones as keys and values, once', () => {
  const map = new SharedMap<unknown, { n: number }>();
  let reads = 0;
  for (let at = 0; at < 100; at++)
    map.set(at, {
      get n() {
        return ++reads;
      },
    });
  assert.equal(reads, 100);
  map.set({ key: true }, { n: 0 });
  const key = [...map.keys()].at(-1);
  assert.ok(isShared(key));
  assert.deepEqual(snapshot(map.get(key)), { n: 0 });
  const value = map.get(5);
  assert.equal(map.get(5), value);
});

test('JSON shows an object if all keys are texts, and pairs otherwise', () => {
  assert.equal(JSON.stringify(new SharedMap([['a', { b: [1] }]])), '{"a":{"b":[1]}}');
  assert.equal(JSON.stringify(new SharedMap([['__proto__', 1]])), '{"__proto__":1}');
  assert.equal(
    JSON.stringify(
      new SharedMap<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
    ),
    '[["a",1],[2,"b"]]',
  );
});

test('keys of 100,000 entries are found, and half of them when the others are deleted', () => {
  const map = new SharedMap<string, string>();
  const SIZE = 100_000;
  for (let n = 0; n < SIZE; n++) map.set(`key ${n}`, `some longer value ${n}`);
  assert.equal(map.size, SIZE);
  for (let n = 0; n < SIZE; n++) assert.equal(map.get(`key ${n}`), `some longer value ${n}`);
  for (let n = 0; n < SIZE; n += 2) map.delete(`key ${n}`);
  collectAll();
  assert.equal(map.size, SIZE / 2);
  let at = 1;
  for (const key of map.keys()) {
    assert.equal(key, `key ${at}`);
    at += 2;
  }
  checkHeap();
});

test('pins that go in the midst of set() do not touch its key', () => {
  // Each value takes a page of its own, before which pins go if there was a collection: after the key was written to be looked for.
  const map = new SharedMap<string, string>();
  for (let n = 0; n < 60; n++) {
    for (let m = 0; m < 500; m++) shared({ let: 'go' });
    collectGarbage();
    collectNow();
    map.set(`key ${n}`, `${n}`.repeat(900));
  }
  for (let n = 0; n < 60; n++) assert.equal(map.get(`key ${n}`)?.length, `${n}`.length * 900, `key ${n}`);
  checkHeap();
});

test('a map whose entries come and go does not grow', () => {
  const map = new SharedMap<number, object>();
  for (let n = 0; n < 200_000; n++) {
    map.set(n, { n });
    map.delete(n - 10);
  }
  assert.equal(map.size, 10);
  assert.deepEqual(
    [...map.keys()],
    Array.from({ length: 10 }, (_, at) => 199_990 + at),
  );
  checkHeap();
});

test('another thread changes the same map', () => {
  const map = new SharedMap<unknown, unknown>([['here', 1]]);
  elsewhere((given) => {
    given.set('there', { from: 'there' });
    given.set(`a key of more than ${'x'.repeat(50)}`, 10n ** 30n);
    given.delete('here');
  }, map);
  assert.deepEqual(
    snapshot(map),
    new Map<unknown, unknown>([
      ['there', { from: 'there' }],
      [`a key of more than ${'x'.repeat(50)}`, 10n ** 30n],
    ]),
  );
  checkHeap();
});

test('what is no entry is named', () => {
  assert.throws(
    () => new SharedMap([1] as never),
    /^TypeError: new SharedMap\(\) takes entries \[key, value\], not number 1$/,
  );
  assert.throws(() => new SharedMap(5 as never), /^TypeError: new SharedMap\(\) takes an iterable, not number 5$/);
});
