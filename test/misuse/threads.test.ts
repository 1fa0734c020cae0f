// Wrong use of threads, each in a program of its own: what it prints and with which status it ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadProgram } from '../support/program.ts';

interface Misuse {
  readonly name: string;
  readonly source: string;
  readonly message: RegExp;
  /** 1 where the main thread fails. */
  readonly status: number;
}

const misuses: readonly Misuse[] = [
  {
    name: 'the result of the function in place of the function',
    source: 'const task = () => 42; start_new_thread(task(), []);',
    message: /TypeError: first arg must be callable: .*42/,
    status: 1,
  },
  {
    name: 'arguments spread instead of in an array',
    source: 'start_new_thread((text) => console.log(text), "text");',
    message: /TypeError: 2nd arg must be a tuple: .*array/,
    status: 1,
  },
  {
    name: 'no arguments at all',
    source: 'start_new_thread(() => {});',
    message: /TypeError: start_new_thread expected at least 2 arguments, got 1/,
    status: 1,
  },
  {
    name: 'null for kwargs',
    source: 'start_new_thread(() => {}, [], null);',
    message: /TypeError: optional 3rd arg must be a dictionary: .*null/,
    status: 1,
  },
  {
    name: 'a stack of 4096 bytes',
    source: 'thread.stack_size(4096);',
    message: /RangeError: size not valid: 4096 bytes.*32768/,
    status: 1,
  },
  {
    name: 'a stack that no platform gives',
    source: 'thread.stack_size(2 ** 46); start_new_thread(() => {}, []);',
    message: /ThreadError: can't start new thread/,
    status: 1,
  },
  {
    name: 'an exit status for exit()',
    source: 'exit(3);',
    message: /TypeError: exit\(\) takes no arguments \(1 given\)/,
    status: 1,
  },
  {
    name: 'an argument that cannot travel',
    source: 'start_new_thread((promise) => promise, [Promise.resolve(1)]);',
    message: /Error: .*[Pp]romise/,
    status: 1,
  },
  {
    name: 'a captured variable that the thread assigns to',
    source: 'let total = 0;\nstart_new_thread(() => { total += 1; }, []);\nconsole.log(total);',
    message: /Error: .*total/,
    status: 1,
  },
  {
    name: 'a write to captured data',
    source: 'const list = [];\nstart_new_thread(function collect() { list.push(1); }, []);',
    message:
      /^Unhandled exception in thread started by .*collect.*\nTypeError: Cannot add property 0, object is not extensible/,
    status: 0,
  },
  {
    name: 'a missing property in the thread',
    source: 'start_new_thread(function task(options) { options.name.trim(); }, []);',
    message: /^Unhandled exception in thread started by .*task.*\nTypeError: Cannot read properties of undefined/,
    status: 0,
  },
  {
    name: 'an import of a name that is not there',
    source: "await import('heddle/thread').then((all) => all.start_thread(() => {}, []));",
    message: /TypeError: all\.start_thread is not a function/,
    status: 1,
  },
];

for (const { name, source, message, status } of misuses) {
  test(name, async () => {
    const outcome = await threadProgram(source);
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.status, outcome.signal, outcome.stdout], [status, null, '']);
  });
}

test('an error in main that nobody catches leaves no thread behind', async () => {
  const outcome = await threadProgram(`
    const lock = allocate_lock();
    lock.acquire();
    start_new_thread(() => { lock.acquire(); console.log('never'); }, []);
    start_new_thread(() => { for (;;); }, []);
    lock.release(1);
  `);
  assert.match(outcome.stderr, /TypeError: release\(\) takes no arguments \(1 given\)/);
  assert.deepEqual([outcome.status, outcome.signal, outcome.stdout], [1, null, '']);
});

test('the permission model without the permissions that captures need', async () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const outcome = await threadProgram('const name = 1; start_new_thread(() => name, []);', {
    nodeOptions: [flag, '--allow-fs-read=*'],
  });
  assert.match(
    outcome.stderr,
    /CaptureError: .*which uses 'name'.*permission model forbids the inspector.*--allow-inspector --allow-worker/,
  );
  assert.deepEqual([outcome.status, outcome.signal, outcome.stdout], [1, null, '']);
});
