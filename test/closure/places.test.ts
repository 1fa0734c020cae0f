// Stacks, labels and errors name the user's file, line and column: in plain files, in what loaders and bundlers made of others.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSync, transformSync } from 'esbuild';
import { root } from '../support/program.ts';
import { fixture } from './fixture.ts';

/** Each shape throws where it is called directly and in a thread, and both stacks must say the same place. */
const SHAPES = `
  const base = 1; const arrow = () => { throw new Error(base) };
  function declaration(a, b = 2) { throw new Error('x') }
  const expression = function () { throw new Error('x') }; const after = async () => { await null; throw new Error('x') };
  const object = { before: 1, method() { throw new Error('x') }, get getter() { throw new Error('x') }, async *generator() { throw new Error('x') } };
  const { method } = object;
  async   function
    spread /* ( */ (a) { throw new Error('x') }
  class Base { constructor() { this.n = 1 } fail() { throw new Error('x') } static fail() { throw new Error('x') } }
  class Derived extends Base { static made = new Map(); #p = 1; fail() { return this.#p + super.fail() } get other() { throw new Error('x') } }
  const inner = () => { const deep = () => { throw new Error('x') }; return deep() };
  const shapes = [arrow, declaration, expression, after, () => object.method(), method, () => object.getter, spread,
    () => new Base().fail(), () => Base.fail(), () => new Derived().fail(), () => new Derived().other, inner,
    async () => { for await (const _ of object.generator()); }];
`;

const COMPARE = `
  for (const shape of shapes) {
    const here = await (async () => shape())().catch(frame);
    const there = await run(shape).catch(frame);
    if (here !== there) show([shape.toString().slice(0, 60), here, there]);
  }
  show('compared');
`;

test('every shape of function keeps its place', async () => {
  const main = `import { frame, run, show } from './thread.mjs';\n${SHAPES}${COMPARE}`;
  assert.deepEqual(await fixture({ 'main.mjs': main }), ['compared']);
});

test('in CommonJS', async () => {
  const main = `${SHAPES}\n(async () => { const { frame, run, show } = await import('./thread.mjs'); ${COMPARE} })();`;
  assert.deepEqual(await fixture({ 'main.cjs': main }), ['compared']);
});

test('after import.meta and import() on the same line', async () => {
  const main = `import { frame, run, show } from './thread.mjs';
    const shapes = [() => { const url = import.meta.url; throw new Error(url) },
      async () => { await import('node:os'); throw new Error('x') }];${COMPARE}`;
  assert.deepEqual(await fixture({ 'main.mjs': main }), ['compared']);
});

test('functions made in a thread, started from there', async () => {
  const main = `import { run, show, frame } from './thread.mjs';
    const make = () => () => { throw new Error('x') };
    const here = await (async () => make()())().catch(frame);
    const made = await run(make);
    show([here === await (async () => made())().catch(frame), here === await run(made).catch(frame)]);`;
  assert.deepEqual(await fixture({ 'main.mjs': main }), [[true, true]]);
});

/** Positions in the source as written: line 5 and 8 of it. */
const TYPED = `import { frame, run, show, start } from './thread.mjs';
interface Thing { readonly n: number }
const thing: Thing = { n: 1 };
const fail = (given: Thing): never => {
  throw new Error(String(given.n + thing.n));
};
enumerate();
function enumerate(): void { show(start(enumerate2 as () => void).label.replace(/.*\\//, '')); }
function enumerate2(this: void, a: number = 1 as number): number { return a satisfies number }
show(await run(fail, thing).catch(frame));
let count: number = 0;
try { start((): void => { count++ }); } catch (error) { show(/\\w+\\.m?[jt]s:\\d+:\\d+/.exec((error as Error).message.replace(/^.*captured variable/, ''))![0]); }
`;
const TYPED_PLACES = ['main.mts:9:1', 'main.mts:5:9', 'main.mts:12:27'];

const nativeTypes = process.features.typescript !== undefined && process.features.typescript !== false;

test('TypeScript that Node runs itself', { skip: !nativeTypes && 'this Node does not' }, async () => {
  assert.deepEqual(await fixture({ 'main.mts': TYPED }), TYPED_PLACES);
});

const tsx = ['--import', pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href];

test('TypeScript through tsx', async () => {
  assert.deepEqual(await fixture({ 'main.mts': TYPED }, { nodeOptions: tsx }), TYPED_PLACES);
});

test('enums, namespaces, parameter properties, decorators and using through tsx, in ES modules and CommonJS', async () => {
  const body = `
    enum Color { Red, Green = 'green' }
    namespace Geometry { export const unit = 2; export const area = (side: number) => side * unit; }
    class Point { constructor(readonly x: number, private y = 1) {} sum() { return this.x + this.y + helper(1) } }
    const logged = (method: (n: number) => string, context: ClassMethodDecoratorContext) =>
      function (this: unknown, n: number): string { return String(context.name) + ': ' + method.call(this, n) };
    class Service { @logged ask(n: number): string { return 'answer ' + n } }
    const open = (log: string[]): Disposable => ({ [Symbol.dispose]: () => { log.push('closed') } });
    const use = (log: string[]) => { { using held = open(log); log.push(typeof held); } return log.join(); };
    const work = () => [use([]), new Service().ask(42), Color.Red, Color[0], Color.Green, Geometry.area(3), new Point(2).sum()];
  `;
  const helper = "console.log('1'); export const helper = (n: number): number => n * 10;";
  const once = ['object,closed', 'ask: answer 42', 0, 'Red', 'green', 6, 13];
  const expected = [1, once, once];
  assert.deepEqual(
    await fixture(
      {
        'main.mts': `import { run, show } from './thread.mjs'; import { helper } from './helper.mts'; ${body}
          show(await run(work)); show(await run(work));`,
        'helper.mts': helper,
      },
      { nodeOptions: tsx },
    ),
    expected,
  );
  assert.deepEqual(
    await fixture(
      {
        'main.cts': `import { helper } from './helper.cts'; ${body}
          (async () => { const { run, show } = await import('./thread.mjs'); show(await run(work)); show(await run(work)); })();`,
        'helper.cts': helper,
      },
      { nodeOptions: tsx },
    ),
    expected,
  );
});

test('constants are found in what tsx made, once', async () => {
  assert.deepEqual(
    await fixture(
      {
        'main.mts': `import { show, start } from './thread.mjs'; import { helper } from './helper.mts';
          const base: number = 2; const work = (n: number): number => helper(n) + base;
          const seen: unknown[] = [];
          for (const n of [1, 2, 3]) { const { inspected, result } = start(work, n); seen.push([inspected > 0, await result]); }
          show(seen[2]);`,
        'helper.mts': 'export const helper = (n: number): number => n * 10;',
      },
      { nodeOptions: tsx },
    ),
    [[false, 32]],
  );
});

/** Bundled from two files, with every helper of the bundler. */
const BUNDLED = {
  'main.ts': `
import { run, show, start, frame } from './thread.mjs';
import * as all from './helper.js';
import { Base, fail, helper } from './helper.js';
import legacy from './legacy.cjs';
import fs from 'node:fs';
enum Level { Low = 1, High }
class Derived extends Base { static table = new Map([['a', 1]]); #hidden = 5; get hidden() { return this.#hidden } }
const named = function inner() { return helper(2); };
show(await run(() => [helper(1), all.helper(3), legacy.value(), Level.High, new Derived().hidden, new Derived().name(), Derived.table.size, named(), named.name, fs.existsSync('.')]));
show(await run(fail).catch(frame));
show(start(helper, 1).label.replace(/.*\\//, ''));
for (let i = 0; i < 3; i++) await run(named);
show(start(named).inspected);
`,
  'helper.ts': `export const helper = (n: number): number => n * 10;
export class Base { name(): string { return this.constructor.name + helper.name } }
export const fail = (): never => {
  throw new Error('x');
};
`,
  'legacy.cjs': 'const table = { n: 7 }; exports.value = () => table.n; exports.other = () => table;',
};

for (const minify of [false, true]) {
  for (const format of ['esm', 'cjs'] as const) {
    test(`esbuild, ${format}${minify ? ', minified' : ''}, with a source map`, async () => {
      const out = format === 'esm' ? 'main.mjs' : 'out.cjs';
      const entry = format === 'esm' ? BUNDLED['main.ts'] : wrapped(BUNDLED['main.ts']);
      const shown = await fixture(
        { [out]: '', ...BUNDLED, 'main.ts': entry },
        {
          prepare: (folder) =>
            buildSync({
              entryPoints: [join(folder, 'main.ts')],
              outfile: join(folder, out),
              absWorkingDir: folder,
              bundle: true,
              minify,
              format,
              keepNames: true,
              sourcemap: true,
              platform: 'node',
              target: 'node20',
              external: ['./thread.mjs'],
              logLevel: 'silent',
            }),
        },
      );
      assert.deepEqual(shown, [
        [10, 30, 7, 2, 5, 'Derivedhelper', 1, 20, 'inner', true],
        'helper.ts:4:9',
        // The map of minified text begins with the parameter, whose parentheses are gone.
        minify ? 'helper.ts:1:24' : 'helper.ts:1:23',
        0,
      ]);
    });
  }
}

/** CommonJS has no top-level await. */
function wrapped(text: string): string {
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import') && !line.includes('thread.mjs'));
  const others = lines.filter((line) => !line.startsWith('import'));
  const declarations = others.filter((line) => /^(?:enum|class|const)/.test(line));
  const statements = others.filter((line) => !declarations.includes(line));
  return `${[...imports, ...declarations].join('\n')}
(async () => { const { run, show, start, frame } = await import('./thread.mjs');${statements.join('\n')}})();`;
}

test('inline source maps', async () => {
  const shown = await fixture(
    { 'main.mjs': '', ...BUNDLED },
    {
      prepare: (folder) =>
        buildSync({
          entryPoints: [join(folder, 'main.ts')],
          outfile: join(folder, 'main.mjs'),
          bundle: true,
          format: 'esm',
          sourcemap: 'inline',
          platform: 'node',
          external: ['./thread.mjs'],
          logLevel: 'silent',
        }),
    },
  );
  assert.equal(shown[1], 'helper.ts:4:9');
});

test("what vitest makes of a module: imports as members of '__vite_ssr_import_N__'", async () => {
  const body = `
    const helper = (n) => __vite_ssr_import_0__.base * n;
    const work = (n) => [helper(n), __vite_ssr_import_1__.join('a', 'b'), __vite_ssr_import_meta__.url.split('/').pop()];
    const later = async () => (await __vite_ssr_dynamic_import__('node:path')).sep;
    return { work, later };
  `;
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        import * as path from 'node:path';
        import vm from 'node:vm';
        const params = ['__vite_ssr_import_0__', '__vite_ssr_import_1__', '__vite_ssr_import_meta__', '__vite_ssr_dynamic_import__'];
        const file = new URL('./spec.mjs', import.meta.url).pathname;
        const make = vm.runInThisContext('"use strict";async (' + params.join() + ') => {{' + ${JSON.stringify(body)} + '\\n}}', { filename: file, lineOffset: 0 });
        const module = Object.defineProperty({ get base() { return 10 }, get unused() { throw new Error('touched') } }, Symbol.toStringTag, { value: 'Module' });
        const { work, later } = await make(module, path, { url: 'file://' + file }, (name) => import(name));
        show(await run(work, 2));
        show(await run(later));
      `,
    }),
    [[20, 'a/b', 'spec.mjs'], '/'],
  );
});

/** As loaders run it: under the name of the source, with a map in its last line, at other positions. */
const loaded = (source: string): string =>
  transformSync(source, { loader: 'ts', sourcemap: 'inline', sourcefile: 'page spec.ts', minifyWhitespace: true }).code;

const SPEC = (lines: number): string => `${'\n'.repeat(lines)}(async ({ frame, run, show, start }: any) => {
  interface Thing { readonly n: number } type Maybe = Thing | undefined;
  const thing: Thing = { n: 1 };
  const fail = (given: Thing): never => { const { n }: Thing = given;
    throw new Error(String(n)); };
  const make = () => (): never => { const nothing: undefined = undefined;
    throw new Error(String(nothing)); };
  show(start((): Maybe => undefined).label.replace(/.*\\//, ''));
  show(await run(fail, thing).catch(frame));
  const first = await run(fail, thing).catch((error: Error) => error);
  show(await run((error: Error): never => { throw error; }, first).catch(frame));
  show(await run((error: Error): string => String(error.stack).split('\\n')[1]!.replace(/.*\\//, ''), first));
  show(await run(await run(make)).catch(frame));
  show(await run((): string => { const made: Error =
    new Error('inside'); return String(made.stack).split('\\n')[1]!.replace(/.*\\//, ''); }));
  let count: number = 0;
  try { start((): void => { const by: number = 1; count += by; }); } catch (error) { show(/spec\\.ts:\\d+:\\d+\\)/.exec((error as Error).message)![0]); }
})`;

test('text that is not on disk, made again under the same name, in a folder such as (group)', async () => {
  const shown = await fixture({
    'main.mjs': `
      import vm from 'node:vm';
      import * as tools from './thread.mjs';
      const filename = new URL('./(group)/page spec.ts', import.meta.url).pathname.replaceAll('%20', ' ');
      await vm.runInThisContext(${JSON.stringify(loaded(SPEC(0)))}, { filename })(tools);
      await vm.runInThisContext(${JSON.stringify(loaded(SPEC(30)))}, { filename })(tools);
    `,
    '(group)/page spec.ts': SPEC(30),
  });
  const places = (lines: number): string[] => [
    `page spec.ts:${8 + lines}:14`,
    `page%20spec.ts:${5 + lines}:11`,
    `page%20spec.ts:${5 + lines}:11`,
    `page%20spec.ts:${5 + lines}:11)`,
    `page%20spec.ts:${7 + lines}:11`,
    `page%20spec.ts:${15 + lines}:5`,
    `spec.ts:${17 + lines}:51)`,
  ];
  assert.deepEqual(shown, [...places(0), ...places(30)]);
});
