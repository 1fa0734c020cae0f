// What a thread leaves behind on its event loop: it goes on after the thread's end, with a mark of its own, and what it waits for comes.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runtimeProgram, silent } from './prelude.ts';

const NAMES = `
import { Event, Lock, RLock, run } from 'heddle';

/** A lock that is held. */
function held() {
  const lock = new Lock();
  lock.acquire();
  return lock;
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
`;

const program = (source: string) => runtimeProgram(`${NAMES}\n${source}`);

suite('waits that a thread leaves behind', () => {
  test('go on, also if the thread has waited long before it ended', async () => {
    // Interleaving: for its waits the event loop is not counted as busy, so that it is found out whether anything else keeps it alive; the
    // thread ends meanwhile, and its worker takes the event loop for empty and parks.
    const outcome = await program(`
      const lock = held(), got = new Event(), ended = new Event();
      start_new_thread(async () => {
        void lock.acquireAsync().then(() => got.set());
        await sleep(700);
        ended.set();
      }, []);
      await ended.waitAsync();
      await sleep(300);
      lock.release();
      console.log(got.wait(3_600_000));
    `);
    assert.deepEqual(outcome, silent('true\n'));
  });

  test('go on in a thread of an executor, which has no other task', async () => {
    const outcome = await program(`
      const lock = held(), got = new Event();
      await run(async () => {
        void lock.acquireAsync().then(() => got.set());
        await sleep(700);
      });
      await sleep(1000);
      lock.release();
      console.log(got.wait(3_600_000));
      process.exit();
    `);
    assert.deepEqual(outcome, silent('true\n'));
  });

  test('do not take the worker along when they are over', async () => {
    // Interleaving: as above, but the wait is over, and then all the rest, before the next look.
    const outcome = await program(`
      const lock = held(), waits = new Event(), got = new Event();
      start_new_thread(() => {
        globalThis.known = true;
        const timer = setInterval(() => {}, 10);
        void lock.acquireAsync().then(() => { clearInterval(timer); got.set(); });
        waits.set();
      }, []);
      waits.wait();
      await sleep(600);
      lock.release();
      got.wait();
      quiet();
      start_new_thread(() => { console.log(globalThis.known); got.clear(); }, []);
      becomes(() => !got.isSet(), 'the second thread');
    `);
    assert.deepEqual(outcome, silent('true\n'));
  });
});

suite('locks that a thread leaves behind', () => {
  test('an RLock that was acquired after the end is not the next thread’s; who needs it hears of it', async () => {
    const { stdout } = await program(`
      const lock = new RLock(), taken = new Event(), tried = new Event();
      start_new_thread(function leaves() { setTimeout(() => { lock.acquire(); taken.set(); }, 20); }, []);
      taken.wait();
      quiet();
      start_new_thread(function comes() { console.log(get_ident(), lock.acquire(false)); tried.set(); }, []);
      tried.wait();
      console.log(get_ident(), attempt(() => lock.acquire()));
      function get_ident() { return thread.get_ident(); }
    `);
    assert.equal(stdout, '2 false\n1 ThreadError\n');
  });

  test('an RLock is still its own while it goes on', async () => {
    const outcome = await program(`
      const lock = new RLock(), taken = new Event();
      start_new_thread(() => {
        setTimeout(() => { lock.acquire(); taken.set(); setTimeout(() => lock.release(), 600); }, 20);
      }, []);
      taken.wait();
      console.log(lock.acquire());
    `);
    assert.deepEqual(outcome, silent('true\n'));
  });

  test('of a thread that has died are not lost as long as it goes on', async () => {
    const { stdout } = await program(`
      const lock = new Lock(), lost = new Lock(), taken = new Event();
      start_new_thread(function leaves() {
        lock.acquire();
        lost.acquire();
        setTimeout(() => lock.release(), 800);
        taken.set();
        throw new Error('dies');
      }, []);
      taken.wait();
      becomes(() => _count() === 0, 'the end of the thread');
      console.log(attempt(() => lock.acquire()), attempt(() => lost.acquire()));
    `);
    assert.equal(stdout, 'true ThreadError\n');
  });

  test('of a worker that is killed then', async () => {
    const { stdout } = await program(`
      const lock = new Lock(), owned = new RLock();
      start_new_thread(function leaves() { setTimeout(() => { lock.acquire(); owned.acquire(); process.reallyExit(3); }, 20); }, []);
      becomes(() => owned.locked(), 'the lock held');
      console.log(attempt(() => lock.acquire()), attempt(() => owned.acquire()));
    `);
    assert.equal(stdout, 'ThreadError ThreadError\n');
  });
});
