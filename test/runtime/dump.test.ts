// What every thread does: names, states, waits and live stacks, whatever the threads are doing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';
import { runtimeProgram } from './prelude.ts';

const NAMES = `
import { dumpThreads, dumpThreadsOnQuit, Lock, threadDump } from 'heddle';
import { R_WAIT_MODE } from '#heddle/memory/layout.js';

function held() {
  const lock = new Lock();
  lock.acquire();
  return lock;
}

/** Threads in each of the situations that there are; \`lock\` and the counters end them. */
const lock = held(), ready = counter(), stop = counter();
function blocks() { raise(ready); lock.acquire(); lock.release(); }
function burns() { raise(ready); while (value(stop) === 0); }
function parks() { raise(ready); Atomics.wait(stop, 0, 0); }
async function sleeps() { raise(ready); while (value(stop) === 0) await new Promise((resolve) => setTimeout(resolve, 5)); }
async function awaits() { raise(ready); await lock.acquireAsync(); lock.release(); }
function startAll() {
  for (const each of [blocks, burns, parks, sleeps, awaits]) start_new_thread(each, []);
  reaches(ready, 5);
  // Those of two have lasted long enough to be noted.
  becomes(() => [...slots()].filter((slot) => atomic.load(recordOf(slot) + R_WAIT_MODE) !== 0).length === 2, 'waits that last');
}
function end() {
  raise(stop);
  Atomics.notify(stop, 0);
  lock.release();
  quiet();
}
`;

/** The parts of a dump by what they are about: "MainThread", "blocks". Of each its lines. */
function parts(dump: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const part of dump.split(/^thread /m).slice(1)) {
    const lines = part.trimEnd().split('\n');
    const name = /function (\S+)/.exec(lines[0]!)?.[1] ?? /^'(\S+)'/.exec(lines[0]!)?.[1] ?? lines[0]!;
    found.set(name, lines.slice(1));
  }
  return found;
}

function checkDump(dump: string, main: RegExp): void {
  const found = parts(dump);
  const text = (name: string): string => found.get(name)?.join('\n') ?? assert.fail(`no ${name} in\n${dump}`);
  assert.match(text('MainThread'), main, dump);
  assert.match(
    text('blocks'),
    /^ {4}waits for acquire\(\) of lock 0x\w+ at \S+:\d+:\d+\n {4}held by thread 'MainThread' \(1\)\n(.|\n)*at blocks \(\S+:\d+:\d+\)$/,
  );
  assert.match(text('burns'), /^ {4}runs\n(.|\n)*at burns \(\S+:\d+:\d+\)$/);
  assert.match(text('parks'), /^ {4}runs\n(.|\n)*at parks \(\S+:\d+:\d+\)$/);
  // Its timer may be due just now.
  assert.match(text('sleeps'), /^ {4}runs\n(.|\n)*(\(in its event loop\)|at sleeps .*)$/);
  assert.match(
    text('awaits'),
    /^ {4}waits for acquire\(\) of lock 0x\w+ at \S+:\d+:\d+, on its event loop\n {4}held by thread 'MainThread' \(1\)\n {4}\(in its event loop\)$/,
  );
  // Of ours and of the platform's nobody wants to hear.
  assert.doesNotMatch(dump, /\/dist\/|node:internal|cannot be told/);
}

test('main asks: each thread with its state, its wait and its live stack', async () => {
  const { stdout, stderr, status } = await runtimeProgram(`${NAMES}
    startAll();
    (function asks() { console.log(threadDump()); })();
    end();
  `);
  checkDump(stdout, /^ {4}runs\n(.|\n)*at asks \(/);
  assert.deepEqual([stderr, status], ['', 0]);
});

test('a thread asks while main is blocked', async () => {
  const { stdout, stderr } = await runtimeProgram(`${NAMES}
    startAll();
    const asked = held();
    start_new_thread(function asks() {
      becomes(() => atomic.load(recordOf(0) + R_WAIT_MODE) !== 0, 'that main waits');
      dumpThreads();
      asked.release();
    }, []);
    (function isBlocked() { asked.acquire(); })();
    end();
    console.log('end');
  `);
  assert.equal(stdout, 'end\n');
  checkDump(stderr, /^ {4}waits for acquire\(\) of lock (.|\n)*at isBlocked \(/);
});

test('a wait that has just begun is told of as one that has lasted', async () => {
  const { stdout, stderr } = await runtimeProgram(`${NAMES}
    start_new_thread(blocks, []);
    start_new_thread(function limited() { raise(ready); lock.acquire({ timeout: 3_600_000 }); lock.release(); }, []);
    reaches(ready, 2);
    let dump;
    do dump = threadDump();
    while ([...dump.matchAll(/waits for/g)].length < 2 && [...slots()].every((slot) => atomic.load(recordOf(slot) + R_WAIT_MODE) === 0));
    console.log(dump);
    end();
  `);
  assert.equal(stderr, '');
  const found = parts(stdout);
  const holder = /\n {4}held by thread 'MainThread' \(1\)\n/;
  assert.match(found.get('blocks')!.join('\n'), /^ {4}waits for acquire\(\) of lock 0x\w+ at \S+:\d+:\d+\n/, stdout);
  assert.match(found.get('blocks')!.join('\n'), holder);
  assert.match(found.get('limited')!.join('\n'), /^ {4}waits for acquire.* at \S+:\d+:\d+, with a time-out\n/, stdout);
  assert.match(found.get('limited')!.join('\n'), holder);
});

test('before there are threads', async () => {
  const { stdout } = await runtimeProgram(`${NAMES} console.log(threadDump());`);
  assert.deepEqual([...parts(stdout).keys()], ['MainThread']);
});

test('SIGQUIT, for a program that has asked for it: also while main is blocked', {
  skip: process.platform === 'win32',
}, async () => {
  const { stdout, stderr, status, signal } = await runtimeProgram(`${NAMES}
    dumpThreadsOnQuit();
    startAll();
    const asked = held();
    start_new_thread(function asks() {
      becomes(() => atomic.load(recordOf(0) + R_WAIT_MODE) !== 0, 'that main waits');
      process.kill(process.pid, 'SIGQUIT');
      // Nobody tells when the signal has been seen: the test does, by what it reads, but is not asked here.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
      asked.release();
    }, []);
    (function isBlocked() { asked.acquire(); })();
    end();
    console.log('end');
  `);
  assert.deepEqual([stdout, status, signal], ['end\n', 0, null]);
  checkDump(stderr, /^ {4}waits for acquire\(\) of lock (.|\n)*at isBlocked \(/);
});

test('without having asked for it SIGQUIT ends the process', { skip: process.platform === 'win32' }, async () => {
  const { signal } = await program("process.kill(process.pid, 'SIGQUIT'); setTimeout(() => {}, 5000);");
  assert.equal(signal, 'SIGQUIT');
});
