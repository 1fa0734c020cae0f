// All interleavings of two and three threads over a `Lock`: that the class adds nothing to the mutex that could go wrong.
//
// Its promises are left out (mutex.test.ts has what is below them), and so is `interruptible()`.

import { suite, test } from 'node:test';
import { addressOf } from '#heddle/heap/inflight.js';
import { ThreadError } from '#heddle/sync/errors.js';
import { Lock } from '#heddle/sync/lock.js';
import type { Context } from './automaton.ts';
import { explore } from './explorer.ts';
import { holds, summary } from './outcome.ts';

const lock = new Lock();
/** Of the lock's cell, the second word is the mutex. */
const word = addressOf(lock) + 4;

type Use = (context: Context) => void;

function section(context: Context): void {
  context.enter(word);
  context.check(lock.locked(), 'locked() is false while the lock is held');
  context.leave(word);
}

function release(context: Context): void {
  lock.release();
  context.released(true);
}

const acquire: Use = (context) => {
  context.check(lock.acquire(), 'acquire() has given up');
  section(context);
  release(context);
};

const trying: Use = (context) => {
  if (!lock.acquire(false)) return;
  section(context);
  release(context);
};

const timed: Use = (context) => {
  const start = context.clock();
  if (lock.acquire({ timeout: 5 })) {
    section(context);
    release(context);
  } else {
    context.check(context.clock() - start >= 5, 'acquire() has given up before its time');
  }
};

const hold: Use = (context) => {
  const held = lock.hold();
  section(context);
  held.release();
  held.release();
  context.released(true);
};

const withLock: Use = (context) => {
  lock.with(() => section(context));
  context.released(true);
};

/** Releases somebody else's acquisition, or finds nothing to release, which is an error. */
const releasing: Use = (context) => {
  let freed = true;
  try {
    lock.release();
  } catch (error) {
    if (!(error instanceof ThreadError)) throw error;
    freed = false;
  }
  context.released(freed);
};

/** Without a critical section, for it is released by somebody else, or by this thread if nobody else does. */
const handedOver: Use = (context) => {
  lock.acquire();
  context.took(word);
  releasing(context);
};

const plans: Readonly<Record<string, readonly Use[]>> = {
  'acquire and release': [acquire, acquire],
  'acquire, try, time-out': [acquire, trying, timed],
  'three that wait': [acquire, acquire, acquire],
  'one acquires, both release': [handedOver, releasing],
  'two acquire, three release': [handedOver, handedOver, releasing],
  'hold() and with()': [hold, withLock],
  'hold(), with() and a time-out': [hold, withLock, timed],
};

suite('Lock', () => {
  for (const [name, uses] of Object.entries(plans)) {
    test(name, (t) => {
      const threads = uses.map((program, index) => ({ name: 'ABC'[index]!, program }));
      const exploration = explore({ threads, locks: [word] });
      holds(exploration);
      t.diagnostic(summary(exploration));
    });
  }
});
