// Heads of parcels as text: only what JSON carries exactly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from 'heddle';
import { textOf } from '#heddle/parcel/text.js';

test('what the text of a value makes again is the same', () => {
  const values: unknown[] = [
    { kept: 1, graph: { nodes: [['view', { type: 'Buffer', buffer: [1], offset: 0 }]], roots: [[0]] }, codes: [] },
    [1.5, -3, 1e300, 0, true, null, 'a "quoted" \\ text'],
    { ['__proto__']: 1, 2: 'b', a: [] },
  ];
  for (const value of values) assert.deepEqual(JSON.parse(textOf(value)!), value);
});

test('what it would not is cloned', () => {
  const twice = { a: 1 };
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const hole = new Array<number>(2);
  hole[1] = 1;
  const values: unknown[] = [
    [undefined],
    { a: undefined },
    [-0],
    [Number.NaN],
    [Infinity],
    [1n],
    ['ä'],
    ['\u{1f9f5}'],
    ['x'.repeat(300)],
    [twice, twice],
    cyclic,
    hole,
    Object.assign([1], { more: 2 }),
    [new Date(0)],
    [new Map()],
    [Object.create(null)],
    [{ toJSON: 1 }],
    Array.from({ length: 100 }, (_, n) => n),
  ];
  for (const value of values) assert.equal(textOf(value), undefined);
});

test('values on both sides of that arrive as they are', async () => {
  const same = { a: 1 };
  const values: unknown[] = [
    { id: 5, name: 'row', price: 1.25, tags: ['a', 'b'], at: { x: 0, y: null } },
    { a: undefined, b: -0, c: Number.NaN, d: 'ä', e: '\n"\\' },
    [same, same],
    ['x'.repeat(1000)],
    Array.from({ length: 200 }, (_, n) => ({ n })),
    // biome-ignore lint/suspicious/noSparseArray: that is what is tried.
    [, 1],
    new Uint16Array([1, 2, 3]),
    Buffer.from('text'),
  ];
  for (const value of values) {
    assert.deepEqual(await run((given: unknown) => given, value), value);
    assert.deepEqual(await run((given: unknown[]) => given.length, [value, value]), 2);
  }
  const [a, b] = await run((given: unknown[]) => given, [same, same]);
  assert.equal(a, b);
});
