// The order of locks: circles are told although nothing has waited, and nothing else is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const run = (statements: string) =>
  program(
    `import { Condition, Lock, RLock, RWLock, Semaphore, Thread } from 'heddle';
const [a, b, c] = ['a', 'b', 'c'].map((name) => new Lock({ name }));
const one = (body) => { const thread = new Thread(body); thread.start(); thread.join(); };
${statements}`,
    { env: { HEDDLE_LOCKORDER: '1' } },
  );

const both = (first: string, second: string): string => `one(() => ${first}); one(() => ${second});`;
const nested = (...locks: string[]): string => locks.reduceRight((inner, lock) => `${lock}.with(() => ${inner})`, '{}');

test('two locks in two orders', async () => {
  const { stderr, status } = await run(both(nested('a', 'b'), nested('b', 'a')));
  assert.equal(status, 0);
  assert.match(
    stderr,
    /^={18}\nWARNING: LOCK ORDER INVERSION: 2 locks .*\n {2}thread .* acquired lock 'a' \(made at \S+:2:\d+\) while it held lock 'b' \(made at \S+:2:\d+\):\n {6}at \S+:4:\d+\n(.*\n)* {2}and the other way round:\n {2}thread .* acquired lock 'b' .* while it held lock 'a'/,
  );
});

const told: Readonly<Record<string, string>> = {
  'a circle of three': `one(() => ${nested('a', 'b')}); one(() => ${nested('b', 'c')}); one(() => ${nested('c', 'a')});`,
  'a lock that is reentrant': `const r = new RLock({ name: 'r' }); ${both(nested('r', 'a'), nested('a', 'r'))}`,
  'a condition that has its lock again': `const r = new Condition(new Lock({ name: 'r' }));
    one(() => a.with(() => r.with(() => { r.wait(1); }))); one(() => r.with(() => a.with(() => {})));`,
  'the writing sides': `const w = new RWLock({ name: 'w' }); ${both(nested('w.write', 'a'), nested('a', 'w.write'))}`,
  'a reader and a writer': `const w = new RWLock({ name: 'w' }); ${both(nested('w.read', 'a'), nested('a', 'w.write'))}`,
  'acquire and release, in any order': both(
    '{ a.acquire(); b.acquire(); a.release(); b.release(); }',
    '{ b.acquire(); a.acquire(); b.release(); a.release(); }',
  ),
};
for (const [name, statements] of Object.entries(told)) {
  test(`told: ${name}`, async () => {
    assert.match((await run(statements)).stderr, /^WARNING: LOCK ORDER INVERSION/m);
  });
}

const quiet: Readonly<Record<string, string>> = {
  'one order': both(nested('a', 'b', 'c'), nested('a', 'c')),
  'a third lock that guards both': both(nested('c', 'a', 'b'), nested('c', 'b', 'a')),
  'a lock that is only tried': both(
    'a.with(() => { if (b.acquire(false)) b.release(); })',
    'b.with(() => { if (a.acquire(false)) a.release(); })',
  ),
  'a lock that this thread has already': `const r = new RLock(); one(() => ${nested('r', 'a', 'r')});`,
  'two readers': `const w = new RWLock(); ${both(nested('w.read', 'a'), nested('a', 'w.read'))}`,
  semaphores: `const s = new Semaphore(1); ${both(nested('s', 'a'), nested('a', 's'))}`,
  'a lock that was let go of': both(
    '{ a.with(() => {}); b.with(() => {}); }',
    '{ b.with(() => {}); a.with(() => {}); }',
  ),
};
for (const [name, statements] of Object.entries(quiet)) {
  test(`not told: ${name}`, async () => {
    const { stderr, status } = await run(statements);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
}
