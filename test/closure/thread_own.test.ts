// Bindings of `node:worker_threads` are each thread's own, however the program has them; and globals that sloppy code makes by assignment.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const silent = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' });

/** Statements for a module of either kind: prints what each function gives in a thread. */
const PRINTS = `
const print = async (name, fn) => console.log(name, await run(fn));
await print('isMainThread', () => isMainThread);
await print('threadId', () => threadId > 0);
await print('workerData', () => workerData);
await print('parentPort', () => parentPort !== null);
await print('resourceLimits', () => Object.keys(resourceLimits).length > 0);
await print('by namespace', () => [namespace.isMainThread, namespace.threadId > 0].join());
const which = () => (isMainThread ? 'main' : 'a thread');
await print('called', () => which());
await print('twice', () => isMainThread);
const mainId = threadId;
await print('a constant of the program', () => mainId);
// From thread to thread: each has its own.
console.log(await run(async () => {
  const inner = await run(() => threadId);
  return inner > 0 && inner !== threadId && !isMainThread;
}));
console.log(isMainThread, threadId, which());
`;

const PRINTED = `isMainThread false
threadId true
workerData null
parentPort true
resourceLimits true
by namespace false,true
called a thread
twice false
a constant of the program 0
true
true 0 main
`;

for (const [how, source, extension] of [
  [
    'import',
    `import { isMainThread, parentPort, resourceLimits, threadId, workerData } from 'node:worker_threads';
import * as namespace from 'node:worker_threads';
import { run } from 'heddle';
${PRINTS}`,
    'mjs',
  ],
  [
    'import without node:, of the default export, under other names',
    `import { isMainThread as isMainThread, parentPort, resourceLimits, threadId, workerData } from 'worker_threads';
import namespace from 'worker_threads';
import { run } from 'heddle';
${PRINTS}`,
    'mjs',
  ],
  [
    'require()',
    `const { isMainThread, parentPort, resourceLimits, threadId, workerData } = require('node:worker_threads');
const namespace = require('worker_threads');
import('heddle').then(async ({ run }) => {${PRINTS}});`,
    'cjs',
  ],
  [
    'require() of one, and what is taken from the module later',
    `const namespace = require('worker_threads');
const { isMainThread: isMainThread, parentPort } = namespace;
const threadId = require('node:worker_threads').threadId;
import('heddle').then(async ({ run }) => {
const { workerData, resourceLimits } = await import('node:worker_threads');
${PRINTS}});`,
    'cjs',
  ],
] as const) {
  test(`bindings of node:worker_threads are the thread's own: ${how}`, async () => {
    assert.deepEqual(await program(source, { extension }), silent(PRINTED));
  });
}

test('an implicit global of a sloppy function is one of the thread', async () => {
  const outcome = await program(
    `import('heddle').then(async ({ run, ThreadPoolExecutor }) => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  console.log(executor.submit(function () { total = 5; total += 1; return [total, globalThis.total, typeof total].join(); }).result());
  console.log(executor.submit(function () { for (i = 0; i < 3; i++); return i; }).result());
  console.log(executor.submit(() => { const inner = () => { made = 'inside'; }; inner(); return made; }).result());
  console.log(executor.submit(Function('created = 1; return created')).result());
  console.log(executor.submit(function () { 'use strict'; try { strict = 1; } catch (error) { return error.name; } }).result());
  console.log([typeof total, typeof i, typeof made, typeof created].join());
  executor.shutdown();
});`,
    { extension: 'cjs' },
  );
  assert.deepEqual(
    outcome,
    silent('6,6,number\n3\ninside\n1\nReferenceError\nundefined,undefined,undefined,undefined\n'),
  );
});

test('… which module code cannot make', async () => {
  const outcome = await program(`
    import { run } from 'heddle';
    console.log((await run(() => { total = 5; }).catch((error) => error)).name);
  `);
  assert.deepEqual(outcome, silent('ReferenceError\n'));
});
