// Section 3 of the contract: starts, identifiers, interrupts, errors. One test for each numbered line, by its number.
//
// Lines without a test of their own: 23 (an addition of Python 3; what of it is here stands in locks.test.ts) and 24
// (dummy_threading, which needs `threading`).

import assert from 'node:assert/strict';
import { type Mock, mock, test } from 'node:test';
import * as thread from 'heddle/dummy_thread';
import { deferred } from '../support/deferred.ts';

/** Runs `body` and hands back what it printed on stderr, one array of arguments a call. */
async function printed(body: () => unknown): Promise<unknown[][]> {
  const spy: Mock<typeof console.error> = mock.method(console, 'error', () => {});
  try {
    await body();
    return spy.mock.calls.map((call) => call.arguments);
  } finally {
    spy.mock.restore();
  }
}

const untyped = thread.start_new_thread as (...args: unknown[]) => undefined;

test('3-1 the exports: those of heddle/thread, so that one import stands for the other', () => {
  const names = ['LockType', 'allocate_lock', 'error', 'exit', 'get_ident', 'interrupt_main', 'stack_size'];
  const realOnly = ['TIMEOUT_MAX', '_count', 'allocate', 'exit_thread', 'start_new'];
  const signals = ['KeyboardInterrupt', 'SystemExit'];
  assert.deepEqual(Object.keys(thread).sort(), [...names, ...realOnly, ...signals, 'start_new_thread'].sort());
  assert.equal(thread.start_new, thread.start_new_thread);
  assert.equal(thread.allocate, thread.allocate_lock);
  assert.equal(thread.exit_thread, thread.exit);
  assert.equal(thread._count(), 0);
});

test('3-2 error is a class of its own under Error and keeps its message', () => {
  const error = new thread.error('spam');
  assert.ok(error instanceof Error);
  assert.equal(error.message, 'spam');
  assert.equal(error.name, 'ThreadError');
  assert.notEqual(thread.error, Error);
});

test('3-3 start_new_thread runs the function now, in the caller, and returns undefined', () => {
  const steps: string[] = [];
  const result = thread.start_new_thread(() => {
    steps.push('function');
    return 42;
  }, []);
  steps.push('caller');
  assert.equal(result, undefined);
  assert.deepEqual(steps, ['function', 'caller']);
});

test('3-4 args must be exactly an array', () => {
  class Tuple extends Array<number> {}
  for (const args of [undefined, null, 'ab', 7, {}, new Set([1]), new Tuple()]) {
    assert.throws(() => untyped(() => {}, args), { name: 'TypeError', message: /^2nd arg must be a tuple: / });
  }
});

test('3-5 kwargs must be exactly a plain object', () => {
  class Options {}
  for (const kwargs of [null, 'ab', 7, [], new Map(), new Options()]) {
    assert.throws(() => untyped(() => {}, [], kwargs), { name: 'TypeError', message: /^3rd arg must be a dict: / });
  }
  untyped(() => {}, [], undefined);
  untyped(() => {}, [], Object.create(null));
});

test('3-6 accepts its arguments by name', () => {
  const seen: unknown[] = [];
  thread.start_new_thread({
    function: (...args: unknown[]) => seen.push(...args),
    args: [1, 2],
    kwargs: { three: 3 },
  });
  assert.deepEqual(seen, [1, 2, { three: 3 }]);
});

test('3-7 a function that is none fails in the "thread": printed, and the call returns undefined', async () => {
  for (const fn of [undefined, null, 7, 'f', {}]) {
    const calls = await printed(() => assert.equal(untyped(fn, []), undefined));
    assert.equal(calls.length, 1);
    assert.ok(calls[0]?.[0] instanceof TypeError);
  }
});

test('3-8 SystemExit is swallowed in silence', async () => {
  const calls = await printed(() => {
    thread.start_new_thread(() => thread.exit(), []);
    thread.start_new_thread(() => {
      throw new thread.SystemExit(3);
    }, []);
  });
  assert.deepEqual(calls, []);
});

test('3-8 any other error, KeyboardInterrupt too, is printed without a header and swallowed', async () => {
  const boom = new RangeError('boom');
  const interrupt = new thread.KeyboardInterrupt();
  const calls = await printed(() => {
    for (const error of [boom, interrupt]) {
      thread.start_new_thread(() => {
        throw error;
      }, []);
    }
    thread.start_new_thread(() => {
      throw 'not an error';
    }, []);
  });
  assert.deepEqual(calls, [[boom], [interrupt], ['Uncaught', 'not an error']]);
});

test('3-8 the promise of an async function runs on; its rejection is printed in the same way', async () => {
  const boom = new RangeError('boom');
  const gate = deferred();
  const ended = deferred();
  const calls = await printed(async () => {
    thread.start_new_thread(async () => {
      await gate.promise;
      // The rejection is handled in the microtasks after this one; a turn of the event loop comes after them all.
      setImmediate(ended.resolve);
      throw boom;
    }, []);
    thread.start_new_thread(async () => {
      await gate.promise;
      thread.exit();
    }, []);
    gate.resolve();
    await ended.promise;
  });
  assert.deepEqual(calls, [[boom]]);
});

test('3-9 exit throws SystemExit', () => {
  assert.throws(
    () => thread.exit(),
    (error) => error instanceof thread.SystemExit && error.code === undefined && error.message === '',
  );
});

test('3-10 get_ident is always -1', () => {
  assert.equal(thread.get_ident(), -1);
  let inside: number | undefined;
  thread.start_new_thread(() => {
    inside = thread.get_ident();
  }, []);
  assert.equal(inside, -1);
});

test('3-11 interrupt_main outside a "thread": KeyboardInterrupt at once', () => {
  assert.throws(() => thread.interrupt_main(), thread.KeyboardInterrupt);
});

test('3-12 interrupt_main inside: the function runs on, start_new_thread throws, the flag is cleared', () => {
  let ranOn = false;
  const start = () =>
    thread.start_new_thread(() => {
      thread.interrupt_main();
      thread.interrupt_main();
      ranOn = true;
    }, []);
  assert.throws(start, thread.KeyboardInterrupt);
  assert.equal(ranOn, true);
  thread.start_new_thread(() => {}, []);
});

test('3-12 … even if the function failed as well', async () => {
  const boom = new Error('boom');
  const calls = await printed(() => {
    assert.throws(
      () =>
        thread.start_new_thread(() => {
          thread.interrupt_main();
          throw boom;
        }, []),
      thread.KeyboardInterrupt,
    );
  });
  assert.deepEqual(calls, [[boom]]);
});

test('3-13 a nested start marks "main" when it returns: interrupt_main in the outer "thread" then throws at once', async () => {
  let ranOn = false;
  const calls = await printed(() =>
    thread.start_new_thread(() => {
      thread.start_new_thread(() => {}, []);
      thread.interrupt_main();
      ranOn = true;
    }, []),
  );
  assert.equal(ranOn, false);
  assert.equal(calls.length, 1);
  assert.ok(calls[0]?.[0] instanceof thread.KeyboardInterrupt);
});

test('3-14 stack_size: 0 without an argument, an error with any number', () => {
  const stackSize = thread.stack_size as (size?: unknown) => number;
  assert.equal(stackSize(), 0);
  assert.equal(stackSize(null), 0);
  for (const size of [0, 4096, 262144]) {
    const refused = { name: 'ThreadError', message: /^setting thread stack size not supported/ };
    assert.throws(() => stackSize(size), refused);
  }
});

// The tests of Python's own suite for this module.

test('3 [ident] is a non-zero integer', () => {
  assert.ok(Number.isInteger(thread.get_ident()));
  assert.notEqual(thread.get_ident(), 0);
});

test('3 [exit] raises SystemExit', () => {
  assert.throws(thread.exit, thread.SystemExit);
});

test('3 [interrupt_main] in a "thread" and in main', () => {
  assert.throws(() => thread.start_new_thread(thread.interrupt_main, []), thread.KeyboardInterrupt);
  assert.throws(() => thread.interrupt_main(), thread.KeyboardInterrupt);
});

test('3 [arg_passing] by array, by object, by both', () => {
  const seen: unknown[] = [];
  thread.start_new_thread((a: number, b: number) => seen.push(a, b), [1, 2]);
  thread.start_new_thread(({ a }: { a: number }) => seen.push(a), [], { a: 3 });
  thread.start_new_thread((a: number, { b }: { b: number }) => seen.push(a, b), [4], { b: 5 });
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
});

test('3 [multi_creation] five starts all deliver', () => {
  const seen: number[] = [];
  for (let n = 0; n < 5; n++) thread.start_new_thread((index: number) => seen.push(index), [n]);
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
});
