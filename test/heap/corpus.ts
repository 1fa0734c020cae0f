// Values of every kind that can be shared, and what it means that one came out as it went in.

import assert from 'node:assert/strict';
import { types } from 'node:util';

const text = (length: number, piece: string): string => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 29,
  2 ** 30 - 1,
  2 ** 30,
  2 ** 30 + 1,
  -(2 ** 30),
  -(2 ** 30) - 1,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  Number.MIN_VALUE,
  Number.EPSILON,
  2 ** 999 * 1.9999,
  2 ** 1000,
  2 ** 1000 * (1 + 2 ** -52),
  2 ** 1000 * (1 + 16 / 2 ** 52),
  2 ** 1000 * (1 + 66 / 2 ** 52),
  2 ** 1000 * 1.3,
  2 ** 1000 * (2 - 2 ** -52),
  2 ** 1001,
  -(2 ** 1000),
  -(2 ** 1000) * 1.3,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
];

/** The lengths at which strings change how they are written. */
const LENGTHS: readonly number[] = [
  1, 2, 7, 8, 9, 23, 24, 25, 48, 49, 1000, 1018, 1019, 2036, 2037, 2048, 4032, 4033, 5000, 100_000,
];

const STRINGS: readonly string[] = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\udc00\ud800',
  text(30, '\ud800'),
  text(5000, 'ab\ud800'),
  '😀',
  '\ufeff',
  '\u2028\u2029',
  '__proto__',
  ...LENGTHS.map((length) => text(length, 'abcdefg')),
  ...LENGTHS.map((length) => text(length, 'aé\u007f\u0080ÿ')),
  ...LENGTHS.map((length) => text(length, 'aāЖ漢😀')),
  // One that is not like the others, at the end.
  ...LENGTHS.map((length) => `${text(length - 1, 'a')}ÿ`),
  ...LENGTHS.map((length) => `${text(length - 1, 'a')}Ā`),
];

const BIGINTS: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  -(2n ** 32n),
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  -(2n ** 64n),
  -(2n ** 65n) - 7n,
  2n ** 128n,
  10n ** 100n,
  -(10n ** 100n),
  2n ** 16_000n + 12345n,
  -(2n ** 16_383n),
  2n ** 40_000n - 1n,
];

/** Primitives. */
export const primitives: readonly unknown[] = [undefined, null, true, false, ...NUMBERS, ...STRINGS, ...BIGINTS];

/** The primitives that two of a kind are the same key: no -0, and one NaN. */
export const keys: readonly unknown[] = primitives.filter((value) => !Object.is(value, -0));

const bytes = Uint8Array.from({ length: 32 }, (_, at) => at * 7);

/** Plain objects that become values or shared objects; new ones at each call. */
export function objects(): object[] {
  const { buffer } = bytes.slice();
  const error = new RangeError('out of it', { cause: { code: 7 } });
  const list = [
    new Date(0),
    new Date(1_700_000_000_123),
    new Date(NaN),
    new Date(8.64e15),
    new Error('plain'),
    error,
    Object.assign(new TypeError('with own'), { code: 'EOWN', list: [1, 2], at: new Date(5) }),
    {},
    { a: 1, b: 'two', c: { d: [] } },
    [],
    [1, 'two', null],
    new Map<unknown, unknown>([
      [1, 'one'],
      ['two', 2],
    ]),
    new Set([1, 'two', NaN]),
    buffer,
    new SharedArrayBuffer(16),
    Buffer.from('a buffer'),
    new DataView(buffer, 4, 8),
    ...[Int8Array, Uint8Array, Uint8ClampedArray].map((Type) => new Type(buffer)),
    ...[Int16Array, Uint16Array, Int32Array, Uint32Array].map((Type) => new Type(buffer, 4, 3)),
    ...[Float32Array, Float64Array].map((Type) => new Type([0, -0, NaN, 1.5])),
    new BigInt64Array([1n, -1n]),
    new BigUint64Array([1n, 2n ** 64n - 1n]),
  ];
  return list;
}

/** How a value is called in messages. */
export function nameOf(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'string') return `${value.length} characters ${JSON.stringify(value.slice(0, 12))}`;
  if (typeof value === 'bigint') return `bigint ${String(value).slice(0, 12)}`;
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}

/** Holds if `actual`, which has been in the heap or was made from what was there, says the same as `expected`, which is plain. */
export function assertSame(actual: unknown, expected: unknown, where = ''): void {
  const name = `${where}${nameOf(expected)}`;
  if (typeof expected !== 'object' || expected === null) {
    assert.ok(Object.is(actual, expected), `${name} became ${nameOf(actual)}`);
    return;
  }
  assert.ok(typeof actual === 'object' && actual !== null, `${name} became ${nameOf(actual)}`);
  if (expected instanceof Date) {
    assert.ok(types.isDate(actual), name);
    assert.ok(Object.is(actual.getTime(), expected.getTime()), name);
  } else if (expected instanceof Error) {
    const { name: kind, message, stack } = actual as Error;
    assert.deepEqual([kind, message, stack], [expected.name, expected.message, expected.stack]);
    assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected), name);
    assert.equal('cause' in actual, 'cause' in expected, name);
    if ('cause' in expected) assertSame((actual as Error).cause, expected.cause, `${name}.cause: `);
    for (const [key, value] of Object.entries(expected)) assertSame(fieldOf(actual, key), value, `${name}.${key}: `);
  } else if (ArrayBuffer.isView(expected)) {
    assert.ok(ArrayBuffer.isView(actual), name);
    assert.equal(actual.constructor, expected.constructor, name);
    assert.deepEqual(bytesOf(actual), bytesOf(expected), name);
  } else if (types.isAnyArrayBuffer(expected)) {
    assert.deepEqual(bytesOf(new Uint8Array(actual as ArrayBuffer)), bytesOf(new Uint8Array(expected)), name);
  } else if (Array.isArray(expected)) {
    assert.equal((actual as unknown[]).length, expected.length, name);
    for (const [at, value] of expected.entries()) assertSame((actual as unknown[]).at(at), value, `${name}[${at}]: `);
  } else if (expected instanceof Map) {
    const [mine, theirs] = [[...(actual as Map<unknown, unknown>)], [...expected]];
    assert.equal(mine.length, theirs.length, name);
    for (const [at, [key, value]] of theirs.entries()) {
      assertSame(mine[at]![0], key, `${name}<key ${at}>: `);
      assertSame(mine[at]![1], value, `${name}<value ${at}>: `);
    }
  } else if (expected instanceof Set) {
    const [mine, theirs] = [[...(actual as Set<unknown>)], [...expected]];
    assert.equal(mine.length, theirs.length, name);
    for (const [at, member] of theirs.entries()) assertSame(mine[at], member, `${name}<${at}>: `);
  } else {
    for (const [key, value] of Object.entries(expected)) assertSame(fieldOf(actual, key), value, `${name}.${key}: `);
  }
}

const fieldOf = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): number[] => [
  ...new Uint8Array(buffer, byteOffset, byteLength),
];
