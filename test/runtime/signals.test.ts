// Many waits that one AbortSignal ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeProgram, silent } from './prelude.ts';

test('any number of waits can have one signal, without a warning; each is ended by it once', async () => {
  const outcome = await runtimeProgram(`
    import { Condition, Event, Lock, Queue, RLock, run, Semaphore, Thread, ThreadPoolExecutor } from 'heddle';
    import { getEventListeners } from 'node:events';
    const controller = new AbortController(), { signal } = controller;
    const lock = new Lock(), other = new RLock(), event = new Event(), queue = new Queue(), none = new Semaphore(0), hold = new Event();
    lock.acquire();
    const busy = new Thread((other, hold, event) => { other.acquire(); event.set(); hold.wait(); }, { args: [other, hold, event] });
    busy.start();
    event.wait();
    event.clear();
    const waits = [];
    for (let n = 0; n < 30; n++) {
      waits.push(lock.acquireAsync({ signal }), event.waitAsync({ signal }), queue.getAsync({ signal }), none.acquireAsync({ signal }),
        other.acquireAsync({ signal }), busy.joinAsync({ signal }));
    }
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit((hold) => hold.wait(), hold);
    const futures = Array.from({ length: 30 }, () => executor.withOptions({ signal }).submit(() => 1));
    const maps = Array.from({ length: 15 }, () => executor.map((n) => n, [1], { signal })[Symbol.asyncIterator]().next());
    const listeners = getEventListeners(signal, 'abort').length;
    const reason = new Error('no more');
    controller.abort(reason);
    const outcomes = await Promise.allSettled([...waits, ...maps]);
    console.log(listeners, outcomes.length, outcomes.every((outcome) => outcome.reason === reason), futures.every((future) => future.cancelled()));
    hold.set();
    // What ends in another way does not listen any more.
    const unheard = new AbortController().signal;
    await Promise.all(Array.from({ length: 30 }, () => run(() => {}).then(() => event.waitAsync({ signal: unheard, timeout: 1 }))));
    console.log(getEventListeners(unheard, 'abort').length);
    executor.shutdown();
  `);
  assert.deepEqual(outcome, silent('1 195 true true\n0\n'));
});
