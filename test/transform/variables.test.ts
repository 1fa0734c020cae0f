// Variables that threads share, in programs that the loader transforms.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Outcome, programFile, root } from '../support/program.ts';

const register = join(root, 'build', 'joined', 'dist', 'transform', 'register.js');
const places = join(root, 'build', 'joined', 'programs');

const HEAD = `import { allocateLock, shared, Thread } from 'heddle';
const start = (target) => { const thread = new Thread({ target }); thread.start(); return thread; };
const go = (target) => start(target).join();
const show = (value) => console.log(JSON.stringify(value) ?? 'undefined');
const failure = (f) => { try { f(); return 'nothing'; } catch (error) { return error.name + ': ' + error.message; } };
`;

/** Runs modules, of which the first is the program. */
async function ran(files: Readonly<Record<string, string>>): Promise<Outcome> {
  mkdirSync(places, { recursive: true });
  const folder = mkdtempSync(join(places, 'variables-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return await programFile(join(folder, Object.keys(files)[0]!), { nodeOptions: [`--import=${register}`] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function shown(text: string, more: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const { stdout, stderr, status } = await ran({ 'main.mjs': HEAD + text, ...more });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test('a variable at the top of a module counts in the thread and here', async () => {
  const text = `
    let count = 0;
    go(() => { count++; });
    show(count);
    count = 10;
    go(() => { count += 5; });
    show(count);
  `;
  assert.deepEqual(await shown(text), [1, 15]);
});

test('under a lock no step is lost', async () => {
  const text = `
    let count = 0;
    const lock = allocateLock();
    const threads = [1, 2, 3].map(() => start(() => { for (let n = 0; n < 2000; n++) lock.with(() => count++); }));
    for (let n = 0; n < 2000; n++) lock.with(() => count++);
    for (const thread of threads) thread.join();
    show(count);
  `;
  assert.deepEqual(await shown(text), [8000]);
});

test('a thread sees what others assign while it runs', async () => {
  const text = `
    let asked = 0, answered = 0;
    const thread = start(() => { for (let seen = 0; seen < 3;) if (asked > seen) { seen = asked; answered = seen; } });
    for (let n = 1; n <= 3; n++) { asked = n; while (answered < n); }
    thread.join();
    show([asked, answered]);
  `;
  assert.deepEqual(await shown(text), [[3, 3]]);
});

test('every kind of variable and of assignment', async () => {
  const text = `
    let a = 1, b, { c, d = a } = { c: 3 }, list = shared([1]);
    var hoisted = 'x', [first] = [1];
    function work(p, { q }, rest = 1) {
      go(() => { p += q; q ??= 5; rest = null; });
      return [p, q, rest];
    }
    go(() => {
      a **= 2; b ??= 7; [c, d] = [d, c]; ({ hoisted, y: first = 9 } = { hoisted: hoisted + 'y' }); a--; list = shared([2, 3]);
      for (c of [8, 9]) ; for (b in { k: 1 }) ;
    });
    show([a, b, c, d, hoisted, first, [...list]]);
    show(work(1, { q: 2 }, 3));
    show(work(1, {}));
  `;
  assert.deepEqual(await shown(text), [
    [0, 'k', 9, 3, 'xy', 9, [2, 3]],
    [3, 2, null],
    [null, 5, null],
  ]);
});

test('each round of a loop has its own', async () => {
  const text = `
    const all = [];
    for (let i = 0; i < 3; i++) { go(() => { i += 10; }); all.push(() => i); i -= 10; }
    for (let i = 0, j = 5; i < 2; i++, j--) { go(() => { j += 100; }); all.push(() => [i, j]); j -= 100; }
    for (let x of ['a', 'b']) { go(() => { x += '!'; }); all.push(() => x); }
    for (let k in { m: 1, n: 2 }) { go(() => { k += '?'; }); all.push(() => k); }
    for (var v = 0; v < 2; v++) { go(() => { v += 0.25; }); all.push(() => v); }
    show(all.map((each) => each()));
  `;
  assert.deepEqual(await shown(text), [[0, 1, 2, [0, 5], [1, 4], 'a!', 'b!', 'm?', 'n?', 2.5, 2.5]]);
});

test('closures that share a variable share it in every thread', async () => {
  const text = `
    const counter = () => { let n = 0; return { up: () => ++n, read: () => n }; };
    const one = counter(), two = counter();
    go(() => { one.up(); one.up(); two.up(); });
    show([one.read(), two.read(), one.up(), two.up()]);
    go(() => { const inner = start(() => { one.up(); }); inner.join(); one.up(); });
    show(one.read());
  `;
  assert.deepEqual(await shown(text), [[2, 1, 3, 2], 5]);
});

test('a variable before its initialisation', async () => {
  const text = `
    const early = () => late++;
    show(failure(early));
    const seen = shared([]);
    go(() => { try { late++; } catch (error) { seen.push(error.message); } });
    show([...seen][0]);
    let late = 1;
    go(early);
    show(late);
  `;
  const [direct, there, after] = await shown(text);
  assert.match(String(there), /^'late' did not travel to this thread: it was not initialised yet/);
  assert.match(String(direct), /^ReferenceError: Cannot access 'late' before initialization/);
  assert.equal(after, 2);
});

test('what cannot be shared is refused where it is assigned, by name', async () => {
  const text = `
    let value = 1;
    go(() => { value = 2; });
    show(failure(() => { value = () => 1; }));
    show(failure(() => { value = Symbol('s'); }));
    show(value);
    go(() => { try { value = new WeakMap(); } catch (error) { value = error.message; } });
    show(value);
    let held = { a: 1 };
    show(failure(() => start(() => { held = 2; })));
    show(held);
  `;
  const [fn, symbol, kept, inThread, start, held] = (await shown(text)) as string[];
  assert.match(fn!, /^TypeError: variable 'value' is shared with other threads: it cannot hold a function/);
  assert.match(symbol!, /^TypeError: variable 'value' .*Symbol\(s\)/);
  assert.equal(kept, 2);
  assert.match(inThread!, /^variable 'value' is shared with other threads/);
  assert.match(
    start!,
    /^CaptureError: .*assigns to the captured variable 'held', which cannot be shared while it holds an Object/,
  );
  assert.deepEqual(held, { a: 1 });
});

test('plain data becomes a shared copy when it is assigned', async () => {
  const text = `
    let state = null;
    go(() => { state = { n: 1, list: [1, 2] }; });
    state.n++;
    go(() => { state.list.push(3); });
    show([state.n, [...state.list]]);
  `;
  assert.deepEqual(await shown(text), [[2, [1, 2, 3]]]);
});

test('what a function only reads, and nobody can share, goes along as a copy', async () => {
  const text = `
    class Point { constructor(x) { this.x = x; } get twice() { return this.x * 2; } }
    let point = new Point(1);
    point = new Point(2);
    const seen = shared([]);
    go(() => { seen.push(point.twice); });
    point = new Point(3);
    go(() => { seen.push(point.twice); });
    show([...seen]);
  `;
  assert.deepEqual(await shown(text), [[4, 6]]);
});

test('exported variables have live bindings', async () => {
  const state = `
    export let count = 0;
    export var old = 1;
    let total = 0;
    export { total, total as sum };
    export const add = (n) => { count += n; total += 2 * n; old = count; return count; };
    export const reset = () => { count = 0; };
  `;
  const passed = `export * from './state.mjs'; export { count as again } from './state.mjs'; import { total } from './state.mjs'; export { total as mine };`;
  const text = `
    import { add, count, old, reset, sum } from './state.mjs';
    import * as all from './state.mjs';
    import { again, count as star, mine } from './passed.mjs';
    const seen = shared([]);
    go(() => { add(3); seen.push(count); });
    show([count, old, sum, all.count, again, star, mine]);
    add(1);
    go(() => { seen.push(count, all.total, mine); });
    show([...seen]);
    reset();
    show({ count });
  `;
  assert.deepEqual(await shown(text, { 'state.mjs': state, 'passed.mjs': passed }), [
    [3, 3, 6, 3, 3, 3, 6],
    [3, 4, 8, 8],
    { count: 0 },
  ]);
});

test('within a scope() a variable outlives it', async () => {
  const text = `
    import { scope } from 'heddle';
    let n = 0;
    scope(() => { go(() => { n++; }); });
    go(() => { n++; });
    show(n);
  `;
  assert.deepEqual(await shown(text), [2]);
});

test('without the transform the refusal says how to get it', async () => {
  const { stderr } = await programFile(await written('let n = 0; go(() => { n++; });'));
  assert.match(stderr, /assigns to the captured variable 'n' .*heddle\/register/);
});

async function written(text: string): Promise<string> {
  mkdirSync(places, { recursive: true });
  const file = join(places, `plain-${process.pid}.mjs`);
  writeFileSync(file, HEAD + text);
  return file;
}
