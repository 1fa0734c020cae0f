// Runs the tests, compiled already, on every version of Node that Heddle supports:
//
//   node scripts/test-nodes.mjs [--others] [--only=20,24] [path…]
//
// On each: the tests that depend on it (`--brief` of test.mjs; or those at the paths), then some of the conformance tests again, directly
// from their .ts files. With --others the version that runs this script does only the second, because it did all tests as `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { majors, nodeBinary } from './nodes.mjs';

const given = process.argv.slice(2);
const current = Number(process.versions.node.split('.')[0]);
const skipsCurrent = given.includes('--others');
const only = given.find((word) => word.startsWith('--only='))?.slice('--only='.length);
const paths = given.filter((word) => word !== '--others' && !word.startsWith('--only='));
const chosen = only === undefined ? majors : only.split(',').map(Number);

/** What is run from .ts files. */
const FROM_SOURCE = ['thread', 'lock', 'ends', 'threading', 'queue', 'futures', 'executor'].map(
  (name) => `test/conformance/${name}.test`,
);

const failures = [];
const folder = mkdtempSync(join(tmpdir(), 'heddle-failures-'));
for (const major of chosen) {
  const node = major === current ? process.execPath : nodeBinary(major);
  if (!(skipsCurrent && major === current)) run(node, 'compiled', paths.length > 0 ? paths : ['--brief']);
  run(node, 'from source', ['--source', ...FROM_SOURCE, 'test/dummy_thread/']);
}
rmSync(folder, { recursive: true });
if (failures.length > 0) {
  console.log(`\n── Failed\n${failures.join('\n')}`);
  process.exitCode = 1;
}

function run(node, form, words) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\n── Node ${version}, ${form}`);
  const file = join(folder, `${version}-${form}`);
  const env = { ...process.env, FAILURES: file };
  const { status } = spawnSync(node, ['scripts/test.mjs', ...words], { stdio: 'inherit', env });
  if (status !== 0) failures.push(`Node ${version}, ${form}:\n${existsSync(file) ? readFileSync(file, 'utf8') : ''}`);
}
