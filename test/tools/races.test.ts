// The race detector: what it finds, what it does not, and what it says.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ProgramOptions, program, programFile, root } from '../support/program.ts';

const RACES = { HEDDLE_RACES: '1' };
const cases = (which: string, env: ProgramOptions['env'] = RACES) =>
  programFile(join(root, 'build', 'test', 'tools', 'racy.js'), { args: [which], env: env ?? {} });

/** What was reported, by field. */
const reported = (stderr: string): Set<string> =>
  new Set(
    [...stderr.matchAll(/^WARNING: (?:DATA RACE|LOST UPDATE) on (key '\w+'|element \d+|\S+)/gm)].map(([, of]) => of!),
  );

test('thirty races are found, each by the name of its field', async () => {
  let missed: string[] | undefined;
  // Two threads may be ordered by chance: by what the library does for itself, for one.
  for (let run = 0; run < 4 && missed?.length !== 0; run++) {
    const { stdout, stderr } = await cases('racy');
    const names = missed ?? stdout.trim().split('\n');
    if (run === 0) assert.equal(names.length, 30);
    const found = reported(stderr);
    missed = names.filter((name) => !found.has(name));
  }
  assert.deepEqual(missed, []);
});

test('their mended twins have none', async () => {
  const { stdout, stderr, status } = await cases('mended', { HEDDLE_RACES: 'exit', HEDDLE_LOCKORDER: '1' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(stdout.trim().split('\n').length, 30);
});

const RACY = `import { Lock, shared, Thread } from 'heddle';
const account = shared({ balance: 0, lock: new Lock({ name: 'account' }) });
function deposit() {
  account.balance += 1;
}
function careful() {
  account.lock.with(deposit);
}
const threads = [new Thread(deposit, { name: 'ada' }), new Thread(careful, { name: 'bob' })];
for (const thread of threads) { thread.start(); }
for (const thread of threads) { thread.join(); }
`;

test('a report has both stacks, threads, locks, and where the object was made', async () => {
  const { stderr, status } = await program(RACY, { env: RACES });
  assert.equal(status, 0);
  assert.match(
    stderr,
    /^={18}\nWARNING: DATA RACE on balance \(record 0x\w+, made at \S+\.mjs:2:17\)\n {2}(read|write) by thread '(ada|bob)' \(\d\), which runs function \w+ at \S+\.mjs:\d:1(, holding lock 'account')?:\n {6}at deposit \(\S+\.mjs:4:\d+\)\n(.*\n)*? {2}previous (read|write) by thread '(ada|bob)' .*:\n {6}at deposit \(\S+\.mjs:4:\d+\)\n/,
  );
  assert.match(stderr, /holding lock 'account'/);
});

test('where it is asked for the process ends with status 66, and reports are JSON', async () => {
  const { stderr, status } = await program(RACY, { env: { HEDDLE_RACES: 'exit,json' } });
  assert.equal(status, 66);
  const [race] = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { heddle: string; kind: string; of: string; access: { frames: string[] } });
  assert.deepEqual([race?.heddle, race?.kind, race?.of], ['race', 'data race', 'balance']);
  assert.match(race?.access.frames[0] ?? '', /at deposit \(/);
});

test('what is meant to be is not told, and a test can listen', async () => {
  const { stdout, stderr, status } = await program(
    `import { races } from 'heddle/test';\n${RACY.replace(
      'function deposit() {',
      "races.onRace(({ of }) => console.log('found', of));\nfunction deposit() {",
    )}
account.balance = 1;
new Thread(() => { account.balance = 2; }).start();
account.balance = 3;
console.log(races.isOn());`,
    { env: RACES },
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /true\n$/);
  const ignoring = await program(`import { races } from 'heddle/test';\nraces.ignore('balance');\n${RACY}`, {
    env: { HEDDLE_RACES: 'exit' },
  });
  assert.equal(ignoring.stderr, '');
  assert.equal(ignoring.status, 0);
});
