// Wrong use of locks, each in a program of its own: what it prints and with which status it ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadProgram } from '../support/program.ts';

const misuses: readonly (readonly [name: string, statements: string, message: RegExp])[] = [
  ['release of an unlocked lock', 'lock.release();', /ThreadError: release unlocked lock/],
  ['a second release', 'lock.acquire(); lock.release(); lock.release();', /ThreadError: release unlocked lock/],
  ['a release inside with', 'lock.with(() => lock.release());', /ThreadError: release unlocked lock/],
  ['a time-out for a try', 'lock.acquire(false, 100);', /RangeError: can't specify a timeout for a non-blocking call/],
  ['a negative time-out', 'lock.acquire({ timeout: -5 });', /RangeError: timeout value must be a non-negative number/],
  ['a time-out by a wrong name', 'lock.acquire({ timeOut: 5 });', /TypeError: unknown option 'timeOut'/],
  ['a text as wait flag', 'lock.acquire("yes");', /TypeError: an integer is required/],
  ['a promise for with', 'lock.with(Promise.resolve());', /TypeError: with\(\) takes a function/],
  ['a new property', '"use strict"; lock.owner = 1;', /TypeError: .*owner/],
  ['JSON', 'JSON.stringify({ lock });', /TypeError: cannot pickle/],
  [
    'a subclass',
    'new (class extends thread.LockType {})();',
    /TypeError: type 'thread.lock' is not an acceptable base/,
  ],
  ['arguments of the type', 'new thread.LockType(true);', /TypeError: lock expected 0 arguments, got 1/],
  ['a method without its lock', 'const { acquire } = lock; acquire();', /TypeError: /],
];

for (const [name, statements, message] of misuses) {
  test(name, async () => {
    const outcome = await threadProgram(`const lock = allocate_lock();\n${statements}`);
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.status, outcome.signal, outcome.stdout], [1, null, '']);
  });
}

test('the same in a thread ends that thread alone', async () => {
  const outcome = await threadProgram(`
    const lock = allocate_lock();
    start_new_thread(function task() { lock.release(); }, []);
  `);
  assert.match(
    outcome.stderr,
    /^Unhandled exception in thread started by .*task.*\nThreadError: release unlocked lock/,
  );
  assert.equal(outcome.status, 0);
});
