// A write into captured data says that it was captured, by whom, and what to do instead; a write into anything else says what it always said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformSync } from 'esbuild';
import { program } from '../support/program.ts';

const HEAD = `import { run, Thread } from 'heddle';
const list = [1], world = { n: 1, lists: { a: [1] }, mine: Object.freeze([1]), o: Object.freeze({ x: 1 }) }, items = [{ done: false }], map = new Map();
const frozenAbove = Object.freeze({ list: [1] }), set = new Set(), date = new Date();
const frozenOwn = Object.freeze([1]);
class Counter { n = 0; up() { this.n++; } }
const counter = new Counter();
function add(l, x) { l.push(x); }
const yes = {
  push: () => { list.push(4) }, assign: () => { world.n = 2 }, addp: () => { world.z = 2 }, del: () => { delete world.n }, upd: () => { world.n++ },
  oa: () => { Object.assign(world, { n: 5 }) }, sort: () => { [2].concat(1); list.length = 0 }, deep: () => { world.lists.a[0] = 3 }, alias: () => { const { lists } = world; const l = lists.a; l.pop() },
  forof: () => { for (const item of items) item.done = true }, foreach: () => { items.forEach((item) => { item.done = true }) }, helper: () => { add(list, 1) }, method: () => { counter.up() },
  defp: () => { Object.defineProperty(world, 'q', { value: 1 }) }, later: async () => { await null; list.push(1) }, map: () => { map.set(1, 1) }, setp: () => { Object.setPrototypeOf(world, null) }, desa: () => { [world.n] = [1] },
  apply: () => { [].push.call(list, 1) }, cond: () => { (list.length ? world : list).n = 2 }, comma: () => { (0, world).n = 2 }, or: () => { (null ?? list).push(2) }, above: () => { frozenAbove.list.push(2) },
  set: () => { set.add(1) }, date: () => { date.setTime(1) },
};
const no = {
  own: () => { const l = Object.freeze([1]); l.push(list.length) }, aboveItself: () => { frozenAbove.list = [] }, applyOwn: () => { const l = Object.freeze([1]); [].push.call(l, list.length) }, own2: () => { const l = Object.freeze({ a: 1 }); l.a = list.length }, frozenOwn: () => { frozenOwn.push(1) }, nested: () => { world.mine.push(1) }, nested2: () => { world.o.x = 2 }, other: () => { list.length; null.x }, msg: () => { list.length; throw new TypeError('Cannot add property 0, object is not extensible') },
};
`;

const YES = 25;

const WRITES = `${HEAD}
for (const [name, fn] of Object.entries(yes)) {
  const error = await run(fn).then(() => undefined, (error) => error);
  console.log(name, error instanceof TypeError && /captured/.test(error.message) && /shared\\(\\)/.test(error.message) && /argument/.test(error.message) && /ThreadLocal/.test(error.message) && / was captured by function /.test(error.message) && error.stack.includes(error.message));
}
new Thread(function work() { list.push(5); }).start();
`;

test('what a task or a thread is told when it writes into what it has captured', async () => {
  const { stdout, stderr, status } = await program(WRITES);
  assert.equal(status, 0);
  const told = stdout.trim().split('\n');
  assert.equal(told.length, YES);
  for (const line of told) assert.match(line, /true$/);
  assert.match(
    stderr,
    /TypeError: Cannot add property 1, object is not extensible: 'list' was captured by function work at .*:\d+:\d+, and/,
  );
});

test('what ran is not what was written: a loader or a bundler has changed it', async () => {
  // As tsx does it: everything stands on other lines and columns.
  const { code } = transformSync(WRITES, { minifyWhitespace: true, sourcemap: 'inline', sourcefile: 'written.ts' });
  const { stdout, stderr, status } = await program(code);
  assert.equal(status, 0);
  const told = stdout.trim().split('\n');
  assert.equal(told.length, YES);
  for (const line of told) assert.match(line, /true$/);
  assert.match(stderr, /'list' was captured by function work at .*written\.ts:\d+:\d+, and/);
});

test("the program's own frozen objects, arguments and other errors say what they said", async () => {
  const { stdout, stderr } = await program(`${HEAD}
const given = (list) => { Object.freeze(list); list.push(1); };
const outcomes = [...Object.entries(no).map(([name, fn]) => [name, run(fn)]), ['given', run(given, [1])]];
for (const [name, future] of outcomes) console.log(name, (await future.then(() => undefined, (error) => error)).message);
`);
  assert.equal(stderr, '');
  const told = stdout.trim().split('\n');
  assert.equal(told.length, 10);
  for (const line of told) assert.doesNotMatch(line, /captured/);
  for (const line of told.slice(0, 7)) assert.match(line, /Cannot (add|assign)/);
});
