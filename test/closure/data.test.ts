// Every kind of data arrives as it was: shape, identity, attributes.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { run } from './harness.ts';

/** There and back. */
const echo = (value: unknown): Promise<unknown> => run((arrived: unknown) => arrived, value);

test('primitives, with negative zero, NaN, undefined and big integers', async () => {
  const values = [
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    null,
    12345678901234567890n,
    'text',
    '\ud800',
    true,
  ];
  const back = (await echo(values)) as unknown[];
  assert.ok(Object.is(back[0], -0));
  assert.deepEqual(back, values);
  for (const value of values) assert.ok(Object.is(await run(() => value), value), String(value));
});

test('registered and well-known symbols', async () => {
  const mine = Symbol.for('heddle.mine');
  assert.deepEqual(await run(() => [mine, Symbol.iterator]), [mine, Symbol.iterator]);
  const keyed = { [mine]: 1, [Symbol.toPrimitive]: () => 7 };
  assert.deepEqual(await run(() => [keyed[mine], +(keyed as unknown as number)]), [1, 7]);
});

test('plain and nested objects and arrays', async () => {
  const value = { a: [1, { b: ['c', null] }], d: { e: {} } };
  assert.deepEqual(await echo(value), value);
});

test('cycles and shared objects', async () => {
  const shared = { n: 1 };
  const value: Record<string, unknown> = { shared, again: [shared] };
  value['self'] = value;
  const back = (await echo(value)) as typeof value;
  assert.equal(back['self'], back);
  assert.equal((back['again'] as unknown[])[0], back['shared']);
});

test('a list of a hundred thousand links', async () => {
  let list: { next: unknown } | null = null;
  for (let n = 0; n < 100_000; n++) list = { next: list };
  const length = await run((head: typeof list) => {
    let count = 0;
    for (let link = head; link; link = link.next as typeof list) count++;
    return count;
  }, list);
  assert.equal(length, 100_000);
});

test('sparse arrays, and arrays with properties', async () => {
  const sparse: unknown[] = [1];
  sparse[2] = 3;
  sparse.length = 5;
  const named = Object.assign([{ a: 1 }], { extra: 'x' });
  const back = (await echo([sparse, named])) as [unknown[], typeof named];
  assert.deepEqual(Object.keys(back[0]), ['0', '2']);
  assert.equal(back[0].length, 5);
  assert.equal(back[1].extra, 'x');
  assert.deepEqual([...back[1]], [{ a: 1 }]);
});

test('long arrays keep what is no element', async () => {
  const long = (): number[] => new Array(2000).fill(1);
  const item = {};
  const named = Object.assign(long(), { item, double: (n: number) => 2 * n, [Symbol.for('heddle.test')]: 's' });
  const hidden = Object.defineProperty(long(), 'hidden', { value: 'h' });
  const back = (await echo([named, item, hidden, long()])) as [typeof named, object, number[], number[]];
  assert.equal(back[0].item, back[1]);
  assert.equal(back[0].double(4), 8);
  assert.equal(back[0][Symbol.for('heddle.test') as never], 's');
  assert.equal((back[2] as unknown as { hidden: string }).hidden, 'h');
  for (const array of back) if (array !== back[1]) assert.equal((array as number[]).length, 2000);
  assert.deepEqual(Object.keys(back[3]), Object.keys(long()));
});

test('a view that follows the length of its buffer does so in the copy', async () => {
  type Resizable = ArrayBuffer & { resize(length: number): void };
  type Growable = SharedArrayBuffer & { grow(length: number): void };
  const options = { maxByteLength: 64 };
  const resizable = new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(16, options);
  const growable = new (SharedArrayBuffer as unknown as new (length: number, options: object) => Growable)(16, options);
  const views = [resizable, growable].map((buffer) => [
    buffer,
    new Uint8Array(buffer),
    new Uint8Array(buffer, 0, 16),
    new Float64Array(buffer, 8),
    new DataView(buffer, 4),
    new DataView(buffer, 4, 12),
  ]);
  const back = (await echo(views)) as [[Resizable, ...ArrayBufferView[]], [Growable, ...ArrayBufferView[]]];
  back[0][0].resize(32);
  back[1][0].grow(32);
  for (const [, ...lengths] of back) {
    assert.deepEqual(
      lengths.map(({ byteLength }) => byteLength),
      [32, 16, 24, 28, 12],
    );
  }
  assert.equal(growable.byteLength, 32);
});

test('arrays of few elements, up to the greatest length', async () => {
  for (const length of [2_000_000, 2 ** 32 - 1]) {
    const sparse: unknown[] = [1];
    sparse[length - 1] = 'last';
    const back = (await echo(sparse)) as unknown[];
    assert.deepEqual(Object.keys(back), ['0', String(length - 1)]);
    assert.equal(back.at(-1), 'last');
  }
});

test('Map and Set, with objects for keys', async () => {
  const key = { k: 1 };
  const value = { key, map: new Map<unknown, unknown>([[key, 'v']]), set: new Set<unknown>([key, 1]) };
  assert.deepEqual(await run((v: typeof value) => [v.map.get(v.key), v.set.has(v.key), v.set.has(1)], value), [
    'v',
    true,
    true,
  ]);
  assert.deepEqual(await echo(value), value);
});

test('Date, RegExp with its position, boxed primitives', async () => {
  const pattern = /a+/g;
  pattern.lastIndex = 2;
  const back = (await echo([new Date(0), pattern, Object('s'), Object(1n)])) as [Date, RegExp, object, object];
  assert.equal(back[0].getTime(), 0);
  assert.equal(back[1].lastIndex, 2);
  assert.equal(String(back[1]), '/a+/g');
  assert.equal(String(back[2]), 's');
  assert.equal(back[3].valueOf(), 1n);
});

test('typed arrays on one buffer, DataView, ArrayBuffer', async () => {
  const buffer = new ArrayBuffer(8);
  const value = { bytes: new Uint8Array(buffer, 2, 4), view: new DataView(buffer), floats: new Float64Array([1.5]) };
  const back = (await run((v: typeof value) => {
    v.bytes[0] = 9;
    return v;
  }, value)) as typeof value;
  assert.equal(back.view.getUint8(2), 9);
  assert.equal(back.bytes.byteOffset, 2);
  assert.deepEqual([...back.floats], [1.5]);
  assert.equal(value.bytes[0], 0, 'arguments are copies');
});

test('Buffer, without the pool it lies in', async () => {
  const back = (await echo(Buffer.from('hello'))) as Buffer;
  assert.ok(Buffer.isBuffer(back));
  assert.equal(String(back), 'hello');
  assert.ok(back.buffer.byteLength < 100);
});

test('SharedArrayBuffer and views on it are shared', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  await run(() => {
    words[0] = 41;
    Atomics.add(words, 0, 1);
  });
  assert.equal(words[0], 42);
  await run((argument: Int32Array) => {
    argument[1] = 7;
  }, words);
  assert.equal(words[1], 7);
});

test('objects without a prototype', async () => {
  const value = Object.assign(Object.create(null), { a: 1 });
  assert.deepEqual(await run((v: object) => [Object.getPrototypeOf(v), (v as { a: number }).a], value), [null, 1]);
});

test('prototype chains of plain objects', async () => {
  const base = { greet: () => 'hi' };
  const value = Object.create(base, { own: { value: 1, enumerable: true } });
  assert.deepEqual(
    await run((v: typeof base & { own: number }) => [v.greet(), v.own, Object.hasOwn(v, 'greet')], value),
    ['hi', 1, false],
  );
});

test('accessors and attributes of properties', async () => {
  const value = Object.defineProperties({} as Record<string, unknown>, {
    hidden: { value: 1 },
    fixed: { value: 2, enumerable: true, writable: false },
    computed: { get: () => 3, enumerable: true },
  });
  const back = (await run((v: object) => Object.getOwnPropertyDescriptors(v), value)) as Record<
    string,
    PropertyDescriptor
  >;
  assert.deepEqual(back['hidden'], { value: 1, writable: false, enumerable: false, configurable: false });
  assert.deepEqual(back['fixed'], { value: 2, writable: false, enumerable: true, configurable: false });
  assert.equal(back['computed']?.get?.(), 3);
});

test('frozen, sealed and not extensible arguments', async () => {
  const values = [
    Object.freeze({ a: 1 }),
    Object.seal({ a: 1 }),
    Object.preventExtensions({ a: 1 }),
    Object.freeze([{}]),
  ];
  assert.deepEqual(
    await run(
      (list: object[]) => list.map((v) => [Object.isFrozen(v), Object.isSealed(v), Object.isExtensible(v)]),
      values,
    ),
    [
      [true, true, false],
      [false, true, false],
      [false, false, false],
      [true, true, false],
    ],
  );
});

test('instances of classes, by copy, with the class', async () => {
  class Point {
    x: number;
    y = 0;
    constructor(x: number) {
      this.x = x;
    }
    get length(): number {
      return Math.hypot(this.x, this.y);
    }
  }
  const origin = new Point(3);
  assert.deepEqual(
    await run((p: Point) => [p instanceof Point, p.length, p.constructor === Point, origin instanceof Point], origin),
    [true, 3, true, true],
  );
  assert.ok((await echo(origin)) instanceof Point);
});

test('instances of subclasses of Map and Array', async () => {
  class Registry extends Map<string, number> {
    label = 'registry';
    total(): number {
      return [...this.values()].reduce((a, b) => a + b, 0);
    }
  }
  const registry = new Registry([
    ['a', 1],
    ['b', 2],
  ]);
  class Stack extends Array<number> {}
  assert.deepEqual(
    await run(
      (r: Registry, s: Stack) => [r.total(), r.label, r instanceof Registry, s instanceof Stack, s.length],
      registry,
      Stack.of(1, 2),
    ),
    [3, 'registry', true, true, 2],
  );
});

test('errors: class, own properties, cause, stack, AggregateError', async () => {
  class HttpError extends Error {
    readonly status: number;
    constructor(message: string, status: number, options?: ErrorOptions) {
      super(message, options);
      this.status = status;
    }
  }
  const error = new HttpError('nope', 500, { cause: new RangeError('deep') });
  const back = (await echo(error)) as HttpError;
  assert.ok(back instanceof HttpError);
  assert.equal(back.status, 500);
  assert.equal(back.message, 'nope');
  assert.equal(back.stack, error.stack);
  assert.ok(back.cause instanceof RangeError);
  assert.equal(Object.keys(back).join(), 'status');
  const many = (await echo(new AggregateError([new TypeError('a')], 'many'))) as AggregateError;
  assert.ok(many instanceof AggregateError);
  assert.ok(many.errors[0] instanceof TypeError);
  const system = Object.assign(new Error('no file'), { code: 'ENOENT', errno: -2 });
  assert.deepEqual({ ...((await echo(system)) as object) }, { code: 'ENOENT', errno: -2 });
});

test('an error thrown in the thread arrives as its class, with the place it was thrown at', async () => {
  class Refused extends Error {
    override name = 'Refused';
  }
  await assert.rejects(
    run(() => {
      throw new Refused('because');
    }),
    (error) => error instanceof Refused && /data\.test\.[jt]s:\d+:\d+/.test(error.stack ?? ''),
  );
});

test('DOMException, AbortError', async () => {
  const back = (await echo(new DOMException('stop', 'AbortError'))) as DOMException;
  assert.ok(back instanceof DOMException);
  assert.deepEqual([back.name, back.message], ['AbortError', 'stop']);
});

test('URL, URLSearchParams, TextEncoder, TextDecoder', async () => {
  const url = new URL('https://example.org/a?b=c');
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-16le');
  assert.deepEqual(
    await run(
      (u: URL, params: URLSearchParams) => [
        u.pathname,
        params.get('b'),
        url.host,
        [...encoder.encode('a')],
        decoder.encoding,
      ],
      url,
      url.searchParams,
    ),
    ['/a', 'c', 'example.org', [97], 'utf-16le'],
  );
});

test('classes of the program with names of the platform', async () => {
  class BlockList {
    rules = ['a'];
    has(rule: string): boolean {
      return this.rules.includes(rule);
    }
    get [Symbol.toStringTag](): string {
      throw new Error('not for you');
    }
  }
  assert.equal(await run((list: BlockList) => list.has('a'), new BlockList()), true);
});

test('an event emitter with its listeners', async () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  emitter.on('ping', (log: string[], what: string) => log.push(what));
  assert.deepEqual(
    await run(
      (e: EventEmitter, log: string[]) => {
        e.emit('ping', log, 'pong');
        return log;
      },
      emitter,
      heard,
    ),
    ['pong'],
  );
});

test('the arguments object', async () => {
  const given = (function (..._all: number[]) {
    return arguments;
  })(1, 2);
  assert.deepEqual(
    await run((list: IArguments) => [list.length, list[1], Object.prototype.toString.call(list)], given),
    [2, 2, '[object Arguments]'],
  );
});

test('a message port among the arguments is transferred', async () => {
  const { port1, port2 } = new MessageChannel();
  await run((port: typeof port2) => {
    port.postMessage('from the thread');
  }, port2);
  assert.equal(receiveMessageOnPort(port1)?.message, 'from the thread');
  port1.close();
});

/** The compiler's library for Node has no types for it. */
test('what is captured is frozen, all the way down', async () => {
  const settings = { list: [{ n: 1 }], map: new Map([['a', { n: 1 }]]), set: new Set([1]), date: new Date(0) };
  class Box {
    value = { n: 1 };
  }
  const box = new Box();
  const writes: Record<string, () => unknown> = {
    'a property': () => ((settings.list[0] as { n: number }).n = 2),
    'an element': () => settings.list.push({ n: 2 }),
    'a new property': () => ((settings as Record<string, unknown>)['more'] = 1),
    'a map': () => settings.map.set('b', { n: 2 }),
    'a value in a map': () => ((settings.map.get('a') as { n: number }).n = 2),
    'a set': () => settings.set.add(2),
    'a date': () => settings.date.setTime(5),
    'an instance': () => (box.value = { n: 2 }),
    'what an instance holds': () => (box.value.n = 2),
  };
  for (const [what, write] of Object.entries(writes)) await assert.rejects(run(write), TypeError, what);
});

test('arguments are copied and not frozen', async () => {
  const list = [{ n: 1 }];
  const back = await run((given: { n: number }[]) => {
    given[0]!.n = 2;
    given.push({ n: 3 });
    return given;
  }, list);
  assert.deepEqual(back, [{ n: 2 }, { n: 3 }]);
  assert.deepEqual(list, [{ n: 1 }]);
});

test('what is both captured and passed is one object, and not frozen', async () => {
  const inner = { n: 1 };
  const outer = { inner };
  assert.deepEqual(
    await run((given: typeof inner) => {
      given.n++;
      return [outer.inner === given, outer.inner.n, Object.isFrozen(outer)];
    }, inner),
    [true, 2, true],
  );
});
