// The command `heddle`: what it says of itself, and of words that it does not know.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Outcome, programFile, root } from '../support/program.ts';

const heddle = (...args: string[]): Promise<Outcome> =>
  programFile(join(root, 'build', 'joined', 'dist', 'cli', 'heddle.js'), { args });

test('without a word, and with help, it lists its commands', async () => {
  for (const words of [[], ['help'], ['--help']]) {
    const { status, stdout, stderr } = await heddle(...words);
    assert.match(stdout, /^usage: heddle <command> \[options\]\n/);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  }
});

test('it says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual(await heddle('--version'), { status: 0, signal: null, stdout: `${version}\n`, stderr: '' });
});

test('an unknown command is named, and ends with the status for wrong use', async () => {
  for (const words of [['wrok'], ['help', 'wrok'], ['constructor']]) {
    const { status, stdout, stderr } = await heddle(...words);
    assert.deepEqual({ status, stdout }, { status: 64, stdout: '' });
    assert.equal(stderr, `heddle: there is no command '${words.at(-1)}': heddle help lists them\n`);
  }
});
