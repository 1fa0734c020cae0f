// Shared records: fields, and what they refuse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isShared, keys, shared, snapshot } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

type Any = Record<string, unknown>;

test('fields are read and written', () => {
  const record = shared({ n: 1, text: 'a', flag: true, nothing: null as null | number, inner: { list: [1] } });
  record.n++;
  record.text += 'b';
  record.flag = !record.flag;
  record.nothing = 5;
  record.inner.list.push(2);
  assert.deepEqual(snapshot(record), { n: 2, text: 'ab', flag: false, nothing: 5, inner: { list: [1, 2] } });
  assert.equal(record.inner, record.inner);
  checkHeap();
});

test('a record has no other keys, and gets none', () => {
  const record = shared({ a: 1 }) as Any;
  assert.throws(
    () => {
      record['b'] = 1;
    },
    { name: 'TypeError', message: /no field b, and no field can be added/ },
  );
  assert.throws(
    () => {
      (record as Record<symbol, unknown>)[Symbol('s')] = 1;
    },
    { name: 'TypeError', message: /no field Symbol\(s\)/ },
  );
  assert.equal(record['b'], undefined);
  assert.ok('a' in record);
  assert.ok(!('b' in record));
  assert.deepEqual(keys(record), ['a']);
});

test('assigning plain data copies it in', () => {
  const record = shared({ any: null as unknown as { list: number[] } });
  const plain = { list: [1] };
  record.any = plain as never;
  plain.list.push(2);
  assert.ok(isShared(record.any));
  assert.deepEqual(snapshot(record.any), { list: [1] });
  const other = shared({ list: [7] });
  record.any = other as never;
  assert.equal(record.any, other);
});

test('what is shared already is not copied', () => {
  const inner = shared({ n: 1 });
  const outer = shared({ inner, list: [inner], map: new Map([[inner, inner]]) });
  assert.equal(outer.inner, inner);
  assert.equal(outer.list.at(0), inner);
  assert.equal(outer.map.get(inner), inner);
  assert.equal(shared(outer), outer);
});

test('any text is a name of a field', () => {
  const names = [
    'constructor',
    'toJSON',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    'then',
    'length',
    'name',
    'prototype',
    '#cell',
    '',
    ' ',
    '0',
    '42',
    '-1',
    '1e3',
    'a b',
    "it's",
    '"',
    '`$' + '{x}`',
    '\\',
    '\n',
    '\u2028',
    '*/',
    '//',
    ']',
    '\0',
    '\ud800',
    '漢',
    '😀',
    'class',
    'get',
    'static',
    'a'.repeat(1000),
  ];
  const plain: Any = Object.fromEntries(names.map((name, at) => [name, at]));
  const record = shared(plain) as Any;
  for (const [at, name] of names.entries()) {
    assert.equal(record[name], at, JSON.stringify(name));
    record[name] = name;
    assert.equal(record[name], name, JSON.stringify(name));
  }
  assert.deepEqual(keys(record), Object.keys(plain));
  assert.deepEqual(snapshot(record), Object.fromEntries(names.map((name) => [name, name])));
  checkHeap();
});

test('__proto__ is a field like others', () => {
  const plain = JSON.parse('{"__proto__": 1, "a": 2}') as Any;
  const record = shared(plain) as Any;
  const name = '__proto__';
  assert.equal(record[name], 1);
  record[name] = { b: 1 };
  assert.equal(record['b'], undefined);
  assert.deepEqual(keys(record), ['__proto__', 'a']);
  assert.equal(JSON.stringify(record), '{"__proto__":{"b":1},"a":2}');
  const copy = snapshot(record) as Any;
  assert.deepEqual(Object.keys(copy), ['__proto__', 'a']);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  elsewhere((given) => {
    if ((given as Any)['a'] !== 2) throw new Error('a');
  }, record);
});

test('keys are in the order of the plain object', () => {
  for (const plain of [{ b: 1, a: 2 }, { a: 2, b: 1 }, { z: '', 2: 'two', 1: 'one', y: 0 }, {}]) {
    const record = shared(plain);
    assert.deepEqual(keys(record), Object.keys(plain));
    assert.equal(JSON.stringify(record), JSON.stringify(plain));
    const found: string[] = [];
    for (const key in record) found.push(key);
    assert.deepEqual(found, Object.keys(plain));
  }
});

test('a record of one to many fields, of both representations', () => {
  for (const count of [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 64, 100, 169]) {
    for (const [name, start] of [
      ['numbers', () => 1.5],
      ['words', () => 'x'],
      ['both', (at: number) => (at % 2 ? at : `${at}`)],
    ] as const) {
      const plain: Any = Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, start(at)]));
      const record = shared(plain) as Any;
      assert.deepEqual(snapshot(record), plain, `${count} ${name}`);
      for (const key of Object.keys(plain)) record[key] = key;
      assert.deepEqual(
        Object.keys(plain).map((key) => record[key]),
        Object.keys(plain),
      );
    }
  }
  checkHeap();
});

test('a record with too many fields is refused, and says what to do', () => {
  const plain = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`f${at}`, at]));
  assert.throws(() => shared({ a: [plain] }), { name: 'TypeError', message: /600 fields .* use a Map/ });
  checkHeap();
});

test('a hundred shapes side by side keep their fields apart', () => {
  const records = Array.from(
    { length: 100 },
    (_, at) => shared({ [`name${at}`]: at, all: at, [`last${at}`]: `${at}` }) as Any,
  );
  for (const [at, record] of records.entries()) {
    assert.equal(record['all'], at);
    assert.equal(record[`name${at}`], at);
    assert.equal(record[`last${at}`], `${at}`);
    assert.equal(record[`name${(at + 1) % 100}`], undefined);
  }
  checkHeap();
});

test('records in cycles are shown, copied and let go of', () => {
  const record = shared({ name: 'a', self: null as unknown });
  record.self = { back: record };
  assert.equal(inspect(record), "<ref *1> { name: 'a', self: { back: [Circular *1] } }");
  const copy = snapshot(record) as { self: { back: unknown } };
  assert.equal(copy.self.back, copy);
  assert.throws(() => JSON.stringify(record), { name: 'TypeError', message: /circular structure/ });
  checkHeap();
  collectAll();
  checkHeap();
});

test('a record is shown as the plain object', () => {
  assert.equal(inspect(shared({ a: 1, b: ['x', { c: null }] })), inspect({ a: 1, b: ['x', { c: null }] }));
  assert.equal(
    JSON.stringify(shared({ a: undefined, b: [undefined], c: new Date(0) })),
    '{"b":[null],"c":"1970-01-01T00:00:00.000Z"}',
  );
});

test('a bigint in JSON is the error that it is without sharing', () => {
  assert.throws(() => JSON.stringify(shared({ a: 1n })), { name: 'TypeError', message: /BigInt/ });
});

test("accessors work on records of their own shape only, and a record's class makes none", () => {
  const [record, other] = [shared({ a: 1 }), shared({ b: 1 })];
  const prototype = Object.getPrototypeOf(record) as object;
  const { get, set } = Object.getOwnPropertyDescriptor(prototype, 'a')!;
  for (const wrong of [{}, other, null, undefined, 1, Object.create(record), new Proxy(record, {})]) {
    assert.throws(() => get!.call(wrong), TypeError);
    assert.throws(() => set!.call(wrong, 1), TypeError);
  }
  const Class = (prototype as { constructor: new (...args: unknown[]) => object }).constructor;
  assert.throws(() => new Class(1), TypeError);
  assert.throws(() => new (class extends Class {})(), TypeError);
  assert.throws(() => Reflect.construct(Class, [], Object), TypeError);
  checkHeap();
});

test('another thread reads and writes the same record, and its classes are its own', () => {
  const record = shared({ n: 1, inner: { text: 'here' }, any: null as unknown });
  elsewhere((given) => {
    given.n += 41;
    given.inner.text = 'there';
    given.any = { made: ['there', given] };
  }, record);
  assert.equal(record.n, 42);
  assert.equal(record.inner.text, 'there');
  const made = (record.any as { made: { at(index: number): unknown } }).made;
  assert.equal(made.at(0), 'there');
  assert.equal(made.at(1), record);
  checkHeap();
});
