// indexed(): a shared array with array[i].

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexed, isShared, keys, SharedArray, shared, snapshot } from 'heddle';
import { checkHeap, elsewhere } from '../support/heap.ts';

test('elements are read, written and appended by index', () => {
  const array = shared(['a', 'b']);
  const view = indexed(array);
  assert.deepEqual([view[0], view[1], view[2], view[-1]], ['a', 'b', undefined, undefined]);
  view[0] = 'A';
  view[2] = 'c';
  view[4] = 'e';
  assert.deepEqual(array.toArray(), ['A', 'b', 'c', undefined, 'e']);
  view.push('f');
  assert.equal(view.length, 6);
  view.length = 1;
  assert.deepEqual([...view], ['A']);
  assert.deepEqual(
    view.map((value) => value),
    ['A'],
  );
});

test('the view is the array for all that takes one', () => {
  const array = shared([1, { a: 2 }] as unknown[]);
  const view = indexed(array);
  assert.ok(view instanceof SharedArray);
  assert.ok(isShared(view));
  assert.equal(indexed(array), view);
  assert.equal(indexed(view), view);
  assert.equal(JSON.stringify(view), '[1,{"a":2}]');
  assert.deepEqual(snapshot(view), [1, { a: 2 }]);
  assert.deepEqual(keys(view), [0, 1]);
  assert.equal(shared(view), view);
  assert.equal(shared({ view }).view, array);
  assert.equal(shared([view]).at(0), array);
  assert.equal(shared(new Map([[view, 1]])).get(array as never), 1);
  assert.deepEqual(shared([0]).concat(view as never), [0, 1, array.at(1)]);
  const outer = shared([] as unknown[]);
  outer.push(view);
  assert.equal(outer.at(0), array);
  assert.deepEqual(outer.flat(), array.toArray());
});

test('in, keys, deletion and spreading are as with arrays', () => {
  const view = indexed(shared(['a', 'b', 'c']));
  assert.deepEqual(
    ['0' in view, '2' in view, '3' in view, 'length' in view, 'nothing' in view],
    [true, true, false, true, false],
  );
  assert.deepEqual(Object.keys(view), ['0', '1', '2']);
  assert.deepEqual(Object.entries(view), [
    ['0', 'a'],
    ['1', 'b'],
    ['2', 'c'],
  ]);
  assert.ok(delete (view as unknown as unknown[])[1]);
  assert.deepEqual({ ...view }, { 0: 'a', 1: undefined, 2: 'c' });
  const [first, ...rest] = view;
  assert.deepEqual([first, rest], ['a', [undefined, 'c']]);
});

test('other names have no place, and no index is taken for another', () => {
  const view = indexed(shared([1])) as unknown as Record<PropertyKey, unknown>;
  for (const key of ['x', '-1', '1.5', '01', '1e3', ' 1', Symbol('s')]) {
    assert.throws(
      () => {
        view[key] = 1;
      },
      { name: 'TypeError', message: /has no place for/ },
    );
    assert.equal(view[key], undefined);
  }
  for (const key of [2 ** 27, 2 ** 32, 2 ** 53 - 1])
    assert.throws(() => {
      view[key] = 1;
    }, RangeError);
  assert.throws(() => Object.defineProperty(view, '0', { value: 1 }), TypeError);
  assert.throws(() => {
    view[0] = () => {};
  }, TypeError);
  assert.deepEqual({ ...view }, { 0: 1 });
  checkHeap();
});

test('only shared arrays have views', () => {
  for (const wrong of [
    [1],
    {},
    null,
    1,
    shared({}),
    shared(new Map()),
    new Proxy(shared([1]), {}),
    Object.create(SharedArray.prototype),
  ]) {
    assert.throws(() => indexed(wrong as never), { name: 'TypeError', message: /takes a shared array/ });
  }
});

test('a view that is given to another thread is the array there', () => {
  const array = shared([1]);
  elsewhere((given) => {
    given.push(2);
  }, indexed(array));
  assert.deepEqual(array.toArray(), [1, 2]);
});
