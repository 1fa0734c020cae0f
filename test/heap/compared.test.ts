// Shared objects in assert.deepStrictEqual and what else compares by content.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { allocateLock, SharedArray, scope, shared, struct, t } from 'heddle';

const Pair = struct('ComparedPair', { a: t.any, b: t.f64 });
const Other = struct('ComparedOther', { a: t.any, b: t.f64 });
const lock = allocateLock();
const cycle = (n: number) => {
  const record = shared({ n, self: null as unknown });
  record.self = record;
  return record;
};

/** Each makes another value for another argument, and an equal one for the same. */
const makers: Record<string, (x: unknown) => unknown> = {
  array: (x) => shared([1, x as number]),
  'array of arrays': (x) => shared([[[x as number]]]),
  record: (x) => shared({ a: x as number }),
  'record in a record': (x) => shared({ a: { b: { c: x as number } } }),
  map: (x) => shared(new Map([['a', x as number]])),
  'key of a map': (x) => shared(new Map([[x as number, 1]])),
  set: (x) => shared(new Set([x as number])),
  struct: (x) => new Pair({ a: x, b: 1 }),
  'struct in an array': (x) => shared([new Pair({ a: x })]),
  'bytes in a record': (x) => shared({ bytes: new Uint8Array([Number(x)]) }),
  'date in a record': (x) => shared({ at: new Date(Number(x)) }),
  'error in a record': (x) => shared({ error: new RangeError(String(x)) }),
  'long array': (x) => shared([...Array.from({ length: 5000 }, (_, at) => at), x as number]),
  'inside plain data': (x) => ({ list: [shared({ x: x as number })] }),
  cycle: (x) => cycle(Number(x)),
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: equal when the content is, and only then`, () => {
    assert.deepStrictEqual(make(1), make(1));
    assert.ok(isDeepStrictEqual(make(1), make(1)));
    for (const [one, other] of [
      [1, 2],
      [0, 1],
    ]) {
      assert.ok(!isDeepStrictEqual(make(one), make(other)), `${one} and ${other}`);
      assert.throws(() => assert.deepStrictEqual(make(one), make(other)), { code: 'ERR_ASSERTION' });
      assert.throws(() => assert.deepEqual(make(one), make(other)), { code: 'ERR_ASSERTION' });
    }
    assert.notDeepStrictEqual(make(1), make(2));
  });
}

test('values that are nearly the same are not', () => {
  for (const [one, other] of [
    [1, '1'],
    [0, -0],
    [1n, 1],
    [null, undefined],
    ['', null],
    [lock, allocateLock()],
  ]) {
    assert.ok(!isDeepStrictEqual(shared([one]), shared([other])), String(one));
  }
  assert.ok(isDeepStrictEqual(shared([lock, Number.NaN]), shared([lock, Number.NaN])));
  assert.ok(!isDeepStrictEqual(shared([1]), shared([1, 2])));
  assert.ok(!isDeepStrictEqual(shared(new Map([[1, 2]])), shared(new Map([[1, 2] as const, [2, 2] as const]))));
  assert.ok(!isDeepStrictEqual(shared([new Pair()]), shared([new Other()])), 'of another struct');
  const [one, other] = [shared(new Set([1, 2])), shared(new Set([2, 1]))];
  assert.ok(isDeepStrictEqual(one, other), 'sets have no order');
});

test('who compares by valueOf finds two records different', () => {
  const record = shared({ a: 1 });
  assert.equal(record.valueOf(), record);
  assert.notEqual(shared({ a: 1 }).valueOf(), record.valueOf());
  assert.equal(String(record), '[object Object]');
  assert.notEqual(shared([1]).valueOf(), shared([1]).valueOf());
});

test('prototypes and objects whose scope has ended have a tag too', () => {
  const tag = (value: unknown) => Object.prototype.toString.call(value);
  assert.equal(tag(SharedArray.prototype), '[object SharedArray]');
  assert.equal(tag(Object.getPrototypeOf(shared({ a: 1 }))), '[object Object]');
  assert.match(tag(shared([1])), /^\[object SharedArray /);
  let kept: object | undefined;
  scope(() => {
    kept = shared([1]);
  });
  assert.match(tag(kept), /^\[object SharedArray/);
});

test('a long chain, and one object by very many ways, take no time and no stack', () => {
  let chain: unknown = null;
  for (let n = 0; n < 20_000; n++) chain = shared({ next: chain });
  assert.ok(isDeepStrictEqual(chain, chain));
  assert.ok(!isDeepStrictEqual(chain, shared({ next: null })));
  let many: unknown = 1;
  for (let n = 0; n < 40; n++) many = shared([many, many]);
  assert.ok(!isDeepStrictEqual(many, shared([1])));
});
