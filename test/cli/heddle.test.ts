// The command `heddle`: what it says of itself, and of words that it does not know.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

test('run, race and test run programs with the tools that they name', async () => {
  const racy = join(root, 'build', 'joined', 'programs', 'cli-race.mjs');
  mkdirSync(dirname(racy), { recursive: true });
  writeFileSync(
    racy,
    `import { shared, Thread } from 'heddle';
const o = shared({ n: 0 });
const threads = [1, 2].map(() => new Thread(() => { o.n += 1; }));
for (const thread of threads) thread.start();
for (const thread of threads) thread.join();
console.log(process.argv.slice(2).join(' '), process.env.HEDDLE_PLACES ?? '', process.env.HEDDLE_LOCKORDER ?? '');
`,
  );
  const race = await heddle('race', racy, 'one', '--two');
  assert.equal(race.status, 66);
  assert.equal(race.stdout, 'one --two  1\n');
  assert.match(race.stderr, /WARNING: DATA RACE on n /);
  assert.match((await heddle('race', '--json', racy)).stderr, /^\{"heddle":"race",/);
  assert.deepEqual(await heddle('run', racy), { status: 0, signal: null, stdout: ' 1 \n', stderr: '' });
  assert.equal((await heddle('test', racy)).status, 1);
  assert.equal((await heddle('test', '--no-races', racy)).status, 0);
  for (const name of ['run', 'race']) {
    assert.equal((await heddle(name)).stderr, `heddle: heddle ${name} takes a program: heddle ${name} app.js\n`);
  }
});
