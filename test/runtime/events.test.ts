// Errors on a thread's event loop that nobody catches: each is its author's, and the async contexts by which authors are told apart end
// with them.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reported, runtimeProgram, silent } from './prelude.ts';

const NAMES = `
import { BrokenExecutor, Event, run, SystemExit, Thread, ThreadPoolExecutor } from 'heddle';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { stat } from 'node:fs';

/** Each leaves an error on the event loop: it throws when that has begun. */
const strays = {
  timeout: (text) => void setTimeout(() => { throw new Error(text); }, 1),
  interval: (text) => { const timer = setInterval(() => { clearInterval(timer); throw new Error(text); }, 1); },
  immediate: (text) => void setImmediate(() => { throw new Error(text); }),
  tick: (text) => process.nextTick(() => { throw new Error(text); }),
  microtask: (text) => queueMicrotask(() => { throw new Error(text); }),
  rejection: (text) => void Promise.reject(new Error(text)),
  later: (text) => void (async () => { await new Promise((resolve) => setTimeout(resolve, 1)); throw new Error(text); })(),
  emitter: (text) => void setTimeout(() => new EventEmitter().emit('error', new Error(text)), 1),
  target: (text) => { const target = new EventTarget(); target.addEventListener('x', () => { throw new Error(text); }); target.dispatchEvent(new globalThis.Event('x')); },
  callback: (text) => stat('.', () => { throw new Error(text); }),
  port: (text) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); throw new Error(text); };
    port2.postMessage(1);
  },
};

const forever = () => new Promise(() => setInterval(() => {}, 1000));
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What has become of a future. */
function fate(future) {
  const error = future.exception();
  if (error === undefined) return 'returned ' + future.result();
  return error.name + (error.cause === undefined ? ' of its own: ' + error.message : ' by ' + error.cause.name + ': ' + error.cause.message);
}
`;

const program = (source: string) => runtimeProgram(`${NAMES}\n${source}`);

/** What was reported as left behind, in alphabetical order. */
const left = (stderr: string): string[] =>
  [
    ...stderr.matchAll(
      /^Exception in thread (\S+), left on its event loop by (a task that is over|the initializer):\n(.*)/gm,
    ),
  ]
    .map((match) => match[3]!)
    .sort();

suite('an error that a task leaves on the event loop', () => {
  test('is the cause for which its future fails, if it is pending, and the thread goes on', async () => {
    const { stdout, stderr, status } = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      const worker = executor.submit(() => (globalThis.worker = Math.random())).result();
      for (const [kind, stray] of Object.entries(strays)) {
        const future = executor.submit(async (stray, kind) => { stray(kind); await forever(); }, stray, kind);
        const error = future.exception();
        const same = executor.submit(() => globalThis.worker).result() === worker;
        console.log(kind, fate(future), error instanceof BrokenExecutor, error.message.includes('Error: ' + kind), same);
      }
      process.exit();
    `);
    const kinds = 'timeout interval immediate tick microtask rejection later emitter target callback port'.split(' ');
    assert.deepEqual(
      stdout.trim().split('\n'),
      kinds.map((kind) => `${kind} BrokenExecutor by Error: ${kind} true true true`),
    );
    assert.deepEqual([stderr, status], ['', 0]);
  });

  test('is reported if it is over, and the task that runs then does not hear of it', async () => {
    const { stdout, stderr, status } = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      const worker = executor.submit(() => {
        globalThis.seen = 0;
        process.on('uncaughtExceptionMonitor', () => void globalThis.seen++);
        return (globalThis.worker = Math.random());
      }).result();
      let left = 0;
      for (const [kind, stray] of Object.entries(strays)) {
        const before = executor.submit((stray, kind) => { stray(kind); return kind; }, stray, kind);
        // Runs until it has come.
        const innocent = executor.submit(async (left) => {
          while (globalThis.seen < left) await sleep(1);
          return globalThis.worker;
        }, ++left);
        console.log(fate(before), fate(innocent) === 'returned ' + worker);
      }
    `);
    const kinds = 'timeout interval immediate tick microtask rejection later emitter target callback port'.split(' ');
    assert.deepEqual(
      stdout.trim().split('\n'),
      kinds.map((kind) => `returned ${kind} true`),
    );
    assert.deepEqual(left(stderr), kinds.map((kind) => `Error: ${kind}`).sort());
    assert.equal(status, 0);
  });

  test('of several the first is the cause, the others are reported; and so is an error of a task that is lost', async () => {
    const { stdout, stderr } = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      const future = executor.submit(async () => {
        globalThis.seen = 0;
        process.on('uncaughtExceptionMonitor', () => void globalThis.seen++);
        for (let n = 0; n < 4; n++) setTimeout(() => { throw new Error('stray ' + n); }, 1);
        while (globalThis.seen < 4) await sleep(1);
        globalThis.late = true;
        throw new Error('late');
      });
      console.log(fate(future));
      // The others come while this one runs.
      console.log(fate(executor.submit(async () => { while (!globalThis.late) await sleep(1); await sleep(1); return 'innocent'; })));
    `);
    assert.equal(stdout, 'BrokenExecutor by Error: stray 0\nreturned innocent\n');
    assert.deepEqual(left(stderr), ['Error: late', 'Error: stray 1', 'Error: stray 2', 'Error: stray 3']);
  });

  test('is not lost if the process ends at once', async () => {
    const { stdout, stderr, status } = await program(`
      await run(() => { Promise.reject(new Error('rejected')); process.nextTick(() => { throw new Error('tick'); }); });
      console.log('end');
    `);
    assert.deepEqual([stdout, status], ['end\n', 0]);
    assert.deepEqual(left(stderr), ['Error: rejected', 'Error: tick']);
  });

  test('is a handler’s of the program, if it has one', async () => {
    const outcome = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      const future = executor.submit(async () => {
        const caught = new Promise((resolve) => process.once('uncaughtException', (error) => resolve(error.message)));
        strays.timeout('caught');
        return caught;
      });
      console.log(fate(future));
      const rejected = executor.submit(async () => {
        const caught = new Promise((resolve) => process.once('unhandledRejection', (error) => resolve(error.message)));
        strays.rejection('rejected');
        return caught;
      });
      console.log(fate(rejected));
    `);
    assert.deepEqual(outcome, silent('returned caught\nreturned rejected\n'));
  });

  test('is SystemExit: it fails a pending one, and is silent when that is over', async () => {
    const outcome = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      console.log(fate(executor.submit(async () => { setTimeout(() => process.exit(3), 1); await forever(); })));
      const exits = new Event();
      executor.submit((exits) => void setTimeout(() => { exits.set(); process.exit(3); }, 1), exits);
      exits.wait();
      console.log(fate(executor.submit(() => 'goes on')));
      process.exit();
    `);
    assert.deepEqual(outcome, silent('BrokenExecutor by SystemExit: 3\nreturned goes on\n'));
  });

  test('is the initializer’s, if that has left it: it fails by it, or it is reported', async () => {
    const { stdout, stderr } = await program(`
      const fails = new ThreadPoolExecutor({ maxWorkers: 1, initializer: async () => { strays.timeout('prepares'); await forever(); } });
      console.log(fate(fails.submit(() => 1)).slice(0, 14));
      const works = new ThreadPoolExecutor({ maxWorkers: 1, initializer: () => {
        process.on('uncaughtExceptionMonitor', () => void (globalThis.seen = true));
        strays.timeout('prepared');
      } });
      console.log(fate(works.submit(async () => { while (!globalThis.seen) await sleep(1); return 'innocent'; })));
    `);
    assert.equal(stdout, 'BrokenExecutor\nreturned innocent\n');
    assert.match(stderr, /^Exception in initializer:\nError: prepares\n/);
    assert.deepEqual(left(stderr), ['Error: prepared']);
  });
});

suite('an error that a thread leaves on the event loop', () => {
  test('ends it, with a report, while its promise is pending', async () => {
    const { stdout, stderr, status } = await program(`
      for (const [kind, stray] of Object.entries(strays)) {
        const thread = new Thread(async (stray, kind) => { stray(kind); await forever(); }, { name: kind, args: [stray, kind] });
        thread.start();
        thread.join();
      }
      console.log('end');
    `);
    const kinds = 'timeout interval immediate tick microtask rejection later emitter target callback port'.split(' ');
    assert.deepEqual([stdout, status], ['end\n', 0]);
    assert.deepEqual(
      [...stderr.matchAll(/^Exception in thread (\S+):\nError: (\S+)/gm)].map((match) => `${match[1]} ${match[2]}`),
      kinds.map((kind) => `${kind} ${kind}`),
    );
  });

  test('is reported when it has ended; the next thread of the worker is innocent', async () => {
    // Interleaving: nothing keeps the worker from running the next thread while a timer of the one before goes on, which holds nothing.
    const { stdout, stderr } = await program(`
      const thrown = counter(), armed = counter();
      start_new_thread(function leaves() {
        globalThis.worker = 'same';
        const timer = setInterval(() => {
          if (value(armed) === 0) return;
          clearInterval(timer);
          raise(thrown);
          throw new Error('stray');
        }, 1);
        timer.unref();
      }, []);
      quiet();
      start_new_thread(async function innocent() {
        raise(armed);
        while (value(thrown) === 0) await sleep(1);
        await sleep(1);
        console.log(globalThis.worker, 'goes on');
      }, []);
      quiet();
      start_new_thread(function third() { console.log(globalThis.worker); }, []);
      quiet();
    `);
    assert.equal(stdout, 'same goes on\nsame\n');
    assert.match(stderr, /^Unhandled exception in thread started by <.*\nError: stray\n/);
  });

  test('is not lost if the process ends at once', async () => {
    const { stdout, stderr, status } = await program(`
      const leaves = new Thread(() => {
        Promise.reject(new Error('rejected'));
        process.nextTick(() => { throw new Error('tick'); });
        queueMicrotask(() => { throw new Error('microtask'); });
      });
      leaves.start();
      leaves.join();
    `);
    assert.deepEqual([stdout, status], ['', 0]);
    assert.deepEqual([...stderr.matchAll(/^Error: (.*)/gm)].map((match) => match[1]).sort(), [
      'microtask',
      'rejected',
      'tick',
    ]);
  });

  test('of several at once the first ends it, and the others are reported', async () => {
    const { stdout, stderr } = await program(`
      start_new_thread(async function several() {
        for (let n = 0; n < 3; n++) Promise.reject(new Error('stray ' + n));
        await forever();
      }, []);
      becomes(() => _count() === 0, 'the end of the thread');
      start_new_thread(() => console.log('next'), []);
      quiet();
    `);
    assert.equal(stdout, 'next\n');
    assert.equal(reported(stderr)[0], 'several');
    assert.match(stderr, /Error: stray 0/);
  });

  test('is SystemExit: it ends silently', async () => {
    const outcome = await program(`
      start_new_thread(async () => { setTimeout(() => process.exit(), 1); await forever(); }, []);
      becomes(() => _count() === 0, 'the end of the thread');
      console.log('end');
    `);
    assert.deepEqual(outcome, silent('end\n'));
  });

  test('a thenable that calls back when its thread has ended ends no other', async () => {
    const outcome = await program(`
      const kept = counter(), done = counter();
      start_new_thread(() => ({
        then(resolve, reject) {
          globalThis.reject = reject;
          resolve();
        },
      }), []);
      quiet();
      start_new_thread(async () => {
        globalThis.reject(new Error('after the end'));
        await sleep(1);
        console.log('innocent');
      }, []);
      quiet();
    `);
    assert.deepEqual(outcome, silent('innocent\n'));
  });

  test('handlers that a thread has set are gone with it', async () => {
    const { stdout, stderr } = await program(`
      start_new_thread(() => {
        globalThis.worker = 'same';
        process.on('uncaughtException', () => console.log('caught'));
        process.setUncaughtExceptionCaptureCallback(() => console.log('captured'));
      }, []);
      quiet();
      start_new_thread(async function fails() { console.log(globalThis.worker); strays.timeout('mine'); await forever(); }, []);
      becomes(() => _count() === 0, 'the end of the thread');
    `);
    assert.equal(stdout, 'same\n');
    assert.deepEqual(reported(stderr), ['fails']);
  });
});

suite('an async context', () => {
  const CONTEXTS = `
    const als = new AsyncLocalStorage(), other = new AsyncLocalStorage();
    const both = () => als.getStore() + ' ' + other.getStore();
  `;

  test('ends with its task, however it was entered', async () => {
    const outcome = await program(`
      ${CONTEXTS}
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      // The storages are each thread's own.
      executor.submit(() => {
        globalThis.als = new AsyncLocalStorage();
        globalThis.other = new AsyncLocalStorage();
        globalThis.both = () => globalThis.als.getStore() + ' ' + globalThis.other.getStore();
      }).result();
      const enter = [
        () => globalThis.als.enterWith('sync'),
        async () => { globalThis.als.enterWith('async'); },
        async () => { await sleep(1); globalThis.als.enterWith('later'); globalThis.other.enterWith('more'); await sleep(1); },
        async () => { globalThis.als.enterWith('before'); await sleep(1); return globalThis.als.getStore(); },
        () => globalThis.als.run('run', () => void globalThis.other.enterWith('inside')),
        () => { globalThis.als.enterWith('throws'); throw new Error('thrown'); },
        async () => { globalThis.als.enterWith('rejects'); await sleep(1); throw new Error('rejected'); },
        () => new AsyncResource('x').runInAsyncScope(() => globalThis.als.enterWith('resource')),
        async () => { globalThis.als.enterWith('lost'); strays.timeout('stray'); await forever(); },
        () => { globalThis.als.enterWith('leaves'); setTimeout(() => { globalThis.kept = both(); }, 1); function both() { return globalThis.both(); } },
      ];
      for (const how of enter) {
        executor.submit(how).exception();
        console.log(executor.submit(() => globalThis.both()).result(), '|', executor.submit(async () => { await sleep(1); return globalThis.both(); }).result());
      }
      console.log(executor.submit(async () => { while (globalThis.kept === undefined) await sleep(1); return globalThis.kept; }).result());
      process.exit();
    `);
    assert.deepEqual(outcome, silent(`${'undefined undefined | undefined undefined\n'.repeat(10)}leaves undefined\n`));
  });

  test('ends with a task that is cancelled inside it, at any instruction', async () => {
    const outcome = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      executor.submit(() => { globalThis.als = new AsyncLocalStorage(); globalThis.worker = 'same'; }).result();
      for (const enter of [
        (loop) => new AsyncResource('x').runInAsyncScope(() => { globalThis.als.enterWith('inside'); loop(); }),
        (loop) => new AsyncResource('x').runInAsyncScope(() => new AsyncResource('y').runInAsyncScope(loop)),
        (loop) => globalThis.als.run('inside', loop),
        (loop) => { globalThis.als.enterWith('entered'); loop(); },
      ]) {
        const began = new Event();
        const future = executor.withOptions({ interruptible: true }).submit((enter, began) => enter(() => { began.set(); for (;;); }), enter, began);
        began.wait();
        const cancelled = future.cancel();
        console.log(
          cancelled,
          executor.submit(() => [globalThis.worker, globalThis.als.getStore()].join(' ')).result(),
          executor.submit(async () => { await sleep(1); return globalThis.als.getStore(); }).result(),
        );
      }
    `);
    assert.deepEqual(outcome, silent('true same  undefined\n'.repeat(4)));
  });

  test('ends with its thread', async () => {
    const outcome = await program(`
      start_new_thread(() => { globalThis.als = new AsyncLocalStorage(); }, []);
      quiet();
      for (const enter of [
        () => globalThis.als.enterWith('sync'),
        async () => { await sleep(1); globalThis.als.enterWith('async'); },
        () => { globalThis.als.enterWith('leaves'); setTimeout(() => {}, 5); },
        () => { globalThis.als.enterWith('exits'); thread.exit(); },
      ]) {
        start_new_thread(enter, []);
        quiet();
        start_new_thread(async () => { const at = globalThis.als.getStore(); await sleep(1); console.log(at, globalThis.als.getStore()); }, []);
        quiet();
      }
    `);
    assert.deepEqual(outcome, silent('undefined undefined\n'.repeat(4)));
  });

  test('stays with what a thread or task has started', async () => {
    const outcome = await program(`
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      const lazy = () => {
        const als = new AsyncLocalStorage();
        als.enterWith('mine');
        // Begins its work when it is awaited.
        return { then(resolve) { resolve(als.getStore()); } };
      };
      console.log(executor.submit(lazy).result());
      const bound = async () => {
        const als = new AsyncLocalStorage();
        const seen = als.run('run', () => AsyncResource.bind(() => als.getStore()));
        await sleep(1);
        return seen() + ' ' + als.getStore();
      };
      console.log(executor.submit(bound).result());
    `);
    assert.deepEqual(outcome, silent('mine\nrun undefined\n'));
  });
});
