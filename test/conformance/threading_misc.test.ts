// Section 2.9 of the contract: Timer, names, and interrupts of the main thread; 1.14-25.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as heddle from 'heddle';
import { currentThread, Event, shared, Thread, Timer } from 'heddle';
import { nameOf } from '#heddle/sync/names.js';
import { becomes, counter, raise, value } from '../support/counter.ts';
import { type Outcome, program } from '../support/program.ts';

const silent = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });

test('2.9-62 [init_immutable_default_args] what one timer is called with is not the next one’s', () => {
  const first = new Timer(1, () => {});
  first.args.push('blah');
  const second = new Timer(1, () => {});
  assert.deepEqual(second.args, []);
  assert.equal(second.kwargs, undefined);
});

test('1.14-25 a timer calls its function after the interval, in a thread of its own', () => {
  const seen = shared({ args: [] as unknown[], name: '', after: 0 });
  const timer = new Timer(
    30,
    (start: number, { by }: { by: number }) => {
      seen.after = performance.timeOrigin + performance.now() - start;
      seen.args.push(by);
      seen.name = currentThread().name;
    },
    [performance.timeOrigin + performance.now()],
    { by: 2 },
  );
  timer.start();
  assert.equal(timer.join(), true);
  assert.ok(seen.after >= 28, `${seen.after} ms`);
  assert.deepEqual([...seen.args], [2]);
  assert.equal(seen.name, timer.name);
  assert.equal(timer.finished.isSet(), true);
  assert.deepEqual([timer.interval, typeof timer.function], [30, 'function']);
  assert.throws(() => timer.start(), { message: 'threads can only be started once' });
  timer.cancel();
});

test('1.14-25 a timer that is cancelled does not call: before the start, and while it waits', () => {
  const calls = counter();
  const early = new Timer(1, () => void raise(calls));
  early.cancel();
  early.start();
  assert.equal(early.join(), true);
  const waiting = new Timer(1_000_000, () => void raise(calls));
  waiting.start();
  assert.equal(waiting.join(5), false);
  const box = shared({ timer: waiting });
  const other = new Thread(() => box.timer.cancel());
  other.start();
  assert.equal(waiting.join(), true, 'from another thread');
  assert.equal(value(calls), 0);
});

test('a timer checks its arguments', () => {
  const Untyped = Timer as unknown as new (...args: unknown[]) => Timer;
  assert.throws(() => new Untyped('1', () => {}), { name: 'TypeError', message: /interval must be a number/ });
  assert.throws(() => new Untyped(Number.NaN, () => {}), { name: 'RangeError' });
  assert.throws(() => new Untyped(1, 2), { name: 'TypeError', message: /a Timer calls a function/ });
  assert.throws(() => new Untyped(1, () => {}, 3), { name: 'TypeError', message: /args must be an array/ });
});

test('2.9-63 [__all__] the names that there must be', () => {
  for (const name of [
    'activeCount',
    'currentThread',
    'enumerate',
    'mainThread',
    'getIdent',
    'stackSize',
    'excepthook',
    'setExcepthook',
    'Thread',
    'Timer',
    'ThreadLocal',
    'ThreadError',
    'TIMEOUT_MAX',
  ]) {
    assert.ok(name in heddle, name);
  }
});

/** Bytes of a name in a record. */
const NAME_LIMIT = 192;

test('2.9-64 [set_name] any name is kept whole; what reports see of it is cut at their limit', () => {
  for (const name of ['short', 'with\0nul', 'é'.repeat(20), '日本'.repeat(30), '🧵'.repeat(60), 'x'.repeat(500)]) {
    const seen = shared({ name: '', record: '' });
    const ready = new Event();
    const gate = new Event();
    const thread = new Thread(
      () => {
        seen.name = currentThread().name;
        ready.set();
        gate.wait();
      },
      { name },
    );
    thread.start();
    ready.wait();
    const noted = nameOf((thread.ident as number) - 1);
    gate.set();
    thread.join();
    assert.equal(thread.name, name);
    assert.equal(seen.name, name);
    assert.ok(Buffer.byteLength(noted) <= NAME_LIMIT + 2);
    assert.ok(noted.replace(/\uFFFD$/, '') !== '' && name.startsWith(noted.replace(/\uFFFD$/, '')));
  }
});

test('2.9-65 [change_name] a thread that runs gives itself another name, or is given one', () => {
  const ready = new Event();
  const gate = new Event();
  const thread = new Thread(
    () => {
      currentThread().name = 'changed';
      ready.set();
      gate.wait();
    },
    { name: 'initial' },
  );
  thread.start();
  ready.wait();
  const record = (): string => nameOf((thread.ident as number) - 1);
  assert.deepEqual([thread.name, record()], ['changed', 'changed']);
  thread.name = 'from outside';
  assert.equal(record(), 'from outside');
  (thread as { name: unknown }).name = 5;
  gate.set();
  thread.join();
  assert.equal(thread.name, '5');
  thread.name = 'over';
  assert.equal(thread.name, 'over');
  assert.match(String(thread), /^<Thread\(over, stopped \d+\)>$/);
});

const NAMES = `
import { Event, interruptible, interruptMain, Thread } from 'heddle';
const attempt = (action) => {
  try {
    return action();
  } catch (error) {
    return error.name;
  }
};
`;

test('2.9-66 [subthread] main is interrupted while it joins: at the end of the join', async () => {
  const outcome = await program(`${NAMES}
    const thread = new Thread(() => interruptMain());
    thread.start();
    console.log(attempt(() => thread.join()), attempt(() => thread.join()));
  `);
  assert.equal(outcome.status, 0);
  assert.match(outcome.stdout, /^(KeyboardInterrupt true|true KeyboardInterrupt)\n$/);
});

test('an interrupt in the middle of start() comes when the thread has been started', async () => {
  const outcome = await program(`
    import { Event, interruptible, interruptMain, startNewThread, Thread } from 'heddle';
    const asked = new Event();
    const sent = new Int32Array(new SharedArrayBuffer(4));
    class Slow extends Thread {
      get name() {
        asked.set();
        while (Atomics.load(sent, 0) === 0);
        for (const end = performance.now() + 300; performance.now() < end; );
        return 'slow';
      }
    }
    startNewThread(() => { asked.wait(); interruptMain(); Atomics.store(sent, 0, 1); }, []);
    const thread = new Slow(() => {});
    try {
      interruptible(() => { thread.start(); for (;;); });
    } catch (error) {
      console.log(error.name);
    }
    console.log(thread.join());
  `);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'KeyboardInterrupt\ntrue\n', stderr: '' });
});

test('2.9-67 [mainthread] main interrupts itself at once', async () => {
  const outcome = await program(`${NAMES}
    console.log(attempt(() => { interruptMain(); return 'late'; }));
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\n'));
});

test('2.9-68 [with_signal_handler] what the program’s handler throws comes out of the call', async () => {
  const outcome = await program(`${NAMES}
    process.on('SIGINT', () => { throw new RangeError('handler'); });
    console.log(attempt(() => interruptMain()));
  `);
  assert.deepEqual(outcome, silent('RangeError\n'));
});

test('2.9-69 [noerror] a handler that does nothing: nothing', async () => {
  const outcome = await program(`${NAMES}
    process.on('SIGINT', () => {});
    console.log(attempt(() => interruptMain()));
    process.removeAllListeners('SIGINT');
  `);
  assert.deepEqual(outcome, silent('undefined\n'));
});

test('2.9-70 [invalid_signal] there is no signal to choose', async () => {
  const outcome = await program(`${NAMES}
    for (const signal of [-1, 65, 1_000_000]) console.log(attempt(() => interruptMain(signal)));
  `);
  assert.deepEqual(outcome, silent('TypeError\nTypeError\nTypeError\n'));
});

test('2.9-71 [can_interrupt_tight_loops] a thread that spins on a flag sees that main has set it', () => {
  const state = shared({ stop: false, running: false, rounds: 0 });
  const spinner = new Thread(() => {
    state.running = true;
    let rounds = 0;
    while (!state.stop) rounds++;
    state.rounds = rounds;
  });
  spinner.start();
  becomes(() => state.running, 'the spinner');
  state.stop = true;
  assert.equal(spinner.join(), true);
  assert.ok(state.rounds >= 0);
});
