// Calls over the border, between two processes that share nothing but the bytes: here both borders are in one process, under two names.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import '#heddle/index.js';
import { Unsigned } from '#heddle/cluster/errors.js';
import { Border } from '#heddle/cluster/wire/border.js';
import { plainKey } from '#heddle/cluster/wire/keys.js';
import { isCompatible } from '#heddle/cluster/wire/packages.js';
import { root } from '../support/program.ts';
import { functionOfParcels } from './open.ts';

const far = mkdtempSync(join(tmpdir(), 'heddle-far-'));
after(() => rmSync(far, { recursive: true, force: true }));

const settings = { key: plainKey('a secret'), maxBytes: 2 ** 20, versions: 'compatible' as const };
const here = new Border({ ...settings, process: '00000000-0000-4000-8000-000000000001', root });
const there = new Border({ ...settings, process: '00000000-0000-4000-8000-000000000002', root: far });

/** What the engine has: bytes by their hash. */
const store = new Map<string, Uint8Array>();
const sent: string[] = [];

async function carry(fn: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown> {
  const { bytes, blobs } = here.sealCall(fn as () => unknown, args, { subject: 'task' });
  for (const { hash, bytes: content } of blobs) {
    if (!store.has(hash)) sent.push(hash);
    store.set(hash, content);
  }
  const opened = there.open(bytes, { kinds: ['call'], subject: 'task' });
  const call = await functionOfParcels(there.callOf(opened, (hash) => store.get(hash)!));
  return call();
}

const helper = (n: number): number => n + 1;

test('a function is made from its text, once, and called with its own arguments', async () => {
  const add = (a: number, b: number): number => helper(a) + b;
  const before = sent.length;
  for (let n = 0; n < 5; n++) assert.equal(await carry(add, n, 10), n + 11);
  // Its own code, its helper's, and the function with what it has captured, as soon as it is known that this does not change.
  assert.equal(sent.length - before, 3);
});

test('what is known by its hash is that', () => {
  for (const [hash, bytes] of store) assert.equal(createHash('sha256').update(bytes).digest('hex'), hash);
});

test("an error shows the user's file, though the code lies elsewhere", async () => {
  function failing(): never {
    throw new TypeError('here');
  }
  const error = (await Promise.resolve(carry(failing)).catch((thrown: unknown) => thrown)) as Error;
  assert.ok(error instanceof TypeError);
  assert.match(error.stack!, /at failing \(.*wire\/border\.test\.[jt]s:\d+:\d+\)/);
});

test('import() and import.meta mean the place under the root', async () => {
  const path = async (): Promise<string> => import.meta.url;
  assert.match(String(await carry(path)), new RegExp(`^file://${far}/build/test/wire/border\\.test\\.js$|/test/wire/`));
  mkdirSync(join(far, 'node_modules', 'only-there'), { recursive: true });
  writeFileSync(
    join(far, 'node_modules', 'only-there', 'package.json'),
    JSON.stringify({ name: 'only-there', version: '1.0.0', main: 'index.js' }),
  );
  writeFileSync(join(far, 'node_modules', 'only-there', 'index.js'), 'exports.answer = 42;');
  const name = 'only-there';
  const load = async (): Promise<unknown> => ((await import(name)) as { default: { answer: number } }).default.answer;
  assert.equal(await carry(load), 42);
});

test('another key reads nothing', () => {
  const stranger = new Border({ ...settings, key: plainKey('other'), process: 'x', root: far });
  const { bytes } = here.sealCall(helper as () => unknown, [1], { subject: 'task' });
  assert.throws(() => stranger.open(bytes, { kinds: ['call'], subject: 'task' }), Unsigned);
});

test('versions that will do', () => {
  const fit: [string, string, boolean][] = [
    ['1.2.3', '1.2.3', true],
    ['1.2.3', '1.9.0', true],
    ['1.2.3', '2.0.0', false],
    ['0.3.1', '0.3.7', true],
    ['0.3.1', '0.4.0', false],
    ['1.0.0-beta.1', '1.0.0-beta.2', false],
    ['10.0.0', '1.0.0', false],
  ];
  for (const [one, other, will] of fit) assert.equal(isCompatible(one, other, 'compatible'), will, `${one} ${other}`);
  assert.equal(isCompatible('1.2.3', '1.2.4', 'exact'), false);
});
