// Runs the tests with the Node that runs this script:
//
//   node scripts/test.mjs [--source] [--brief] [--whole] [path…] [--node-option=…]
//
// A path is any part of a test file's path below the root, such as `dummy_thread` or `conformance/lock`; none = all tests, but not those
// of test/environments/ and test/runtimes/. The tests are the compiled ones in build/; with --source the .ts files themselves, natively or, before Node
// 22.18, through tsx. --brief leaves out what one version of Node shows for all: explorations of our own code, step by step, and checks
// of texts. --whole runs the files that have a larger part than the usual one, with that part: test/support/extent.ts.
// Everything else that begins with a dash goes to Node: --test-name-pattern=2.2-9
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const fromSource = given.includes('--source');
const isBrief = given.includes('--brief');
const isWhole = given.includes('--whole');
const own = ['--source', '--brief', '--whole'];
const nodeOptions = given.filter((word) => word.startsWith('-') && !own.includes(word));

const SHOWN_ONCE = [
  'test/docs/',
  'test/house',
  'test/interleavings/',
  'test/heap/deaths',
  'test/heap/fuzz',
  'test/heap/interleavings',
  'test/heap/mutants',
  'test/heap/property',
  'test/heap/soak',
  'test/queue/deaths',
];
/** These install tools and run programs with them: npm run test:environments. */
const ASKED_FOR = ['test/environments/', 'test/cluster/', 'test/runtimes/'];
const wanted = given.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^\.\//, ''));

// A compiled test whose source is gone is not run.
const sources = readdirSync(join(root, 'test'), { recursive: true })
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts'))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part.replace(/\.js$/, '.ts'))))
  .filter((path) => wanted.length > 0 || !ASKED_FOR.some((part) => path.startsWith(part)))
  .filter((path) => !isWhole || readFileSync(join(root, path), 'utf8').includes('support/extent.'))
  .filter((path) => !isBrief || !SHOWN_ONCE.some((part) => path.startsWith(part)))
  .sort();
if (sources.length === 0) fail(`no test file has ${wanted.join(' or ')} in its path`);
const files = fromSource ? sources : sources.map((path) => `build/${path.replace(/\.ts$/, '.js')}`);
const missing = files.find((path) => !existsSync(join(root, path)));
if (missing) fail(`${missing} is not there: run npm run build:test first`);

const runner = spawn(
  process.execPath,
  [
    ...(fromSource && !process.features.typescript ? ['--import', 'tsx'] : []),
    '--test',
    `--test-concurrency=${availableParallelism()}`,
    '--test-reporter=./scripts/reporter.mjs',
    ...nodeOptions,
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(isWhole ? { HEDDLE_WHOLE: '1' } : {}) } },
);
const { watchFiles } = await import('../build/test/support/watchdog.js');
const leave = watchFiles(runner.pid, (line) => console.error(line));
runner.on('exit', (status) => {
  leave();
  process.exitCode = status ?? 1;
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));

function fail(message) {
  console.error(message);
  process.exit(2);
}
