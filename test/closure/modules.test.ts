// Modules of the program travel by source and value and are not evaluated again; packages and builtins travel by import.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture } from './fixture.ts';

test('modules of the program are not evaluated again', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import { helper, state, Thing } from './helper.mjs';
        import * as all from './helper.mjs';
        import fallback from './helper.mjs';
        state.n = 5;
        show(await run(() => [helper(1), state.n, new Thing().name(), all.helper(2), all.state.n, fallback()]));
      `,
      'helper.mjs': `
        console.log(JSON.stringify('evaluated'));
        export const state = { n: 1 };
        export const helper = (n) => n + state.n;
        export class Thing { name() { return helper.name } }
        export default () => 'default';
      `,
    }),
    ['evaluated', [6, 5, 'helper', 7, 5, 'default']],
  );
});

const ESM_PACKAGE = {
  'node_modules/pkg/package.json': '{"name":"pkg","type":"module","exports":"./index.js"}',
  'node_modules/pkg/index.js': `
    import { hidden } from './inner.js';
    let calls = 0;
    export function count() { return ++calls }
    export class Account { #balance = 1; get balance() { return this.#balance } static open() { return new Account() } }
    const local = () => hidden();
    export { local as renamed };
    export const made = ((n) => Object.assign(() => n + ++calls, { tag: 'made' }))(100);
    export * as inner from './inner.js';
    export default Object.freeze({ api: () => ++calls });
  `,
  'node_modules/pkg/inner.js': `export function hidden() { return 'hidden' }`,
};

test('exports of ES packages travel by import, with their state and private members', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import api, { Account, count, inner, made, renamed } from 'pkg';
        import * as pkg from 'pkg';
        count(); count();
        const viaData = { Account };
        show(await run(() => [count(), pkg.count(), made(), api.api(), made.tag]));
        show(await run(() => [Account.open().balance, viaData.Account === Account, renamed(), inner.hidden(), pkg.Account === Account]));
        show(await run(async () => (await import('pkg')).Account === Account));
        show(await run((A) => A === Account, Account));
      `,
      ...ESM_PACKAGE,
    }),
    [[1, 2, 103, 4, 'made'], [1, true, 'hidden', 'hidden', true], true, true],
  );
});

test('exports of CommonJS packages travel by require', async () => {
  assert.deepEqual(
    await fixture({
      'main.cjs': `
        const pkg = require('pkg');
        const { count } = require('pkg');
        const single = require('single');
        (async () => {
          const { run, show } = await import('./thread.mjs');
          count();
          show(await run(() => [count(), pkg.count(), pkg.object.n, single(), single.tag]));
        })();
      `,
      'node_modules/pkg/package.json': '{"name":"pkg"}',
      'node_modules/pkg/index.js': `let calls = 0; exports.count = () => ++calls; exports.object = { n: 7 };`,
      'node_modules/single/package.json': '{"name":"single"}',
      'node_modules/single/index.js': `let n = 0; module.exports = () => ++n; module.exports.tag = 'single';`,
    }),
    [[1, 2, 7, 1, 'single']],
  );
});

test('CommonJS packages imported from an ES module', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import pkg, { count } from 'pkg';
        count();
        show(await run(() => [count(), pkg.count()]));
      `,
      'node_modules/pkg/package.json': '{"name":"pkg"}',
      'node_modules/pkg/index.js': `let calls = 0; exports.count = () => ++calls;`,
    }),
    [[1, 2]],
  );
});

test('a namespace that is a value: of a package or builtin module it is imported, of the program it is copied', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import * as fs from 'node:fs';
        import { createRequire } from 'node:module';
        import { run, show } from './thread.mjs';
        const require = createRequire(import.meta.url);
        const [pkg, constants, common, own, os] = await Promise.all(
          ['pkg', 'constants-pkg', 'common', './own.mjs', 'node:os'].map((name) => import(name)),
        );
        const same = async (given, name) => given === (await import(name));
        show(await run(same, pkg, 'pkg'));
        show(await run(async () => { const all = pkg; return [await same(all, 'pkg'), all.count()] }));
        show(await run(async () => [pkg.made === (await import('pkg')).made]));
        show(await run(({ deep: [given] }) => same(given, 'pkg'), { deep: [pkg] }));
        show(await run(same, constants, 'constants-pkg'));
        show(await run(same, common, 'common'));
        show(await run(same, fs, 'node:fs'));
        show(await run(same, os, 'os'));
        show((await run(() => import('pkg'))) === pkg);
        show(await run(async (given) => [await same(given, './own.mjs'), given.state, given.get()], own));
        const required = ['os', 'tls', 'worker_threads', 'cluster', 'constants', 'async_hooks', 'path'].filter(
          (name) => require(name) !== undefined,
        );
        for (const name of required) {
          const there = (given) => given === process.getBuiltinModule?.(name) || process.getBuiltinModule === undefined;
          if (!(await run(there, require(name)))) show(name);
        }
        show(Object.keys(require.cache).some((file) => file.includes('/node_modules/pkg/')));
      `,
      'own.mjs': `export const state = { n: 1 }; export const get = () => state.n;`,
      ...ESM_PACKAGE,
      'node_modules/constants-pkg/package.json': '{"name":"constants-pkg","type":"module","exports":"./index.js"}',
      'node_modules/constants-pkg/index.js': 'export const table = { a: [1] };',
      'node_modules/common/package.json': '{"name":"common"}',
      'node_modules/common/index.js': 'exports.one = () => 1; exports.data = { n: 1 };',
    }),
    [true, [true, 1], [true], true, true, true, true, true, true, [false, { n: 1 }, 1], false],
  );
});

test('what a package makes but does not export travels by source', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import { multiplier } from 'pkg';
        const triple = multiplier(3);
        show(await run(() => triple(4)));
      `,
      'node_modules/pkg/package.json': '{"name":"pkg","type":"module","exports":"./index.js"}',
      'node_modules/pkg/index.js': `const check = (n) => n; export const multiplier = (a) => (b) => check(a) * b;`,
    }),
    [12],
  );
});

test('builtin modules: names, default, namespace, promises, what they return', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import fs, { existsSync } from 'node:fs';
        import * as path from 'node:path';
        import { readFile } from 'node:fs/promises';
        import { createHash } from 'crypto';
        import { EventEmitter } from 'node:events';
        const { join } = path;
        const log = console.log;
        const { max } = Math;
        const self = globalThis;
        const stringify = JSON.stringify;
        class Bus extends EventEmitter {}
        show(await run(async () => [
          existsSync('.'), fs.existsSync('.'), path.basename('/a/b'), join('a', 'b'),
          (await readFile('thread.mjs', 'utf8')).length > 0, createHash('md5').update('x').digest('hex').length,
          new Bus() instanceof EventEmitter, typeof log, max(1, 2), self === globalThis, stringify([1]),
          typeof setTimeout, typeof fetch, typeof process.pid, new URL('http://a/b').pathname,
        ]));
      `,
    }),
    [[true, true, 'b', 'a/b', true, 32, true, 'function', 2, true, '[1]', 'function', 'function', 'number', '/b']],
  );
});

test('globals of the program travel as captured values', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        globalThis.settings = { level: 3 };
        globalThis.helper = (n) => n * settings.level;
        show(await run(() => [helper(2), settings.level, typeof missing]));
      `,
    }),
    [[6, 3, 'undefined']],
  );
});

test('import.meta, and dynamic import', async () => {
  assert.deepEqual(
    await fixture({
      'sub/main.mjs': `
        import { run, show } from '../thread.mjs';
        const here = import.meta;
        const strip = (text) => text.split('/').slice(-2).join('/');
        show(await run(() => [strip(import.meta.url), strip(import.meta.filename), strip(import.meta.dirname + '/x')]));
        show(await run(() => [strip(import.meta.resolve('./other.mjs')), import.meta.resolve('fs'), strip(here.url)]));
        show(await run(async () => [(await import('./other.mjs')).answer, (await import('node:os')).EOL, (await import('./data.json', { with: { type: 'json' } })).default]));
        show(await run(async (name) => (await import(name)).answer, './other.mjs'));
      `,
      'sub/other.mjs': 'export const answer = 42;',
      'sub/data.json': '{"json":true}',
    }),
    [
      ['sub/main.mjs', 'sub/main.mjs', 'sub/x'],
      ['sub/other.mjs', 'node:fs', 'sub/main.mjs'],
      [42, '\n', { json: true }],
      42,
    ],
  );
});

test('JSON imports are data', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import data from './data.json' with { type: 'json' };
        show(await run(() => data.list[1]));
      `,
      'data.json': '{"list":[1,2]}',
    }),
    [2],
  );
});

test('require, module, exports, __filename and __dirname of CommonJS', async () => {
  assert.deepEqual(
    await fixture({
      'main.cjs': `
        const { helper } = require('./helper.cjs');
        const whole = require('./helper.cjs');
        const data = require('./data.json');
        exports.answer = 42;
        exports.ask = () => exports.answer;
        module.exports.more = 'more';
        const strip = (text) => text.split('/').pop();
        (async () => {
          const { run, show } = await import('./thread.mjs');
          show(await run(() => [helper(1), whole.helper(2), data.json, exports.ask(), module.exports.more]));
          show(await run(() => [strip(__filename), __dirname === require('node:path').dirname(__filename), strip(require.resolve('./other.cjs')), strip(module.filename)]));
          show(await run(() => [require('./other.cjs').value, typeof require('fs').readFileSync]));
          show(await run(function () { return this === undefined || this === globalThis }));
        })();
      `,
      'helper.cjs': `console.log('"evaluated"'); exports.helper = (n) => n + 1; exports.unused = new WeakMap();`,
      'other.cjs': 'module.exports = { value: 7 };',
      'data.json': '{"json":true}',
    }),
    ['evaluated', [2, 3, true, 42, 'more'], ['main.cjs', true, 'other.cjs', 'main.cjs'], [7, 'function'], true],
  );
});

test('sloppy code: writes to captured data throw, and what only sloppy mode allows still works', async () => {
  assert.deepEqual(
    await fixture({
      'main.cjs': `
        const data = { n: 1 };
        function legacy() { return typeof this + arguments.length + 010; }
        (async () => {
          const { run, show } = await import('./thread.mjs');
          show(await run(() => { try { data.n = 2; return 'lost'; } catch (error) { return error.name; } }));
          show(await run(() => legacy(1, 2)));
        })();
      `,
    }),
    ['TypeError', 'object28'],
  );
});

test('live bindings are as they are at each start', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { start, show } from './thread.mjs';
        import { counter, increment, fixed } from './counter.mjs';
        import * as all from './counter.mjs';
        const read = () => [counter, fixed];
        const readAll = () => all.counter;
        for (let n = 0; n < 4; n++) {
          show([await start(read).result, await start(readAll).result]);
          increment();
        }
        const constant = () => fixed;
        await start(constant).result;
        show([start(constant).inspected, start(constant).inspected]);
      `,
      'counter.mjs': 'export let counter = 0; export const increment = () => { counter++ }; export const fixed = 9;',
    }),
    [
      [[0, 9], 0],
      [[1, 9], 1],
      [[2, 9], 2],
      [[3, 9], 3],
      [0, 0],
    ],
  );
});

test("the library's own exports travel by import", async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show, CaptureError } from './thread.mjs';
        import * as everything from './thread.mjs';
        show(await run(() => [new CaptureError('x').code, everything.CaptureError === CaptureError]));
        show(await run((C) => C === CaptureError, CaptureError));
        const error = await run(() => { throw new CaptureError('mine') }).catch((error) => error);
        show(error instanceof CaptureError);
      `,
    }),
    [['ERR_CANNOT_CAPTURE', true], true, true],
  );
});

test('node -e and --input-type=module', async () => {
  const text = `
    const { run, show } = await import(process.cwd() + '/thread.mjs');
    const n = 2;
    const twice = (m) => n * m;
    show(await run(() => twice(21)));
  `;
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { execFileSync } from 'node:child_process';
        const text = ${JSON.stringify(text)};
        const go = (...args) => process.stdout.write(execFileSync(process.execPath, args));
        go('--input-type=module', '-e', text);
        go('-e', '(async () => {' + text + '})()');
      `,
    }),
    [42, 42],
  );
});

test('a program that is itself an installed package is not evaluated again', async () => {
  assert.deepEqual(
    await fixture({
      'node_modules/@scope/cli/main.mjs': `
        import { run, show } from '../../../thread.mjs';
        import { helper } from './helper.mjs';
        import { count } from 'pkg';
        show('evaluated');
        export function work(n) { return helper(n) + count() }
        count();
        show(await run(work, 1));
      `,
      'node_modules/@scope/cli/helper.mjs': `console.log('"helper"'); export const helper = (n) => n * 10;`,
      ...ESM_PACKAGE,
    }),
    ['helper', 'evaluated', 11],
  );
});

const [major = 0] = process.versions.node.split('.').map(Number);

test('using, natively', { skip: major < 24 && 'this Node has no using' }, async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        const open = (name, log) => ({ [Symbol.dispose]: () => log.push(name), [Symbol.asyncDispose]: async () => log.push(name) });
        show(await run(async (log) => { { using a = open('a', log); await using b = open('b', log); log.push(typeof a, typeof b); } return log; }, []));
      `,
    }),
    [['object', 'object', 'b', 'a']],
  );
});

test('coverage that Node collects goes on', async () => {
  const [counted] = (await fixture({
    'main.mjs': `
      import { execFileSync } from 'node:child_process';
      import { readdirSync, readFileSync } from 'node:fs';
      execFileSync(process.execPath, ['program.mjs'], { env: { ...process.env, NODE_V8_COVERAGE: 'coverage' } });
      const reports = readdirSync('coverage').flatMap((name) => JSON.parse(readFileSync('coverage/' + name)).result);
      const counts = reports.filter(({ url }) => url.endsWith('/program.mjs')).flatMap(({ functions }) => functions);
      console.log(counts.find(({ functionName }) => functionName === 'counted').ranges[0].count);
    `,
    'program.mjs': `
      import { run } from './thread.mjs';
      import { helper } from './helper.mjs';
      const counted = () => {};
      counted();
      await run(() => helper(1));
      counted();
    `,
    'helper.mjs': 'const list = [1]; export const helper = (n) => n + list[0];',
  })) as number[];
  assert.equal(counted, 2);
});
