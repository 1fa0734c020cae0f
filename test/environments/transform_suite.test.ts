// All tests of test/closure/ once more: transformed, in both modes, and minified. What is expected to fail has its reason here.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as modules from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { install } from '../support/packed.ts';
import { root } from '../support/program.ts';

/** They count calls of the inspector, or expect that an arrow's `this` stays behind. */
const OTHERWISE = [
  'from the second start on, constants are not looked up again',
  'inspector calls are counted',
  "an arrow's this, arguments and super",
];

/** They look for the names that variables have in the source, or for positions of the text that ran. */
const NAMING = [
  'errors: class, own properties, cause, stack, AggregateError',
  'assigning to a captured variable names it, its place, and the remedy',
  'assigning in a function that travels along is refused too',
  'a function that reassigns its own name is refused',
  'a WeakMap, WeakSet, WeakRef',
  'native functions that no thread has by name, bound to native objects',
  'a variable that is not initialised yet',
  'names that tools put into a program are explained',
  // terser takes `{ key: () => {} }.key` for `() => {}`.
  'names of functions',
];

const MINIFIED = ['language', 'data', 'reference', 'thread_own', 'frozen', 'refusal', 'stacks'];

async function failures(parts: readonly string[], env: Readonly<Record<string, string>>): Promise<string[]> {
  const loader = pathToFileURL(join(root, 'test', 'closure', 'transformed.mjs')).href;
  const { NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  const child = spawn(process.execPath, ['scripts/test.mjs', ...parts], {
    cwd: root,
    env: { ...rest, ...env, NODE_OPTIONS: `--import=${loader}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await new Promise((resolve) => child.on('close', resolve));
  const passed = /pass (\d+)/.exec(out)?.[1];
  assert.ok(Number(passed) > 50, out);
  return [...new Set([...out.matchAll(/^✖ (?!(?:build\/)?test\/)(.*)$/gm)].map((match) => match[1]!))];
}

/** The texts that ran are looked at: they must come from hooks of the same thread. */
const skip = !('registerHooks' in modules);

for (const mode of ['auto', 'all']) {
  test(`transformed, mode ${mode}`, { skip }, async () => {
    assert.deepEqual((await failures(['test/closure/'], { HEDDLE_TRANSFORM: mode })).sort(), OTHERWISE.toSorted());
  });
}

async function minified(place: string): Promise<void> {
  const parts = MINIFIED.map((name) => `closure/${name}`);
  const found = await failures(parts, { HEDDLE_TRANSFORM: 'all', HEDDLE_MINIFIER: pathToFileURL(place).href });
  assert.deepEqual(
    found.filter((name) => ![...OTHERWISE, ...NAMING].includes(name)),
    [],
  );
}

test('transformed and minified by esbuild', { skip }, async () => {
  await minified(modules.createRequire(import.meta.url).resolve('esbuild'));
});

test('transformed and minified by terser', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-terser-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{}');
    await install(folder, ['terser']);
    await minified(join(folder, 'node_modules', 'terser', 'main.js'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
