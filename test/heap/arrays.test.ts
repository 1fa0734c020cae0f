// SharedArray: what `Array` does, on a shared array.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShared, SharedArray, shared, snapshot } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

type Use = (array: unknown[]) => unknown;

const SAMPLES: readonly (readonly unknown[])[] = [
  [],
  [1],
  ['a'],
  [undefined, null],
  [3, 1, 2],
  [10, 9, 1, 2, undefined, 'b', 'a', null, -0, NaN, Infinity],
  Array.from({ length: 50 }, (_, at) => (at * 7) % 50),
  ['z', 'ä', 'a', 'Z', '😀', '\ufffd', ''],
];

const plain = (value: unknown): unknown => {
  const copy = snapshot(value);
  return Array.isArray(copy) ? copy.map(plain) : copy;
};

/** Runs the same on an array and on a shared one: outcome and contents are the same. */
function agree(use: Use, name: string): void {
  for (const sample of SAMPLES) {
    const theirs = [...sample];
    const mine = shared([...sample]) as unknown as SharedArray;
    const outcome = (array: unknown, self: unknown): unknown => {
      try {
        const value = use(array as unknown[]);
        return value === self ? 'itself' : plain(value);
      } catch (error) {
        return (error as Error).name;
      }
    };
    assert.deepEqual(outcome(mine, mine), outcome(theirs, theirs), `${name} of ${JSON.stringify(sample)}`);
    assert.deepEqual(mine.toArray(), theirs, `${name} of ${JSON.stringify(sample)}: what is left`);
  }
}

const POSITIONS: readonly (number | undefined)[] = [
  undefined,
  0,
  1,
  2,
  5,
  100,
  -1,
  -2,
  -100,
  1.7,
  -1.7,
  NaN,
  Infinity,
  -Infinity,
];

test('reading methods say what those of Array say', () => {
  const uses: Record<string, Use> = {
    join: (a) => a.join(),
    'join with': (a) => a.join('--'),
    text: (a) => String(a),
    slice: (a) => a.slice(),
    concat: (a) => a.concat(1, [2, 3], [[4]]),
    map: (a) => a.map((value, at) => [at, value]),
    filter: (a) => a.filter((value) => typeof value === 'number'),
    flatMap: (a) => a.flatMap((value, at) => [value, [at]]),
    flat: (a) => a.flat(),
    find: (a) => a.find((value) => value === 2),
    findIndex: (a) => a.findIndex((value) => value !== 1),
    findLast: (a) => a.findLast((value) => typeof value === 'string'),
    findLastIndex: (a) => a.findLastIndex((value) => typeof value === 'string'),
    some: (a) => a.some((value) => value === null),
    every: (a) => a.every((value) => value !== null),
    reduce: (a) => a.reduce((before, value, at) => `${before}/${value}${at}`),
    'reduce from': (a) => a.reduce((before, value, at) => `${before}/${value}${at}`, 'from'),
    'reduce from undefined': (a) => a.reduce((before, value) => `${before}/${value}`, undefined),
    reduceRight: (a) => a.reduceRight((before, value, at) => `${before}/${value}${at}`),
    toReversed: (a) => a.toReversed(),
    toSorted: (a) => a.toSorted(),
    'toSorted by': (a) => a.toSorted((x, y) => Number(y) - Number(x)),
    toSpliced: (a) => a.toSpliced(1, 2, 'x'),
    keys: (a) => [...a.keys()],
    entries: (a) => [...a.entries()],
    values: (a) => [...a.values()],
    iteration: (a) => [...a],
    JSON: (a) => JSON.stringify(a),
    'a callback that is none': (a) => a.map(undefined as never),
    'a callback that throws': (a) =>
      a.forEach(() => {
        throw new RangeError('no');
      }),
    'this of a callback': (a) =>
      a
        .map(function (this: unknown) {
          return this;
        }, 'self')
        .map(String),
  };
  for (const [name, use] of Object.entries(uses)) agree(use, name);
});

test('reading methods take positions as those of Array do', () => {
  for (const at of POSITIONS) {
    const where = at as number;
    agree((a) => a.at(where), `at(${at})`);
    agree((a) => a.includes(1, where), `includes(1, ${at})`);
    agree((a) => a.includes(NaN, where), `includes(NaN, ${at})`);
    agree((a) => a.indexOf(1, where), `indexOf(1, ${at})`);
    agree((a) => a.flat(where), `flat(${at})`);
    agree((a) => a.with(where, 'x'), `with(${at})`);
    for (const to of POSITIONS) agree((a) => a.slice(where, to), `slice(${at}, ${to})`);
  }
  for (const at of [0, 1, 5, -1, -5, Infinity]) agree((a) => a.lastIndexOf(1, at), `lastIndexOf(1, ${at})`);
});

test('changing methods do what those of Array do', () => {
  const uses: Record<string, Use> = {
    push: (a) => a.push('x'),
    'push several': (a) => a.push(1, 'x', undefined),
    'push nothing': (a) => a.push(),
    pop: (a) => a.pop(),
    shift: (a) => a.shift(),
    unshift: (a) => a.unshift('x'),
    'unshift several': (a) => a.unshift(1, 2, 3),
    'unshift nothing': (a) => a.unshift(),
    reverse: (a) => a.reverse(),
    sort: (a) => a.sort(),
    'sort by': (a) => a.sort((x, y) => Number(y) - Number(x)),
    'sort by undefined': (a) => a.sort(undefined),
    'sort by nonsense': (a) => a.sort({} as never),
    fill: (a) => a.fill('x'),
    'no length': (a) => {
      a.length = 0;
    },
    shorter: (a) => {
      a.length = Math.min(2, a.length);
    },
    'a length of -1': (a) => {
      a.length = -1;
    },
    'a length of 1.5': (a) => {
      a.length = 1.5;
    },
    'a length of NaN': (a) => {
      a.length = NaN;
    },
    'a length of 2**32': (a) => {
      a.length = 2 ** 32;
    },
    'a length of 2**32 + 1': (a) => {
      a.length = 2 ** 32 + 1;
    },
    'splice of nothing': (a) => (a.splice as () => unknown)(),
  };
  for (const [name, use] of Object.entries(uses)) agree(use, name);
});

test('changing methods take positions as those of Array do', () => {
  for (const at of POSITIONS) {
    const where = at as number;
    agree((a) => a.splice(where), `splice(${at})`);
    for (const other of POSITIONS) {
      const second = other as number;
      agree((a) => a.splice(where, second), `splice(${at}, ${other})`);
      agree((a) => a.splice(where, second, 'x', 'y'), `splice(${at}, ${other}, …)`);
      agree((a) => a.fill('x', where, second), `fill(${at}, ${other})`);
      agree((a) => a.copyWithin(where, second), `copyWithin(${at}, ${other})`);
      agree((a) => a.copyWithin(where, second, -1), `copyWithin(${at}, ${other}, -1)`);
    }
  }
});

test('set() replaces, appends, and fills a gap with undefined', () => {
  const array = shared([1, 2] as unknown[]);
  assert.equal(array.set(0, 'a').set(2, 'c'), array);
  assert.deepEqual(array.toArray(), ['a', 2, 'c']);
  array.set(5, 'f');
  assert.deepEqual(array.toArray(), ['a', 2, 'c', undefined, undefined, 'f']);
  checkHeap();
});

test('no index outside the possible ones is taken for another', () => {
  const array = shared([1, 2, 3]);
  for (const index of [-1, 1.5, NaN, Infinity, 2 ** 27, 2 ** 32, 2 ** 32 + 1, 2 ** 53, '1', undefined, null]) {
    assert.throws(() => array.set(index as number, 9), {
      name: 'RangeError',
      message: /not an index of a shared array/,
    });
  }
  for (const index of [3, 2 ** 27, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53, Infinity])
    assert.equal(array.at(index), undefined);
  assert.deepEqual(array.toArray(), [1, 2, 3]);
});

test('a length is given or refused before anything changes', () => {
  const array = shared([1, 2, 3] as unknown[]);
  array.length = 5;
  assert.deepEqual(array.toArray(), [1, 2, 3, undefined, undefined]);
  array.length = 1;
  array.length = 3;
  assert.deepEqual(array.toArray(), [1, undefined, undefined]);
  for (const length of [2 ** 27 + 1, 2 ** 32, 2 ** 32 + 2, '2', undefined]) {
    assert.throws(() => {
      array.length = length as number;
    }, RangeError);
  }
  assert.equal(array.length, 3);
  array.clear();
  assert.equal(array.length, 0);
  checkHeap();
});

test('plain data that is put in is copied once, whatever room is made for it', () => {
  let reads = 0;
  const counting = (): object => ({
    get n() {
      return ++reads;
    },
  });
  const array = shared([] as { n: number }[]);
  for (let at = 1; at <= 40; at++) {
    array.push(counting() as { n: number });
    assert.equal(reads, at);
  }
  for (let at = 41; at <= 80; at++) {
    array.set(array.length, counting() as { n: number });
    assert.equal(reads, at);
  }
  array.set(100, counting() as { n: number });
  array.splice(0, 0, counting() as { n: number });
  assert.equal(reads, 82);
  assert.ok(isShared(array.at(0)));
});

test('fill() puts one object everywhere', () => {
  const array = shared(Array.from({ length: 10 }, () => null as object | null));
  array.fill({ one: true });
  assert.ok(array.every((item) => item === array.at(0)));
});

test('an array that is in itself is printed, flattened and copied', () => {
  const array = shared([1] as unknown[]);
  array.push(array, 2);
  assert.equal(String(array), '1,,2');
  assert.equal(array.join('-'), '1--2');
  assert.deepEqual(array.flat(0), [1, array, 2]);
  assert.deepEqual(array.flat(), [1, 1, array, 2, 2]);
  const copy = snapshot(array) as unknown[];
  assert.equal(copy[1], copy);
});

test('arrays in arrays are flattened as deep as is asked for, and joined', () => {
  const nested = [1, [2, [3, [4, []]]], 'x'];
  const array = shared(nested) as unknown as SharedArray;
  for (const depth of [undefined, 0, 1, 2, 3, Infinity]) {
    assert.deepEqual(array.flat(depth).map(plain), nested.flat(depth), `depth ${depth}`);
  }
  assert.equal(array.join(';'), nested.join(';'));
  assert.deepEqual(shared([1]).concat(shared([2]), [3]), [1, 2, 3]);
});

test('sort is stable, and a comparison that throws leaves all as it was', () => {
  const rows = Array.from({ length: 300 }, (_, at) => ({ key: at % 7, at }));
  const array = shared(rows);
  array.sort((a, b) => a.key - b.key);
  assert.deepEqual(
    array.map(({ at }) => at),
    rows.toSorted((a, b) => a.key - b.key).map(({ at }) => at),
  );
  const before = array.toArray();
  assert.throws(
    () =>
      array.sort(() => {
        throw new RangeError('no');
      }),
    { message: 'no' },
  );
  assert.deepEqual(array.toArray(), before);
  checkHeap();
});

test('an iteration sees what is appended meanwhile, and ends for good', () => {
  const array = shared([0, 1, 2]);
  const seen: number[] = [];
  const entries: unknown[] = [];
  for (const value of array) {
    seen.push(value);
    if (value < 5) array.push(value + 3);
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
  const [keys, values] = [array.keys(), array.values()];
  while (keys.next().done !== true);
  while (values.next().done !== true);
  array.push(9);
  assert.equal(keys.next().done, true);
  assert.equal(values.next().done, true);
  for (const entry of array.entries()) {
    entries.push(entry);
    if (entry[0] === 1) array.length = 3;
  }
  assert.deepEqual(entries, [
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
});

test('forEach visits as many as there were, and none that has gone', () => {
  const array = shared([1, 2, 3, 4]);
  const seen: number[] = [];
  array.forEach((value) => {
    seen.push(value);
    array.push(value);
    if (value === 2) array.splice(0, 6);
  });
  assert.deepEqual(seen, [1, 2]);
});

test('iterators have the helpers of this platform', () => {
  const iterator = shared([1, 2, 3]).values() as Iterable<number> & {
    map?(change: (n: number) => number): { toArray(): number[] };
  };
  assert.equal(iterator[Symbol.iterator](), iterator);
  const helpers = typeof ([].values() as { map?: unknown }).map;
  assert.equal(typeof iterator.map, helpers);
  if (helpers === 'function') assert.deepEqual(iterator.map?.((value) => value * 2).toArray(), [2, 4, 6]);
});

test('an array is what it says, and JSON and keys know it', () => {
  const array = shared(['a', { b: 1 }]);
  assert.ok(array instanceof SharedArray);
  assert.match(Object.prototype.toString.call(array), /^\[object SharedArray /);
  assert.equal(JSON.stringify(array), '["a",{"b":1}]');
  assert.deepEqual(new SharedArray().toArray(), []);
  assert.ok(isShared(new SharedArray()));
});

test('an array grows, shrinks and is sorted over many sizes', () => {
  const array = shared([] as number[]);
  for (let n = 0; n < 100_000; n++) array.push((n * 7919) % 100_003);
  assert.equal(array.length, 100_000);
  array.sort((a, b) => a - b);
  const items = array.toArray();
  assert.ok(items.every((value, at) => at === 0 || items[at - 1]! < value));
  for (let n = 0; n < 1000; n++) array.shift();
  assert.equal(array.at(0), items[1000]);
  array.length = 10;
  collectAll();
  assert.deepEqual(array.toArray(), items.slice(1000, 1010));
  checkHeap();
});

test('another thread changes the same array', () => {
  const array = shared(['before'] as unknown[]);
  elsewhere((given) => {
    for (let n = 0; n < 5000; n++) given.push({ n });
    given.shift();
    given.reverse();
  }, array);
  assert.equal(array.length, 5000);
  assert.deepEqual(snapshot(array.at(0)), { n: 4999 });
  assert.deepEqual(snapshot(array.at(-1)), { n: 0 });
  checkHeap();
});

test('new SharedArray() takes the elements, and refuses what would be lost', () => {
  assert.deepEqual(new SharedArray([1, 'two', { three: 3 }]).length, 3);
  assert.deepEqual(new SharedArray(new Set([1, 2])).toArray(), [1, 2]);
  assert.deepEqual(new SharedArray(null).toArray(), []);
  assert.throws(
    () => new SharedArray(3 as never),
    /^TypeError: new SharedArray\(\) takes the elements .*, not number 3$/,
  );
  assert.throws(() => new (SharedArray as never as new (...all: number[]) => unknown)(1, 2), /takes the elements/);
  assert.equal(shared([1234567, -0]).toLocaleString('en'), [1234567, -0].toLocaleString('en'));
});

test('an array cannot become longer than arrays can be, in any way', () => {
  const array = shared([] as number[]);
  const most = 2 ** 27;
  array.length = most;
  for (const add of [
    () => array.push(1),
    () => array.unshift(1),
    () => array.splice(5, 0, 1),
    () => array.set(most, 1),
  ])
    assert.throws(add, RangeError);
  assert.equal(array.length, most);
  array.clear();
});
