// What cannot travel says which variable, where, why, and what to do instead: at the start when it is assigned to or passed, and
// otherwise when it is used.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { start_new_thread } from 'heddle/thread';
import { CaptureError } from '#heddle/closure/errors.js';
import { run, target } from './harness.ts';

const PLACE = String.raw`/.*refusal\.test\.[jt]s:\d+:\d+`;

/** A start that is refused at once. */
function refused(fn: (...args: never[]) => unknown, args: unknown[], message: RegExp): void {
  assert.throws(
    () => target.start(fn as never, args),
    (error) => {
      assert.ok(error instanceof CaptureError);
      assert.ok(error instanceof TypeError);
      assert.equal(error.code, 'ERR_CANNOT_CAPTURE');
      assert.match(error.message, message);
      return true;
    },
  );
}

/** A use that throws in the thread. */
async function poisoned(fn: (...args: never[]) => unknown, message: RegExp): Promise<void> {
  await assert.rejects(run(fn as never), (error) => {
    assert.ok(error instanceof CaptureError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test('assigning to a captured variable names it, its place, and the remedy', () => {
  let count = 0;
  refused(
    () => count++,
    [],
    RegExp(`assigns to the captured variable 'count' \\(${PLACE}\\).*shared memory or shared\\(\\)`),
  );
  refused(() => (count += 1), [], /'count'/);
  refused(() => ([count] = [1]), [], /'count'/);
  refused(
    () => {
      for (count of [1, 2]);
    },
    [],
    /'count'/,
  );
  assert.equal(count, 0);
});

test('assigning in a function that travels along is refused too', () => {
  let total = 0;
  const add = (n: number): void => {
    total += n;
  };
  refused(() => add(1), [], /function add at .* assigns to the captured variable 'total'/);
  refused((callback: (n: number) => void) => callback(1), [add], /'total'/);
  assert.equal(total, 0);
});

test('assigning to one’s own variables is not', async () => {
  const work = (n: number): number => {
    let sum = 0;
    const add = (m: number): void => {
      sum += m;
    };
    for (let i = 0; i < n; i++) add(i);
    return sum;
  };
  assert.equal(await run(work, 5), 10);
});

test('a function that reassigns its own name is refused', () => {
  // biome-ignore lint/suspicious/noFunctionAssign: it is what is tested
  function once(): void {
    (once as unknown) = () => {};
  }
  refused(once, [], /assigns to the captured variable 'once'/);
});

const secrets = new WeakMap<object, string>();
const pool = { sockets: [new Socket()] };
const db = { pool };
const promise = Promise.resolve(1);
const unique = Symbol('unique');
const proxy = new Proxy({}, {});
class Private {
  #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}
class Derived extends Private {}
const instance = new Private();
const derived = new Derived();
const running = (function* () {
  yield 1;
})();
const elements = [secrets];
const mapped = new Map([['key', secrets]]);

test('what is never touched does not stop the start', async () => {
  assert.equal(
    await run(
      (touch: boolean) => (touch ? [secrets, db, promise, unique, proxy, instance, derived, running] : 'untouched'),
      false,
    ),
    'untouched',
  );
});

test('a WeakMap, WeakSet, WeakRef', async () => {
  const set = new WeakSet();
  const ref = new WeakRef(secrets);
  await poisoned(
    () => secrets.get({}),
    RegExp(
      `^'secrets' did not travel to this thread: it is a WeakMap.*'secrets' is declared at ${PLACE}, captured by .* at ${PLACE}.*Use a Map`,
    ),
  );
  await poisoned(() => set.has({}), /'set'.*WeakSet/);
  await poisoned(() => ref.deref(), /'ref'.*WeakRef/);
});

test('a socket, by its path', async () => {
  await poisoned(() => db.pool.sockets[0]?.write('x'), /^'db\.pool\.sockets\[0\]' did not travel.*it is a Socket/);
});

test('elements, and values in a Map', async () => {
  await poisoned(() => elements[0], /'elements\[0\]'/);
  await poisoned(() => mapped.get('key')?.get({}), /'mapped\.get\("key"\)'/);
});

test('promises, unique symbols, proxies, running generators', async () => {
  await poisoned(() => promise.then(String), /'promise'.*it is a promise.*Await it/);
  await poisoned(() => ({})[unique as never], /'unique'.*unique symbol Symbol\(unique\).*Symbol\.for/);
  await poisoned(() => (proxy as { a: number }).a, /'proxy'.*it is a Proxy/);
  await poisoned(() => running.next(), /'running'.*generator/);
});

test('instances with private fields, also of a superclass', async () => {
  await poisoned(() => instance.secret, /'instance'.*instance of Private, which has private fields/);
  await poisoned(() => derived.secret, /'derived'.*instance of Private, which has private fields/);
  assert.equal(await run(() => new Derived().secret), 1);
});

test('native functions that no thread has by name, bound to native objects', async () => {
  const write = pool.sockets[0]!.write.bind(pool.sockets[0]);
  const { revoke } = Proxy.revocable({}, {});
  await poisoned(() => write('x'), /'write\.<bound this>'.*Socket/);
  await poisoned(() => revoke(), /'revoke'.*native function/);
});

class Owner extends Object {
  name = 'owner';
  arrow(): () => string {
    return () => this.name;
  }
  superArrow(): () => string {
    return () => super.toString();
  }
  argumentsArrow(..._all: unknown[]): () => unknown {
    return () => arguments[0];
  }
  quiet(): (touch: boolean) => string {
    return (touch) => (touch ? this.name : 'untouched');
  }
}

test("an arrow's this, arguments and super", async () => {
  const owner = new Owner();
  await poisoned(owner.arrow(), /'this' did not travel.*belongs to the function around/);
  await poisoned(owner.superArrow(), /'super' did not travel/);
  await poisoned(owner.argumentsArrow(1), /'arguments' did not travel/);
  assert.equal(await run(owner.quiet(), false), 'untouched');
});

test('direct eval', () => {
  // biome-ignore lint/security/noGlobalEval: it is what is tested
  refused(() => eval('1'), [], /calls 'eval'/);
});

test('a variable that is not initialised yet', async () => {
  const early = (): number => later;
  const lateClass = (): object => new Later();
  await poisoned(() => early().toFixed(), /'later' did not travel.*not initialised yet/);
  await poisoned(lateClass, /'Later' did not travel.*not initialised yet/);
  const later = 5;
  class Later {}
  assert.equal(await run(early), 5);
});

test('as an argument, what cannot travel is refused at the start, by its path', () => {
  const ignore = (): void => {};
  refused(ignore, [secrets], /cannot pass 'args\[0\]' to a thread: it is a WeakMap/);
  refused(ignore, [1, { deep: [promise] }], /cannot pass 'args\[1\]\.deep\[0\]'.*promise/);
  refused(ignore, [pool], /'args\[0\]\.sockets\[0\]'.*Socket/);
  refused(ignore, [unique], /'args\[0\]'.*unique symbol/);
  refused(ignore, [instance], /private fields/);
  refused(ignore, [Proxy.revocable({}, {}).revoke], /native function/);
  assert.throws(() => start_new_thread(ignore as (kwargs: object) => void, [], { key: secrets }), /'kwargs\.key'/);
});

test('a long way to what cannot travel is shown by its two ends', async () => {
  let list: object = { last: Promise.resolve() };
  for (let n = 0; n < 50_000; n++) list = { next: list };
  refused(
    (given) => given,
    [list],
    /^cannot pass 'args\[0\](\.next){8}… \(49985 more\) …(\.next){7}\.last' to a thread/,
  );
  const depth = (): number => {
    let n = 0;
    for (let at = list as { next?: object }; at.next !== undefined; at = at.next) n++;
    return n;
  };
  assert.equal(await run(depth), 50_000);
});

test('what stayed behind says the same when it is sent on', async () => {
  await poisoned(() => {
    const inner = (): unknown => secrets.get({});
    return inner();
  }, /'secrets' did not travel/);
  await assert.rejects(
    run(() => secrets),
    /'secrets' did not travel/,
  );
});

test('names that tools put into a program are explained', async () => {
  const __publicField = secrets;
  await poisoned(() => __publicField.get({}), /'__publicField' was put there by esbuild/);
  let cov_1a2b3c = (): { s: number[] } => {
    const data = { s: [0] };
    cov_1a2b3c = () => data;
    return data;
  };
  const covered = (): string => {
    cov_1a2b3c().s[0]!++;
    return 'counted';
  };
  cov_1a2b3c();
  assert.equal(await run(covered), 'counted');
  let __awaiter = 1;
  refused(() => __awaiter++, [], /'__awaiter' was put there by TypeScript/);
  assert.equal(__awaiter, 1);
});
