// Executors and the process: its end, the death of threads, what is left behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const PRELUDE = `
import { allocateLock, asCompleted, BrokenExecutor, getIdent, run, ThreadPoolExecutor, wait } from 'heddle';
import { Worker } from 'node:worker_threads';
import { becomes, counter, raise, reaches, value } from '${new URL(`../support/counter.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href}';
`;

const runs = (source: string) => program(PRELUDE + source);

test('tasks that were submitted are done before the process ends; idle threads do not keep it', async () => {
  const { stdout, stderr, status } = await runs(`
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
for (let n = 0; n < 5; n++) {
  executor.submit(async (n) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    console.log('done', n);
  }, n);
}
console.log('main ends');
`);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const lines = stdout.trim().split('\n');
  assert.equal(lines[0], 'main ends');
  assert.deepEqual(
    lines.slice(1).sort(),
    [0, 1, 2, 3, 4].map((n) => `done ${n}`),
  );
});

test('tasks that tasks have submitted are done before the process ends', async () => {
  const { stdout, status } = await runs(`
const depth = (n) => {
  console.log(n);
  if (n > 0) void run(depth, n - 1);
};
run(depth, 4);
`);
  assert.equal(status, 0);
  assert.equal(stdout, '4\n3\n2\n1\n0\n');
});

test('an executor of run() lets the process end', async () => {
  const { stdout, status } = await runs('console.log(await run((a, b) => a + b, 1, 2));');
  assert.equal(status, 0);
  assert.equal(stdout, '3\n');
});

test('what a task has left on the event loop still runs, and the thread takes tasks meanwhile', async () => {
  const { stdout, stderr, status } = await runs(`
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const fired = counter();
const left = executor.submit(() => void setTimeout(() => raise(fired), 20));
left.result();
let others = 0;
do others += executor.submit(() => 1).result(); while (value(fired) === 0);
console.log(others > 0, value(fired));
`);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(stdout, 'true 1\n');
});

test('a thread that is killed fails its task with an error that names it, and is replaced', async () => {
  const { stdout, stderr, status } = await runs(`
const executor = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'pool' });
const dies = executor.submit(() => process.reallyExit(7));
const behind = Array.from({ length: 20 }, (_, n) => executor.submit((n) => n, n));
const error = dies.exception();
console.log(error instanceof BrokenExecutor, error.message);
console.log(behind.map((future) => future.result()).join());
try {
  await executor.submit(() => process.reallyExit(7));
} catch (error) {
  console.log('awaited', error.name);
}
console.log(wait([executor.submit(() => process.reallyExit(7)), executor.submit(() => 1)]).done.size);
executor.shutdown();
`);
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n');
  assert.match(lines[0]!, /^true the task is lost: thread 'pool_0', which ran it, has died/);
  assert.equal(lines[1], Array.from({ length: 20 }, (_, n) => n).join());
  assert.equal(lines[2], 'awaited BrokenExecutor');
  assert.equal(lines[3], '2');
});

test('a thread that runs out of memory fails its task', async () => {
  const { stdout, status } = await program(
    `${PRELUDE}
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const error = executor.submit(() => { const all = []; for (;;) all.push(new Array(10000).fill(1.5)); }).exception();
console.log(error.name, executor.submit(() => 'alive').result());
`,
    { nodeOptions: ['--max-old-space-size=64'] },
  );
  assert.equal(status, 0);
  assert.equal(stdout, 'BrokenExecutor alive\n');
});

test('an error on the event loop that nobody catches fails its task, and the thread goes on', async () => {
  const { stdout, stderr, status } = await runs(`
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const future = executor.submit(async () => {
  setTimeout(() => { throw new Error('loose'); }, 5);
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
});
const error = future.exception();
console.log(error.name, error.cause.message, executor.submit(() => 'alive').result());
`);
  assert.equal(stdout, 'BrokenExecutor loose alive\n');
  assert.deepEqual([stderr, status], ['', 0]);
});

test('a future whose error nobody looks at is silent; one that is awaited or chained is a promise', async () => {
  const { stdout, stderr, status } = await runs(`
const silent = run(() => { throw new Error('nobody asks'); });
wait([silent]);
const caught = run(() => { throw new Error('caught'); });
await caught.catch(() => console.log('caught'));
process.on('unhandledRejection', (error) => { console.log('unhandled', error.message); process.exit(0); });
void run(() => { throw new Error('chained'); }).then(() => {});
setTimeout(() => {}, 3_600_000);
`);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.equal(stdout, 'caught\nunhandled chained\n');
});

test('an executor is used by many threads, and its submitters may end first', async () => {
  const { stdout, stderr, status } = await runs(`
import { startNewThread } from 'heddle';
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
const done = counter();
for (let n = 0; n < 4; n++) {
  startNewThread(() => {
    for (let i = 0; i < 100; i++) executor.submit(() => void raise(done));
  }, []);
}
reaches(done, 400);
console.log(value(done));
`);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(stdout, '400\n');
});

test('tasks and results do not pile up in the heap', async () => {
  const { stdout, stderr, status } = await runs(`
import { collect } from 'heddle';
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
const work = (n, text) => text + n;
const round = async () => {
  for (let n = 0; n < 3000; n++) executor.submit(work, n, 'result ');
  for (let n = 0; n < 500; n++) if (executor.submit(work, n, 'result ').result() !== 'result ' + n) throw new Error('wrong');
  await new Promise((resolve) => setTimeout(resolve, 20));
  return collect().liveBytes;
};
await round();
await round();
const before = await round();
for (let n = 0; n < 8; n++) await round();
let after = await round();
// A collection finds what the threads have let go of by then. A megabyte that waits for JavaScript's collector is nothing.
const most = 2 * Math.max(before, 2 ** 20);
for (let n = 0; n < 30 && after > most; n++) after = await round();
console.log(after < most ? 'bounded' : before + ' bytes became ' + after);
executor.shutdown();
`);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'bounded\n');
});

test('results are written where the memory has just grown to', async () => {
  const { stdout, stderr } = await runs(`
import { heapStatistics } from 'heddle';
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
const next = (n) => n + 1;
executor.submit(next, 0).result();
const before = heapStatistics().committedBytes;
const futures = [];
// Held, so that the heap must grow: each thread learns of that by itself.
while (heapStatistics().committedBytes <= before + 2 ** 24 && futures.length < 1e6) {
  for (let n = 0; n < 1000; n++) futures.push(executor.submit(next, futures.length));
}
let wrong = 0;
for (const [n, future] of futures.entries()) if (future.result() !== n + 1) wrong++;
console.log(wrong, futures.length < 1e6);
executor.shutdown();
`);
  assert.equal(stderr, '');
  assert.equal(stdout, '0 true\n');
});
