// Locks that travel: one lock however it came, and given back when nobody can reach it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeProgram, silent } from './prelude.ts';

test('a lock is let go of when no thread can reach it', async () => {
  // Interleaving: threads hold handles by closure and by argument, and have ended when main drops its own; their parked workers collect
  // garbage a moment later, main when we ask. Then nothing keeps the cell alive.
  const outcome = await runtimeProgram(`
    const ROUNDS = 10;
    // Pins go a page at a time: a lock that is alive keeps its page.
    const PAGES = 2 * 256;
    const used = counter();
    function pass() {
      for (let n = 0; n < ROUNDS; n++) {
        const closed = allocate_lock();
        const locks = Array.from({ length: 200 }, () => allocate_lock());
        start_new_thread((list, lock) => {
          closed.with(() => list.slice(-2).forEach((each) => each.with(() => raise(used))));
          lock.with(() => raise(used));
        }, [locks, allocate_lock()]);
      }
      return lockCount();
    }
    const before = lockCount();
    console.log(pass() - before >= 200);
    reaches(used, 3 * ROUNDS);
    quiet();
    await eventually(() => { tidyUp(); return lockCount() <= before + PAGES; }, 'the end of all pins');
  `);
  assert.deepEqual(outcome, silent('true\n'));
});

test('a lock that a thread passes on is still the same lock', async () => {
  // Interleaving: main → A → B, each by argument and by closure; main holds the lock and B waits for it, B holds it and main sees that.
  const outcome = await runtimeProgram(`
    const lock = allocate_lock();
    lock.acquire();
    const step = counter();
    start_new_thread((given) => {
      start_new_thread((passed) => {
        console.log(passed === given && given === lock, passed.acquire(false));
        raise(step);
        passed.acquire();
        raise(step);
      }, [given]);
    }, [lock]);
    reaches(step, 1);
    lock.release();
    reaches(step, 2);
    console.log(lock.locked());
    lock.release();
    console.log(lock.acquire(false));
  `);
  assert.deepEqual(outcome, silent('true false\ntrue\ntrue\n'));
});

test('holdAsync() takes no time-out, and says so instead of waiting', async () => {
  // Interleaving: none; the lock is held, so that ignoring the option would wait for ever.
  const outcome = await runtimeProgram(`
    const lock = allocate_lock();
    lock.acquire();
    console.log(await lock.holdAsync({ timeout: 5 }).catch((error) => error.name));
  `);
  assert.deepEqual(outcome, silent('TypeError\n'));
});
