// Errors of installed packages arrive as errors of those packages' classes.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { programFile, root } from '../support/program.ts';

const PACKAGES: Record<string, string> = {
  // Issues in a private field, behind a getter; a class of its own for what it holds.
  'node_modules/checks/package.json': '{"name":"checks","type":"module","exports":"./index.js"}',
  'node_modules/checks/index.js': `
    export class Issue { constructor(path) { this.path = path; } get where() { return this.path.join('.'); } }
    export class CheckError extends Error {
      #issues;
      constructor(issues) { super(issues.length + ' issues'); this.name = 'CheckError'; this.#issues = issues; this.addIssue = (issue) => this.#issues.push(issue); }
      get issues() { return this.#issues; }
      get first() { return this.#issues[0]; }
      format() { return this.issues.map((issue) => issue.where).join(); }
    }
    export const check = (value) => { throw new CheckError([new Issue(['a', 'b'])]); };
  `,
  // Its class is made by a function, is asked of by what the instance holds, and is no export by its text.
  'node_modules/factory/package.json': '{"name":"factory","type":"module","exports":"./index.js"}',
  'node_modules/factory/index.js': `
    let captures;
    const canCapture = () => (captures ??= 'captureStackTrace' in Error);
    const make = (name, init) => {
      class _ extends Error { constructor(def) { super(); init(this, def); this.made = { traits: new Set([name]), constr: _, by: canCapture }; } }
      Object.defineProperty(_, Symbol.hasInstance, { value: (it) => it?.made?.traits?.has(name) === true });
      Object.defineProperty(_, 'name', { value: name });
      return _;
    };
    export const FactoryError = make('FactoryError', (it, def) => {
      it.name = 'FactoryError';
      Object.defineProperty(it, 'issues', { value: def, enumerable: false });
      Object.defineProperty(it, 'message', { get: () => JSON.stringify(def), enumerable: true });
      Object.defineProperty(it, 'toString', { value: () => it.message, enumerable: false });
    });
    export const parse = () => { throw new FactoryError([{ code: 'invalid', path: ['a'] }]); };
  `,
  // CommonJS, of the old kind, with a request that cannot travel.
  'node_modules/client/package.json': '{"name":"client","main":"index.cjs"}',
  'node_modules/client/index.cjs': `
    const { ClientRequest } = require('node:http');
    const { inherits } = require('node:util');
    function ClientError(message, code, response) {
      Error.call(this, message);
      Error.captureStackTrace(this, this.constructor);
      this.message = message; this.name = 'ClientError'; this.code = code; this.response = response;
    }
    inherits(ClientError, Error);
    ClientError.prototype.toJSON = function () { return { status: this.response.status }; };
    class Headers { constructor() { this.a = 1; } get(name) { return this[name]; } }
    class TimeoutError extends ClientError { constructor() { super('late', 'ETIMEDOUT', undefined); this.name = 'TimeoutError'; } }
    const native = () => Object.create(ClientRequest.prototype);
    module.exports = {
      ClientError, TimeoutError, Headers,
      get: () => { throw new ClientError('404', 'ERR_BAD_REQUEST', { status: 404, data: { a: 1 }, headers: new Headers(), request: native(), config: { agent: native(), transform: [(x) => x] } }); },
      late: () => { throw new TimeoutError(); },
    };
  `,
  // Its class is not exported at all.
  'node_modules/closed/package.json': '{"name":"closed","type":"module","exports":"./index.js"}',
  'node_modules/closed/index.js': `
    let count = 0;
    class ClosedError extends RangeError { #secret = 1; constructor() { super('closed'); this.name = 'ClosedError'; this.code = 'E_CLOSED'; this.count = ++count; this.inner = [new TypeError('inner', { cause: 'why' })]; } get secret() { return this.#secret; } }
    export const shut = () => { throw new ClosedError(); };
  `,
};

const PROGRAM = `
import { ThreadPoolExecutor, run, Queue, startNewThread } from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)};
import { CheckError, Issue, check } from 'checks';
import { FactoryError, parse } from 'factory';
import client from 'client';
import { shut } from 'closed';

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const thrown = (fn) => { try { fn(); } catch (error) { return error; } };
const queue = new Queue();
const ways = {
  awaited: async (fn) => run(fn).then(() => 'nothing', (error) => error),
  blocking: async (fn) => { const future = executor.submit(fn); try { return await future.then(() => 'nothing', () => thrown(() => future.result())); } finally {} },
  there: async (fn) => run((error) => error, thrown(fn)),
  nested: async (fn) => (await run((outer) => outer, new Error('outer', { cause: thrown(fn) }))).cause,
  queued: async (fn) => { startNewThread((fn, queue) => { try { fn(); } catch (error) { queue.put(error); } }, [fn, queue]); return queue.getAsync(); },
};
const say = {
  check: (e) => [e instanceof CheckError, e instanceof Error, e.constructor === CheckError, e.name, e.message, e.issues?.map((i) => [i instanceof Issue, i.where]), e.first === e.issues[0], e.format(), Object.keys(e).filter((key) => key !== 'addIssue')],
  parse: (e) => [e instanceof FactoryError, e instanceof Error, e.name, e.message, e.issues, String(e), e.constructor.name],
  get: (e) => [e instanceof client.ClientError, e instanceof Error, e.name, e.message, e.code, e.response.status, e.response.data, e.response.headers instanceof client.Headers, e.response.headers.get('a'), e.toJSON(), e.response.config.transform[0](5), /at /.test(e.stack)],
  late: (e) => [e instanceof client.TimeoutError, e instanceof client.ClientError, e.name, e.code, 'response' in e],
  shut: (e) => [e instanceof RangeError, e.name, e.message, e.code, typeof e.count, e.secret, e.inner[0] instanceof TypeError, e.inner[0].cause, /at /.test(e.stack)],
};
const calls = { check: () => check(1), parse: () => parse(1), get: () => client.get('u'), late: () => client.late(), shut: () => shut() };
const found = {};
for (const [name, fn] of Object.entries(calls)) {
  found[name] = { own: JSON.stringify(say[name](thrown(fn))) };
  for (const [way, go] of Object.entries(ways)) {
    const error = await go(fn);
    try { found[name][way] = JSON.stringify(say[name](error)); } catch (problem) { found[name][way] = problem.stack + ' about ' + (error?.stack ?? error); }
  }
}
const lost = await run(() => client.get('u')).catch((error) => error);
found.lost = [Object.keys(lost.response), Object.keys(lost.response.config)];
console.log(JSON.stringify(found));
executor.shutdown();
`;

test('the class, what it says, and what its getters give', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  try {
    for (const [name, text] of Object.entries({ ...PACKAGES, 'program.mjs': PROGRAM })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { status, stdout, stderr } = await programFile(join(folder, 'program.mjs'), { cwd: folder });
    assert.deepEqual([status, stderr], [0, '']);
    const { lost, ...found } = JSON.parse(stdout) as { lost: string[][] } & Record<string, Record<string, string>>;
    for (const [name, { own, ...ways }] of Object.entries(found))
      for (const [way, told] of Object.entries(ways)) assert.equal(told, own, `${name}, ${way}`);
    // What cannot travel, and only that.
    assert.deepEqual(lost, [['status', 'data', 'headers', 'config'], ['transform']]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
