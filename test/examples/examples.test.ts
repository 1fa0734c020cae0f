// Every example runs: compiled, and where Node strips types as it stands.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Outcome, type ProgramOptions, programFile, root } from '../support/program.ts';

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

/** The example's file in the form that this Node runs. */
function example(name: string, options: ProgramOptions = {}): Promise<Outcome> {
  return programFile(join(root, strips ? `examples/${name}.ts` : `build/examples/${name}.js`), options);
}

const outputs: Readonly<Record<string, string>> = {
  '01-hello': 'Hello world, this is not the main thread: true.\nThe thread is done.\n',
  '02-lock': '4 threads × 10000 = 40000\n',
  '03-closures': "HELLO! true 5 ada.txt 36\n[ 'from main', 'from the thread' ]\n[ 'from main' ]\n",
  '04-interrupt': 'The loop was interrupted.\n',
};

for (const [name, stdout] of Object.entries(outputs)) {
  test(name, async () => {
    assert.deepEqual(await example(name), { status: 0, signal: null, stdout, stderr: '' });
  });
}

test('no example is left out', () => {
  const names = readdirSync(join(root, 'examples'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(names.sort(), [...Object.keys(outputs), 'checksum'].sort());
});

// The main job.

const folder = mkdtempSync(join(tmpdir(), 'heddle-checksum-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'files', 'inner'), { recursive: true });
mkdirSync(join(folder, 'empty'));
for (let n = 0; n < 50; n++)
  writeFileSync(join(folder, 'files', n % 2 ? 'inner' : '.', `${n}.txt`), 'x'.repeat(n * 100));

test('checksum: one and three threads give the same digests', async () => {
  const outcome = await example('checksum', { args: [join(folder, 'files'), '--threads', '3'] });
  assert.equal(outcome.stderr, '');
  assert.equal(outcome.status, 0);
  assert.match(outcome.stdout, /: 50 files, 122500 bytes\n/);
  assert.match(outcome.stdout, /^ +1 thread +\d+ MB\/s\n +3 threads +\d+ MB\/s +[\d.]+ × as fast\n/m);
  assert.match(outcome.stdout, /The 50 digests of both are the same\.\n$/);
});

test('checksum: more threads than files', async () => {
  const outcome = await example('checksum', { args: [join(folder, 'files', 'inner'), '--threads', '30'] });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  assert.match(outcome.stdout, /The 25 digests of both are the same\./);
});

const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[join(folder, 'missing')], /^checksum: ENOENT: no such file or directory.*missing'\n$/],
  [[join(folder, 'files', '0.txt')], /^checksum: ENOTDIR: not a directory.*0\.txt'\n$/],
  [[join(folder, 'empty')], /^checksum: there is no file under .*empty\n$/],
  [[folder, folder], /^checksum: one folder at a time/],
  [[folder, '--threads', '0'], /^checksum: --threads takes a whole number from 1 on, not '0'\n$/],
  [[folder, '--threads', 'many'], /^checksum: --threads takes a whole number from 1 on, not 'many'\n$/],
  [[folder, '--thread', '2'], /^checksum: Unknown option '--thread'/],
];

for (const [args, message] of refused) {
  test(`checksum ${args.join(' ').replaceAll(folder, '…')}: refused with status 2`, async () => {
    const outcome = await example('checksum', { args });
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.status, outcome.stdout], [2, '']);
  });
}
