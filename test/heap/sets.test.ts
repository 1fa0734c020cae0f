// SharedSet: what `Set` does, and what it has beside that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShared, SharedSet, shared, snapshot } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

test('a set is filled, read and emptied as Set is', () => {
  for (const set of [new SharedSet<unknown>(), new Set<unknown>()]) {
    assert.equal(set.add('a').add(1).add('a').add(NaN).add(NaN).add(-0).size, 4);
    assert.ok(Object.is([...set].at(-1), 0));
    assert.ok(['a', 1, NaN, 0, -0].every((member) => set.has(member)));
    assert.equal(set.has('none'), false);
    assert.equal(set.delete(1), true);
    assert.equal(set.delete(1), false);
    assert.deepEqual([...set], ['a', NaN, 0]);
    assert.deepEqual([...set.keys()], [...set.values()]);
    assert.deepEqual(
      [...set.entries()],
      [
        ['a', 'a'],
        [NaN, NaN],
        [0, 0],
      ],
    );
    set.clear();
    assert.deepEqual([set.size, ...set], [0]);
    assert.deepEqual([...set.add('after')], ['after']);
  }
  checkHeap();
});

test('a set is made of members, or of nothing', () => {
  assert.deepEqual([...new SharedSet('abca')], ['a', 'b', 'c']);
  assert.deepEqual([...new SharedSet(new SharedSet([1]))], [1]);
  for (const nothing of [undefined, null]) assert.equal(new SharedSet(nothing).size, 0);
  for (const wrong of [5, {}]) assert.throws(() => new SharedSet(wrong as never), TypeError);
});

test('insert says whether the member was new', () => {
  const set = new SharedSet([1]);
  assert.equal(set.insert(1), false);
  assert.equal(set.insert(2), true);
  assert.equal(set.insert(2), false);
});

test('an iteration sees what is added meanwhile, and not what is deleted before it comes there', () => {
  for (const set of [new SharedSet([0, 1, 2, 3, 4]), new Set([0, 1, 2, 3, 4])]) {
    const seen: number[] = [];
    for (const member of set) {
      seen.push(member);
      set.delete(member + 2);
      set.delete(member);
      if (member < 30) set.add(member + 5);
    }
    assert.deepEqual(seen, [0, 1, 4, 5, 9, 10, 14, 15, 19, 20, 24, 25, 29, 30, 34]);
  }
  checkHeap();
});

test('forEach gives each member twice, and the set', () => {
  const set = new SharedSet(['a']);
  const seen: unknown[] = [];
  set.forEach((...args) => void seen.push(...args));
  assert.deepEqual(seen.slice(0, 2), ['a', 'a']);
  assert.equal(seen[2], set);
  assert.throws(() => set.forEach(1 as never), TypeError);
});

test('a plain object that is added becomes a shared one, a new one each time', () => {
  const set = new SharedSet<object>();
  const object = { a: 1 };
  set.add(object).add(object);
  assert.equal(set.size, 2);
  assert.equal(set.has(object), false);
  assert.ok([...set].every(isShared));
  const [own] = set;
  set.add(own!);
  assert.equal(set.size, 2);
});

test('JSON and snapshots show the members', () => {
  const set = shared(new Set<unknown>([1, { a: 2 }]));
  assert.equal(JSON.stringify(set), '[1,{"a":2}]');
  assert.deepEqual(snapshot(set), new Set<unknown>([1, { a: 2 }]));
  assert.match(Object.prototype.toString.call(set), /^\[object SharedSet /);
});

test('the primes below 200,000 are what is left of a sieve', () => {
  const set = new SharedSet<number>();
  for (let n = 2; n < 200_000; n++) set.add(n);
  for (let n = 2; n * n < 200_000; n++) if (set.has(n)) for (let m = n * n; m < 200_000; m += n) set.delete(m);
  collectAll();
  assert.equal(set.size, 17_984);
  const [first] = set;
  assert.deepEqual([first, [...set].at(-1)], [2, 199_999]);
  checkHeap();
});

test('another thread changes the same set', () => {
  const set = new SharedSet<unknown>(['here']);
  elsewhere((given) => {
    for (let n = 0; n < 1000; n++) given.add(n % 10).add(`text ${n % 10}`);
    given.delete('here');
  }, set);
  assert.deepEqual(new Set(set), new Set(Array.from({ length: 10 }, (_, n) => [n, `text ${n}`]).flat()));
  checkHeap();
});

test('two sets together, as Set has it since Node 22: of shared sets, plain ones and what is like a set', () => {
  const [a, b] = [
    [1, 2, 3, 'x'],
    [3, 'x', 5],
  ];
  const others = [new SharedSet<unknown>(b), new Set<unknown>(b), new Map(b.map((key) => [key as unknown, 0]))];
  for (const other of others) {
    const set = new SharedSet<unknown>(a);
    assert.deepEqual([...set.union(other)], [1, 2, 3, 'x', 5]);
    assert.deepEqual([...set.intersection(other)], [3, 'x']);
    assert.deepEqual([...set.difference(other)], [1, 2]);
    assert.deepEqual([...set.symmetricDifference(other)], [1, 2, 5]);
    assert.deepEqual(
      [set.isSubsetOf(other), set.isSupersetOf(other), set.isDisjointFrom(other)],
      [false, false, false],
    );
  }
  const set = new SharedSet([1, 2]);
  assert.deepEqual([set.isSubsetOf(new Set([2, 1, 0])), set.isSubsetOf(new Set([1, 0, 9]))], [true, false]);
  assert.deepEqual([set.isSupersetOf(new Set([2])), set.isSupersetOf(new Set([2, 7]))], [true, false]);
  assert.deepEqual([set.isDisjointFrom(new Set([3])), set.isDisjointFrom(new SharedSet([2]))], [true, false]);
  assert.throws(() => set.union([1] as never), /^TypeError: union\(\) takes a set, .*, not /);
  checkHeap();
});
