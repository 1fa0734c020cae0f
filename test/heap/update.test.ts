// The atomic steps update(record, field, change) and array.update(index, change), and SharedArray.from and of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, SharedArray, SharedMap, shared, struct, t, update } from 'heddle';

test('a field of any layout holds what the function makes of it', () => {
  const record = shared({ n: 0, s: 'a', o: null as null | { x: number[] }, big: 1n, none: undefined as unknown });
  assert.equal(
    update(record, 'n', (n) => n + 1),
    1,
  );
  assert.equal(
    update(record, 's', (s) => `${s}b`),
    'ab',
  );
  assert.equal(
    update(record, 'big', (big) => big + 1n),
    2n,
  );
  const made = update(record, 'o', () => ({ x: [1] }));
  assert.equal(made, record.o);
  assert.equal(made?.x.at(0), 1);
  // A field of numbers holds anything, and one of anything holds numbers.
  for (const value of ['text', Number.NaN, -0, 2 ** 1000, 1.5, null, undefined, true]) {
    assert.ok(
      Object.is(
        update(record as { n: unknown }, 'n', () => value),
        value,
      ),
      String(value),
    );
    assert.ok(Object.is(record.n, value));
    assert.ok(
      Object.is(
        update(record as { n: unknown }, 'n', (same) => same),
        value,
      ),
    );
    assert.ok(
      Object.is(
        update(record, 'none', () => value),
        value,
      ),
      String(value),
    );
    assert.ok(Object.is(record.none, value));
    assert.ok(
      Object.is(
        update(record, 'none', (same) => same),
        value,
      ),
    );
  }
});

test('an element is replaced; the function gets it and its index', () => {
  const array = new SharedArray<unknown>([1, 'x', null, Number.NaN, { y: 1 }, undefined, -0]);
  const seen: unknown[] = [];
  for (let at = 0; at < array.length; at++) {
    array.update(at, (element, index) => {
      seen.push(index);
      return [element];
    });
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(JSON.stringify(array), '[[1],["x"],[null],[null],[{"y":1}],[null],[0]]');
});

test('a method of a struct counts by it', () => {
  const Counter = struct(
    'UpdateCounter',
    { n: t.f64 },
    class {
      declare n: number;
      count(): number {
        return update(this, 'n', (n) => n + 1);
      }
    },
  );
  const counter = new Counter();
  counter.count();
  assert.equal(counter.count(), 2);
});

test('of several threads that update at once none loses a step', () => {
  const all = shared({ n: 0, small: null as unknown, s: '', list: [0, ''] as [number, string] });
  all.small = 0;
  const count = () => {
    for (let step = 0; step < 3000; step++) {
      update(all, 'n', (n) => n + 1);
      update(all, 'small', (n) => (n as number) + 1);
      all.list.update(0, (n) => (n as number) + 1);
      if (step % 30 === 0) {
        update(all, 's', (s) => `${s}x`);
        all.list.update(1, (s) => `${s}y`);
      }
    }
  };
  for (const future of [run(count), run(count), run(count)]) future.result();
  assert.deepEqual(
    [all.n, all.small, all.list.at(0), all.s.length, String(all.list.at(1)).length],
    [9000, 9000, 9000, 300, 300],
  );
});

test('if another change comes between, the function is called again with what is there', () => {
  const record = shared({ n: 1 });
  const array = new SharedArray([1]);
  const seen: number[] = [];
  const once = (change: () => void) => (n: number) => {
    seen.push(n);
    if (n === 1) change();
    return n + 1;
  };
  update(
    record,
    'n',
    once(() => {
      record.n = 10;
    }),
  );
  array.update(
    0,
    once(() => array.set(0, 20)),
  );
  assert.deepEqual([record.n, array.at(0), seen], [11, 21, [1, 10, 1, 20]]);
});

test('a function that throws changes nothing', () => {
  const record = shared({ n: 1 });
  const array = new SharedArray([1]);
  const fails = (): number => {
    throw new RangeError('mine');
  };
  assert.throws(() => update(record, 'n', fails), /mine/);
  assert.throws(() => array.update(0, fails), /mine/);
  assert.deepEqual([record.n, array.at(0)], [1, 1]);
  assert.equal(
    update(record, 'n', (n) => n + 1),
    2,
  );
});

test('wrong calls name what is wrong', () => {
  const record = shared({ n: 1, m: 2 });
  const array = new SharedArray([1, 2]);
  const loose = update as (record: unknown, field: unknown, change: unknown) => unknown;
  const same = (value: unknown) => value;
  assert.throws(() => loose(record, 'z', same), /the record has no field "z": its fields are n, m/);
  assert.throws(() => loose({ n: 1 }, 'n', same), /update\(\) takes a shared record/);
  assert.throws(() => loose(new SharedMap(), 'n', same), /have a method update/);
  assert.throws(() => loose(record, 'n', 5), /update\(\) takes a function, not number 5/);
  assert.throws(() => loose(record, 'n', () => Symbol('x')), /field 'n' cannot hold Symbol\(x\)/);
  for (const index of [2, -1, 0.5, Number.NaN, '0']) {
    assert.throws(
      () => array.update(index as number, (n) => n),
      /takes the index of an element, and .* the array has 2/,
    );
  }
  assert.throws(() => array.update(0, 5 as never), /update\(\) takes a function/);
  assert.throws(
    () =>
      array.update(0, () => {
        array.clear();
        return 1;
      }),
    /the array has 0 elements/,
  );
  assert.throws(
    () =>
      update(record, 'n', () => {
        record.n++;
        return 0;
      }),
    /update\(\) of field 'n' was tried 10000 times/,
  );
});

test('SharedArray.from and of make what Array makes', () => {
  const plain = (array: SharedArray<unknown>) => JSON.stringify(array);
  assert.equal(plain(SharedArray.from({ length: 3 }, (_, at) => at * at)), '[0,1,4]');
  assert.equal(plain(SharedArray.from({ length: 2, 0: 'a' })), '["a",null]');
  assert.equal(plain(SharedArray.from('añ💡')), '["a","ñ","💡"]');
  assert.equal(plain(SharedArray.from(new Map([[1, [2]]]))), '[[1,[2]]]');
  assert.equal(plain(SharedArray.from(new SharedArray([1, 2]))), '[1,2]');
  assert.equal(plain(SharedArray.from(new Uint8Array([1, 2]))), '[1,2]');
  assert.equal(plain(SharedArray.of()), '[]');
  assert.equal(plain(SharedArray.of<unknown>(7, [1], { a: 1 })), '[7,[1],{"a":1}]');
  const factor = { by: 3 };
  const scaled = SharedArray.from(
    [1, 2],
    function (this: typeof factor, n: number) {
      return n * this.by;
    } as (n: number) => number,
    factor,
  );
  assert.equal(plain(scaled), '[3,6]');
  const loose = SharedArray as unknown as { from(...given: unknown[]): unknown; of(...given: unknown[]): unknown };
  assert.throws(() => loose.from(5), /takes an iterable or an array-like, not number 5/);
  assert.throws(() => loose.from(null), /not null/);
  assert.throws(() => loose.from([1], 5), /takes a function as its second argument/);
  assert.throws(() => loose.from((async function* () {})()), /async iterable/);
  assert.throws(() => loose.of(() => 1), /cannot hold a function/);
});
