// What test files use of `node:test`, for runtimes that have another runner: tests run one after the other, and each tells its outcome in a
// line of its own on standard output.
import { writeSync } from 'node:fs';

/** Begins each such line. */
const MARK = '\u0001heddle ';

const skipped = new Set(JSON.parse(process.env.HEDDLE_TEST_SKIPPED ?? '[]'));
const afterAll = [];
const afterEachOne = [];
let names = [];
let chain = Promise.resolve();

const tell = (outcome) => writeSync(1, `${MARK}${JSON.stringify(outcome)}\n`);

export function test(...given) {
  const name = given.find((each) => typeof each === 'string') ?? '';
  const options = given.find((each) => typeof each === 'object' && each !== null) ?? {};
  const fn = given.find((each) => typeof each === 'function');
  const full = [...names, name].join(' > ');
  chain = chain.then(() => run(full, options, fn));
}

async function run(name, options, fn) {
  if (options.skip || skipped.has(name)) return tell({ name, skipped: true });
  tell({ name, begins: true });
  const after = [];
  const context = { diagnostic: () => {}, after: (hook) => after.push(hook), name };
  try {
    await fn(context);
    for (const hook of [...after, ...afterEachOne]) await hook();
    tell({ name, passed: true });
  } catch (error) {
    tell({ name, passed: false, error: String(error?.stack ?? error).slice(0, 2000) });
  }
}

export function suite(name, fn) {
  const outer = names;
  names = [...names, name];
  fn();
  names = outer;
}

export const describe = suite;
export const after = (hook) => afterAll.push(hook);
export const afterEach = (hook) => afterEachOne.push(hook);
export default test;

// Once the file has named all its tests.
setTimeout(() => {
  chain = chain.then(async () => {
    for (const hook of afterAll) await hook();
    tell({ ends: true });
    process.exit(0);
  });
}, 0);
