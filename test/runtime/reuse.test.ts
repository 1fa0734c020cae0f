// Workers run one thread after another: what a thread leaves behind is its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reported, runtimeProgram, silent } from './prelude.ts';

test('an error that a thread leaves behind is its own, and never ends the next thread', async () => {
  // Interleaving: A's function has returned, and a microtask of it is about to set a timer; B is started at that moment. B must not get
  // A's worker, or A's timer throws in B.
  const ROUNDS = 12;
  const outcome = await runtimeProgram(`
    const thrown = counter();
    const survived = counter();
    park(2);
    for (let round = 1; round <= ${ROUNDS}; round++) {
      start_new_thread(function former() {
        queueMicrotask(() => {
          for (const end = performance.now() + 3; performance.now() < end; );
          setTimeout(() => { raise(thrown); throw new Error('left behind'); }, 5);
        });
      }, []);
      while (_count() > 0);
      start_new_thread(async function innocent() {
        while (value(thrown) < round) await turn();
        await turn();
        raise(survived);
      }, []);
      reaches(survived, round, 'threads that survived');
    }
    quiet();
    console.log(value(survived));
  `);
  assert.equal(outcome.stdout, `${ROUNDS}\n`, outcome.stderr);
  assert.deepEqual(reported(outcome.stderr), Array(ROUNDS).fill('former'));
});

test('a handler that a thread puts on process is gone when the next thread runs on the worker', async () => {
  // Interleaving: A ends, its worker parks; B is started on the same worker (the ident says so) and fails on the event loop.
  const outcome = await runtimeProgram(`
    const first = start_new_thread(() => {
      process.on('uncaughtException', () => console.log('a handler of the former thread'));
      process.once('unhandledRejection', () => console.log('a handler of the former thread'));
    }, []);
    quiet();
    const second = start_new_thread(async function failing() {
      setTimeout(() => { throw new Error('boom'); }, 0);
      await new Promise(() => {});
    }, []);
    becomes(() => _count() === 0, 'the end of the thread');
    console.log(first === second);
    const third = start_new_thread(() => {}, []);
    quiet();
  `);
  assert.equal(outcome.stdout, 'true\n');
  assert.deepEqual(reported(outcome.stderr), ['failing']);
});

test('a handler that runs once, before ours, still handles the error: the thread goes on', async () => {
  // Interleaving: none; by the time that Heddle's listener runs, the program's is removed already and must have been counted before.
  const outcome = await runtimeProgram(`
    const handled = counter();
    start_new_thread(async () => {
      process.prependOnceListener('uncaughtException', (error) => { console.log('handled', error.message); raise(handled); });
      setTimeout(() => { throw new Error('boom'); }, 0);
      while (value(handled) === 0) await turn();
      await turn();
      console.log('goes on');
    }, []);
    quiet();
  `);
  assert.deepEqual(outcome, silent('handled boom\ngoes on\n'));
});

test('a start that cannot pass on its arguments leaves the worker as it was', async () => {
  // Interleaving: none; a parked worker is claimed, the message to it fails, and it is given back. The next start goes to it, and must
  // send again what the failed one seemed to have sent.
  const outcome = await runtimeProgram(`
    const { MessageChannel } = await import('node:worker_threads');
    const ran = counter();
    const table = { marks: [1, 2, 3] };
    function job() { Atomics.add(ran, 0, table.marks.length); Atomics.notify(ran, 0); }
    park(1);
    const { port1 } = new MessageChannel();
    // From here on it is another thread's: it cannot be passed on again.
    structuredClone(port1, { transfer: [port1] });
    console.log(attempt(() => start_new_thread((port) => { job(); }, [port1])));
    for (let n = 1; n <= 3; n++) {
      start_new_thread(job, []);
      reaches(ran, 3 * n, 'what the jobs have added');
      quiet();
    }
    console.log(value(ran), _count());
    process.exit();
  `);
  assert.deepEqual(outcome, silent('CaptureError\n9 0\n'));
});

test('what a thread’s own class has added is gone when the next thread meets the object on the worker', async () => {
  const outcome = await runtimeProgram(`
    import { shared, Thread } from 'heddle';
    class Special extends Thread {
      field = [1];
      run() { this.field.push(2); this.later = true; }
    }
    const special = new Special();
    const seen = shared({ special, text: '' });
    special.start();
    special.join();
    quiet();
    const next = new Thread(() => {
      const { special } = seen;
      seen.text = [special.constructor.name, Object.getPrototypeOf(special) === Thread.prototype, Object.keys(special).length].join();
    });
    next.start();
    next.join();
    console.log(next.ident === special.ident, seen.text, special.field);
  `);
  assert.deepEqual(outcome, silent('true Thread,true,0 [ 1 ]\n'));
});

for (const [where, before] of [
  ['a new worker', ''],
  ['a parked one', 'park(2);'],
] as const) {
  test(`a thread dies while it starts another on ${where}: the other is over for who joins it`, async () => {
    // The start has claimed the worker and noted the Thread, and is killed before it hands the function over.
    const outcome = await runtimeProgram(`
      import { Event, shared, Thread } from 'heddle';
      ${before}
      const seen = shared({ child: undefined });
      const there = new Event();
      new Thread(async () => {
        const { atomic } = await import('#heddle/memory/atomics.js');
        const { R_INFLIGHT, RECORD_SIZE, HEAP_START } = await import('#heddle/memory/layout.js');
        const { store } = atomic;
        atomic.store = (address, value) => {
          if (address < HEAP_START && address % RECORD_SIZE === R_INFLIGHT && value !== 0) process.reallyExit(9);
          store(address, value);
        };
        const child = new Thread((by) => console.log('never', by), { args: [{ by: 1 }], daemon: false, name: 'child' });
        seen.child = child;
        there.set();
        child.start();
      }, { name: 'parent' }).start();
      there.wait();
      becomes(() => seen.child.ident !== undefined, 'a start');
      console.log(seen.child.join(), seen.child.isAlive);
    `);
    assert.equal(outcome.stdout, 'true false\n');
    assert.equal(outcome.status, 0);
    assert.match(outcome.stderr, /^Exception in thread parent:/);
  });
}
