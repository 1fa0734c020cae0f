// Links: a job that was handed over runs, whatever becomes of the thread that started it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeProgram } from './prelude.ts';

const ROUNDS = 8;

for (const [how, starter] of [
  ['whose worker dies at once', '() => { start_new_thread(() => { raise(ran); }, []); process.reallyExit(0); }'],
  [
    'that ends by an error on its event loop',
    `async () => {
      setTimeout(() => { start_new_thread(() => { raise(ran); }, []); throw new Error('boom'); }, 0);
      await new Promise(() => {});
    }`,
  ],
] as const) {
  test(`a job that is handed over by a thread ${how} runs`, async () => {
    // Interleaving: A starts a job on B's parked worker, which it has no link with yet. The link is a message to the supervisor, still on
    // A's port when A's worker is gone; B is woken already and waits for it.
    const outcome = await runtimeProgram(`
      const ran = counter();
      for (let round = 1; round <= ${ROUNDS}; round++) {
        park(2);
        start_new_thread(${starter}, []);
        reaches(ran, round, 'jobs that ran');
        becomes(() => _count() === 0, 'the end of both threads');
      }
      console.log(value(ran));
    `);
    assert.equal(outcome.stdout, `${ROUNDS}\n`, outcome.stderr);
    assert.equal(outcome.status, 0);
  });
}

test('threads that start threads, three deep, while main is blocked', async () => {
  // Interleaving: main is parked on the lock all the while; only the supervisor can pass the links on.
  const outcome = await runtimeProgram(`
    const done = allocate_lock();
    done.acquire();
    start_new_thread(() => {
      start_new_thread(() => {
        start_new_thread(() => { console.log('deep'); done.release(); }, []);
      }, []);
    }, []);
    console.log(done.acquire());
  `);
  assert.deepEqual([outcome.stdout, outcome.stderr, outcome.status], ['deep\ntrue\n', '', 0]);
});
