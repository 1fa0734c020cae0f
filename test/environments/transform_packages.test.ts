// Typical uses of packages that people use: every module of theirs is transformed, in mode all, and every variable is shared that can be. They do
// the same as without.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { install } from '../support/packed.ts';
import { programFile, root } from '../support/program.ts';

const here = join(root, 'test', 'environments', 'differential');
const uses = readFileSync(join(here, 'uses.txt'), 'utf8');

/** Packages by what the uses import. */
const packages = [...uses.matchAll(/(?:import|require)\('([^'.]+(?:\.js)?)'\)/g)]
  .map(([, specifier = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0])
  .filter((name) => !name.startsWith('node:'));

const canHook = process.allowedNodeEnvironmentFlags.has('--permission');

test('packages do the same transformed', { skip: !canHook && 'its loader needs hooks in its own thread' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-packages-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'uses.mjs'), uses);
    copyFileSync(join(here, 'loader.mjs'), join(folder, 'loader.mjs'));
    await install(folder, [...new Set(packages), 'typescript@5']);
    const outcome = async (nodeOptions: readonly string[]) => {
      const env = { HEDDLE_TRANSFORM_FROM: join(root, 'dist', 'transform', 'transform.js') };
      const { stdout, stderr, status } = await programFile(join(folder, 'uses.mjs'), { cwd: folder, nodeOptions, env });
      assert.equal(status, 0, stderr);
      return { lines: stdout.split('\n'), stderr };
    };
    const plain = await outcome([]);
    assert.deepEqual(
      plain.lines.filter((line) => line.includes('\tERROR')),
      [],
    );
    const made = await outcome(['--import=./loader.mjs']);
    assert.ok(Number(/changed (\d+) modules/.exec(made.stderr)?.[1]) > 1000, made.stderr);
    assert.deepEqual(made.lines, plain.lines);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
