// What the transform makes of texts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformChunk } from '#heddle/transform/chunk.js';
import { transform, transformModule } from '#heddle/transform/transform.js';

const program = `import { Thread } from 'heddle';
export let count = 0;
const up = () => { count++; };
new Thread({ target: () => up() }).start();
`;

test('nothing is transformed twice', () => {
  const once = transform(program)!;
  assert.equal(transform(once.code), undefined);
  assert.equal(transformChunk(once.code), undefined);
  assert.equal(transformModule(once.code), undefined);
});

test('a bundle with this library in it is transformed: it names the registry too', () => {
  const module = transformModule(program)!;
  const chunk = transformChunk(`const REGISTRY = "heddle.transform.1"; make("heddle.transform.1");\n${module.code}`)!;
  assert.match(chunk.code, /const __heddle__=/);
  assert.doesNotMatch(chunk.code, /__heddle_shared__/);
});

test('what a chunk exports is not shared, and it says so', () => {
  const { warnings, code } = transformChunk(transformModule(program)!.code)!;
  assert.match(warnings.join(), /the variable 'count' is assigned to .*and the chunk exports it/);
  assert.match(code, /export let count = +(?:\/\*#__PURE__\*\/)?0|export let count = \(?0\)?/);
});

test('a text that nobody can read is left to whoever runs it', () => {
  assert.equal(transform('const = 1;'), undefined);
  assert.throws(() => transformChunk('const = __heddle__;'), /^SyntaxError: Heddle's transform cannot read a chunk/);
});

test('lines keep their numbers', () => {
  const made = transform(program)!;
  assert.equal(made.code.split('\n').length, program.split('\n').length);
  assert.match(made.code.split('\n')[3]!, /^new Thread/);
});
