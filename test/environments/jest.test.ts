// Programs that are tested with Jest, which runs each test file in a context of `node:vm`, with a `process`, built-in objects and a module
// registry of its own: as CommonJS by way of each of its compilers, and as ES modules. Jest is installed for the occasion, so this is not
// part of `npm test`: npm run test:environments
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';

const run = promisify(execFile);
const project = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-jest-')));

const TOOLS = [
  '@babel/core@7',
  '@babel/preset-env@7',
  '@babel/preset-typescript@7',
  '@jest/globals@30',
  '@swc/core@1',
  '@swc/jest@0.2',
  '@types/jest@30',
  'jest@30',
  'jest-29@npm:jest@29',
  'lodash@4',
  'ts-jest@29',
  'typescript@5',
  'zod@4',
];

before(async () => {
  const packed = await pack(project);
  write('package.json', JSON.stringify({ name: 'jest-tests', private: true }));
  await install(project, [join(project, packed.filename), ...TOOLS]);
  write('node_modules/loaded/package.json', JSON.stringify({ name: 'loaded', version: '1.0.0' }));
  write('node_modules/loaded/index.js', LOADED);
});

after(() => rmSync(project, { recursive: true, force: true }));

function write(name: string, text: string): void {
  const file = join(project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

interface Results {
  readonly success: boolean;
  readonly numPassedTests: number;
}

/** Runs Jest in a folder of the project; Jest must end by itself. */
async function jest(folder: string, { config = {}, modules = false, args = [] as string[], tool = 'jest' } = {}) {
  write(`${folder}/jest.config.json`, JSON.stringify({ testEnvironment: 'node', testTimeout: 60_000, ...config }));
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...outer } = process.env;
  const env = { ...outer, NO_COLOR: '1', CI: '1', ...(modules && { NODE_OPTIONS: '--experimental-vm-modules' }) };
  const command = [join(project, `node_modules/${tool}/bin/jest.js`), '--no-cache', '--json', ...args];
  const options = { cwd: join(project, folder), env, timeout: 150_000, maxBuffer: 1e8 };
  const { stdout, stderr } = await run(process.execPath, command, options).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return assert.fail(`${stderr}\n${stdout.slice(0, 2000)}`);
  });
  const results = JSON.parse(stdout.slice(stdout.indexOf('{"'))) as Results;
  assert.ok(results.success, stderr);
  assert.doesNotMatch(stderr, /did not exit|failed to exit|nobody has looked/);
  return { passed: results.numPassedTests, stdout, stderr };
}

const PRICE = `export const RATE = 1.5;
export class Price { amount: number; constructor(amount: number) { this.amount = amount; } get gross(): number { return this.amount * RATE; } }
export enum Kind { Low = 1, High = 2 }
export function total(prices: readonly Price[]): number { return prices.reduce((sum, { gross }) => sum + gross, 0); }
export function fails(kind: Kind): never {
  throw new RangeError('kind ' + kind);
}
`;

const WORK = `import { run } from 'heddle';
import { Price, total } from './price';
export const totalOf = (amounts: number[]): Promise<number> => run((all) => total(all.map((n) => new Price(n))), amounts);
`;

const TESTS = `import { Lock, Queue, run, shared, snapshot, struct, t, Thread, ThreadPoolExecutor, TimeoutError } from 'heddle';
import { fails, Kind, Price, total } from './price';
import { totalOf } from './work';

const Account = struct('Account', { balance: t.f64 });

test('code of the program', async () => { expect(await totalOf([1, 2])).toBe(4.5); });

test('functions, classes, enums', async () => {
  const made = await run((kind: Kind) => [new Price(kind === Kind.High ? 2 : 0), total([new Price(2)])] as const, Kind.High);
  expect(made[0]).toBeInstanceOf(Price);
  expect(made).toEqual([new Price(2), 3]);
});

test('errors', async () => {
  const error = (await run(() => fails(Kind.Low)).catch((error) => error)) as Error;
  expect(error).toBeInstanceOf(RangeError);
  expect(error.stack).toMatch(/price\\.ts:6:9/);
  const here = (await run(() => {
    throw new TypeError('here');
  }).catch((error) => error)) as Error;
  expect(here.stack).toMatch(/price\\.test\\.ts:20:11/);
  await expect(run(() => JSON.parse('{'))).rejects.toThrow(SyntaxError);
  await expect(run(5 as never)).rejects.toThrow(TypeError);
});

test('threads, locks, queues', () => {
  const queue = new Queue<number>(), lock = new Lock(), account = new Account({ balance: 1 });
  const add = (n: number) => { lock.with(() => { account.balance += n; }); queue.put(n); };
  const threads = [1, 2, 3].map((n) => new Thread(add, { args: [n] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) thread.join();
  expect(account.balance).toBe(7);
  expect([queue.get(), queue.get(), queue.get()].sort()).toEqual([1, 2, 3]);
});

test('shared objects, and results', async () => {
  const state = shared({ n: 0, bytes: new Uint8Array(2), map: new Map([['a', 1]]) });
  await run((state) => { state.n = 3; state.bytes[1] = 4; state.map.set('b', 2); }, state);
  expect([state.n, state.bytes[1], state.map.get('b')]).toEqual([3, 4, 2]);
  const words = new Int32Array(new SharedArrayBuffer(8));
  await run((words) => Atomics.store(words, 1, 5), words);
  expect(words[1]).toBe(5);
  const result = await run(() => ({ list: [1], map: new Map([[1, 2]]), date: new Date(0), set: new Set(['x']) }));
  expect(result).toStrictEqual({ list: [1], map: new Map([[1, 2]]), date: new Date(0), set: new Set(['x']) });
  expect(result.map).toBeInstanceOf(Map);
  expect(snapshot(shared({ list: [{ n: 1 }], words: new Float64Array(2) }))).toStrictEqual({ list: [{ n: 1 }], words: new Float64Array(2) });
  expect(await run((all: number[][]) => all.map(([n]) => [n! * 2]), [[1], [2]])).toStrictEqual([[2], [4]]);
});

test('time-outs, executors', async () => {
  const lock = new Lock();
  lock.acquire();
  expect(lock.acquire({ timeout: 5 })).toBe(false);
  expect(await lock.acquireAsync({ timeout: 5 })).toBe(false);
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const future = executor.submit(() => { lock.acquire(); });
  expect(() => future.result({ timeout: 5 })).toThrow(TimeoutError);
  lock.release();
  future.result();
  expect([...executor.map((n: number) => n * 2, [1, 2])]).toEqual([2, 4]);
  executor.shutdown();
});
`;

const TESTED = 6;

function program(folder: string, files: Readonly<Record<string, string>> = {}): void {
  const all = { 'price.ts': PRICE, 'work.ts': WORK, 'price.test.ts': TESTS, ...files };
  for (const [name, text] of Object.entries(all)) write(`${folder}/${name}`, text);
}

const compilerOptions = { module: 'commonjs', moduleResolution: 'node', target: 'es2022', esModuleInterop: true };
const COMPILERS: Readonly<Record<string, { files?: Record<string, string>; transform: Record<string, unknown> }>> = {
  'ts-jest': { transform: { '\\.ts$': ['ts-jest', { tsconfig: { ...compilerOptions, strict: true } }] } },
  '@swc/jest': { transform: { '\\.ts$': '@swc/jest' } },
  'babel-jest': {
    transform: { '\\.ts$': 'babel-jest' },
    files: {
      '.babelrc': JSON.stringify({
        presets: [['@babel/preset-env', { targets: { node: '20' } }], '@babel/preset-typescript'],
      }),
    },
  },
};

for (const [name, { files, transform }] of Object.entries(COMPILERS)) {
  test(`CommonJS, ${name}`, async () => {
    const folder = name.replace('/', '-');
    program(folder, files);
    assert.equal((await jest(folder, { config: { transform } })).passed, TESTED);
  });
}

test('CommonJS, an earlier version of Jest', async () => {
  program('earlier');
  const config = { transform: COMPILERS['@swc/jest']!.transform };
  assert.equal((await jest('earlier', { config, tool: 'jest-29' })).passed, TESTED);
});

test('ES modules, @swc/jest', async () => {
  const options = { module: { type: 'es6' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } };
  const config = { extensionsToTreatAsEsm: ['.ts'], transform: { '\\.ts$': ['@swc/jest', options] } };
  program('modules');
  assert.equal((await jest('modules', { config, modules: true })).passed, TESTED);
});

/** The same text as CommonJS and as an ES module. */
const both = (text: string, modules: boolean): string =>
  modules
    ? `import { jest } from '@jest/globals';\n${text}`
    : text.replace(/^import (.*) from (.*);$/gm, 'const $1 = require($2);').replaceAll('await import(', 'require(');

/** A package whose functions say on which thread it was loaded. */
const LOADED = `const { threadId } = require('worker_threads');
exports.loadedIn = () => threadId;
exports.Loader = class Loader { thread() { return threadId; } };
`;

const PACKAGES = `import { run } from 'heddle';
import { loadedIn, Loader } from 'loaded';
import _ from 'lodash';
import { z } from 'zod';
import { EventEmitter } from 'events';
const User = z.object({ mail: z.string() });
const captured = process, output = console, { env } = process;
test('packages', async () => {
  expect(await run((n) => _.chunk([1, 2, n], 2).length, 7)).toBe(2);
  expect(await run((x) => User.safeParse(x).success, { mail: 'x' })).toBe(true);
  expect(await run(() => new EventEmitter().listenerCount('x'))).toBe(0);
  expect(loadedIn()).toBe(0);
  for (const there of await run(() => [loadedIn(), new Loader().thread()])) expect(there).toBeGreaterThan(0);
});
test('the process and the console of the thread', async () => {
  expect(await run(() => [captured.pid, env.CI])).toEqual([process.pid, '1']);
  await run(() => { console.log('from the thread'); output.log('by another name'); });
});
globalThis.added = { a: 1 };
test('globals of the test', async () => expect(await run(() => added.a)).toBe(1));
test('what belongs to the test', async () => {
  const mock = jest.fn();
  await expect(run(() => mock(1))).rejects.toThrow(/'mock' did not travel .* test package 'jest-mock'.* Return values from the thread/);
  await expect(run(() => { expect(1).toBe(1); })).rejects.toThrow(/'expect' did not travel .* test package 'expect'/);
});
test('fake timers', async () => {
  jest.useFakeTimers();
  try {
    expect(await run(() => new Promise((done) => setTimeout(done, 5, 'x')))).toBe('x');
  } finally {
    jest.useRealTimers();
  }
});
test('modules that are loaded again', async () => {
  const { Lock } = await import('heddle');
  jest.resetModules();
  const again = await import('heddle');
  expect(again.Lock).toBe(Lock);
  expect(await again.run(() => 1)).toBe(1);
});
`;

const REQUIRE = `test('require() in a thread', async () => {
  const { run } = require('heddle');
  expect(await run(() => require('path').posix.join('a', 'b'))).toBe('a/b');
  const { start_new_thread } = require('heddle/dummy_thread');
  let sum = 0;
  start_new_thread((a, { b }) => { sum = a + b; }, [1], { b: 2 });
  expect(sum).toBe(3);
});
`;

for (const modules of [false, true]) {
  const kind = modules ? 'ES modules' : 'CommonJS';
  test(`${kind}: packages, what is Jest's own, several files one after the other and in several processes`, async () => {
    const folder = modules ? 'plain-modules' : 'plain';
    const ending = modules ? 'mjs' : 'js';
    write(`${folder}/a.test.${ending}`, both(PACKAGES, modules));
    write(`${folder}/b.test.${ending}`, both(PACKAGES, modules));
    write(`${folder}/c.test.js`, REQUIRE);
    const config = { transform: {}, testMatch: ['**/*.test.*'] };
    for (const args of [['--runInBand'], ['--maxWorkers=2']]) {
      const { passed, stdout, stderr } = await jest(folder, { config, modules, args });
      assert.equal(passed, 2 * 6 + 1);
      for (const text of ['from the thread', 'by another name']) assert.match(stdout + stderr, new RegExp(text));
    }
  });
}
