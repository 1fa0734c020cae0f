// `dummy_thread` is for places without shared memory or workers: it must load and work there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

test('runs where SharedArrayBuffer, Atomics, WebAssembly and workers are missing', async () => {
  const outcome = await program(`
    for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'MessageChannel', 'process', 'Buffer']) {
      Object.defineProperty(globalThis, name, { value: undefined });
    }
    const { allocate_lock, start_new_thread } = await import('heddle/dummy_thread');
    const lock = allocate_lock();
    let total = 0;
    for (let n = 1; n <= 4; n++) start_new_thread((by) => lock.with(() => { total += by; }), [n]);
    console.log(total);
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '10\n', stderr: '' });
});
