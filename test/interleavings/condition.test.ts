// All interleavings of two waiters and a notifier over a `Condition`, and copies of its wait with a bug that must be found.
//
// What is checked in all of them: a wait returns true if and only if somebody has notified that waiter; those that came first are notified
// first; the lock keeps everybody else out before and after the wait; nobody waits for ever.

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { addressOf } from '#heddle/heap/inflight.js';
import { atomic } from '#heddle/memory/atomics.js';
import { blockUntil } from '#heddle/memory/park.js';
import { Condition } from '#heddle/sync/condition.js';
import { Lock } from '#heddle/sync/lock.js';
import { acquireAgain, SAVE } from '#heddle/sync/monitor.js';
import { thisThread } from '#heddle/sync/owner.js';
import { RLock } from '#heddle/sync/rlock.js';
import { append, ground, leave, notification, Waiter } from '#heddle/sync/waiters.js';
import { bounded } from '../support/extent.ts';
import type { Context, Program } from './automaton.ts';
import { explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { current, threads } from './marks.ts';
import { breaks, holds, summary } from './outcome.ts';

// Links are words of the machine; each thread has the waiter that it would have kept from its wait before.
const waiters = Array.from({ length: 3 }, () => new Waiter());
const real = { ...ground };
const inPlace: typeof ground = {
  take: () => waiters[current()]!,
  give: () => {},
  load: (address) => {
    const at = atomic.load(address);
    return at === 0 ? undefined : waiters.find((waiter) => addressOf(waiter) === at)!;
  },
  store: (address, waiter) => atomic.store(address, waiter === undefined ? 0 : addressOf(waiter)),
  hasDied: (of) => of !== thisThread.mark && atomic.load(DEAD) === of,
};
Object.assign(ground, inPlace);
after(() => Object.assign(ground, real));

/** Words of the scenarios, written with the lock held. */
const WORDS = 0x8000_0000;
/** How many have queued up, and how many of them have been notified. */
const CAME = WORDS;
const TOLD = WORDS + 4;
const CLOSED = WORDS + 8;
/** The mark of a thread whose death is known. */
const DEAD = WORDS + 12;
const MORTAL = WORDS + 16;

interface Setting {
  readonly lock: Lock | RLock;
  readonly condition: Condition;
  readonly word: number;
}

function setting(lock: Lock | RLock): Setting {
  return { lock, condition: new Condition(lock), word: addressOf(lock) + 4 };
}

type Wait = (setting: Setting, timeout: number | undefined) => boolean;

const ours: Wait = ({ condition }, timeout) => condition.wait(timeout);

function enter(context: Context, { condition, word }: Setting): void {
  condition.acquire();
  context.enter(word);
}

function exit(context: Context, { condition, word }: Setting): void {
  context.leave(word);
  condition.release();
  context.released(true);
}

/** The wait itself, as others see it: the lock is free meanwhile. */
function waiting(context: Context, setting: Setting, wait: Wait, timeout?: number): boolean {
  context.leave(setting.word);
  const notified = wait(setting, timeout);
  context.released(true);
  context.enter(setting.word);
  return notified;
}

const waits =
  (setting: Setting, wait: Wait = ours): Program =>
  (context) => {
    enter(context, setting);
    if (atomic.load(CLOSED) === 0) {
      const place = atomic.load(CAME);
      atomic.store(CAME, place + 1);
      context.check(waiting(context, setting, wait), 'wait() has given up');
      context.check(place < atomic.load(TOLD), 'it was not its turn');
    }
    exit(context, setting);
  };

/** One, and then all. */
const notifies =
  (setting: Setting): Program =>
  (context) => {
    enter(context, setting);
    atomic.store(TOLD, Math.min(1, atomic.load(CAME)));
    setting.condition.notify();
    exit(context, setting);
    enter(context, setting);
    atomic.store(CLOSED, 1);
    atomic.store(TOLD, atomic.load(CAME));
    setting.condition.notifyAll();
    exit(context, setting);
  };

/** Alone in the queue: CAME while it waits. */
const timed =
  (setting: Setting, wait: Wait = ours): Program =>
  (context) => {
    enter(context, setting);
    atomic.store(CAME, 1);
    const start = context.clock();
    const notified = waiting(context, setting, wait, 5);
    atomic.store(CAME, 0);
    context.check(notified === (atomic.load(TOLD) === 1), `wait() says ${notified}, but that is not so`);
    context.check(notified || context.clock() - start >= 5, 'wait() has given up before its time');
    exit(context, setting);
  };

const notifiesOne =
  (setting: Setting): Program =>
  (context) => {
    enter(context, setting);
    if (atomic.load(CAME) === 1) atomic.store(TOLD, 1);
    setting.condition.notify();
    exit(context, setting);
  };

/** May be killed while it waits, or while it waits for the lock. */
const mortal =
  (setting: Setting): Program =>
  (context) => {
    atomic.store(MORTAL, thisThread.mark);
    enter(context, setting);
    waiting(context, setting, ours, 5);
    exit(context, setting);
  };

/** When the mortal is dead. */
const buries =
  (setting: Setting): Program =>
  (context) => {
    atomic.store(DEAD, atomic.load(MORTAL));
    notifiesOne(setting)(context);
  };

function plan(setting: Setting, ...programs: readonly Program[]): Plan {
  return { threads: threads(...programs), locks: [setting.word] };
}

const withLock = setting(new Lock());
const withRLock = setting(new RLock());

suite('Condition', () => {
  const check = (name: string, plan: Plan, preemptions = Infinity): void => {
    test(name, (t) => {
      const exploration = explore(plan, bounded(preemptions));
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
    });
  };
  check('one waits', plan(withLock, waits(withLock), notifies(withLock)));
  check('one waits, with an RLock', plan(withRLock, waits(withRLock), notifies(withRLock)));
  check('one waits, and may wake for nothing', {
    ...plan(withLock, waits(withLock), notifies(withLock)),
    spurious: 1,
  });
  check('two wait', plan(withLock, waits(withLock), waits(withLock), notifies(withLock)), 2);
  check('one until its time runs out', { ...plan(withLock, timed(withLock), notifiesOne(withLock)), lulls: 1 });
  check('one until its time runs out, with an RLock', plan(withRLock, timed(withRLock), notifiesOne(withRLock)));
  check('one that may be killed, one behind or before it', dying(), 3);
});

function dying(): Plan {
  const [victim, ...others] = threads(mortal(withLock), timed(withLock), buries(withLock));
  return {
    threads: [{ ...victim!, mortal: 'parked' }, others[0]!, { ...others[1]!, buries: 0 }],
    locks: [withLock.word],
  };
}

suite('a planted bug is found', () => {
  type Bug =
    | 'it lets go of the lock before it queues up'
    | 'what parking says is the answer'
    | 'it leaves the queue before it has the lock'
    | 'it does not leave the queue when its time is up';

  const copy =
    (bug?: Bug): Wait =>
    ({ lock, condition }, timeout = Infinity) => {
      const queue = addressOf(condition) + 8;
      const early = bug === 'it lets go of the lock before it queues up' ? lock[SAVE]() : 0;
      const waiter = append(queue);
      const count = early || lock[SAVE]();
      const parked = blockUntil(
        notification(waiter, () => ''),
        timeout,
      );
      const left = bug === 'it leaves the queue before it has the lock' && leave(queue, waiter);
      acquireAgain(lock, count);
      if (bug === 'it leaves the queue before it has the lock') return left;
      if (bug === 'it does not leave the queue when its time is up' && !parked) return false;
      const notified = leave(queue, waiter);
      return bug === 'what parking says is the answer' ? parked : notified;
    };

  const twoTimes =
    (wait: Wait): Program =>
    (context) => {
      timed(withLock, wait)(context);
      if (atomic.load(TOLD) === 0) timed(withLock, wait)(context);
    };

  const plans = (wait: Wait): readonly Plan[] => [
    plan(withLock, waits(withLock, wait), notifies(withLock)),
    plan(withLock, twoTimes(wait), notifiesOne(withLock)),
  ];

  for (const [bug, rule] of [
    ['it lets go of the lock before it queues up', /waits for ever|not its turn|is not so/],
    ['what parking says is the answer', /is not so/],
    ['it leaves the queue before it has the lock', /is not so/],
    ['it does not leave the queue when its time is up', /is not so|spins|waits for ever|no end/],
  ] as const) {
    test(bug, (t) => {
      const violation = plans(copy(bug))
        .map((plan) => explore(plan, 3))
        .find((exploration) => exploration.violation !== undefined);
      assert.ok(violation, 'the explorer has found nothing');
      assert.match(breaks(violation).rule, rule);
      t.diagnostic(breaks(violation).rule);
    });
  }

  test('a waiter that is dead is notified', (t) => {
    ground.hasDied = () => false;
    try {
      const { rule } = breaks(explore(dying(), 3));
      assert.match(rule, /is not so/);
      t.diagnostic(rule);
    } finally {
      ground.hasDied = inPlace.hasDied;
    }
  });

  test('and none without', () => {
    for (const plan of plans(copy())) holds(explore(plan, 3));
  });
});
