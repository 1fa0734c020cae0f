// Deadlocks: when every thread that could go on waits for ever, the process says so, and the waiting calls throw. And never otherwise.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { extent } from '../support/extent.ts';
import type { Outcome } from '../support/program.ts';
import { runtimeProgram, silent } from './prelude.ts';

const NAMES = `
import { DeadlockError, globals, Lock, ThreadError } from 'heddle';

/** The line of this call. */
const line = () => Number(/:(\\d+):\\d+\\)?$/.exec(new Error().stack.split('\\n')[2])[1]);

/** A lock that is held. */
function held() {
  const lock = new Lock();
  lock.acquire();
  return lock;
}

/** What an action throws: its class's name. */
function thrown(action) {
  try {
    action();
    return 'nothing';
  } catch (error) {
    return error.name;
  }
}
`;

const run = (source: string): Promise<Outcome> => runtimeProgram(`${NAMES}\n${source}`);

/** The threads of each report on stderr, in the order of the thread table: what runs, the line where it waits, who holds that. */
function reports(stderr: string): { runs: string; line: number; holder: string }[][] {
  const frame =
    /^ {2}thread (?<thread>.+)\n {4}waits for .+ at \S+:(?<line>\d+):\d+\n(?: {4}held by (?:thread )?(?<holder>.+)\n)?/gm;
  return stderr
    .split(/^Deadlock: /m)
    .slice(1)
    .map((report) =>
      [...report.matchAll(frame)].map(({ groups }) => ({
        runs: nameIn(groups!['thread']!),
        line: Number(groups!['line']),
        holder: nameIn(groups!['holder'] ?? 'nobody'),
      })),
    );
}

/** "'MainThread' (1)" → "MainThread"; "2, which runs function work at …" → "work". */
const nameIn = (text: string): string => /function (\S+)/.exec(text)?.[1] ?? /^'(.+?)'/.exec(text)?.[1] ?? text;

suite('a deadlock is reported, and ends the waits', () => {
  test('two threads that hold what the other wants, while main waits for them', async () => {
    const { stdout, stderr, status } = await run(`
      import { stopwatch } from '${new URL(`../support/stopwatch${import.meta.url.slice(-3)}`, import.meta.url).href}';
      const first = new Lock(), second = new Lock(), done = held();
      const both = counter(), ended = counter(), lines = new Int32Array(new SharedArrayBuffer(12));
      function left() {
        first.acquire();
        raise(both); reaches(both, 2);
        try { lines[1] = line(); second.acquire(); } catch (error) { console.log(error instanceof DeadlockError, error instanceof ThreadError); }
        first.release();
        raise(ended);
      }
      function right() {
        second.acquire();
        raise(both); reaches(both, 2);
        try { lines[2] = line(); first.acquire(); } catch (error) { console.log(error instanceof DeadlockError, error instanceof ThreadError); }
        second.release();
        raise(ended);
      }
      start_new_thread(left, []);
      start_new_thread(right, []);
      reaches(both, 2);
      const watch = stopwatch();
      try { lines[0] = line(); done.acquire(); } catch (error) { console.log(error.name, error.message.split('\\n').length); }
      // A second is promised, once they wait.
      console.log(watch.onFreeCores() < 3000 || watch.passed());
      reaches(ended, 2);
      // What has been thrown is over: the locks are as they were left.
      console.log(first.acquire(false), second.acquire(false));
      console.log(JSON.stringify([...lines]));
    `);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(lines.slice(0, -1).sort(), ['DeadlockError 1', 'true', 'true true', 'true true', 'true true']);
    const [main, left, right] = JSON.parse(lines.at(-1)!);
    const [report, ...others] = reports(stderr);
    assert.deepEqual(others, []);
    assert.deepEqual(
      report?.sort((a, b) => a.line - b.line),
      [
        { runs: 'left', line: left, holder: 'right' },
        { runs: 'right', line: right, holder: 'left' },
        { runs: 'MainThread', line: main, holder: 'the same thread' },
      ],
      stderr,
    );
    assert.equal(status, 0);
  });

  test('the advice fits what is waited for, and an error that nobody catches does not repeat the report', async () => {
    const { stderr, status } = await run(`
      const { Event, Queue } = await import('heddle');
      const advice = [];
      for (const waits of [() => new Queue().get(), () => new Event().wait(), () => held().acquire()]) {
        try { waits(); } catch (error) { advice.push(error.report.trimEnd().split('\\n').at(-1)); }
      }
      console.error(advice.join('|'));
      new Queue().get();
    `);
    assert.match(stderr, /Nobody is left to put an item.*\|.*Nobody is left to set the event.*\|.*Use an RLock/);
    assert.equal(reports(stderr).length, 4);
    assert.equal(stderr.match(/^ {4}waits for /gm)?.length, 4, stderr);
    assert.match(
      stderr,
      /DeadlockError: get\(\) of queue \S+ at \S+ will never succeed: the only thread that is left waits for ever\. /,
    );
    assert.equal(status, 1);
  });

  test('a thread that has died is named, with what it died of, to those who wait for it', async () => {
    const { stdout, stderr, status } = await run(`
      const { configureHeap, MemoryError, Queue, shared, Thread } = await import('heddle');
      configureHeap({ maxHeap: 32 * 2 ** 20 });
      const queue = new Queue();
      const kept = shared([]);
      const producer = new Thread(function produce() { for (;;) kept.push('x'.repeat(1e6) + kept.length); }, { name: 'producer' });
      producer.start();
      const other = new Thread(() => { throw new TypeError('of another kind'); }, { name: 'other' });
      other.start();
      producer.join();
      other.join();
      try { queue.get(); } catch (error) { console.log(error.message); }
    `);
    assert.match(
      stderr,
      /^ {2}thread 'producer' \(\d+\), which runs function produce at \S+, has died: MemoryError: /m,
    );
    assert.match(stderr, /^ {2}thread 'other' \(\d+\), which runs \S.*, has died: TypeError: of another kind$/m);
    assert.match(
      stdout,
      /waits for ever\. Thread '\w+' \(\d+\), which runs .*, has died: .*MemoryError: .*\. Nobody is left to put/,
    );
    assert.equal(status, 0);
  });

  test('main alone, on a lock that it holds itself; again and again', async () => {
    const { stdout, stderr } = await run(`
      const lock = held();
      for (let n = 0; n < 3; n++) console.log(thrown(() => lock.acquire()));
      console.log(thrown(() => lock.with(() => {})), lock.locked());
    `);
    assert.equal(stdout, 'DeadlockError\nDeadlockError\nDeadlockError\nDeadlockError true\n');
    assert.equal(reports(stderr).length, 4);
  });

  test('a cycle through a main thread that awaits', async () => {
    const { stdout, stderr, status } = await run(`
      const ours = held(), theirs = new Lock(), taken = counter(), ended = counter();
      function waits() {
        theirs.with(() => { raise(taken); console.log(thrown(() => ours.acquire())); });
        raise(ended);
      }
      start_new_thread(waits, []);
      reaches(taken, 1);
      const failed = await theirs.acquireAsync().catch((error) => error.name);
      console.log(failed);
      reaches(ended, 1);
      // 'with' has let go of it.
      console.log(await theirs.acquireAsync());
    `);
    assert.deepEqual(stdout.trimEnd().split('\n').sort(), ['DeadlockError', 'DeadlockError', 'true']);
    const [report] = reports(stderr);
    assert.deepEqual(
      report?.map(({ runs, holder }) => [runs, holder]),
      [
        ['MainThread', 'waits'],
        ['waits', 'MainThread'],
      ],
      stderr,
    );
    assert.equal(status, 0);
  });

  test('threads that are async functions: all that each awaits fails', async () => {
    const { stdout } = await run(`
      const first = held(), second = held(), third = held(), ended = counter();
      async function waits() {
        const outcomes = await Promise.allSettled([first.acquireAsync(), second.acquireAsync()]);
        console.log(outcomes.map(({ reason }) => reason.name).join());
        raise(ended);
      }
      start_new_thread(waits, []);
      start_new_thread(waits, []);
      console.log(thrown(() => third.acquire()));
      reaches(ended, 2);
    `);
    assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
      'DeadlockError',
      'DeadlockError,DeadlockError',
      'DeadlockError,DeadlockError',
    ]);
  });

  test('three threads in a ring, one after the other', async () => {
    const { stdout, stderr } = await run(`
      const locks = [new Lock(), new Lock(), new Lock()], ready = counter(), ended = counter();
      for (const n of [0, 1, 2]) {
        start_new_thread(function ring() {
          locks[n].with(() => {
            raise(ready); reaches(ready, 3);
            console.log(thrown(() => locks[(n + 1) % 3].acquire()));
          });
          raise(ended);
        }, []);
      }
      reaches(ready, 3);
      console.log(thrown(() => locks[0].acquire()));
      reaches(ended, 3);
    `);
    assert.equal(stdout, 'DeadlockError\n'.repeat(4));
    const [report, ...others] = reports(stderr);
    assert.equal(others.length, 0);
    assert.deepEqual(
      report?.map(({ holder }) => holder),
      ['ring', 'ring', 'ring', 'ring'],
    );
  });

  test('a lock whose holder has ended without releasing it', async () => {
    const { stdout, stderr } = await run(`
      const lock = new Lock();
      start_new_thread(function forgets() { lock.acquire(); }, []);
      quiet();
      try { lock.acquire(); } catch (error) { console.log(error.name, /held by thread 2, which runs function forgets.*which has ended/.test(error.message)); }
      // Any thread may release it.
      lock.release();
      console.log(lock.acquire(false));
    `);
    assert.equal(stdout, 'DeadlockError true\ntrue\n');
    assert.match(stderr, /held by thread 2, which runs function forgets at \S+, which has ended\n/);
  });

  test('two that make what the other needs: globals.get()', async () => {
    const { stdout, stderr } = await run(`
      const making = counter(), ended = counter();
      const make = (name, other) => () => globals.get(name, () => {
        raise(making); reaches(making, 2);
        return { other: globals.get(other, () => 0) };
      });
      const b = make('b', 'a');
      start_new_thread(() => { console.log(thrown(b)); raise(ended); }, []);
      console.log(thrown(make('a', 'b')));
      reaches(ended, 1);
    `);
    assert.equal(stdout, 'DeadlockError\nDeadlockError\n');
    assert.match(stderr, /waits for globals\.get\('a'\) at /);
    assert.match(stderr, /waits for globals\.get\('b'\) at /);
  });

  test('a terminal that tells of its size hides none', async () => {
    // Node listens to SIGWINCH itself when it has written to one.
    const { status } = await run(`
      process.on('SIGWINCH', function refreshStdoutOnSigWinch() {});
      const lock = held();
      await lock.acquireAsync();
    `);
    assert.equal(status, 1);
  });

  test('an uncaught one ends the program as an error does', async () => {
    const { status, stderr } = await run('const lock = held(); await lock.acquireAsync();');
    assert.equal(status, 1);
    assert.match(stderr, /^DeadlockError: acquire\(\) of lock /m);
  });
});

suite('no deadlock', { concurrency: 3 }, () => {
  /** Main waits for the thread for 2 seconds and more, in a call without a time-out. */
  const others: Readonly<Record<string, string>> = {
    'a thread with a time-out': 'const lock = held(); lock.acquire({ timeout: 2000 }); done.release();',
    'a thread that computes': 'for (const end = Date.now() + 3000; Date.now() < end; ); done.release();',
    'a thread in its own Atomics.wait':
      'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000); done.release();',
    'a thread with a timer': 'setTimeout(() => done.release(), 2000);',
    'a thread that awaits, with a timer beside': 'setTimeout(() => done.release(), 2000); void held().acquireAsync();',
    'a thread that awaits with a time-out': 'held().acquireAsync({ timeout: 2000 }).then(() => done.release());',
    'a thread that awaits with a signal':
      'held().acquireAsync({ signal: AbortSignal.timeout(2000) }).catch(() => done.release());',
    'a thread that awaits, and hashes in the thread pool':
      "import('node:crypto').then(({ pbkdf2 }) => { pbkdf2('a', 'b', 4e6, 64, 'sha512', () => done.release()); void held().acquireAsync(); });",
  };
  for (const [what, source] of Object.entries(others)) {
    test(what, async () => {
      const outcome = await run(`
        const done = held();
        start_new_thread(() => { ${source} }, []);
        console.log(done.acquire());
        process.exit(0);
      `);
      assert.deepEqual(outcome, silent('true\n'));
    });
  }

  const mains: Readonly<Record<string, string>> = {
    'a timer': 'setTimeout(() => lock.release(), 2000);',
    'a server':
      "const { createServer, connect } = await import('node:net'); const server = createServer((socket) => { socket.end(); lock.release(); server.close(); }); server.listen(0, () => start_new_thread((port) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000); connect(port); }, [server.address().port]));",
    'a handler of the size of the terminal': `
      process.on('SIGWINCH', function refreshStdoutOnSigWinch() { process.stdout.emit('resize'); });
      process.stdout.once('resize', () => { lock.release(); process.exit(0); });
      console.log(true);
      setTimeout(() => process.emit('SIGWINCH'), 2000).unref();`,
    'a handler of a signal':
      "process.once('SIGUSR2', () => lock.release()); start_new_thread(() => { setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 2000).unref(); void lock.acquireAsync().then(() => lock.release()); }, []);",
  };
  for (const [what, source] of Object.entries(mains)) {
    test(`main awaits, and has ${what}`, async () => {
      const outcome = await run(`
        const lock = held();
        ${source}
        console.log(await lock.acquireAsync());
        lock.release();
      `);
      assert.deepEqual(outcome, silent('true\n'));
    });
  }

  test('a program that listens to the end of its event loop is not told of one that is none', async () => {
    const outcome = await run(`
      const lock = held(), other = new Lock();
      process.on('beforeExit', () => console.log('end'));
      setTimeout(() => lock.release(), 1500);
      console.log(await lock.acquireAsync());
    `);
    assert.deepEqual(outcome, silent('true\nend\n'));
  });

  test('threads that hand over under load, and wait for long now and then', async () => {
    // Rounds in which each thread waits for its turn, most of them short, some longer than a slice, blocked or on the event loop.
    const outcome = await run(`
      const THREADS = 6, ends = Date.now() + ${extent(2000, 6000)};
      const locks = Array.from({ length: THREADS }, held), ended = counter(), stop = counter(), done = held();
      /** Has its turn; whether that was the last one. */
      function hasTurn(n, round) {
        if (round % 20 === n) Atomics.wait(counter(), 0, 0, 200 + 20 * n);
        if (Date.now() > ends) raise(stop);
        const last = value(stop) > 0;
        locks[(n + 1) % THREADS].release();
        if (last && raise(ended) === THREADS) done.release();
        return last;
      }
      for (let n = 0; n < THREADS; n++) {
        start_new_thread(n % 2 ? function blocks() {
          for (let round = 0; ; round++) {
            locks[n].acquire();
            if (hasTurn(n, round)) break;
          }
        } : async function awaits() {
          for (let round = 0; ; round++) {
            await locks[n].acquireAsync();
            if (hasTurn(n, round)) break;
          }
        }, []);
      }
      locks[0].release();
      done.acquire();
      console.log('end');
    `);
    assert.deepEqual(outcome, silent('end\n'));
  });
});
