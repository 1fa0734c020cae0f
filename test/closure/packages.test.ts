// What packages export, and what they have made: a thread has its own, as the program has made it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture } from './fixture.ts';

/** A package of ES modules: closures with private state, as schemas, loggers and limiters are. */
const MAKER = {
  'node_modules/maker/package.json':
    '{"name":"maker","type":"module","exports":{".":"./index.js","./plugin":"./plugin.js"}}',
  'node_modules/maker/index.js': `
    let made = 0;
    export const count = () => made;
    const secrets = new WeakMap();
    const secret = Symbol('secret');
    const features = {};
    export const extend = (plugin) => { plugin(features) };
    export const feature = (name) => features[name]?.() ?? 'none';
    export const tool = { extend, feature };
    export function limit(max, of) {
      made++;
      const inner = { calls: 0 };
      secrets.set(inner, max);
      const self = (n) => { inner.calls++; return [n, secrets.get(inner), inner.calls, ...(of ? [of(n)] : [])] };
      self.uses = [];
      self.use = (name) => { self.uses.push(name); return self };
      return self;
    }
    export function pair() { made++; const state = new Map(); return { get: (k) => state.get(k), set: (k, v) => state.set(k, v) } }
    export class Cache { #map = new Map(); constructor(name) { made++; this.name = name } put(k, v) { this.#map.set(k, v); return this } get(k) { return this.#map.get(k) } }
    export class Db { constructor(name) { made++; this[secret] = name } name() { return this[secret] } }
    export class Money { constructor(n) { made++; this.n = n } plus(m) { this.last = m; return new Money(this.n + m) } }
    export const lazy = (make) => { made++; const held = { make }; secrets.set(held, 1); return { get: () => held.make().name ?? typeof held.make() } };
    export const open = async (name) => { await null; return new Db(name) };
    export const outcome = (n) => { let error; return { ok: false, n, get error() { secrets.set(this, n); return error ??= Object.assign(new RangeError('too many'), { n }) }, set error(e) { error = e } } };
    export const hidden = () => ({ get fails() { throw secrets.get(secret) }, ok: true });
    export const fail = () => { made++; return limit(1) };
  `,
  'node_modules/maker/plugin.js': `export default (features) => { features.plugin = () => 'plugged' }; export const addThing = (to) => to.use('thing');`,
};

const program = (source: string, more: Record<string, string> = {}, options = {}) =>
  fixture(
    { 'main.mjs': `import { run, show, CaptureError } from './thread.mjs';\n${source}`, ...MAKER, ...more },
    options,
  );

test('a constant that a package has made is made again, once in a thread', async () => {
  assert.deepEqual(
    await program(`
      import { Cache, count, Db, limit, pair } from 'maker';
      import * as maker from 'maker';
      const first = limit(2);
      const second = limit(3, first);
      const cache = new Cache(\`c\${first.uses.length}\`).put('a', 1);
      const { get, set } = pair();
      const db = new maker.Db('x');
      show(count());
      first(0);
      cache.put('b', 2);
      const work = (n) => [second(n), first(n), cache.get('a'), cache.get('b') ?? null, set('k', n) && get('k'), db.name()];
      show(await run(work, 7));
      show(await run(work, 8));
      show(await run(() => [count(), first === [first][0], cache instanceof Cache]));
    `),
    [
      5,
      [[7, 3, 1, [7, 2, 1]], [7, 2, 2], 1, null, 7, 'x'],
      [[8, 3, 2, [8, 2, 3]], [8, 2, 4], 1, null, 8, 'x'],
      [5, true, true],
    ],
  );
});

test('what a package computes of plain data when it is looked at is there in the copy', async () => {
  assert.deepEqual(
    await program(`
      import { hidden, outcome } from 'maker';
      const captured = outcome(3);
      const digest = ({ ok, error, n }) => [ok, error instanceof RangeError, error.message, error.n, n];
      show(digest(await run((n) => outcome(n), 5)));
      show(await run(digest, outcome(4)));
      show(await run(() => digest(captured)));
      show(await run((made) => made.ok, hidden()));
    `),
    [[false, true, 'too many', 5, 5], [false, true, 'too many', 4, 4], [false, true, 'too many', 3, 3], true],
  );
});

test('what the platform makes empty is made again as a constant of a module, and refused elsewhere', async () => {
  const main = `
    import { Agent } from 'node:http';
    import { Agent as Agents } from 'node:https';
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { current, during } from './log.mjs';
    const agent = new Agent({ keepAlive: true, maxSockets: 3 });
    const agents = { secure: new Agents() };
    show(during('here', current));
    show(await during('here', () => run(() => [current() ?? null, during('there', current)])));
    show(await run(() => [agent instanceof Agent, agent.maxSockets, agents.secure instanceof Agents]));
    function local() { const own = new AsyncLocalStorage(); return run(() => own.getStore()); }
    show(await local().catch((error) => error.message.startsWith("'own' did not travel to this thread: it is an AsyncLocalStorage")));
    const pass = async () => run((given) => given, new Agent());
    show(await pass().catch((error) => error.message.startsWith("cannot pass 'args[0]' to a thread: it is an Agent")));
  `;
  const log = `
    import { AsyncLocalStorage } from 'node:async_hooks';
    const context = new AsyncLocalStorage();
    export const current = () => context.getStore();
    export const during = (value, fn) => context.run(value, fn);
  `;
  assert.deepEqual(await program(main, { 'log.mjs': log }), ['here', [null, 'there'], [true, 3, true], true, true]);
});

test('with what only the module sees: constants, functions, classes, imports', async () => {
  assert.deepEqual(
    await program(
      `
      import { basename } from 'node:path';
      import { limit } from 'maker';
      import { three } from './numbers.mjs';
      const base = basename('/a/b').length;
      const options = { max: base + three };
      class Sum { static of(a, b) { return a + b } }
      function make(max) { return limit(Sum.of(max, own)) }
      const own = 10;
      let never = 5;
      const limiter = make(options.max + never);
      show(await run((n) => limiter(n), 1));
    `,
      { 'numbers.mjs': `const two = 2; export const three = two + 1;` },
    ),
    [[1, 19, 1]],
  );
});

test('constants of other modules of the program', async () => {
  assert.deepEqual(
    await program(
      `
      import { limiter, again as other } from './values.mjs';
      import standard from './values.mjs';
      import * as values from './values.mjs';
      import { through, starred } from './index.mjs';
      show(await run((n) => [limiter(n), other(n), standard(n), values.limiter(n), through(n), starred(n)], 1));
    `,
      {
        'values.mjs': `
        import { limit } from 'maker';
        console.log('"evaluated"');
        const max = 4;
        export const limiter = limit(max);
        const inner = limit(5);
        export { inner as again };
        export default limit(6);
      `,
        'more.mjs': `import { limit } from 'maker'; export const starred = limit(7);`,
        'index.mjs': `export { limiter as through } from './values.mjs'; export * from './more.mjs';`,
      },
    ),
    [
      'evaluated',
      [
        [1, 4, 1],
        [1, 5, 1],
        [1, 6, 1],
        [1, 4, 2],
        [1, 4, 3],
        [1, 7, 1],
      ],
    ],
  );
});

test('in CommonJS, as it is written and as compilers write it', async () => {
  assert.deepEqual(
    await fixture({
      'main.cjs': `
        const { limit, hidden } = require('maker');
        const limiter = limit(hidden);
        const values = require('./values.cjs');
        const compiled = require('./compiled.cjs');
        (async () => {
          const { run, show } = await import('./thread.mjs');
          show(await run((n) => [limiter(n), values.limiter(n), values.other(n), compiled.use(n)], 1));
        })();
      `,
      'values.cjs': `const m = require('maker'); const limiter = m.limit(2); module.exports = { limiter, other: m.limit(3) };`,
      'compiled.cjs': `
        "use strict";
        Object.defineProperty(exports, "__esModule", { value: true });
        exports.use = exports.limiter = void 0;
        const maker_1 = require("maker");
        exports.limiter = maker_1.limit(4);
        const use = (n) => exports.limiter(n);
        exports.use = use;
      `,
      'node_modules/maker/package.json': '{"name":"maker"}',
      'node_modules/maker/index.js': `
        const secrets = new WeakMap();
        exports.hidden = 1;
        exports.limit = (max) => { const key = {}; secrets.set(key, max); let calls = 0; return (n) => [n, secrets.get(key), ++calls] };
      `,
    }),
    [
      [
        [1, 1, 1],
        [1, 2, 1],
        [1, 3, 1],
        [1, 4, 1],
      ],
    ],
  );
});

test('constants that refer to themselves and to each other', async () => {
  assert.deepEqual(
    await program(`
      import { Cache, lazy } from 'maker';
      const self = lazy(() => self);
      const a = lazy(() => b);
      const b = new Cache('b' + (a ? 1 : 0));
      show(await run(() => [self.get(), a.get(), b.name]));
    `),
    [['object', 'b1', 'b1']],
  );
});

test('what a module awaits', async () => {
  assert.deepEqual(
    await program(`
      import { limit, open } from 'maker';
      const first = await open('first');
      const { name } = await Promise.resolve({ name: () => second(0) });
      const second = limit((await open(first.name() + '!')).name());
      const work = () => [first.name(), second(1), name()[0]];
      show(await run(work));
      show(await run(() => [second(2), first === [first][0]]));
    `),
    [
      ['first', [1, 'first!', 1], 0],
      [[2, 'first!', 3], true],
    ],
  );
});

test('statements that complete it are repeated, others are not', async () => {
  assert.deepEqual(
    await program(
      `
      import { feature, limit, tool } from 'maker';
      import plugin, { addThing } from 'maker/plugin';
      import './other.mjs';
      const limiter = limit(1);
      limiter.use('a').use('b');
      addThing(limiter);
      limiter.note = 'noted';
      limiter(0);
      tool.extend(plugin);
      show(await run((n) => [limiter(n), limiter.uses, limiter.note, feature('plugin'), tool.feature('plugin')], 1));
    `,
      { 'other.mjs': '' },
    ),
    [[[1, 1, 1], ['a', 'b', 'thing'], 'noted', 'plugged', 'plugged']],
  );
});

test('a package that a module of the program completes and exports again', async () => {
  assert.deepEqual(
    await program(
      `
      import tool from './tool.mjs';
      show(await run(() => tool.feature('plugin')));
    `,
      {
        'tool.mjs': `import { tool } from 'maker'; import plugin from 'maker/plugin'; tool.extend(plugin); export default tool;`,
      },
    ),
    ['plugged'],
  );
});

test('what can be copied is copied, with its state', async () => {
  assert.deepEqual(
    await program(`
      import { count, Money } from 'maker';
      class Account { constructor(n) { this.money = new Money(n) } }
      const account = new Account(1);
      account.money = new Money(5);
      const money = new Money(2);
      money.n = 3;
      const list = [1];
      list.push(2);
      show(await run(() => [account.money.n, account.money.plus(1).n, money.n, list.length, money instanceof Money, count()]));
    `),
    [[5, 6, 3, 2, true, 1]],
  );
});

test('what comes home is the original', async () => {
  assert.deepEqual(
    await program(`
      import { Cache } from 'maker';
      const cache = new Cache('c').put('a', 1);
      cache.put('b', 2);
      const back = await run(() => ({ cache, read: (k) => cache.get(k) }));
      show([back.cache === cache, back.read('b')]);
    `),
    [[true, 2]],
  );
});

test('stacks and labels of what is made again are those of the program', async () => {
  assert.deepEqual(
    await program(`
      import { frame } from './thread.mjs';
      import { limit } from 'maker';
      const limiter = limit(1,
        (n) => { throw new Error('here') });
      show(frame(await run((n) => limiter(n), 1).catch((error) => error)));
    `),
    ['main.mjs:6:24'],
  );
});

const refusal = async (source: string, more = {}): Promise<string> => {
  const [message] = (await program(
    `
    import * as maker from 'maker';
    const { Cache, fail, limit } = maker;
    const message = async (fn, ...args) => show(await (async () => run(fn, ...args))().then((value) => 'gave ' + JSON.stringify(value), (error) => error.name + ': ' + error.message));
    ${source}`,
    more,
  )) as [string];
  return message;
};

test('what cannot be made again is refused with its name, the package, why, and the ways out', async () => {
  const local = await refusal(`{ const cache = new Cache('c'); await message(() => cache.get('a')) }`);
  assert.match(local, /^CaptureError: 'cache' did not travel to this thread: it is an instance of Cache/);
  assert.match(local, /the package 'maker' has made/);
  assert.match(local, /'cache' is not declared at the top of a module/);
  assert.match(local, /new ThreadLocal\(/);

  const assigned = await refusal(
    `let cache = new Cache('c'); cache = new Cache('d'); await message(() => cache.get('a'))`,
  );
  assert.match(assigned, /'cache' is assigned to more than once/);

  const passed = await refusal(`await message((cache) => cache.get('a'), new Cache('c'))`);
  assert.match(
    passed,
    /^CaptureError: cannot pass 'args\[0\]' to a thread: .*the package 'maker' has made.*ThreadLocal/s,
  );
});

test('what the program has filled is not made again empty', async () => {
  const filled = /the program has put more into it than its initialiser does/;
  for (const [made, fill] of [
    ['new Map()', "held.set('a', limit(1))"],
    ['new Set()', 'held.add(limit(1))'],
    ['[]', 'held.push(limit(1))'],
    ['{}', 'held.a = limit(1)'],
  ] as const) {
    const use = `[...(Symbol.iterator in held ? held : Object.entries(held))].flat(9).filter((f) => typeof f === 'function').map((f) => f(1))`;
    const text = await refusal(`const held = ${made}; { ${fill} } await message(() => ${use});`);
    assert.match(text, filled);
    const whole = await refusal(`const held = ${made}; ${fill}; await message(() => ${use});`);
    assert.match(whole, made === '[]' ? filled : /^gave \[\[1,1,1\]\]$/);
  }
  assert.match(
    await refusal(`
      class Store { #n = 0; of = (n) => limit(n); add() { return ++this.#n } }
      const store = new Store();
      await message(() => store.add());`),
    /'store' did not travel to this thread: it is an instance of Store, which has private fields/,
  );
});

test('an initialiser that fails in the thread says so where its value is used', async () => {
  assert.match(
    await refusal(`
      const failing = fail();
      await message(() => failing(1));`),
    /^gave \[1,1,1\]$/,
  );
  assert.match(
    await refusal(`
      globalThis.text = '1';
      const broken = limit(JSON.parse(globalThis.text));
      await message(() => broken(1));`),
    /CaptureError: 'broken' did not travel to this thread: it is made again in each thread, and that failed here with SyntaxError.*ThreadLocal/s,
  );
});

test('the entry of a package has completed what an inner module defines', async () => {
  const files = {
    'node_modules/core/package.json': '{"name":"core","type":"module","exports":"./index.mjs"}',
    'node_modules/core/core.mjs': `export class Core { static get(name) { return Core.table[name] } } export function read(name) { return Core.get(name) }`,
    'node_modules/core/index.mjs': `import { Core, read } from './core.mjs'; Core.table = { a: 1 }; export { Core, read }; export default Core; export const all = { Core };`,
    'own.mjs': `export { read as mine } from 'core';`,
  };
  const main = (source: string) => program(source, files);
  assert.deepEqual(await main(`import { Core } from 'core'; show(await run(() => Core.get('a')));`), [1]);
  assert.deepEqual(await main(`import Core from 'core'; show(await run(() => Core.get('a')));`), [1]);
  assert.deepEqual(await main(`import * as core from 'core'; show(await run(() => core.Core.get('a')));`), [1]);
  assert.deepEqual(await main(`import { mine } from './own.mjs'; show(await run(() => mine('a')));`), [1]);
  assert.deepEqual(
    await main(`import { all } from 'core'; const data = { ...all }; show(await run(() => data.Core.get('a')));`),
    [1],
  );
  assert.deepEqual(await main(`import { Core } from 'core'; show(await run((C) => C.get('a'), Core));`), [1]);
  assert.deepEqual(
    await main(`import { Core } from 'core'; class Mine extends Core {} show(await run(() => Mine.get('a')));`),
    [1],
  );
});

test('variables that only a package fills are filled there', async () => {
  assert.deepEqual(
    await program(
      `
      import { holder } from 'lazy';
      const { get } = holder();
      async function main() {
        const held = holder();
        held.get();
        return run(() => [held.get(), held.get()]);
      }
      show(get());
      show(await main());
      show(await run(() => get()));
      `,
      {
        'node_modules/lazy/package.json': '{"name":"lazy","type":"module","exports":"./index.js"}',
        'node_modules/lazy/index.js': `
          let cache;
          let calls = 0;
          const lazy = () => (cache ||= { made: true, weak: new WeakMap() });
          export const holder = () => { const first = () => lazy().made; return { get: () => [first(), calls++] } };
        `,
      },
    ),
    [
      [true, 0],
      [
        [true, 2],
        [true, 3],
      ],
      [true, 0],
    ],
  );
});

test("a bundler's module wrappers", async () => {
  assert.deepEqual(
    await program(`
      var __getOwnPropNames = Object.getOwnPropertyNames;
      var __commonJS = (cb, mod) => function __require() {
        return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
      };
      var require_pkg = __commonJS({ 'node_modules/pkg/index.js'(exports, module) { const weak = new WeakMap(); exports.answer = () => weak.has(exports) ? 0 : 42 } });
      require_pkg();
      show(await run(() => require_pkg().answer()));
    `),
    [42],
  );
});

test('test packages are stopped at once, and say what to do', async () => {
  const files = {
    'node_modules/vitest/package.json': '{"name":"vitest","type":"module","exports":"./index.js"}',
    'node_modules/vitest/index.js': `
      export const expect = Object.assign((value) => ({ toBe: (other) => { if (value !== other) throw new Error('no') } }), { extend() {} });
      export const vi = { fn: () => { const calls = []; return Object.assign((...args) => calls.push(args), { mock: { calls } }) } };
    `,
    'node_modules/sinon/package.json': '{"name":"sinon"}',
    'node_modules/sinon/index.js': `exports.stub = () => { const calls = []; return (...args) => { calls.push(args) } };`,
  };
  const main = (source: string) => refusal(source, files);
  const text = /'(\w+)'.* it belongs to the test package '(vitest|sinon)', .*Return values from the thread/;
  assert.match(await main(`const { expect } = await import('vitest'); await message(() => expect(1).toBe(1))`), text);
  assert.match(
    await main(`const { vi } = await import('vitest'); { const mock = vi.fn(); await message(() => mock(1)) }`),
    text,
  );
  assert.match(await main(`const { vi } = await import('vitest'); await message(vi.fn())`), /test package 'vitest'/);
  assert.match(
    await main(`const { stub } = (await import('sinon')).default; { const s = stub(); await message(() => s(1)) }`),
    text,
  );
});

test("a test's stand-in for a module, which throws when it is asked for what it does not have", async () => {
  assert.deepEqual(
    await program(`
      const strict = new Proxy({ helper: (n) => n + 1 }, {
        get(target, key) { if (!(key in target)) throw new Error('no export ' + String(key)); return target[key] },
        has() { throw new Error('has') }, getOwnPropertyDescriptor() { throw new Error('own') }, ownKeys() { throw new Error('keys') },
        getPrototypeOf() { throw new Error('prototype') },
      });
      const __vi_import_0__ = strict;
      show(await run((n) => __vi_import_0__.helper(n), 1));
      show(await run(() => __vi_import_0__.missing).catch((error) => /no export missing/.test(error.message)));
      class Base { read() { return super.toString().length > 0 } }
      const { read } = new Base();
      show(await run(() => typeof read));
    `),
    [2, true, 'function'],
  );
});

test('a walk into packages is ended by counting', async () => {
  const source = (functions: number) => `
    { const link = chain(${functions}); await message(() => link(0)) }`;
  const files = {
    'node_modules/chain/package.json': '{"name":"chain","type":"module","exports":"./index.js"}',
    'node_modules/chain/index.js': `export const chain = (n) => { let next = (x) => x; for (let i = 0; i < n; i++) { const before = next; next = (x) => before(x) + 1; } return next };`,
  };
  const main = (n: number) => refusal(`const { chain } = await import('chain');${source(n)}`, files);
  assert.equal(await main(500), 'gave 500');
  assert.match(
    await main(2500),
    /'link' did not travel to this thread: the package 'chain' has made it, and it is tied to more than 2000 functions inside of packages.*ThreadLocal/s,
  );
});
