// Dates and errors: values that do not change.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect, types } from 'node:util';
import { runInNewContext } from 'node:vm';
import { isShared, KeyboardInterrupt, MemoryError, run, SystemExit, shared, snapshot, ThreadError } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

test('a date is a date of the same moment', () => {
  for (const time of [0, -1, 1_700_000_000_123, 8.64e15, -8.64e15, NaN]) {
    const date = shared(new Date(time));
    assert.ok(date instanceof Date);
    assert.ok(types.isDate(date));
    assert.ok(Object.is(date.getTime(), time));
    assert.equal(inspect(date), inspect(new Date(time)));
    assert.equal(JSON.stringify({ date }), JSON.stringify({ date: new Date(time) }));
  }
});

test('a shared date cannot be changed, and says how to', () => {
  const record = shared({ at: new Date(5) });
  for (const change of [
    () => record.at.setTime(1),
    () => record.at.setFullYear(2000),
    () => record.at.setUTCHours(1),
  ]) {
    assert.throws(change, { name: 'TypeError', message: /cannot change a shared date: assign a new Date/ });
  }
  record.at = new Date(6);
  assert.equal(record.at.getTime(), 6);
});

test('one date in two places is one object; in a map it is a key', () => {
  const date = new Date(1);
  const all = shared({ a: date, b: [date], c: new Map([[date, 'c']]) });
  assert.equal(all.a, all.b.at(0));
  assert.equal(all.c.get(all.a), 'c');
  collectAll();
  assert.equal(all.a, all.b.at(0));
});

test('a snapshot of a date can be changed', () => {
  const copy = snapshot(shared({ at: new Date(5) }));
  assert.equal(Object.getPrototypeOf(copy.at), Date.prototype);
  copy.at.setTime(7);
  assert.equal(copy.at.getTime(), 7);
  assert.ok(!isShared(copy.at));
});

test('an error is of its class, with message, stack and name', () => {
  for (const Class of [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    ThreadError,
    SystemExit,
    KeyboardInterrupt,
    MemoryError,
  ]) {
    const plain = new Class('what it says');
    const error = shared({ error: plain as Error }).error;
    assert.ok(error instanceof Class, Class.name);
    assert.deepEqual([error.name, error.message, error.stack], [plain.name, plain.message, plain.stack]);
    assert.ok(Object.isFrozen(error));
    assert.ok(types.isNativeError(error));
    assert.ok(!('cause' in error));
  }
});

test('own properties of an error come along, wherever it is in a graph', () => {
  const plain = Object.assign(new Error('x'), {
    code: 'ECODE',
    errno: -2,
    list: [1, { a: 2 }],
    at: new Date(3),
    nothing: undefined,
  });
  const check = (error: typeof plain): void => {
    assert.deepEqual([error.code, error.errno, error.at.getTime(), error.nothing], ['ECODE', -2, 3, undefined]);
    assert.deepEqual(snapshot(error.list), [1, { a: 2 }]);
    assert.deepEqual(Object.keys(error), ['code', 'errno', 'list', 'at', 'nothing']);
  };
  check(shared(plain) as never);
  check(shared([plain]).at(0) as never);
  check(shared({ first: plain, second: plain }).second as never);
  check(shared(new Error('outer', { cause: plain })).cause as never);
  check(shared(Object.assign(new Error('outer'), { inner: plain })).inner as never);
});

test('a cause comes along, also if it is no error, or undefined', () => {
  const cause = shared(new Error('outer', { cause: new RangeError('inner', { cause: { code: 1 } }) })).cause as Error;
  assert.ok(cause instanceof RangeError);
  assert.deepEqual(snapshot(cause.cause), { code: 1 });
  const none = shared(new Error('x', { cause: undefined }));
  assert.ok('cause' in none);
  assert.equal(none.cause, undefined);
  assert.equal(shared(new Error('x', { cause: null })).cause, null);
});

test('errors in cycles stay in them', () => {
  const error = new Error('itself') as Error & { self?: unknown; holder?: { error: Error } };
  error.cause = error;
  error.self = error;
  error.holder = { error };
  const own = shared(error);
  assert.equal(own.cause, own);
  assert.equal(own.self, own);
  assert.equal(own.holder?.error, own);
  const kept = shared({ error });
  elsewhere((given) => {
    const there = given.error as Error & { self?: unknown; holder?: { error: unknown } };
    if (there.cause !== there || there.self !== there || there.holder?.error !== there) throw new Error('not itself');
  }, kept);
  const copy = snapshot(kept).error as typeof error;
  assert.equal(copy.cause, copy);
  assert.equal(copy.holder?.error, copy);
  assert.ok(!Object.isFrozen(copy));
  checkHeap();
});

test("a program's class of errors becomes the nearest above that every thread has, with its name", () => {
  class Own extends RangeError {
    override name = 'Own';
    readonly extra = 1;
  }
  const error = shared({ error: new Own('x') as Error }).error as Own;
  assert.ok(error instanceof RangeError);
  assert.equal(error.name, 'Own');
  assert.equal(error.extra, 1);
  assert.equal(String(error), 'Own: x');
});

test('what an error says of itself may be anything', () => {
  const odd = new Error('x');
  for (const [key, value] of Object.entries({ name: { toString: () => 'text' }, message: 5, stack: 7 })) {
    Object.defineProperty(odd, key, { value, enumerable: false });
  }
  const error = shared(odd);
  assert.deepEqual([error.name, error.message, error.stack], ['text', '5', '']);
  for (const key of ['name', 'message', 'stack', 'cause', 'code']) {
    const hostile = new Error('x');
    Object.defineProperty(hostile, key, {
      enumerable: true,
      get() {
        throw new RangeError(key);
      },
    });
    // An error still says what it can.
    const told = shared([hostile]).at(0) as Error;
    assert.deepEqual(
      [told.name, told.message, told instanceof Error, 'code' in told],
      [key === 'name' ? '' : 'Error', key === 'message' ? '' : 'x', true, key === 'code'],
    );
    const textless = new Error('x');
    Object.defineProperty(textless, key, {
      value: {
        toString() {
          throw new RangeError(key);
        },
      },
    });
    if (key === 'name' || key === 'message') assert.equal((shared([textless]).at(0) as Error)[key], '');
  }
  checkHeap();
});

test('errors are the same in another thread', () => {
  const record = shared({ error: Object.assign(new TypeError('x', { cause: 1 }), { code: 2 }), back: null as unknown });
  elsewhere((given) => {
    const { error } = given;
    if (!(error instanceof TypeError) || error.cause !== 1 || error.code !== 2) throw new Error('not as it was');
    given.back = new SyntaxError('from there', { cause: error });
  }, record);
  const back = record.back as Error;
  assert.ok(back instanceof SyntaxError);
  assert.equal(back.cause, record.error);
  checkHeap();
});

test('a chain of 3,000 causes is read to its end, here and elsewhere', () => {
  let plain = new Error('last');
  for (let n = 0; n < 3000; n++) plain = new Error(`${n}`, { cause: plain });
  const kept = shared({ error: plain });
  const length = (error: unknown): number => {
    let count = 0;
    for (let at = error; at instanceof Error; at = at.cause) count++;
    return count;
  };
  assert.equal(length(kept.error), 3001);
  elsewhere(
    (given, measure) => {
      if (measure(given.error) !== 3001) throw new Error('too short');
    },
    kept,
    length,
  );
});

test('an AggregateError keeps its class and its errors', () => {
  const first = new TypeError('a', { cause: 1 });
  const plain = Object.assign(new AggregateError([first, 'text', { n: 1 }], 'm', { cause: first }), { code: 7 });
  plain.errors.push(plain);
  const record = shared({ error: plain, first });
  const check = (error: AggregateError & { code: number }, one: Error): void => {
    if (!(error instanceof AggregateError) || error.constructor !== AggregateError) throw new Error('another class');
    const { errors } = error;
    if (!Array.isArray(errors) || errors.length !== 4 || !Object.isFrozen(errors)) throw new Error('no list');
    if (errors[0] !== one || !(one instanceof TypeError) || one.cause !== 1) throw new Error('another error');
    if (errors[1] !== 'text' || (errors[2] as { n: number }).n !== 1 || errors[3] !== error) throw new Error('lost');
    if (error.cause !== one || error.code !== 7 || error.message !== 'm') throw new Error('not as it was');
    if (Object.keys(error).join() !== 'code') throw new Error(`it shows ${Object.keys(error).join()}`);
  };
  check(record.error, record.first);
  elsewhere(
    (given, checking) => {
      checking(given.error, given.first);
    },
    record,
    check,
  );
  checkHeap();
  collectAll();
  check(record.error, record.first);

  const copy = snapshot(record);
  assert.ok(copy.error instanceof AggregateError);
  assert.deepEqual(copy.error.errors.slice(0, 3), [copy.first, 'text', { n: 1 }]);
  assert.equal(copy.error.errors[0], copy.first);
  assert.equal(copy.error.errors[3], copy.error);
  assert.ok(!isShared(copy.error.errors[2]));
  assert.equal(inspect(record.error), inspect(plain));
  assert.equal(inspect(record), inspect({ error: plain, first }));
});

test('an AggregateError of one that is no array, or of nothing', () => {
  const [odd, none] = [new AggregateError([]), new AggregateError([])];
  odd.errors = 5 as never;
  assert.equal(shared({ odd }).odd.errors, 5);
  assert.deepEqual(shared({ none }).none.errors, []);
  assert.deepEqual(shared({ a: new AggregateError([() => 1, 2]) }).a.errors, [undefined, 2]);
});

test('what cannot be shared of an error is left out, and nothing else', () => {
  const odd = Object.assign(new TypeError('x', { cause: { fine: 1, no: () => 1 } }), {
    fine: {
      deep: [
        1,
        Symbol('no'),
        new Map<string, unknown>([
          ['a', 1],
          ['b', () => 1],
        ]),
      ],
    },
    code: 'ECODE',
    socket: new WeakMap(),
    method: () => 1,
    set: new Set<unknown>([1, Promise.resolve()]),
  });
  const error = shared({ odd }).odd as typeof odd;
  assert.ok(error instanceof TypeError);
  assert.deepEqual(snapshot(error.cause), { fine: 1 });
  assert.deepEqual(Object.keys(error), ['fine', 'code', 'set']);
  assert.deepEqual(snapshot(error.fine), { deep: [1, undefined, new Map([['a', 1]])] });
  assert.deepEqual(snapshot(error.set), new Set([1]));
  // What is reached another way too is still refused.
  const map = new WeakMap();
  const both = Object.assign(new Error('x'), { map, holder: { map } });
  for (const graph of [
    { both, map },
    { map, both },
    { both, deep: [[{ holder: both.holder }]] },
  ])
    assert.throws(() => shared(graph as object), { name: 'TypeError', message: /WeakMap/ });
  checkHeap();
});

test("errors of Node's and of the platform's are what they were", () => {
  const thrown = (fn: () => unknown): Error & { code?: unknown } => {
    try {
      fn();
    } catch (error) {
      return error as Error;
    }
    return assert.fail('nothing was thrown');
  };
  const all = [
    () => Buffer.alloc('x' as never),
    () => process.kill('x' as never),
    () => readFileSync('/no/such/file'),
    () => AbortSignal.abort().throwIfAborted(),
    () => structuredClone(() => 1),
    () => JSON.parse('{'),
    () => new URL('x'),
    () => atob('*'),
    () => runInNewContext('null.x'),
  ].map(thrown);
  const check = (error: Error & { code?: unknown }, plain: typeof error): void => {
    assert.equal(error.constructor.name, plain instanceof Error ? plain.constructor.name : 'TypeError');
    assert.deepEqual(
      [error.name, error.message, error.code, String(error)],
      [plain.name, plain.message, plain.code, String(plain)],
    );
  };
  for (const plain of all) {
    const error = shared({ error: plain }).error as Error;
    check(error, plain);
    assert.equal(error.stack, plain.stack);
    check(snapshot(shared({ error: plain })).error as Error, plain);
    check(run((given) => given.error as Error, shared({ error: plain })).result(), plain);
  }
});
