// struct(): declared once, the same in every thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, program } from '../support/program.ts';

const printed = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });

/** Runs statements that use heddle's names and `inThread(fn)`, which returns when a thread has called it. */
const running = (statements: string): Promise<Outcome> =>
  program(`import { allocateLock, shared, startNewThread, struct, t } from 'heddle';
import { parse } from 'acorn';
function inThread(fn) {
  const done = allocateLock();
  done.acquire();
  startNewThread(() => { try { fn(); } finally { done.release(); } }, []);
  done.acquire();
}
${statements}
`);

test('methods, getters, statics and instanceof, in a thread that has met an instance only', async () => {
  const outcome = await running(`
const Account = struct('Account', { owner: t.string, balance: t.f64 }, class {
  static currency = 'florins';
  deposit(n) { this.balance += n; return this; }
  get rich() { return this.balance > 100; }
  toString() { return \`\${this.owner}: \${this.balance} \${this.constructor.currency}\`; }
});
const world = shared({ account: new Account({ owner: 'Ann', balance: 10 }) });
inThread(() => console.log(String(world.account.deposit(95)), world.account.rich, world.account instanceof world.account.constructor));
console.log(world.account.rich, world.account instanceof Account);
`);
  assert.deepEqual(outcome, printed('Ann: 105 florins true true\ntrue true\n'));
});

test('a struct extends another', async () => {
  const outcome = await running(`
const Shape = struct('Shape', { name: t.string }, class { describe() { return \`\${this.name} of \${this.area()}\`; } });
const Square = struct('Square', { side: t.f64 }, class extends Shape { area() { return this.side ** 2; } });
const world = shared({ square: new Square({ name: 'square', side: 3 }) });
inThread(() => console.log(world.square.describe(), world.square instanceof Shape));
`);
  assert.deepEqual(outcome, printed('square of 9 true\n'));
});

test('two threads that define one name differently are told so', async () => {
  const outcome = await running(`
struct('Point', { x: t.f64, y: t.f64 });
inThread(() => {
  struct('Point', { x: t.f64, y: t.f64 });
  try { struct('Point', { x: t.f64, y: t.any }); } catch (error) { console.log(error.name, error.message); }
});
`);
  assert.deepEqual(
    outcome,
    printed(
      'TypeError struct Point is defined differently elsewhere: here its field 2 is y: t.any, there y: t.f64. A name is one struct in all threads\n',
    ),
  );
});

test('methods use modules that a thread has not imported', async () => {
  const outcome = await running(`
const Code = struct('Code', { text: t.string }, class {
  count() { return parse(this.text, { ecmaVersion: 2022 }).body.length; }
});
const world = shared({ code: new Code({ text: 'a; b; c' }) });
inThread(() => console.log(world.code.count()));
// Also of one that is defined after the thread was made.
const Name = struct('Name', { text: t.string }, class {
  first() { return parse(this.text, { ecmaVersion: 2022 }).body[0].expression.name; }
});
world.code.text = 'warp; weft';
const name = shared({ it: new Name({ text: 'warp; weft' }) });
inThread(() => console.log(name.it.first(), world.code.count()));
`);
  assert.deepEqual(outcome, printed('3\nwarp 2\n'));
});
