// Errors are the errors, whichever way they go: class, name, message, code, own properties, cause, errors and stack.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { Queue, run, setExcepthook, startNewThread, Thread, ThreadPoolExecutor } from 'heddle';

type Throwing = () => unknown;

interface Odd extends Error {
  code?: unknown;
  errors?: unknown[];
  [key: string]: unknown;
}

class Plain extends Error {}

class Hidden extends RangeError {
  readonly #issues: readonly string[];
  override readonly name = 'Hidden';
  constructor(issues: readonly string[]) {
    super('hidden');
    this.#issues = issues;
  }
  get issues(): readonly string[] {
    return this.#issues;
  }
}

class Titled extends Error {
  readonly #title: string;
  constructor(title: string) {
    super();
    this.#title = title;
  }
  override get message(): string {
    return `it says ${this.#title}`;
  }
  get code(): string {
    return 'E_TITLED';
  }
}

function Old(this: Error, text: string): void {
  this.message = text;
  Error.captureStackTrace(this, Old);
}
Old.prototype = Object.create(Error.prototype, { constructor: { value: Old, writable: true, configurable: true } });
Old.prototype.name = 'Old';

const SuppressedError = (globalThis as { SuppressedError?: new (a: unknown, b: unknown, c: string) => Error })
  .SuppressedError;

/** What throws, by what it is. */
const throwing: Record<string, Throwing> = {
  'Buffer.alloc': () => Buffer.alloc('x' as never),
  'process.kill': () => process.kill('x' as never),
  import: () => import('nope' as string),
  'timers/promises': () => later(1000, 0, { signal: AbortSignal.abort() }),
  'a file': () => readFileSync('/no/such/file'),
  assert: () => assert.deepEqual({ a: 1 }, { a: 2 }),
  parseArgs: () => parseArgs({ args: ['--x'], options: {} }),
  'AbortSignal.timeout': () =>
    new Promise((_resolve, reject) => {
      const signal = AbortSignal.timeout(1);
      // The signal's own timer keeps nobody alive.
      const alive = setInterval(() => {}, 1000);
      signal.addEventListener('abort', () => {
        clearInterval(alive);
        reject(signal.reason);
      });
    }),
  'AbortSignal.abort': () => AbortSignal.abort().throwIfAborted(),
  structuredClone: () => structuredClone(() => 1),
  fetch: () => fetch('http://127.0.0.1:1/'),
  zlib: () => gunzipSync(Buffer.from('abc')),
  crypto: () => createHash('nope'),
  webcrypto: () => crypto.subtle.digest('nope', new Uint8Array(1)),
  URL: () => new URL('x'),
  'JSON.parse': () => JSON.parse('{'),
  atob: () => atob('*'),
  TextDecoder: () => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])),
  'WebAssembly.Module': () =>
    new (globalThis as never as { WebAssembly: { Module: new (b: Uint8Array) => object } }).WebAssembly.Module(
      new Uint8Array(3),
    ),
  'Promise.any': () => Promise.any([Promise.reject(new TypeError('a')), Promise.reject(2)]),
  'net.connect': () =>
    new Promise((_resolve, reject) => {
      connect({ host: 'localhost', port: 1, autoSelectFamily: true }).on('error', reject);
    }),
  'a child process': () => execFileSync('/no/such/program'),
  'a call of the system': () => setPriority(99_999_999, 1),
  'the end of the stack': () => {
    const endless = (): number => endless() + 1;
    return endless();
  },
  'another context': () => runInNewContext('null.x'),
  SuppressedError: () => {
    throw SuppressedError ? new SuppressedError(new Error('a'), new Error('b'), 'm') : new Error('none');
  },
  'a class of the program': () => {
    throw Object.assign(new Plain('plain', { cause: new RangeError('behind', { cause: { n: 1 } }) }), { status: 404 });
  },
  'private fields': () => {
    throw new Hidden(['a', 'b']);
  },
  'private fields that say everything': () => {
    throw new Titled('much');
  },
  'a class that cannot travel': () => {
    let made = 0;
    // It changes a variable around it.
    class Counted extends TypeError {
      readonly code = 'E_COUNTED';
      readonly count = ++made;
      constructor(text: string) {
        super(text);
        this.name = 'Counted';
      }
    }
    throw new Counted('counted');
  },
  'a class of the old kind': () => {
    throw new (Old as never as new (text: string) => Error)('old');
  },
  cycles: () => {
    const error = new Error('round') as Odd;
    error.cause = error;
    error['list'] = [error];
    throw error;
  },
  'a frozen one': () => {
    throw Object.freeze(Object.assign(new RangeError('frozen'), { n: 1 }));
  },
  getters: () => {
    const error = new Error('getters');
    Object.defineProperty(error, 'details', { enumerable: true, get: () => ({ n: 1 }) });
    Object.defineProperty(error, 'bad', {
      get() {
        throw new Error('looked at');
      },
    });
    throw error;
  },
  'no prototype': () => {
    throw Object.setPrototypeOf(new Error('bare'), null);
  },
  'an empty message': () => {
    throw new Error('');
  },
  'an enumerable message': () => {
    throw Object.defineProperty(new Error(), 'message', { value: 'shown', enumerable: true });
  },
};

/** Its nearest class that every thread has, and what it says. */
function describe(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const odd = error as Odd;
  const tag = (value: unknown): unknown =>
    value instanceof Error
      ? `${value.name}: ${value.message}`
      : Array.isArray(value)
        ? value.map(tag)
        : typeof value === 'object'
          ? JSON.stringify(value)
          : value;
  const standard = [AggregateError, RangeError, ReferenceError, SyntaxError, TypeError, DOMException, Error];
  return {
    class: standard.find((Class) => error instanceof Class)?.name,
    own: [Plain, Hidden, Titled, Old as never as typeof Error].find((Class) => error instanceof Class)?.name,
    name: odd.name,
    message: odd.message,
    code: odd.code,
    text: Object.getPrototypeOf(error) === null ? '' : String(error),
    keys: Object.keys(error).join(),
    values: Object.entries(error).map(([key, value]) => [key, tag(value)]),
    cause: [Object.hasOwn(error, 'cause'), odd.cause === error || tag(odd.cause)],
    errors: odd.errors?.map(tag),
    issues: odd['issues'],
    firstLine: String(odd.stack).split('\n')[0],
    frames: /\n\s+at /.test(String(odd.stack)),
    frozen: Object.isFrozen(error),
  };
}

/** The error that each of them throws here. */
async function thrownBy(fn: Throwing): Promise<unknown> {
  try {
    await fn();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

const settled = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );

/** Ways of an error that this thread has, there and back. */
const ways: Record<string, (error: unknown) => unknown> = {
  'argument and result': (error) => run((given: unknown) => given, error),
  'argument, thrown': (error) =>
    settled(
      run((given: unknown) => {
        throw given;
      }, error),
    ),
  'in an object': async (error) => (await run((given: { deep: unknown[] }) => given, { deep: [error] })).deep[0],
  'property of an error': async (error) =>
    (await run((given: Odd) => given, Object.assign(new Error('outer'), { inner: error }) as never))['inner'],
  cause: async (error) => (await run((given: Error) => given, new Error('outer', { cause: error }))).cause,
  'item of a queue': (error) => {
    const queue = new Queue<unknown>();
    queue.put(error);
    return queue.get();
  },
  'argument of a thread': (error) => {
    const queue = new Queue<unknown>();
    startNewThread((given: unknown, into: Queue<unknown>) => into.put(given), [error, queue]);
    return queue.getAsync();
  },
};

for (const [name, fn] of Object.entries(throwing)) {
  test(`${name}: the error of a task is the error`, async () => {
    const own = describe(await thrownBy(fn)) as { class: unknown; frames: boolean };
    // Of another context there is only this one's class here.
    const expected = name === 'another context' ? { ...own, class: 'TypeError' } : own;
    // It may have none where it was thrown; then it has those of where it was submitted.
    const found = (error: unknown): unknown => ({
      ...(describe(error) as object),
      ...(!own.frames && { frames: false }),
    });
    const wanted = expected;
    assert.deepEqual(found(await settled(run(fn))), wanted);
    // Blocking, by an executor, and from the thread that it came to on to another.
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const future = executor.submit(fn);
    const error = future.exception();
    assert.deepEqual(found(error), wanted);
    assert.throws(
      () => future.result(),
      (thrown) => thrown === error,
    );
    executor.shutdown();
  });

  test(`${name}: the same as argument, capture, result, item, property and cause`, async () => {
    const error = await thrownBy(fn);
    const own = describe(error) as object;
    const expected = name === 'another context' ? { ...own, class: 'TypeError' } : own;
    for (const [way, go] of Object.entries(ways)) {
      const frames = way.includes('thrown') ? { frames: true } : {};
      assert.deepEqual({ ...(describe(await go(error)) as object), ...frames }, { ...expected, ...frames }, way);
    }
    const captured = error;
    assert.deepEqual({ ...(describe(await run(() => captured)) as object), frozen: 0 }, { ...expected, frozen: 0 });
  });
}

test('what is thrown and is no error arrives as it is, if it can travel', async () => {
  const registered = Symbol.for('mine');
  for (const value of ['text', undefined, null, 42, -0, 10n, true, registered, [1, { a: 2 }]]) {
    const thrower = (given: unknown): never => {
      throw given;
    };
    const found = await settled(run(thrower, value));
    assert.deepEqual(found, value);
    if (typeof value !== 'object') assert.ok(Object.is(found, value));
  }
  const fn = (await settled(
    run(() => {
      throw function named(): number {
        return 5;
      };
    }),
  )) as () => number;
  assert.deepEqual([fn.name, fn()], ['named', 5]);
  const record = await settled(
    run(() => {
      throw { code: 'X', map: new WeakMap(), deep: { set: new WeakSet(), n: 1, list: [1, Symbol('unique')] } };
    }),
  );
  assert.deepEqual(record, { code: 'X', deep: { n: 1, list: [1, undefined] } });
});

test('no stack that arrives has frames of this library', async () => {
  const thrown: Record<string, Throwing> = {
    frozen: () => {
      throw Object.freeze(new Plain('frozen'));
    },
    'without a prototype': () => {
      throw Object.setPrototypeOf(new Error('bare'), null);
    },
    proxied: () => {
      throw new Proxy(new Plain('proxied'), {});
    },
    'a symbol': () => {
      throw Symbol('unique');
    },
    'a revoked proxy': () => {
      const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {});
      revoke();
      throw proxy;
    },
  };
  for (const [name, fn] of Object.entries(thrown)) {
    const error = (await settled(run(fn))) as Error;
    assert.ok(typeof error.stack === 'string', name);
    assert.doesNotMatch(error.stack, /[\\/](?:dist|joined)[\\/]|makeCall|packBare/, name);
  }
});

test('what cannot travel at all says what it was', async () => {
  const odd: Record<string, [Throwing, RegExp]> = {
    symbol: [
      () => {
        throw Symbol('unique');
      },
      /Symbol\(unique\) was thrown/,
    ],
    promise: [
      () => {
        throw Promise.resolve();
      },
      /\[object Promise\] was thrown.*promise/,
    ],
    proxy: [
      () => {
        throw new Proxy({}, {});
      },
      /was thrown.*Proxy/,
    ],
    'revoked proxy': [
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      },
      /was thrown/,
    ],
  };
  for (const [name, [fn, message]] of Object.entries(odd)) {
    const error = (await settled(run(fn))) as Error;
    assert.equal(error.name, 'CaptureError', name);
    assert.match(error.message, message);
  }
  const behind = (await settled(
    run(() => {
      throw new Proxy(new RangeError('behind'), {});
    }),
  )) as Error;
  assert.ok(behind instanceof RangeError);
  assert.equal(behind.message, 'behind');
});

test('what cannot travel of an error is left out part by part, however deep; what is reached another way is refused', async () => {
  const fail = (): never => {
    const map = new WeakMap();
    throw Object.assign(new TypeError('x', { cause: Object.assign(new Error('y'), { map, code: 'Y' }) }), {
      map,
      code: 'X',
      symbol: Symbol('unique'),
      promise: Promise.resolve(),
      proxy: new Proxy({}, {}),
      response: {
        status: 404,
        request: { map, url: 'u' },
        list: [1, map, 3],
        byKey: new Map<string, unknown>([
          ['a', 1],
          ['b', map],
        ]),
      },
      members: new Set<unknown>([1, map]),
      bound: Math.max.bind(undefined, map as never),
      own: class Holder {
        readonly #n = 1;
        get n(): number {
          return this.#n;
        }
      },
    });
  };
  const error = (await settled(run(fail))) as Odd;
  assert.ok(error instanceof TypeError);
  assert.deepEqual(Object.keys(error), ['code', 'response', 'members', 'own']);
  assert.deepEqual(error['response'], {
    status: 404,
    request: { url: 'u' },
    list: [1, undefined, 3],
    byKey: new Map([['a', 1]]),
  });
  assert.deepEqual(error['members'], new Set([1]));
  assert.equal((error.cause as Odd).code, 'Y');
  assert.ok(!('map' in (error.cause as Odd)));
  const map = new WeakMap();
  const both = Object.assign(new Error('x'), { map });
  for (const value of [
    { both, map },
    { map, both },
    { both, deep: [{ map }] },
  ])
    assert.equal(((await settled(run((given: object) => given, value))) as Error).name, 'CaptureError');
});

test('a function of an error says what it has not brought along, when it is called', async () => {
  const map = new WeakMap();
  const captured = (await settled(
    run(() => {
      const held = new WeakMap();
      throw Object.assign(new Error('x'), { fine: () => 1, lost: () => held.has({}) });
    }),
  )) as Odd & { fine(): number; lost(): boolean };
  assert.equal(captured.fine(), 1);
  assert.throws(() => captured.lost(), { name: 'CaptureError', message: /'held'/ });
  assert.ok(map);
});

test('the hook of a thread that ends gets the error itself, and what it sends on is that', async () => {
  const queue = new Queue<unknown>();
  setExcepthook(({ error }) => queue.put(error));
  try {
    new Thread(() => Buffer.alloc('x' as never)).start();
    const error = (await queue.getAsync()) as Odd;
    assert.ok(error instanceof TypeError);
    assert.deepEqual([error.code, error.name], ['ERR_INVALID_ARG_TYPE', 'TypeError']);
  } finally {
    setExcepthook(null);
  }
});
