// heddle/test under the test runners that people use: each finds a bug, and none where there is none.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';

const run = promisify(execFile);
const project = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-explore-')));

const BODY = `
const add = (s) => { s.n += 1; };
const careful = (s) => s.lock.with(() => add(s));
const check = (s) => { if (s.n !== 2) throw new Error('n is ' + s.n); };
const setup = () => shared({ n: 0, lock: new Lock() });
test('found', async () => {
  const error = await explore({ setup, threads: [add, add], check }).then(() => undefined, (found) => found);
  if (!/n is 1[^]* reads n: 0 +cases\\.test\\.[cm]?js:\\d+:\\d+[^]*replay: '/.test(error?.message)) throw error;
});
test('not found', async () => {
  const { schedules } = await explore({ setup, threads: [careful, careful], check }, { schedules: 50 });
  if (schedules !== 50) throw new Error('only ' + schedules);
});
`;

before(async () => {
  const packed = await pack(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'explorations', private: true }));
  await install(project, [join(project, packed.filename), 'vitest@4', 'mocha@11', 'jest@30']);
  const esm = "import { Lock, shared } from 'heddle';\nimport { explore } from 'heddle/test';\n";
  const cjs = "const { Lock, shared } = require('heddle');\nconst { explore } = require('heddle/test');\n";
  const files: Readonly<Record<string, string>> = {
    'vitest/cases.test.mjs': `${esm}import { test } from 'vitest';\n${BODY}`,
    'mocha/cases.test.mjs': `${esm}const test = it;\n${BODY}`,
    'node/cases.test.mjs': `${esm}import { test } from 'node:test';\n${BODY}`,
    'jest/cases.test.cjs': `${cjs}${BODY}`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
});

after(() => rmSync(project, { recursive: true, force: true }));

const runners: Readonly<Record<string, readonly string[]>> = {
  node: ['--test', 'cases.test.mjs'],
  vitest: [join(project, 'node_modules/vitest/vitest.mjs'), 'run', 'cases.test.mjs'],
  mocha: [join(project, 'node_modules/mocha/bin/mocha.js'), 'cases.test.mjs'],
  jest: [join(project, 'node_modules/jest/bin/jest.js'), '--rootDir', '.', '--testMatch', '**/cases.test.cjs'],
};

for (const [name, words] of Object.entries(runners)) {
  test(`explorations in ${name}`, async () => {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const options = { cwd: join(project, name), env: { ...env, NO_COLOR: '1', CI: '1' }, timeout: 150_000 };
    await run(process.execPath, words, options).catch((error: { stdout: string; stderr: string }) =>
      assert.fail(`${error.stdout}\n${error.stderr}`),
    );
  });
}
