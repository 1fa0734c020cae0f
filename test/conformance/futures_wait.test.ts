// Section 4 of the contract, concurrent.futures: wait, as_completed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALL_COMPLETED,
  allocateLock,
  asCompleted,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  run,
  startNewThread,
  TimeoutError,
  wait,
  waitAsync,
} from 'heddle';

/** Settles a future in another thread, a moment later. */
function settleLater(future: Future<number>, value: number | Error): void {
  startNewThread(
    (future: Future<number>, value: number | Error) => {
      if (typeof value === 'number') future.setResult(value);
      else future.setException(value);
    },
    [future, value],
  );
}

const three = () => [new Future<number>(), new Future<number>(), new Future<number>()] as const;

test('wait: all are done, as a pair of sets; duplicates count once', () => {
  const [a, b, c] = three();
  for (const future of [a, b, c]) settleLater(future, 1);
  const { done, notDone } = wait([a, b, c, a]);
  assert.deepEqual([done.size, notDone.size], [3, 0]);
  assert.ok(done.has(a) && done.has(b) && done.has(c));
});

test('wait: nothing to wait for', () => {
  assert.deepEqual(wait([]), { done: new Set(), notDone: new Set() });
});

test('wait({ timeout }): what is not done by then is no error', () => {
  const [a, b] = three();
  a.setResult(1);
  const { done, notDone } = wait([a, b], { timeout: 5 });
  assert.deepEqual([[...done], [...notDone]], [[a], [b]]);
});

test('wait({ returnWhen: FIRST_COMPLETED })', () => {
  const [a, b, c] = three();
  settleLater(b, 2);
  const { done, notDone } = wait([a, b, c], { returnWhen: FIRST_COMPLETED });
  assert.deepEqual([[...done], [...notDone]], [[b], [a, c]]);
});

test('wait({ returnWhen: FIRST_EXCEPTION }): a result is not enough, nor is a cancellation', () => {
  const [a, b, c] = three();
  a.setResult(1);
  settleLater(b, new Error('b'));
  const { done, notDone } = wait([a, b, c], { returnWhen: FIRST_EXCEPTION });
  assert.deepEqual([[...done].sort(), [...notDone]], [[a, b].sort(), [c]]);
  const [d, e] = three();
  d.cancel();
  assert.equal(wait([d, e], { returnWhen: FIRST_EXCEPTION, timeout: 5 }).notDone.size, 1);
  e.setResult(1);
  assert.equal(wait([d, e], { returnWhen: FIRST_EXCEPTION }).notDone.size, 0);
});

test('wait: a cancelled future is done', () => {
  const [a, b] = three();
  a.cancel();
  settleLater(b, 1);
  assert.equal(wait([a, b], { returnWhen: ALL_COMPLETED }).done.size, 2);
});

test('wait: an unknown condition is a RangeError, unless all are done already', () => {
  const [a] = three();
  const returnWhen = 'x' as typeof ALL_COMPLETED;
  assert.throws(() => wait([a], { returnWhen }), { name: 'RangeError', message: /^Invalid return condition: 'x'/ });
  a.setResult(1);
  assert.equal(wait([a], { returnWhen }).done.size, 1);
  assert.throws(() => wait([1 as never]), /1 is not a Future/);
});

test('waitAsync: as wait, on the event loop', async () => {
  const [a, b] = three();
  settleLater(a, 1);
  const first = await waitAsync([a, b], { returnWhen: FIRST_COMPLETED });
  assert.deepEqual([[...first.done], [...first.notDone]], [[a], [b]]);
  assert.equal((await waitAsync([a, b], { timeout: 5 })).notDone.size, 1);
  settleLater(b, 1);
  assert.equal((await waitAsync([a, b])).done.size, 2);
});

test('asCompleted: first those that are done already, then as they are done; each once', () => {
  const [a, b, c] = three();
  c.setResult(3);
  settleLater(a, 1);
  const order: unknown[] = [];
  for (const future of asCompleted([a, b, c, c])) {
    order.push(future);
    if (future === a) b.setResult(2);
  }
  assert.deepEqual(order, [c, a, b]);
});

test('asCompleted: for await gives the results', async () => {
  const [a, b] = three();
  settleLater(b, 2);
  const order: number[] = [];
  for await (const result of asCompleted([a, b])) {
    order.push(result);
    if (result === 2) settleLater(a, 1);
  }
  assert.deepEqual(order, [2, 1]);
  await assert.rejects(async () => {
    const failed = new Future<number>();
    failed.setException(new RangeError('failed'));
    for await (const _ of asCompleted([failed]));
  }, RangeError);
});

test('asCompleted({ timeout }): TimeoutError that says how many are left', async () => {
  const [a, b] = three();
  a.setResult(1);
  const seen: unknown[] = [];
  assert.throws(
    () => {
      for (const future of asCompleted([a, b], { timeout: 5 })) seen.push(future);
    },
    { name: 'TimeoutError', message: '1 (of 2) futures unfinished' },
  );
  assert.deepEqual(seen, [a]);
  await assert.rejects(async () => {
    for await (const _ of asCompleted([b], { timeout: 5 }));
  }, TimeoutError);
});

test('wait and asCompleted of many tasks', () => {
  const futures = Array.from({ length: 500 }, (_, n) => run((n: number) => n, n));
  let sum = 0;
  for (const future of asCompleted(futures)) sum += future.result();
  assert.equal(sum, (499 * 500) / 2);
  assert.equal(wait(futures).done.size, 500);
});

test('wait: from several threads at once', () => {
  const [a] = three();
  const seen = allocateLock();
  seen.acquire();
  startNewThread(() => {
    wait([a]);
    seen.release();
  }, []);
  settleLater(a, 1);
  wait([a]);
  assert.equal(seen.acquire(), true);
});
