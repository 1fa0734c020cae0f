// Section 2.9 of the contract, ThreadTests: Thread in TypeScript's manner. Ends of the program are in threading_shutdown.test.ts, errors
// in threading_errors.test.ts, the rest in threading_misc.test.ts.
//
// Without a test: 2.9-8, 11, 16, 20, 25, 35 to 37, 39 and 51, 52 (they make no sense here; that a thread's function is let go of is tested
// below).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  activeCount,
  Condition,
  currentThread,
  Event,
  enumerate,
  getIdent,
  mainThread,
  RLock,
  shared,
  startNewThread,
  Thread,
} from 'heddle';
import { waitForThreads } from '../support/bunch.ts';
import { becomes, counter, raise, reaches, value } from '../support/counter.ts';
import { program } from '../support/program.ts';

type Loose = new (...args: unknown[]) => Thread;

/** Starts a thread and waits for its end. */
function ran(thread: Thread): Thread {
  thread.start();
  assert.equal(thread.join(), true);
  return thread;
}

test('2.9-1 [name] a name that is given, as text; else a number, and the name of the function', () => {
  function work(): void {}
  assert.equal(new Thread(null, { name: 'hello' }).name, 'hello');
  assert.equal(new (Thread as Loose)(null, { name: 123 }).name, '123');
  assert.equal(new Thread(work, { name: 'hello' }).name, 'hello');
  assert.match(new Thread().name, /^Thread-\d+$/);
  assert.match(new Thread(null, { name: '' }).name, /^Thread-\d+$/);
  assert.match(new Thread(work).name, /^Thread-\d+ \(work\)$/);
  assert.match(new Thread({ target: work }).name, /^Thread-\d+ \(work\)$/);
  const number = (thread: Thread): number => Number(/\d+/.exec(thread.name)?.[0]);
  assert.equal(number(new Thread()) + 1, number(new Thread(work)));
});

test('2.9-1 [name] the numbers are counted in one place, whichever thread makes the thread', () => {
  const names = shared([] as string[]);
  for (let n = 0; n < 3; n++) ran(new Thread(() => void names.push(new Thread().name)));
  names.push(new Thread().name);
  assert.equal(new Set(names).size, 4);
});

test('2.9-2 [args_argument] arguments are spread; a named one comes last', () => {
  const results = shared([] as unknown[]);
  ran(new Thread((n: number) => void results.push(n), { args: [1] }));
  ran(new Thread((n: number) => void results.push(n), { args: [2] as const }));
  ran(new Thread((...all: unknown[]) => void results.push(all.length), { args: [1, 'two', { three: 3 }] }));
  ran(new Thread((n: number, { by }: { by: number }) => void results.push(n * by), { args: [3], kwargs: { by: 5 } }));
  ran(new Thread({ target: (n: number) => void results.push(n), args: [4] }));
  assert.deepEqual([...results], [1, 2, 3, 15, 4]);
});

test('wrong arguments of the constructor say what is wrong', () => {
  const Untyped = Thread as Loose;
  assert.throws(() => new Untyped(42), { name: 'TypeError', message: /target must be a function.*number 42/ });
  assert.throws(() => new Untyped(() => {}, { args: 1 }), { name: 'TypeError', message: /args must be an array/ });
  assert.throws(() => new Untyped(() => {}, { kwargs: 1 }), { name: 'TypeError', message: /kwargs must be an object/ });
  assert.throws(() => new Untyped(() => {}, { arg: [] }), { name: 'TypeError', message: /unknown option 'arg'/ });
  assert.throws(() => new Untyped(() => {}, []), { name: 'TypeError', message: /options must be an object/ });
  assert.throws(() => new Untyped(() => {}, {}, 1), { name: 'TypeError', message: /at most 2 arguments/ });
  assert.throws(() => new Untyped(null, { stackSize: 5 }), {
    name: 'RangeError',
    message: /stackSize of 5 bytes: give 0 for the default, or at least 32768/,
  });
});

/** Ten threads, of which three at a time are inside. */
function variousOperations(stackSize?: number): void {
  const inside = shared({ now: 0, most: 0, idents: [] as number[], seen: [] as string[] });
  const lock = new RLock();
  const places = new Condition();
  const free = shared({ places: 3 });
  class Visitor extends Thread {
    override run(): void {
      places.with(() => {
        places.waitFor(() => free.places > 0);
        free.places--;
      });
      lock.with(() => {
        lock.with(() => inside.now++);
        inside.most = Math.max(inside.most, inside.now);
        inside.idents.push(getIdent());
        inside.seen.push(String(this));
      });
      lock.with(() => inside.now--);
      places.with(() => {
        free.places++;
        places.notify();
      });
    }
  }
  const visitors = Array.from({ length: 10 }, (_, n) => new Visitor(null, { name: `visitor ${n}`, stackSize }));
  for (const visitor of visitors) {
    assert.equal(visitor.ident, undefined);
    assert.match(String(visitor), /^<Visitor\(visitor \d, initial\)>$/);
    visitor.start();
  }
  for (const [n, visitor] of visitors.entries()) {
    assert.equal(visitor.join(), true);
    assert.equal(visitor.isAlive, false);
    assert.ok((visitor.ident as number) > 0);
    assert.equal(String(visitor), `<Visitor(visitor ${n}, stopped ${visitor.ident})>`);
  }
  assert.ok(inside.most <= 3, `${inside.most} inside`);
  assert.equal(inside.now, 0);
  assert.equal(inside.seen.length, 10);
  assert.ok([...inside.seen].every((text) => /^<Visitor\(visitor \d, started \d+\)>$/.test(text)));
}

test('2.9-3 [various_ops] ten threads, never more than three inside; what they say of themselves', () =>
  variousOperations());
test('2.9-5 [various_ops_small_stack] the same with 256 KiB of stack', () => variousOperations(256 * 1024));
test('2.9-6 [various_ops_large_stack] the same with 1 MiB of stack', () => variousOperations(1024 * 1024));

test('2.9-4 [ident_of_no_threading_threads] main and a foreign thread have identifiers', () => {
  assert.equal(currentThread().ident, getIdent());
  const seen = shared({ ident: 0 });
  const done = counter();
  const ident = startNewThread(() => {
    seen.ident = currentThread().ident as number;
    raise(done);
  }, []);
  reaches(done, 1);
  assert.equal(seen.ident, ident);
});

test('2.9-7 [foreign_thread] a thread of the low-level module has a dummy, until it ends', () => {
  const seen = shared({ thread: null as Thread | null, text: '', same: false, daemon: false });
  const [ready, end] = [new Event(), new Event()];
  const ident = startNewThread(() => {
    const thread = currentThread();
    seen.thread = thread;
    seen.text = String(thread);
    seen.same = thread === currentThread() && enumerate().includes(thread);
    seen.daemon = new Thread().daemon;
    ready.set();
    end.wait();
  }, []);
  ready.wait();
  const dummy = seen.thread as Thread;
  assert.equal(seen.same, true);
  assert.equal(seen.daemon, true, 'its threads are daemons, as it is');
  assert.match(seen.text, new RegExp(`^<Thread\\(Dummy-\\d+, started daemon ${ident}\\)>$`));
  assert.ok(enumerate().includes(dummy));
  assert.equal(dummy.isAlive, true);
  assert.throws(() => dummy.join(), { name: 'ThreadError', message: 'cannot join a dummy thread' });
  end.set();
  becomes(() => !dummy.isAlive, 'the end of the dummy');
  assert.ok(!enumerate().includes(dummy));
});

/** More than any platform gives. */
const TOO_MUCH = 2 ** 42;

test('2.9-9 [limbo_cleanup] a start that fails leaves nothing', () => {
  const before = enumerate().length;
  const thread = new Thread(() => {}, { stackSize: TOO_MUCH });
  assert.throws(() => thread.start(), { name: 'ThreadError', message: "can't start new thread" });
  assert.equal(enumerate().length, before);
  assert.equal(thread.isAlive, false);
});

test('2.9-34 [start_new_thread_failed] a refusal of the platform is an error of the start, and no more', () => {
  const thread = new Thread(() => {}, { stackSize: TOO_MUCH });
  assert.throws(() => thread.start(), { name: 'ThreadError', message: "can't start new thread" });
  assert.equal(thread.ident, undefined);
  assert.match(String(thread), /, initial\)>$/);
  assert.throws(() => thread.join(), { message: 'cannot join thread before it is started' });
  assert.throws(() => thread.start(), { message: "can't start new thread" }, 'it was not started, so it can be');
});

test('a start whose function cannot travel leaves a thread that was not started', () => {
  const promise = Promise.resolve();
  const thread = new Thread((_value: unknown) => {}, { args: [promise] });
  assert.throws(() => thread.start(), { message: /args\[0\].*promise/ });
  assert.equal(thread.ident, undefined);
  assert.equal(thread.isAlive, false);
});

test('2.9-13 [enumerate_after_join] a thread that was joined is in no list', () => {
  for (let n = 0; n < 99; n++) {
    const thread = new Thread(() => {});
    thread.start();
    thread.join();
    assert.ok(!enumerate().includes(thread), `at ${n}`);
  }
});

test('2.9-14 [join_from_multiple_threads] any number of threads join one', () => {
  for (let size = 2; size < 20; size += 1) {
    const gate = new Event();
    const joined = counter();
    const thread = new Thread(() => void gate.wait());
    thread.start();
    const joiners = Array.from({ length: size }, () => new Thread(() => void (thread.join() && raise(joined))));
    for (const joiner of joiners) joiner.start();
    gate.set();
    for (const joiner of joiners) assert.equal(joiner.join(), true);
    assert.equal(value(joined), size);
  }
});

test('2.9-15 [join_with_timeout] a join that runs out of time says so; the thread goes on', async () => {
  const gate = new Event();
  const thread = new Thread(() => void gate.wait());
  thread.start();
  assert.equal(thread.join(10), false);
  assert.equal(thread.join(0), false);
  assert.equal(thread.join(-1), false, 'a negative time-out is 0');
  assert.equal(await thread.joinAsync({ timeout: 5 }), false);
  assert.equal(await thread.joinAsync({ timeout: -1 }), false);
  assert.equal(thread.isAlive, true);
  const reason = new Error('enough');
  await assert.rejects(thread.joinAsync({ signal: AbortSignal.abort(reason) }), reason);
  assert.throws(() => thread.join(Number.NaN), { name: 'RangeError' });
  assert.throws(() => (thread.join as (timeout: unknown) => boolean)('1'), { name: 'TypeError' });
  const ended = thread.joinAsync();
  gate.set();
  assert.equal(await ended, true);
  assert.equal(thread.join(1), true);
  assert.equal(thread.isAlive, false);
});

test('2.9-17 [old_threading_api] the names in this manner, which never were others', () => {
  assert.equal(activeCount(), enumerate().length);
  assert.equal(currentThread(), mainThread());
  assert.equal(new Event().isSet(), false);
  assert.equal(typeof new Condition().notifyAll, 'function');
});

test('2.9-18 [repr_daemon] a daemon says that it is one', () => {
  assert.doesNotMatch(String(new Thread()), /daemon/);
  assert.match(String(new Thread(null, { daemon: true })), /, initial daemon\)>$/);
});

test('2.9-19 [daemon_param] false unless it is said, or the maker is a daemon', () => {
  assert.equal(new Thread().daemon, false);
  assert.equal(new Thread(null, { daemon: false }).daemon, false);
  assert.equal(new Thread(null, { daemon: true }).daemon, true);
  const seen = shared({ daemon: [] as boolean[] });
  ran(new Thread(() => void seen.daemon.push(new Thread().daemon), { daemon: true }));
  ran(new Thread(() => void seen.daemon.push(new Thread().daemon), { daemon: false }));
  assert.deepEqual([...seen.daemon], [true, false]);
});

test('2.9-21 [main_thread] the main thread, from inside and from outside', () => {
  assert.equal(mainThread().name, 'MainThread');
  assert.equal(mainThread().ident, getIdent());
  assert.equal(mainThread(), mainThread());
  const seen = shared({ main: 0, own: 0, thread: null as Thread | null });
  ran(
    new Thread(() => {
      seen.main = mainThread().ident as number;
      seen.own = getIdent();
      seen.thread = mainThread();
    }),
  );
  assert.equal(seen.main, getIdent());
  assert.notEqual(seen.own, seen.main);
  assert.equal(seen.thread, mainThread(), 'the same object in each thread');
});

test('2.9-24 [repr_stopped] a thread that has ended says so without a join', () => {
  const gate = new Event();
  const thread = new Thread(() => void gate.wait());
  thread.start();
  assert.match(String(thread), /, started \d+\)>$/);
  gate.set();
  becomes(() => /, stopped \d+\)>$/.test(String(thread)), 'stopped');
});

test('2.9-27 [boolean_target] a function that passes for false is run all the same', () => {
  const count = counter();
  const target = Object.assign(() => void raise(count), { valueOf: () => false, [Symbol.toPrimitive]: () => 0 });
  assert.equal(Number(target as unknown), 0);
  ran(new Thread(target));
  assert.equal(value(count), 1);
});

test('2.9-28 [leak_without_join] a thread that nobody joins leaves nothing', async () => {
  const outcome = await program(`
    import { activeCount, Thread } from 'heddle';
    new Thread(() => {}).start();
    process.on('exit', () => console.log(activeCount()));
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '1\n', stderr: '' });
});

test('2.9-29 [import_from_another_thread] a module that a thread is the first to load', async () => {
  const outcome = await program(`
    import { Thread } from 'heddle';
    const thread = new Thread(async () => {
      const { inspect } = await import('node:util');
      console.log(inspect({ a: 1 }));
    });
    thread.start();
    thread.join();
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '{ a: 1 }\n', stderr: '' });
});

test('1.14-12 what a thread was to do is let go of when it was started', async () => {
  const outcome = await program(
    `
    import { Thread } from 'heddle';
    const collected = new Promise((resolve) => { globalThis.registry = new FinalizationRegistry(resolve); });
    const thread = (() => {
      const cargo = { big: new Array(1000).fill(0) };
      registry.register(cargo, 'collected');
      return new Thread((value) => value.big.length, { args: [cargo] });
    })();
    thread.start();
    thread.join();
    const timer = setInterval(() => gc(), 10);
    console.log(await collected, thread.isAlive);
    clearInterval(timer);
  `,
    { nodeOptions: ['--expose-gc'] },
  );
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'collected false\n', stderr: '' });
});

test('a class with run(): properties go along as a copy, the object stays the same thread', () => {
  const seen = shared({ thread: null as Thread | null, sum: 0, checks: [] as boolean[] });
  class Adder extends Thread {
    readonly numbers: number[];
    readonly self: Thread;
    result = 0;
    constructor(numbers: number[]) {
      super(null, { name: 'adder' });
      this.numbers = numbers;
      this.self = this;
    }
    override run(): void {
      for (const n of this.numbers) this.result += n;
      seen.sum = this.result;
      seen.thread = this;
      seen.checks.push(this instanceof Adder, this === currentThread(), this.self === this, this.isAlive);
    }
  }
  const adder = new Adder([1, 2, 3]);
  ran(adder);
  assert.deepEqual([...seen.checks], [true, true, true, true]);
  assert.equal(seen.sum, 6);
  assert.equal(seen.thread, adder);
  assert.equal(adder.result, 0, 'its copy has the result');
});

test('a class with private fields cannot travel, and the start says so', () => {
  class Secret extends Thread {
    readonly #key = 1;
    override run(): void {
      assert.ok(this.#key);
    }
  }
  assert.throws(() => new Secret().start(), { message: /this.*Secret, which has private fields/ });
});

test('a class without run() runs its function, and super.run() does', () => {
  const seen = shared([] as string[]);
  class Named extends Thread<[string]> {}
  class Loud extends Thread<[string]> {
    override run(): unknown {
      seen.push('before');
      return super.run();
    }
  }
  ran(new Named((text: string) => void seen.push(`${currentThread().constructor.name} ${text}`), { args: ['a'] }));
  ran(new Loud((text: string) => void seen.push(text), { args: ['b'] }));
  assert.deepEqual([...seen], ['Named a', 'before', 'b']);
});

test('a third thread has a plain Thread: it can ask and join, not start', () => {
  class Special extends Thread {
    override run(): void {}
  }
  const special = new Special();
  const box = shared({ thread: special as Thread, seen: [] as unknown[] });
  const other = (): void => {
    const { thread } = box;
    box.seen.push(thread instanceof Special, thread.name);
    try {
      thread.start();
    } catch (error) {
      box.seen.push((error as Error).message);
    }
  };
  ran(new Thread(other));
  assert.equal(box.seen.at(0), false);
  assert.equal(box.seen.at(1), special.name);
  assert.match(box.seen.at(2) as string, /made by another thread/);
  ran(special);
  ran(new Thread(() => void box.seen.push(box.thread.join())));
  assert.equal(box.seen.at(3), true);
});

test('an async function: the thread ends when its promise settles', async () => {
  const gate = new Event();
  const thread = new Thread(async () => void (await gate.waitAsync()));
  thread.start();
  assert.equal(thread.join(20), false);
  gate.set();
  assert.equal(await thread.joinAsync(), true);
});

test('the calling thread has an object after a scope in which it was first asked for', async () => {
  const outcome = await program(`
    import { currentThread, mainThread, scope } from 'heddle';
    scope(() => console.log(currentThread().name));
    console.log(currentThread().name, currentThread() === mainThread());
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'MainThread\nMainThread true\n', stderr: '' });
});

test('what a thread leaves on its event loop is still the thread that has ended', () => {
  const seen = shared({ thread: null as Thread | null, alive: true });
  const ready = new Event();
  const thread = new Thread(() => {
    setTimeout(() => {
      seen.thread = currentThread();
      seen.alive = currentThread().isAlive;
      ready.set();
    }, 20);
  });
  ran(thread);
  ready.wait();
  assert.equal(seen.thread, thread);
  assert.equal(seen.alive, false);
  waitForThreads();
});
