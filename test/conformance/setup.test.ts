// threadSetup(): what each worker does before it runs anything of the program.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { programFile, root } from '../support/program.ts';

const folder = mkdtempSync(join(root, 'build', 'setup-'));
after(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  join(folder, 'polyfills.mjs'),
  `await undefined;
Array.prototype.second = function () { return this[1]; };
globalThis.loaded = (globalThis.loaded ?? 0) + 1;
`,
);
// Evaluated in a thread it needs what the set-up has made.
writeFileSync(
  join(folder, 'needs.mjs'),
  'export const second = [1, 2, 3].second(); export function take() { return second; }\n',
);

let programs = 0;
function ending(source: string) {
  const file = join(folder, `program${programs++}.mjs`);
  writeFileSync(file, source);
  return programFile(file, { cwd: folder });
}

const silent = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' });

test('the set-up is done once in each worker, before its first thread and its first task, and before what they import', async () => {
  const outcome = await ending(`
    import { run, shared, Thread, threadSetup, ThreadPoolExecutor } from 'heddle';
    threadSetup(() => import('./polyfills.mjs'));
    const seen = shared([]);
    for (let n = 0; n < 3; n++) {
      const thread = new Thread((seen) => { seen.push([1, 2].second() * 100 + globalThis.loaded); }, { args: [seen] });
      thread.start();
      thread.join();
    }
    console.log([...seen].join());
    console.log(await run(() => import('./needs.mjs').then(({ second }) => second)));
    const executor = new ThreadPoolExecutor({ maxWorkers: 2, initializer: () => { globalThis.initial = [7, 8].second(); } });
    console.log(await executor.submit(() => globalThis.initial), executor.submit(() => globalThis.loaded).result());
    executor.shutdown();
    console.log(typeof [].second, typeof globalThis.loaded);
  `);
  assert.deepEqual(outcome, silent('201,201,201\n2\n8 1\nundefined undefined\n'));
});

test('several are done in their order; one that comes later is done before the next task', async () => {
  const outcome = await ending(`
    import { threadSetup, ThreadPoolExecutor } from 'heddle';
    const first = 'first';
    threadSetup(() => { globalThis.order = [first]; });
    threadSetup(async () => { await undefined; globalThis.order.push('second'); });
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    console.log(executor.submit(() => globalThis.order.join()).result());
    threadSetup(() => { globalThis.order.push('third'); });
    console.log(executor.submit(() => globalThis.order.join()).result());
    console.log(executor.submit(async () => globalThis.order.join()).result());
    executor.shutdown();
  `);
  assert.deepEqual(outcome, silent('first,second\nfirst,second,third\nfirst,second,third\n'));
});

test('an error in it is the thread’s, with its cause; it is tried again', async () => {
  const { stdout, stderr, status } = await ending(`
    import { Thread, threadSetup, ThreadPoolExecutor } from 'heddle';
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit(() => { globalThis.tries = 0; }).result();
    threadSetup(() => { if (++globalThis.tries < 2) throw new RangeError('not yet'); });
    const error = executor.submit(() => 1).exception();
    console.log(error.name, error.message, '|', error.cause.name);
    console.log(executor.submit(() => globalThis.tries).result());
    const thread = new Thread(() => console.log('never'), { name: 'alone' });
    globalThis.tries = undefined;
    thread.start();
    thread.join();
    executor.shutdown();
  `);
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /^ThreadError threadSetup\(\) has failed in this thread: RangeError: not yet \| RangeError\n2\n/,
  );
});

test('what is no function is refused, and what cannot travel', async () => {
  const outcome = await ending(`
    import { threadSetup } from 'heddle';
    for (const wrong of [undefined, 'x', {}, import('node:url')]) {
      try { threadSetup(wrong); } catch (error) { console.log(error.name); }
    }
    let count = 0;
    try { threadSetup(() => { count++; }); } catch (error) { console.log(error.name, error.message.includes('count')); }
  `);
  assert.deepEqual(outcome, silent('TypeError\nTypeError\nTypeError\nTypeError\nCaptureError true\n'));
});

test('an error that looks as if the set-up were missing says so', async () => {
  writeFileSync(join(folder, 'uses.mjs'), 'export function region() { return theRegion; }\n');
  const { stdout, stderr, status } = await ending(`
    import './polyfills.mjs';
    import { run, Thread } from 'heddle';
    globalThis.theRegion = 'eu';
    Reflect.describe = () => 1;
    const message = async (fn) => console.log(await run(fn).then(String, (error) => error.name + ': ' + error.message));
    await message(() => [1, 2].second());
    await message(() => Reflect.describe());
    await message(() => import('./uses.mjs').then(({ region }) => region()));
    await message(() => [1, 2].third());
    await message(() => import('./uses.mjs').then(() => thisIsNowhere));
    const thread = new Thread(() => { [1, 2].second(); }, { name: 'alone' });
    thread.start();
    thread.join();
  `);
  assert.equal(status, 0, stderr);
  const says = (name: string) =>
    `: the main thread has '${name}', which the program has set or added there. A thread has its own globals: let threadSetup() do in each what main has done, such as an import for its effect`;
  assert.deepEqual(stdout.trim().split('\n'), [
    `TypeError: [1,2].second is not a function${says('second')}`,
    `TypeError: Reflect.describe is not a function${says('describe')}`,
    `ReferenceError: theRegion is not defined${says('theRegion')}`,
    'TypeError: [1,2].third is not a function',
    'ReferenceError: thisIsNowhere is not defined',
  ]);
  assert.ok(
    stderr.startsWith(`Exception in thread alone:\nTypeError: [1,2].second is not a function${says('second')}\n`),
    stderr,
  );
});
