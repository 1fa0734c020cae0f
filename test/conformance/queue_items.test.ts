// What a queue carries: whatever an argument can be.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parse } from 'acorn';
import {
  allocateLock,
  collect,
  Empty,
  Full,
  Lock,
  PriorityQueue,
  Queue,
  ShutDown,
  SimpleQueue,
  shared,
  struct,
  t,
  transfer,
} from 'heddle';
import { start_new_thread } from 'heddle/thread';
import { counter, raise, reaches } from '../support/counter.ts';
import { puttersAre } from '../support/queues.ts';

const Point = struct('QueuePoint', { x: t.f64, y: t.f64 });

/** Sends a value to a thread that sends it back. */
function thereAndBack<T>(value: T): T {
  const there = new Queue<T>();
  const back = new Queue<T>();
  start_new_thread(() => back.put(there.get()), []);
  there.put(value);
  return back.get();
}

suite('items', () => {
  test('primitives arrive as they are', () => {
    const values = [
      0,
      -0,
      1,
      -1,
      0.5,
      NaN,
      Infinity,
      2 ** 31,
      2 ** 1000,
      2 ** 1000 * 1.25,
      '',
      'a',
      'żółć',
      'x'.repeat(10_000),
      true,
      false,
    ];
    for (const value of [...values, null, undefined, 0n, -(2n ** 100n)])
      assert.ok(Object.is(thereAndBack(value), value));
  });

  test('shared objects arrive as the same', () => {
    for (const value of [shared({ n: 1 }), shared([1]), new Point({ x: 1, y: 2 }), allocateLock(), new Queue()]) {
      assert.equal(thereAndBack<unknown>(value), value);
    }
    assert.ok(thereAndBack(new Lock()) instanceof Lock);
  });

  test('plain data arrives as a copy', () => {
    const value = { list: [1, { deep: 'x' }], map: new Map([[1, new Set(['a'])]]), date: new Date(5), regexp: /x/gi };
    const back = thereAndBack(value);
    assert.notEqual(back, value);
    assert.deepEqual(back, value);
  });

  test('functions arrive with what they captured, errors as their class', () => {
    const add = 40;
    assert.equal(thereAndBack((n: number) => n + add)(2), 42);
    const error = thereAndBack(new RangeError('far', { cause: 'near' }));
    assert.ok(error instanceof RangeError);
    assert.deepEqual([error.message, error.cause], ['far', 'near']);
  });

  test('plain data with shared objects in it', () => {
    const world = shared({ n: 1 });
    const back = thereAndBack({ world, name: 'w' });
    assert.equal(back.world, world);
    assert.equal(back.name, 'w');
  });

  test('SharedArrayBuffers and views of them stay shared', () => {
    const buffer = new SharedArrayBuffer(8);
    const back = thereAndBack({ buffer, view: new Int32Array(buffer), again: [buffer] });
    new Int32Array(buffer)[1] = 77;
    assert.equal(new Int32Array(back.buffer)[1], 77);
    assert.equal(back.view[1], 77);
    assert.equal(back.again[0], back.buffer);
    const alone = thereAndBack(new Uint8Array(buffer, 4, 2));
    assert.deepEqual([alone[0], alone.length], [77, 2]);
  });

  test('what cannot travel: an error, and nothing is put', () => {
    const queue = new Queue<unknown>();
    assert.throws(() => queue.put(new WeakMap()), { name: 'CaptureError', stack: /^[^\n]*\n[^\n]*queue_items\.test/ });
    assert.throws(() => queue.putNowait(new WeakMap()), { name: 'CaptureError', stack: /queue_items\.test/ });
    assert.throws(() => queue.put(new MessageChannel().port1), /./);
    assert.equal(queue.size, 0);
    assert.equal(queue.unfinishedTasks, 0);
  });

  test('texts and objects wait for room', () => {
    const queue = new Queue<unknown>({ maxSize: 1 });
    start_new_thread(() => {
      for (let n = 0; n < 100; n++) queue.put(`text ${n}`);
      for (let n = 0; n < 100; n++) queue.put({ n });
    }, []);
    puttersAre(queue, 1);
    for (let n = 0; n < 100; n++) assert.equal(queue.get(), `text ${n}`);
    for (let n = 0; n < 100; n++) assert.deepEqual(queue.get(), { n });
  });

  test('an item that needs a module: get says so and leaves it, getAsync loads it', () => {
    const queue = new Queue<unknown>();
    const results = new Queue<unknown>();
    queue.put(() => parse('1', { ecmaVersion: 2022 }).type);
    queue.put(2);
    start_new_thread(async () => {
      try {
        queue.get();
        results.put('got');
      } catch (error) {
        results.put((error as Error).name);
        results.put((error as Error).message);
      }
      results.put(queue.size);
      results.put(((await queue.getAsync()) as () => string)());
      results.put(queue.get());
    }, []);
    assert.equal(results.get(), 'ThreadError');
    assert.match(String(results.get()), /^get\(\) cannot rebuild the item without the event loop/);
    assert.deepEqual([results.get(), results.get(), results.get()], [2, 'Program', 2]);
  });

  test('a queue in a queue, in a shared object, in an array', () => {
    const inner = new PriorityQueue<number>();
    const holder = shared({ inner, list: [inner] as unknown[] });
    start_new_thread(() => {
      holder.inner.put(2);
      (holder.list.at(0) as PriorityQueue<number>).put(1);
    }, []);
    assert.deepEqual([inner.get(), inner.get()].sort(), [1, 2]);
  });
});

suite('transfer', () => {
  test('moves the buffer of a view, a buffer, and those that are listed', () => {
    const queue = new Queue<unknown>();
    const view = new Uint8Array([1, 2, 3]);
    queue.put(transfer(view));
    assert.equal(view.length, 0);
    assert.deepEqual(queue.get(), new Uint8Array([1, 2, 3]));
    const buffer = new ArrayBuffer(4);
    queue.put(transfer(buffer));
    assert.equal(buffer.byteLength, 0);
    assert.equal((queue.get() as ArrayBuffer).byteLength, 4);
    const message = { bytes: new Uint8Array([7]) };
    queue.put(transfer(message, [message.bytes.buffer]));
    assert.equal(message.bytes.length, 0);
    assert.deepEqual(queue.get(), { bytes: new Uint8Array([7]) });
  });

  test('holds for one send, and only for what is sent', () => {
    const queue = new Queue<unknown>();
    const view = new Uint8Array([1]);
    queue.put(view);
    assert.equal(view.length, 1);
    const full = new Queue<unknown>({ maxSize: 1 });
    full.put(1);
    assert.equal(transfer(5), 5);
    assert.equal(transfer('x'), 'x');
    const sab = new Int32Array(new SharedArrayBuffer(4));
    queue.put(transfer(sab));
    assert.equal(sab.length, 1);
  });

  test('what was not sent stays', async () => {
    const full = new Queue<unknown>({ maxSize: 1 });
    full.put(1);
    const view = new Uint8Array([1, 2, 3]);
    assert.throws(() => full.putNowait(transfer(view)), Full);
    assert.throws(() => full.put(transfer(view), { timeout: 1 }), Full);
    await assert.rejects(full.putAsync(transfer(view), { timeout: 1 }), Full);
    await assert.rejects(full.putAsync(transfer(view), { signal: AbortSignal.timeout(1) }), { name: 'TimeoutError' });
    const mixed = new PriorityQueue<unknown>();
    mixed.put('text');
    assert.throws(() => mixed.put(transfer(view), { priority: 1 }), TypeError);
    assert.throws(() => mixed.put(transfer(view)), TypeError);
    full.shutdown();
    assert.throws(() => full.put(transfer(view)), ShutDown);
    assert.equal(view.length, 3);
    // The marks of those that failed hold no longer.
    const queue = new Queue<unknown>();
    queue.put(view);
    assert.equal(view.length, 3);
  });

  test('is gone when it was put at last, by an asynchronous put too', async () => {
    const queue = new Queue<unknown>({ maxSize: 1 });
    queue.put(1);
    const view = new Uint8Array([1, 2, 3]);
    const done = queue.putAsync(transfer(view));
    assert.equal(queue.get(), 1);
    await done;
    assert.equal(view.length, 0);
    assert.deepEqual(queue.get(), new Uint8Array([1, 2, 3]));
  });

  test('a buffer that is named twice', () => {
    const queue = new Queue<unknown>();
    const buffer = new ArrayBuffer(8);
    queue.put(transfer({ buffer }, [buffer, buffer]));
    assert.equal(buffer.byteLength, 0);
  });

  test('wrong lists: TypeError', () => {
    assert.throws(() => transfer({}), TypeError);
    assert.throws(() => transfer({}, [{} as never]), TypeError);
    assert.throws(() => transfer({}, [new SharedArrayBuffer(1) as never]), TypeError);
    assert.throws(() => transfer(5, [new ArrayBuffer(1)]), TypeError);
    const gone = new ArrayBuffer(4);
    new Queue<unknown>().put(transfer(gone));
    assert.throws(() => transfer(gone), /moved already/);
  });
});

suite('memory', () => {
  test('what was taken is let go of, and so is the room of a queue that was long', () => {
    const queue = new SimpleQueue<unknown>();
    const done = counter();
    start_new_thread(() => {
      for (let n = 0; n < 300; n++) {
        for (let at = 0; at < 200; at++) queue.put(`item ${n} ${at}`);
        for (let at = 0; at < 200; at++) if (queue.get() !== `item ${n} ${at}`) throw new Error('wrong item');
        if (n % 50 === 0) collect();
      }
      raise(done);
    }, []);
    reaches(done, 1);
    for (let n = 0; n < 20_000; n++) queue.put({ n });
    collect();
    for (let n = 0; n < 20_000; n++) assert.deepEqual(queue.get(), { n });
    collect();
    assert.throws(() => queue.getNowait(), Empty);
    for (let n = 0; n < 20; n++) queue.put(n);
    for (let n = 0; n < 20; n++) assert.equal(queue.get(), n);
  });
});
