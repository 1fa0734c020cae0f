// Locks whose holder is over. If it died, by an error that nobody caught or killed, the threads that need the lock hear of it; if it has
// ended, the lock is still there to be released, by anybody.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reported, runtimeProgram, silent } from './prelude.ts';

const NAMES = `
import { Lock } from 'heddle';

/** What a call throws, or gives. */
function outcome(action) {
  try {
    return action();
  } catch (error) {
    return error.name + ': ' + error.message;
  }
}
`;

const deaths: Readonly<Record<string, string>> = {
  'an error that nobody caught': "throw new Error('dies');",
  'a kill': 'process.reallyExit(9);',
  'a rejection that nobody caught': "return Promise.reject(new Error('dies'));",
};

const ERROR =
  /^ThreadError: acquire\(\) of lock 0x[0-9a-f]+ will never succeed: thread 2, which runs function holder at \S+, died holding it$/;

for (const [death, last] of Object.entries(deaths)) {
  suite(death, () => {
    test('who was blocked before hears of it', async () => {
      const { stdout, stderr } = await runtimeProgram(`${NAMES}
        const lock = new Lock(), taken = counter(), waits = counter();
        start_new_thread(function holder() {
          lock.acquire();
          raise(taken);
          becomes(() => atomic.load(recordOf(0) + R_WAITS) !== 0, 'that main waits');
          ${last}
        }, []);
        reaches(taken, 1);
        console.log(outcome(() => lock.acquire()));
        console.log(lock.locked());
      `);
      const [error, locked] = stdout.trimEnd().split('\n');
      assert.match(error!, ERROR);
      assert.equal(locked, 'true');
      assert.deepEqual(reported(stderr), ['holder']);
    });

    test('who comes after hears of it, blocked, timed or on its event loop; who only tries does not', async () => {
      const { stdout } = await runtimeProgram(`${NAMES}
        const lock = new Lock();
        start_new_thread(function holder() { lock.acquire(); ${last} }, []);
        becomes(() => lock.locked(), 'the lock held');
        becomes(() => _count() === 0, 'the end of the holder');
        console.log(outcome(() => lock.acquire()));
        console.log(outcome(() => lock.acquire({ timeout: 3_600_000 })));
        console.log(outcome(() => lock.with(() => 'in')));
        console.log(outcome(() => lock.hold()));
        console.log(await lock.acquireAsync().catch((error) => error.name + ': ' + error.message));
        console.log(await lock.holdAsync().catch((error) => error.name + ': ' + error.message));
        console.log(lock.acquire(false));
        // Somebody who knows what it guarded can put that in order, and open it.
        lock.release();
        console.log(lock.acquire(false));
      `);
      const lines = stdout.trimEnd().split('\n');
      for (const line of lines.slice(0, 6)) assert.match(line, ERROR);
      assert.deepEqual(lines.slice(6), ['false', 'true']);
    });

    test('who awaits it before hears of it', async () => {
      const { stdout } = await runtimeProgram(`${NAMES}
        const lock = new Lock(), go = counter();
        start_new_thread(function holder() { lock.acquire(); raise(go); reaches(go, 2); ${last} }, []);
        reaches(go, 1);
        const waits = lock.acquireAsync();
        raise(go);
        console.log(await waits.catch((error) => error.name + ': ' + error.message));
      `);
      assert.match(stdout.trimEnd(), ERROR);
    });
  });
}

test('a holder that has ended does not count as dead: anybody may release the lock', async () => {
  const outcome = await runtimeProgram(`${NAMES}
    const lock = new Lock(), ended = counter();
    start_new_thread(function holder() { lock.acquire(); }, []);
    quiet();
    start_new_thread(function releases() {
      becomes(() => atomic.load(recordOf(0) + R_WAITS) !== 0, 'that main waits');
      Atomics.wait(counter(), 0, 0, 600);
      lock.release();
    }, []);
    console.log(lock.acquire());
  `);
  assert.deepEqual(outcome, silent('true\n'));
});

test('a slot that another thread has now: the dead one is still dead', async () => {
  const { stdout } = await runtimeProgram(`${NAMES}
    const lock = new Lock(), go = counter(), ended = counter();
    start_new_thread(function holder() { lock.acquire(); throw new Error('dies'); }, []);
    quiet();
    start_new_thread(function next() { raise(go); reaches(go, 2); }, []);
    reaches(go, 1);
    console.log(outcome(() => lock.acquire()).replace(/: .*/, ''));
    raise(go);
  `);
  assert.equal(stdout, 'ThreadError\n');
});

test('a slot that a hundred threads have had since: the dead one is still dead, and is not called by their names', async () => {
  const { stdout } = await runtimeProgram(`${NAMES}
    const lock = new Lock(), used = new Set(), ended = counter();
    start_new_thread(function holder() { lock.acquire(); throw new Error('dies'); }, []);
    quiet();
    for (let n = 1; n <= 100; n++) {
      used.add(start_new_thread(function later() { raise(ended); }, []));
      reaches(ended, n);
      quiet();
    }
    console.log([...used].join());
    console.log(outcome(() => lock.acquire()).replace(/0x\\w+/, ''));
  `);
  assert.equal(
    stdout,
    '2\nThreadError: acquire() of lock  will never succeed: thread 2, whose place another has now, died holding it\n',
  );
});

test('one that died between notifying a waiter and taking it out of the queue: those behind it wait on', async () => {
  // The lock is a plain one, which another thread then opens. The waiter's cell is used again for its thread's next wait.
  const { stdout } = await runtimeProgram(`${NAMES}
    import { append, ground, leave, notifyFirst } from '#heddle/sync/waiters.js';
    import { addressOf, SyncCell, syncHeader } from '#heddle/sync/cell.js';
    const queue = addressOf(new (class extends SyncCell {})(syncHeader(5, 0, 3))) + 8;
    const first = append(queue), second = append(queue), third = append(queue);
    atomic.store(addressOf(first) + 4, 1);
    console.log(leave(queue, first));
    ground.give(first);
    console.log(append(queue) === first);
    notifyFirst(queue, 3);
    console.log([second, third, first].map((waiter) => leave(queue, waiter)).join());
  `);
  assert.equal(stdout, 'true\ntrue\ntrue,true,true\n');
});
