// The text of stacks: read line by line, in time that grows as the text does, whatever a message holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinStack, placeIn, splitStack } from '#heddle/closure/text/frames.js';
import { addMap, fileOf, scriptName } from '#heddle/closure/text/maps.js';
import { mapStack } from '#heddle/closure/text/stacks.js';
import { describeError, describeStack } from '#heddle/runtime/report.js';

/** Line 1 of the generated file is line 8 of the source, and columns are four further on. */
const payload = { version: 3, sources: ['source.ts'], names: [], mappings: 'AAOI,SAAS' };
const GENERATED = [
  '/app/(group)/page.js',
  'file:///app/(group)/page.js',
  '/app/a b/ü#1/page.js',
  'file:///app/a%20b/page.js?v=2',
  'C:\\app\\(new) files\\page.js',
];

test('a marked position is mapped in any path, once, and nothing else is', () => {
  for (const [at, file] of GENERATED.entries()) {
    const map = `9.${at}`;
    addMap({ id: map, file, payload });
    assert.deepEqual(fileOf(scriptName({ file, map })), { file, map });
    for (const name of [scriptName({ file, map }), `${file}?heddle=${map}`, `${file}%3Fheddle=${map}`]) {
      const stack = `Error: x\n    at f (${name}:1:1)\n    at ${name}:1:10\n    at async ${name}:1:10\n    at g (${file}:1:1)`;
      const mapped = mapStack(stack);
      const lines = mapped.split('\n');
      assert.match(lines[1]!, /^ {4}at f \(.*source\.ts:8:5\)$/);
      assert.match(lines[2]!, /^ {4}at .*source\.ts:8:14$/);
      assert.match(lines[3]!, /^ {4}at async .*source\.ts:8:14$/);
      assert.equal(lines[4], `    at g (${file}:1:1)`);
      assert.equal(mapStack(mapped), mapped);
    }
  }
});

test('where a source lies: beside the map, below its root, wherever the map is', () => {
  const shown = (id: string, file: string, more: object): string => {
    addMap({ id, file, payload: { ...payload, ...more } });
    return mapStack(`    at f (${file}?heddle=${id}:1:1)`).slice('    at f ('.length, -1);
  };
  assert.equal(shown('8.0', '/app/dist/a.js', { sources: ['../src/a.ts'] }), '/app/src/a.ts:8:5');
  assert.equal(shown('8.1', '/app/dist/a.js', { sources: ['a.ts'], sourceRoot: '../src' }), '/app/src/a.ts:8:5');
  assert.equal(shown('8.2', '/app/dist/a.js', { sources: ['a.ts'], sourceRoot: '/root/' }), '/root/a.ts:8:5');
  assert.equal(shown('8.3', '/app/a.js', { sources: ['/app/(group)/a b%#.ts'] }), '/app/(group)/a b%#.ts:8:5');
  assert.equal(shown('8.4', '/app/a.js', { sources: ['webpack://app/./src/a.ts'] }), 'webpack://app/src/a.ts:8:5');
  assert.equal(shown('8.5', 'file:///app/a.js', { sources: ['a%20b.ts'] }), 'file:///app/a%20b.ts:8:5');
  assert.equal(shown('8.6', '/app/a.js', { sources: [null] }), '/app/a.js:1:1');
  addMap({ id: '8.7', file: '/app/a.js', payload: 'data:application/json,{' });
  assert.equal(mapStack('    at f (/app/a.js?heddle=8.7:1:1)'), '    at f (/app/a.js:1:1)');
});

test('a position whose map nobody has stays as it is', () => {
  for (const stack of ['    at f (/a.js?heddle=7.7:1:1)', '?heddle=', '?heddle=7.0:1', 'x?heddle=9.0:1:1'])
    assert.equal(mapStack(stack), stack);
});

test('the place in a frame, however its path is written', () => {
  const place = (frame: string): unknown => {
    const found = placeIn(frame);
    return found && [found.file, found.line, found.column];
  };
  assert.deepEqual(place('    at f (/app/main.js:1:2)'), ['/app/main.js', 1, 2]);
  assert.deepEqual(place('    at /app/(group)/main.js:1:2'), ['/app/(group)/main.js', 1, 2]);
  assert.deepEqual(place('    at async file:///app/(a) b/main.js:1:2'), ['file:///app/(a) b/main.js', 1, 2]);
  assert.deepEqual(place('    at new A.b [as c] (/app/x (1)/(2)/main.js:1:2)'), ['/app/x (1)/(2)/main.js', 1, 2]);
  assert.deepEqual(place('    at f (C:\\app (1)\\main.js:1:2)'), ['C:\\app (1)\\main.js', 1, 2]);
  assert.deepEqual(place('    at Object.[a (b)] (webpack://app/./a.ts:1:2)'), ['webpack://app/./a.ts', 1, 2]);
  assert.deepEqual(place('    at f (node:internal/x:1:2)'), undefined);
  assert.deepEqual(place('    at f (<anonymous>)'), undefined);
  assert.deepEqual(place('f (/app/main.js:1:2)'), undefined);
});

test('the message is told from the frames: by what it is, else by the first frame', () => {
  const message = 'one\n    at looksLike (/app/a.js:1:1)\nthree';
  const stack = `TypeError: ${message}\n    at f (/app/b.js:1:1)`;
  assert.deepEqual(splitStack(stack, message), {
    header: `TypeError: ${message}`,
    lines: ['    at f (/app/b.js:1:1)'],
  });
  assert.deepEqual(splitStack(stack, 'edited').header, 'TypeError: one');
  assert.deepEqual(splitStack('    at f (/a.js:1:1)', '').lines, ['    at f (/a.js:1:1)']);
  assert.deepEqual(splitStack('Error: no frames', 'no frames').lines, []);
  assert.deepEqual(splitStack('anything', 'else').lines, []);
  for (const [text, of] of [
    [stack, message],
    [stack, ''],
    ['', ''],
    ['\n', ''],
    ['a\n', 'a'],
    ['\n    at f', ''],
  ])
    assert.equal(joinStack(splitStack(text!, of)), text);
});

const OWN = new URL('../../../dist/closure/text/stacks.js', import.meta.url).href;

test('frames of this library and of the platform go, those in a message stay', () => {
  const quoted = `worker said\n    at own (${OWN}:1:1)\n    at run (node:internal/x:1:1)`;
  const error = new RangeError(quoted, { cause: new Error(quoted) });
  const frames = `\n    at mine (/app/mine.js:1:1)\n    at own (${OWN}:1:1)\n    at run (node:internal/x:1:1)`;
  const before = `RangeError: ${quoted}${frames}`;
  error.stack = before;
  (error.cause as Error).stack = `Error: ${quoted}${frames}`;
  assert.equal(describeStack(before, quoted), `RangeError: ${quoted}\n    at mine (/app/mine.js:1:1)`);
  const text = describeError(error);
  assert.ok(text.startsWith(`RangeError: ${quoted}\n    at mine (/app/mine.js:1:1)`), text);
  assert.equal(text.split('at own (').length, 3, text);
  assert.equal(text.split('at mine (').length, 3, text);
  assert.equal(error.stack, before);
});

test('a frozen error is described without the frames of this library, and stays as it is', () => {
  const error = new Error('cold');
  const before = `Error: cold\n    at mine (/app/mine.js:1:1)\n    at own (${OWN}:1:1)`;
  error.stack = before;
  assert.equal(describeError(Object.freeze(error)), 'Error: cold\n    at mine (/app/mine.js:1:1)');
  assert.equal(error.stack, before);
});

/** In quadratic time, each would take hours. */
const LONG = 4 * 1024 * 1024;
const HOSTILE: Readonly<Record<string, string>> = {
  letters: 'a'.repeat(LONG),
  slashes: '/'.repeat(LONG),
  'drive letters': 'C:/'.repeat(LONG / 3),
  spaces: ' '.repeat(LONG),
  'empty lines': '\n'.repeat(LONG),
  'indented lines': '\n    '.repeat(LONG / 5),
  parentheses: `    at ${' ('.repeat(LONG / 2)}/a:1:1)`,
  frames: '\n    at f (/a.js:1:1)'.repeat(LONG / 21),
  'almost places': `    at f (/${':1'.repeat(LONG / 2)}`,
  'marks of paths': '/a.js?heddle='.repeat(LONG / 13),
  marks: '?heddle='.repeat(LONG / 8),
  'marks with digits': '?heddle=9.0:1'.repeat(LONG / 13),
};

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`a message of ${name}, four megabytes of it`, () => {
    const stack = `Error: ${text}\n    at f (/app/main.js:1:1)`;
    assert.equal(mapStack(stack), stack);
    assert.equal(describeStack(stack, text), stack);
    assert.ok(describeStack(stack, 'edited').length > 0);
    for (const line of text.split('\n', 3)) placeIn(line);
    const error = new Error('short');
    error.message = text;
    error.stack = stack;
    assert.ok(describeError(error).includes(text.slice(0, 1000)));
  });
}
