// Interrupts and what they meet: the end of a guard, a call into the library, a handler that comes or goes. What holds of them one at
// a time is in ../conformance/interrupts.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extent } from '../support/extent.ts';
import { runtimeProgram, silent } from './prelude.ts';

/** For a thread that spins: whether what it spins for may still come. Its own processor time is the measure: the others get as much. */
const PATIENCE = `
function patience() {
  const start = process.cpuUsage();
  let turns = 0;
  return () => ++turns % 1000 !== 0 || process.cpuUsage(start).user < 20e6;
}
`;

test('an interrupt at the end of interruptible() never ends the program', async () => {
  // Interleaving: B, main, asks for an interrupt under the guard, and leaves it at the moment at which A's interrupt gets there: when the
  // function was cut, the next one is shorter, else longer. So that now and then the order to end is given under the guard and arrives
  // after it, in plain code that nobody may end.
  const outcome = await runtimeProgram(`
    const order = counter();
    start_new_thread(() => { for (let n = 1; ; n++) { reaches(order, n); interrupt_main(); } }, []);
    const spin = (milliseconds) => { for (const end = performance.now() + milliseconds; performance.now() < end; ); };
    let length = 0.5;
    let caught = 0;
    for (; caught < ${extent(400, 4000)}; caught++) {
      let asked = false;
      let whole = false;
      for (let cut = false; !cut; ) {
        try {
          interruptible(() => {
            if (!asked) raise(order);
            asked = true;
            spin(length);
            whole = true;
          });
          spin(0.3);
        } catch (error) {
          if (!(error instanceof KeyboardInterrupt)) throw error;
          cut = true;
        }
      }
      length = Math.max(0.01, length + (whole ? 0.01 : -0.01));
    }
    console.log('whole');
    process.exit();
  `);
  assert.deepEqual(outcome, silent('whole\n'));
});

test('every interrupt cuts the guarded function, however soon it comes', async () => {
  // Interleaving: B, main, was cut, and asks A for the next interrupt under its next guard, at once; A spins, so that it is there before
  // the supervisor is done with the last one, which it must then notice.
  const outcome = await runtimeProgram(`${PATIENCE}
    const order = counter();
    start_new_thread(() => { for (let n = 1; ; n++) { while (value(order) < n); interrupt_main(); } }, []);
    let cut = 0;
    let late = 0;
    for (; cut < ${extent(400, 4000)} && late === 0; ) {
      const inTime = patience();
      try {
        interruptible(() => { raise(order); while (inTime()); late++; });
      } catch (error) {
        if (!(error instanceof KeyboardInterrupt)) throw error;
        cut++;
      }
    }
    console.log(late);
    process.exit();
  `);
  assert.deepEqual(outcome, silent('0\n'));
});

test('an interrupt during a start under the guard cuts the guarded function after it', async () => {
  // Interleaving: A interrupts within half a millisecond, in which B, main, captures and starts a thread under the guard. The end must
  // neither be caught by the capture nor be forgotten by it.
  const outcome = await runtimeProgram(`${PATIENCE}
    const order = counter();
    start_new_thread(() => {
      for (let n = 1; ; n++) {
        reaches(order, n);
        const end = performance.now() + Math.random() * 0.5;
        while (performance.now() < end);
        interrupt_main();
      }
    }, []);
    let cut = 0;
    let late = 0;
    for (; cut < ${extent(40, 300)} && late === 0; ) {
      const inTime = patience();
      try {
        interruptible(() => {
          raise(order);
          start_new_thread(() => {}, []);
          while (inTime());
          late++;
        });
      } catch (error) {
        if (!(error instanceof KeyboardInterrupt)) throw error;
        cut++;
      }
    }
    console.log(late);
    process.exit();
  `);
  assert.deepEqual(outcome, silent('0\n'));
});

for (const [name, use] of [
  ['hold', 'lock.hold()'],
  ['with', 'lock.with(() => {})'],
] as const) {
  test(`an interrupt while ${name}() waits leaves the lock released`, async () => {
    // Interleaving: B, main, is parked on the lock; A interrupts, then releases. B has acquired it before it sees the interrupt.
    const outcome = await runtimeProgram(`
      const lock = allocate_lock();
      lock.acquire();
      start_new_thread(() => {
        becomes(() => atomic.load(recordOf(0) + R_WAITS) !== 0, 'main, waiting for the lock');
        interrupt_main();
        lock.release();
      }, []);
      console.log(attempt(() => ${use}), lock.locked());
    `);
    assert.deepEqual(outcome, silent('KeyboardInterrupt false\n'));
  });
}

test('under a handler of the program nothing is cut short, and no interrupt is left for later', async () => {
  // Interleaving: B, main, is guarded and handles SIGINT; A interrupts. B goes on, then runs its handler. When the handler is gone,
  // A interrupts again: B is cut then, and only then.
  const outcome = await runtimeProgram(`
    const go = allocate_lock();
    go.acquire();
    const interrupted = counter();
    start_new_thread(() => { for (;;) { go.acquire(); interrupt_main(); raise(interrupted); } }, []);
    // Connects what the first interrupt has to connect.
    console.log(attempt(() => interruptible(() => { go.release(); for (;;); })));
    reaches(interrupted, 1);
    const handler = () => console.log('handler');
    process.on('SIGINT', handler);
    console.log(attempt(() => interruptible(() => {
      go.release();
      while (Atomics.load(interrupted, 0) < 2);
      // Long enough for an order to end that was given by mistake.
      for (const end = performance.now() + 200; performance.now() < end; );
      return 'whole';
    })));
    await turn();
    process.off('SIGINT', handler);
    console.log(attempt(() => interruptible(() => 'nothing left')));
    console.log(attempt(() => interruptible(() => { go.release(); for (;;); })));
    process.exit();
  `);
  const lines = outcome.stdout.split('\n');
  // Whether the handler runs inside the guard's last safepoint or at the next turn is not laid down.
  assert.deepEqual(lines.toSorted(), [
    '',
    'KeyboardInterrupt',
    'KeyboardInterrupt',
    'handler',
    'nothing left',
    'whole',
  ]);
  assert.equal(outcome.status, 0, outcome.stderr);
});

test('a handler that the program adds and removes gets every Ctrl-C that comes while it is there', async () => {
  // Interleaving: B, main, removes its handler and adds it again within 0.6 ms; A, the watch, must not set itself up in between, or it
  // displaces the handler: the signal would then be an interrupt. The process kills itself only while the handler is there, and waits
  // until it ran.
  const outcome = await runtimeProgram(`
    start_new_thread(() => {}, []);
    quiet();
    const ROUNDS = 120;
    let handled = 0;
    const handler = () => { handled++; };
    for (let round = 1; round <= ROUNDS; round++) {
      process.on('SIGINT', handler);
      await turn();
      process.off('SIGINT', handler);
      await turn();
      const end = performance.now() + Math.random() * 0.6;
      while (performance.now() < end);
      process.on('SIGINT', handler);
      await new Promise((resolve) => setTimeout(resolve, 1));
      process.kill(process.pid, 'SIGINT');
      await eventually(() => handled === round, 'the signal of round ' + round);
      process.off('SIGINT', handler);
    }
    console.log(handled);
  `);
  assert.deepEqual(outcome, silent('120\n'));
});

test('Ctrl-C while the program has no handler any more is an interrupt', async () => {
  // Interleaving: A, the watch, was displaced by a handler of B, main; the handler goes, then the signal comes.
  const outcome = await runtimeProgram(`
    start_new_thread(() => {}, []);
    const handler = () => console.log('handler');
    process.on('SIGINT', handler);
    await turn();
    process.off('SIGINT', handler);
    process.on('uncaughtException', (error) => { console.log(error.name); process.exit(); });
    process.kill(process.pid, 'SIGINT');
    await eventually(() => false, 'the interrupt');
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\n'));
});

test('a program that captures uncaught exceptions gets interrupts too, and goes on', async () => {
  // Interleaving: none; the capture callback takes the error before any listener, so the end of the program is not Heddle's to decide.
  const outcome = await runtimeProgram(`
    process.setUncaughtExceptionCaptureCallback((error) => { console.log(error.name); });
    setTimeout(() => { throw new KeyboardInterrupt(); }, 0);
    setTimeout(() => console.log('goes on'), 5);
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\ngoes on\n'));
});

test('an interrupt under nested interruptible() ends the outermost, and the guard works again', async () => {
  // Interleaving: A interrupts when B, main, is in the inner guard.
  const outcome = await runtimeProgram(`
    const inside = counter();
    start_new_thread(() => { for (let round = 1; ; round++) { reaches(inside, round); interrupt_main(); } }, []);
    for (let round = 0; round < 3; round++) {
      console.log(attempt(() => interruptible(() => {
        // Told without a call of the library: there the interrupt would be an error like any other, which the inner attempt takes.
        attempt(() => interruptible(() => { raise(inside); for (;;); }));
        return 'the outer goes on';
      })));
    }
    process.exit();
  `);
  assert.deepEqual(outcome, silent('KeyboardInterrupt\n'.repeat(3)));
});
