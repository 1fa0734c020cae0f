// Strings of all lengths and alphabets: as values, as keys, between threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedMap, shared } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

/** By how many bytes a unit takes, and by which way it is written. */
const ALPHABETS = ['abcdefghij', 'aé\u0080ÿ\u007f', 'āЖ漢字', 'a😀b', '\ud800\udc00\ud800', '\0\u0001'];

const text = (length: number, alphabet: string, start = 0): string => {
  let made = '';
  for (let at = 0; made.length < length; at++) made += alphabet[(start + at) % alphabet.length];
  return made;
};

test('strings of every length up to 300 come out as they went in', () => {
  const record = shared({ value: '' });
  for (const alphabet of ALPHABETS) {
    for (let length = 0; length <= 300; length++) {
      const value = text(length, alphabet, length);
      record.value = value;
      assert.equal(record.value, value);
    }
  }
  checkHeap();
});

test('strings around the sizes of cells and pages come out as they went in', () => {
  const array = shared([] as string[]);
  const expected: string[] = [];
  for (const alphabet of ALPHABETS) {
    for (const size of [1024, 2048, 4096, 8192, 65_536]) {
      for (let length = size - 14; length <= size + 2; length++) {
        for (const units of [length, length >> 1]) expected.push(text(units, alphabet));
      }
    }
  }
  array.push(...expected);
  collectAll();
  for (const [at, value] of expected.entries()) assert.equal(array.at(at), value);
  checkHeap();
});

test('one unit that is not like the others, at any place, is not lost', () => {
  const array = shared(['']);
  for (const length of [23, 24, 25, 26, 49, 100]) {
    for (let at = 0; at < length; at++) {
      for (const unit of ['\x7f', '\x80', 'ÿ', 'Ā', '\ud800', '\udfff', '\uffff']) {
        const value = 'x'.repeat(at) + unit + 'y'.repeat(length - at - 1);
        array.set(0, value);
        assert.equal(array.at(0), value);
      }
    }
  }
});

test('a string of 40 million units, and parts of it', () => {
  const value = 'äöü…'.repeat(10_000_000);
  const record = shared({ value });
  assert.equal(record.value.length, value.length);
  assert.ok(record.value === value);
  record.value = value.slice(7, -7);
  assert.ok(record.value === value.slice(7, -7));
  record.value = '';
  collectAll();
  checkHeap();
});

test('equal strings are one key, however they came to be', () => {
  for (const length of [1, 12, 24, 25, 48, 49, 2000, 4032, 4033, 10_000]) {
    for (const alphabet of ALPHABETS) {
      const value = text(length, alphabet);
      const map = new SharedMap([[value, length]]);
      const joined = [...Array(value.length).keys()].map((at) => value[at]).join('');
      assert.equal(map.get(joined), length);
      assert.equal(map.get(`x${value}y`.slice(1, -1)), length);
      assert.equal(map.get(`${value} `), undefined);
      assert.equal(map.get(value.slice(1)), undefined);
      map.set(joined, 0);
      assert.equal(map.size, 1);
    }
  }
  checkHeap();
});

test('strings that look alike are different keys', () => {
  const alike = [
    '1',
    'é',
    'e\u0301',
    '\ufeff',
    '',
    ' ',
    '\0',
    '\0\0',
    'a\0',
    'a',
    'å',
    '\u212b',
    '\ud800',
    '\ufffd',
    'undefined',
    'null',
  ];
  const map = new SharedMap<unknown, unknown>(alike.map((key) => [key, key]));
  map.set(1, 1).set(undefined, undefined).set(null, null);
  assert.equal(map.size, alike.length + 3);
  for (const key of [...alike, 1, undefined, null]) assert.equal(map.get(key), key);
});

test('all strings are the same in another thread', () => {
  const values = ALPHABETS.flatMap((alphabet) =>
    [0, 1, 24, 25, 1000, 5000, 100_000].map((length) => text(length, alphabet)),
  );
  const there = shared(values);
  const lengths = shared([] as unknown[]);
  elsewhere(
    (given, out) => {
      const map = new Map([...given].map((value, at) => [value, at]));
      for (const value of given) out.push(`${value}!`.slice(0, -1), value.length, map.get(value)!);
    },
    there,
    lengths,
  );
  const items = lengths.toArray();
  for (const [at, value] of values.entries()) {
    assert.equal(items[at * 3], value);
    assert.equal(items[at * 3 + 1], value.length);
  }
  checkHeap();
});
