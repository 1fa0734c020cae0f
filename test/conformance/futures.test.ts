// Section 4 of the contract, concurrent.futures: Future, and the states it goes through.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allocateLock,
  CancelledError,
  Future,
  getIdent,
  InvalidStateError,
  type Lock,
  run,
  SystemExit,
  shared,
  startNewThread,
  ThreadPoolExecutor,
  TimeoutError,
} from 'heddle';
import { counter, raise, reaches, value } from '../support/counter.ts';
import { deferred } from '../support/deferred.ts';

/** Waits for a gate such that no wait lasts, so that the executor does not take it for blocked. */
function stay(gate: Lock): void {
  while (!gate.acquire({ timeout: 5 }));
}

/** A future whose task waits for the gate, and one behind it: the executor has one thread. */
function occupied() {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = allocateLock();
  gate.acquire();
  const begun = counter();
  const running = executor.submit(() => {
    raise(begun);
    stay(gate);
    return 'ran';
  });
  reaches(begun, 1);
  const pending = executor.submit(() => 'pending');
  return { executor, gate, running, pending };
}

test('Future: PENDING, then RUNNING, then FINISHED', () => {
  const { executor, gate, running, pending } = occupied();
  assert.deepEqual([running.running(), running.done(), running.cancelled()], [true, false, false]);
  assert.deepEqual([pending.running(), pending.done(), pending.cancelled()], [false, false, false]);
  assert.match(String(running), /^<Future at 0x[0-9a-f]+ state=running>$/);
  assert.match(String(pending), /^<Future at 0x[0-9a-f]+ state=pending>$/);
  gate.release();
  assert.equal(running.result(), 'ran');
  assert.equal(pending.result(), 'pending');
  assert.deepEqual([pending.running(), pending.done(), pending.cancelled()], [false, true, false]);
  assert.match(String(pending), /^<Future at 0x[0-9a-f]+ state=finished returned string>$/);
  executor.shutdown();
});

test('Future.cancel: a call that waits is cancelled and never made', () => {
  const { executor, gate, pending } = occupied();
  const ran = counter();
  const other = executor.submit(() => raise(ran));
  assert.equal(other.cancel(), true);
  assert.equal(other.cancelled(), true);
  assert.equal(other.done(), true);
  assert.throws(() => other.result(), CancelledError);
  assert.throws(() => other.exception(), CancelledError);
  gate.release();
  assert.equal(pending.result(), 'pending');
  executor.shutdown();
  assert.equal(value(ran), 0);
});

test('Future.cancel: on a running or finished one false, on a cancelled one true', () => {
  const { executor, gate, running, pending } = occupied();
  assert.equal(running.cancel(), false);
  assert.equal(pending.cancel(), true);
  assert.equal(pending.cancel(), true);
  gate.release();
  running.result();
  assert.equal(running.cancel(), false);
  assert.equal(running.cancelled(), false);
  executor.shutdown();
});

test('Future.result: TimeoutError when the time has passed, and it goes on', () => {
  const { executor, gate, running } = occupied();
  assert.throws(() => running.result(1), TimeoutError);
  assert.throws(() => running.result({ timeout: 0 }), TimeoutError);
  assert.throws(() => running.exception(1), TimeoutError);
  gate.release();
  assert.equal(running.result(), 'ran');
  assert.equal(running.exception(), undefined);
  executor.shutdown();
});

test('Future.result: what is no time-out is refused', () => {
  const future = new Future<number>();
  assert.throws(() => future.result('1' as never), TypeError);
  assert.throws(() => future.result(-5), RangeError);
  assert.throws(() => future.result({ timeOut: 5 } as never), /unknown option 'timeOut'/);
});

test('Future.exception: what the call has thrown; undefined if it has returned', () => {
  const failed = run(() => {
    throw new RangeError('out');
  });
  assert.ok(failed.exception() instanceof RangeError);
  assert.equal((failed.exception() as Error).message, 'out');
  assert.throws(() => failed.result(), { name: 'RangeError', message: 'out' });
  assert.equal(run(() => 1).exception(), undefined);
});

test('Future.result: the same object each time', () => {
  const future = run(() => ({ a: [1, 2] }));
  assert.deepEqual(future.result(), { a: [1, 2] });
  assert.strictEqual(future.result(), future.result());
});

test('Future: a task that raises SystemExit or KeyboardInterrupt stores it, and the thread lives on', () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const ident = executor.submit(getIdent).result();
  const exits = executor.submit(() => {
    throw new SystemExit(3);
  });
  assert.ok(exits.exception() instanceof SystemExit);
  assert.equal((exits.exception() as SystemExit).code, 3);
  const processExit = executor.submit(() => process.exit(4));
  assert.ok(processExit.exception() instanceof SystemExit);
  assert.equal(executor.submit(getIdent).result(), ident);
  executor.shutdown();
});

test('Future.setResult: set twice is InvalidStateError', () => {
  const future = new Future<number>();
  future.setResult(1);
  assert.throws(() => future.setResult(2), { name: 'InvalidStateError', message: /^FINISHED: <Future at 0x/ });
  assert.throws(() => future.setException(new Error('late')), InvalidStateError);
  assert.equal(future.result(), 1);
  const cancelled = new Future<number>();
  cancelled.cancel();
  assert.throws(() => cancelled.setResult(2), { name: 'InvalidStateError', message: /^CANCELLED: / });
});

test('Future.setRunningOrNotifyCancel: true and it runs; false if it was cancelled; twice is an unexpected state', () => {
  const future = new Future<number>();
  assert.equal(future.setRunningOrNotifyCancel(), true);
  assert.equal(future.running(), true);
  assert.equal(future.cancel(), false);
  assert.throws(() => future.setRunningOrNotifyCancel(), { message: /^Future in unexpected state/ });
  future.setResult(5);
  assert.equal(future.result(), 5);
  const cancelled = new Future();
  cancelled.cancel();
  assert.equal(cancelled.setRunningOrNotifyCancel(), false);
  assert.throws(() => cancelled.setRunningOrNotifyCancel(), /unexpected state/);
  assert.equal(cancelled.cancelled(), true);
});

test('Future: a future made by hand is settled in one thread, waited for in another', () => {
  const question = new Future<number>();
  const answer = new Future<string>();
  startNewThread(() => answer.setResult(`got ${question.result()}`), []);
  question.setResult(41);
  assert.equal(answer.result(), 'got 41');
});

test('Future.addDoneCallback: in the order in which they were added; what one throws does not stop the others', async () => {
  const { executor, gate, running } = occupied();
  const order: unknown[] = [];
  const called = deferred();
  running.addDoneCallback((future) => order.push(future === running, future.result()));
  running.addDoneCallback(() => order.push('second'));
  running.addDoneCallback(() => called.resolve());
  gate.release();
  await called.promise;
  assert.deepEqual(order, [true, 'ran', 'second']);
  executor.shutdown();
});

test('Future.addDoneCallback: on a finished future at once', () => {
  const future = run(() => 7);
  future.result();
  const seen: number[] = [];
  future.addDoneCallback((done) => seen.push(done.result()));
  assert.deepEqual(seen, [7]);
});

test('Future.addDoneCallback: a thread that blocks on the future calls them when it has it', () => {
  const { executor, gate, running } = occupied();
  const seen: string[] = [];
  running.addDoneCallback(() => seen.push('called'));
  gate.release();
  running.result();
  assert.deepEqual(seen, ['called']);
  executor.shutdown();
});

test('Future.addDoneCallback: also when it is cancelled', async () => {
  const { executor, gate, pending } = occupied();
  const called = deferred<boolean>();
  pending.addDoneCallback((future) => called.resolve(future.cancelled()));
  pending.cancel();
  assert.equal(await called.promise, true);
  gate.release();
  executor.shutdown();
});

test('Future: it can be awaited, chained and raced', async () => {
  assert.equal(await run((a: number, b: number) => a + b, 1, 2), 3);
  assert.equal(await run(() => 1).then((one) => one + 1), 2);
  await assert.rejects(async () => await run(() => Promise.reject(new TypeError('no'))), { name: 'TypeError' });
  assert.equal(
    await run((): number => {
      throw new Error('x');
    }).catch((error) => (error as Error).message),
    'x',
  );
  let finished = false;
  await run(() => 1).finally(() => {
    finished = true;
  });
  assert.equal(finished, true);
  assert.deepEqual(await Promise.all([run(() => 1), run(() => 2)]), [1, 2]);
});

test('Future: a task that gives a promise, or another future, has what that gives', () => {
  const later = run(async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n * 2;
  }, 21);
  assert.equal(later.result(), 42);
  const nested = run(() => run(() => 'inner'));
  assert.equal(nested.result(), 'inner');
});

test('Future: the same object in every thread; captured, passed, returned, held by shared objects', async () => {
  const future = new Future<string>();
  const box = shared({ future: future as unknown });
  const other = run((passed, box) => [passed === future, box.future === passed], future, box as { future: unknown });
  assert.deepEqual(await other, [true, true]);
  assert.strictEqual(run(() => [future]).result()[0], future);
  assert.equal(box.future, future);
});

test('Future: an error comes as its class, with own properties, cause, and both stacks in the user’s files', () => {
  class Odd extends RangeError {
    readonly code: number;
    constructor(message: string, code: number) {
      super(message, { cause: new TypeError('behind it') });
      this.code = code;
    }
  }
  function failing(code: number): never {
    throw new Odd('odd', code);
  }
  const error = run(failing, 7).exception() as Odd;
  assert.equal(error instanceof Odd, true);
  assert.equal(error instanceof RangeError, true);
  assert.equal(error.code, 7);
  assert.equal((error.cause as Error).message, 'behind it');
  assert.ok(error.cause instanceof TypeError);
  const lines = (error.stack ?? '').split('\n');
  const border = lines.findIndex((line) => line.includes('--- submitted from ---'));
  assert.ok(border > 0, String(error.stack));
  const [thread, submitter] = [lines.slice(0, border).join('\n'), lines.slice(border + 1).join('\n')];
  assert.match(thread, /failing.*futures\.test\.[jt]s:\d+:\d+/);
  assert.match(submitter, /futures\.test\.[jt]s:\d+:\d+/);
  assert.doesNotMatch(error.stack ?? '', /dist\/|src\/futures/);
});

test('Future: a result that cannot travel is the error of the future', () => {
  const error = run(() => new WeakMap()).exception() as Error;
  assert.equal(error.name, 'CaptureError');
  assert.match(error.message, /result/);
});

test('Future: an error with a property that cannot travel arrives without that, and is what it was otherwise', () => {
  class HttpError extends Error {
    readonly status: number;
    readonly response: unknown;
    constructor(message: string, status: number, response: unknown) {
      super(message, { cause: new RangeError('behind it') });
      this.status = status;
      this.response = response;
    }
  }
  const fail = (): never => {
    throw new HttpError('nope', 404, new WeakMap());
  };
  const error = run(fail).exception() as HttpError;
  assert.ok(error instanceof HttpError);
  assert.deepEqual([error.message, error.status, error.response], ['nope', 404, undefined]);
  assert.ok(error.cause instanceof RangeError);
  assert.match(error.stack ?? '', /fail.*futures\.test/);
});

test('Future: callbacks are called once each, whenever the future is done', async () => {
  // Interleaving: it is not done; callbacks begin to wait; it is done, and is found so before the first callback is in the list.
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const double = (n: number): number => n * 2;
  let called = 0;
  for (let n = 0; n < 8000; n++) {
    executor.submit(double, n).addDoneCallback(() => called++);
    if (n % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await executor.shutdownAsync();
  while (called < 8000) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(called, 8000);
});

test('Future: an error that cannot travel leaves its text', () => {
  const error = run(() => {
    const odd = new Error('the text') as Error & { held: unknown };
    odd.held = new WeakRef({});
    throw odd;
  }).exception() as Error;
  assert.match(error.message, /the text/);
});

test('Future: the type cannot be extended or copied', () => {
  class Mine extends Future<number> {}
  assert.throws(() => new Mine(), { name: 'TypeError', message: /cannot be extended/ });
  assert.throws(() => JSON.stringify(new Future()), /Future cannot be written as JSON/);
});
