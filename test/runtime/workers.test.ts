// Workers: how many there are, what they load, and that there is one Heddle for all of them.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../support/program.ts';
import { reported, runtimeProgram, silent } from './prelude.ts';

/** A module for `--import`; the name is the test's own, and the text always the same. */
function preload(name: string, source: string): string {
  const folder = join(root, 'build', 'programs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, source);
  return pathToFileURL(file).href;
}

test('sixty threads block on one lock, all get through, and idle workers are retired down to those that are kept', async () => {
  // Interleaving: sixty threads are parked on a lock that main holds; each passes it on to the next. Then all workers are idle at once,
  // and nobody asks the supervisor for anything: it has to look by itself.
  const outcome = await runtimeProgram(`
    const { cores } = await import('#heddle/platform/process.js');
    const KEPT = Math.max(4, 2 * cores);
    const SIZE = 60;
    const lock = allocate_lock();
    lock.acquire();
    const waiting = counter();
    const through = counter();
    const slotsUsed = [];
    for (let n = 0; n < SIZE; n++) {
      slotsUsed.push(start_new_thread(() => { raise(waiting); lock.acquire(); raise(through); lock.release(); }, []) - 1);
    }
    reaches(waiting, SIZE);
    becomes(() => slotsUsed.every((slot) => atomic.load(recordOf(slot) + R_WAITS) !== 0), 'sixty waiting threads');
    console.log(_count(), value(through));
    lock.release();
    reaches(through, SIZE);
    quiet();
    // 5 seconds after the supervisor has noticed that there are too many; it may have noticed at the first of them.
    becomes(() => [...slots()].filter((slot) => stateOf(slot) !== FREE).length <= KEPT, 'the retirement');
    console.log(inState(IDLE) > 0);
  `);
  assert.deepEqual(outcome, silent('60 0\ntrue\n'));
});

test('a worker that cannot boot is not made again and again', async () => {
  // Interleaving: none; every thread fails before it is ready, also the spare one that the supervisor makes when it buries the first.
  // If it made another for each that failed, some slot would always be in use.
  const failing = preload(
    'fails_in_threads.mjs',
    `import { workerData } from 'node:worker_threads';
if (workerData?.role === 'thread') throw new Error('for main only');
`,
  );
  const outcome = await runtimeProgram(
    `
    start_new_thread(function first() {}, []);
    becomes(() => _count() === 0, 'the end of the thread');
    let still = 0;
    becomes(() => { still = inState(FREE) === [...slots()].length ? still + 1 : 0; return still === 100; }, 'rest');
    console.log(atomic.load(H_WORKERS) <= 3);
    start_new_thread(function second() {}, []);
    becomes(() => _count() === 0, 'the end of the thread');
    console.log('main goes on');
  `,
    { nodeOptions: ['--import', failing] },
  );
  assert.deepEqual([outcome.stdout, outcome.status], ['true\nmain goes on\n', 0], outcome.stderr);
  assert.deepEqual(reported(outcome.stderr), ['first', 'second']);
});

test('what --import loads is loaded in threads, and in no helper of Heddle', async () => {
  // Interleaving: none; main starts A, A starts B. All are made by the supervisor, which itself runs without the option.
  const module = preload(
    'marks_threads.mjs',
    `import { isMainThread, workerData } from 'node:worker_threads';
globalThis.preloaded = true;
if (!isMainThread && workerData?.role !== 'thread') process.env.HELPERS = 'preloaded';
`,
  );
  const outcome = await runtimeProgram(
    `
    const done = allocate_lock();
    done.acquire();
    start_new_thread(() => {
      console.log('A', globalThis.preloaded);
      start_new_thread(() => { console.log('B', globalThis.preloaded); done.release(); }, []);
    }, []);
    done.acquire();
    console.log(process.env.HELPERS);
  `,
    { nodeOptions: ['--import', module] },
  );
  assert.deepEqual(outcome, silent('A true\nB true\nundefined\n'));
});

test('a second copy of heddle in a program is refused', async () => {
  // Interleaving: none; another address of the module that owns the shared memory is what a second installation has.
  const outcome = await runtimeProgram(`
    const copy = import.meta.resolve('#heddle/memory/memory.js') + '?copy';
    console.log(await import(copy).catch((error) => error.message.slice(0, 24)));
    start_new_thread(() => { console.log('threads go on'); }, []);
    quiet();
  `);
  assert.deepEqual(outcome, silent('two copies of heddle are\nthreads go on\n'));
});
