// All interleavings of two and three threads over a queue: what src/queue does around the kernel's steps, and the waiting. And planted bugs in
// those steps, each of which is found. README.md says what is explored, and what is not.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Q_AGAIN, Q_FULL, Q_NEVER, Q_NOT_EMPTY, Q_NOT_FULL, Q_WAITING } from '#heddle/heap/types.js';
import { atomic } from '#heddle/memory/atomics.js';
import { ASYNC, awaitLater, blockUntil } from '#heddle/memory/park.js';
import { CLOSED, NOTHING, offer, shut, take } from '#heddle/queue/cell.js';
import { Turn } from '#heddle/queue/turn.js';
import type { Context, Program } from './automaton.ts';
import { type Exploration, explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { breaks, holds, summary } from './outcome.ts';
import { type Bug, Model, withModel } from './queue_model.ts';

const CELL = 0x900000;
/** In time-outs, milliseconds. */
const TIMEOUT = 5;

type Use = (context: Context) => void;

/** As `Queue.put`. */
function put(item: number, timeout = Infinity): Use {
  return (context) => {
    const attempt = (mode: number) => offer(CELL, item, mode);
    let answer: unknown = attempt(Q_NEVER);
    if (answer === Q_FULL) answer = waited(new Turn(CELL, Q_NOT_FULL, attempt, Q_FULL), timeout);
    context.check(answer !== Q_FULL || timeout < Infinity, 'put() without a time-out has given up');
  };
}

/** As `Queue.get`. */
function get(timeout = Infinity): Use {
  return (context) => {
    let taken = take(CELL, Q_NEVER);
    if (taken === NOTHING) {
      taken = waited(new Turn(CELL, Q_NOT_EMPTY, (mode) => take(CELL, mode), NOTHING), timeout);
    }
    context.check(taken !== NOTHING || timeout < Infinity, 'get() without a time-out has given up');
    const isItem = typeof taken === 'number' && taken > 0;
    context.check(isItem || taken === NOTHING || taken === CLOSED, `get() has given out ${String(taken)}`);
  };
}

/** A put that fails when it is called: there is no memory for its item. */
const putFailing: Use = () => {
  const failure = new Error('no memory');
  const turn = new Turn(
    CELL,
    Q_NOT_FULL,
    (mode) => {
      if (mode === Q_AGAIN) throw failure;
      return offer(CELL, 5, mode);
    },
    Q_FULL,
  );
  try {
    blockUntil(turn, Infinity);
  } catch (error) {
    if (error !== failure) throw error;
  } finally {
    turn.giveUp();
  }
};

function waited(turn: Turn, timeout: number): unknown {
  blockUntil(turn, timeout);
  turn.giveUp();
  return turn.outcome;
}

/** As `Queue.getAsync`, with a signal that may abort it at any turn of the event loop. */
function getLater({ aborts = false, timeout = Infinity } = {}): Use {
  return (context) => {
    const turn = new Turn(CELL, Q_NOT_EMPTY, (mode) => take(CELL, mode), NOTHING);
    let calls = 0;
    let aborted = false;
    const pending = awaitLater(turn, timeout, (got) => {
      context.check(!aborted && ++calls === 1, 'getAsync() has reported twice, or after its abort');
      context.check(got || timeout < Infinity, 'getAsync() without a time-out has given up');
      turn.giveUp();
    });
    if (aborts) {
      context.abort('abort', () => {
        aborted = calls === 0;
        pending.cancel();
        turn.giveUp();
      });
    }
  };
}

const end =
  (drain = false): Use =>
  () =>
    shut(CELL, drain);

const all =
  (...uses: Use[]): Use =>
  (context) => {
    for (const use of uses) use(context);
  };

interface Scenario {
  readonly name: string;
  readonly most: number;
  readonly uses: readonly Use[];
  readonly extras?: Partial<Plan>;
  readonly preemptions?: number;
  /** An asynchronous wait may be aborted: the engine keeps its waiter, and it stays counted, until somebody wakes it. */
  readonly aborts?: boolean;
  /** B may be killed. Then, after a while, the threads that wait look around. */
  readonly deadly?: boolean;
}

const scenarios: readonly Scenario[] = [
  { name: 'two are put and got', most: 0, uses: [all(put(1), put(2)), all(get(), get())], extras: { spurious: 1 } },
  { name: 'two get, one puts two', most: 0, uses: [get(), get(), all(put(1), put(2))] },
  {
    name: 'two get, two put',
    most: 0,
    uses: [all(put(3), get()), all(get(), get()), all(put(1), put(2))],
    preemptions: 4,
  },
  {
    name: 'room for one, two are put and got',
    most: 1,
    uses: [all(put(1), put(2)), all(get(), get())],
    extras: { spurious: 1 },
  },
  { name: 'room for one, two put, one gets', most: 1, uses: [all(put(1), put(2)), put(3), all(get(), get(), get())] },
  { name: 'room for one, one puts, two get', most: 1, uses: [all(put(1), put(2)), get(), get()] },
  { name: 'one gets with a time-out', most: 0, uses: [get(TIMEOUT), get(), all(put(1), put(2))], extras: { lulls: 1 } },
  { name: 'one puts with a time-out', most: 1, uses: [put(1, TIMEOUT), put(2), all(get(), get(TIMEOUT))] },
  { name: 'one fails that was called to put', most: 1, uses: [putFailing, all(put(1), put(2)), all(get(), get())] },
  { name: 'asynchronously', most: 0, uses: [getLater(), get(), all(put(1), put(2))] },
  {
    name: 'asynchronously, perhaps aborted',
    aborts: true,
    most: 0,
    uses: [getLater({ aborts: true }), get(), all(put(1), put(2))],
  },
  {
    name: 'asynchronously, perhaps aborted, then blocked',
    aborts: true,
    most: 0,
    uses: [
      (context) => {
        getLater({ aborts: true })(context);
        context.task('get', () => get()(context));
      },
      all(put(1), put(2)),
    ],
  },
  {
    name: 'asynchronously with a time-out',
    most: 0,
    uses: [getLater({ timeout: TIMEOUT }), get(), all(put(1), put(2))],
  },
  { name: 'shut down while two get', most: 0, uses: [get(), get(), all(put(1), end())] },
  { name: 'shut down while one puts and one gets', most: 1, uses: [all(put(1), put(2)), get(), end()] },
  { name: 'shut down at once while two put', most: 1, uses: [all(put(1), put(2)), put(3), end(true)] },
  { name: 'shut down, asynchronously', aborts: true, most: 0, uses: [getLater(), getLater({ aborts: true }), end()] },
  { name: 'one dies that gets', most: 0, uses: [get(), get(), all(put(1), put(2))], deadly: true },
  { name: 'one dies that puts', most: 1, uses: [get(), put(2), put(1)], deadly: true, preemptions: 4 },
];

const VICTIM = 1;

/** Thread C of a deadly scenario sees to it that there is enough for who lives. */
function planOf({ uses, extras, deadly = false, aborts = false }: Scenario): Plan {
  const threads = uses.map((use, index) => ({
    name: 'ABC'[index]!,
    program: ((context) => use(context)) as Program,
    mortal: deadly && index === VICTIM,
  }));
  const lookAround = {
    name: 'a slice later',
    program: () => {
      for (const side of [Q_NOT_EMPTY, Q_NOT_FULL]) atomic.notify(CELL + side, Infinity);
    },
    buries: VICTIM,
  };
  return {
    threads: deadly ? [...threads, lookAround] : threads,
    locks: [],
    verdict(read, died) {
      if (died) return undefined;
      for (const side of [Q_NOT_EMPTY, Q_NOT_FULL]) {
        const counted = read(CELL + side + Q_WAITING);
        if (counted !== 0) return `${counted} are counted among those that wait when all is done`;
        const asynchronous = read(CELL + side + ASYNC);
        if (asynchronous !== 0 && !aborts) return `${asynchronous} asynchronous waiters are counted when all is done`;
      }
      return undefined;
    },
    ...extras,
  };
}

function run(scenario: Scenario, bug?: Bug, preemptions = scenario.preemptions): Exploration {
  return withModel(new Model(bug), scenario.most, () => explore(planOf(scenario), preemptions));
}

suite('a queue', () => {
  for (const scenario of scenarios) {
    test(scenario.name, (t) => {
      const exploration = run(scenario);
      holds(exploration);
      t.diagnostic(summary(exploration, scenario.preemptions));
    });
  }
});

/** Each bug with what it must be found by. */
// That who gives up hands on its turn is no longer among them: src/memory/park.ts wakes another one too, so that nothing is lost without it.
const bugs: Readonly<Record<Bug, RegExp>> = {
  'a call does not change the word that is parked on': /waits for ever/,
  'who is called stays called': /waits for ever/,
  'who gives up stays counted': /are counted among those that wait/,
  'who waits is not counted': /waits for ever|are counted/,
  'who has got something stays counted': /are counted among those that wait/,
  'a take calls no putter': /waits for ever/,
  'shutdown does not change the words that are parked on': /waits for ever/,
};

suite('a planted bug is found', () => {
  for (const [bug, rule] of Object.entries(bugs) as [Bug, RegExp][]) {
    test(bug, (t) => {
      for (const scenario of scenarios) {
        const exploration = run(scenario, bug, 3);
        if (exploration.violation === undefined) continue;
        const violation = breaks(exploration);
        assert.match(violation.rule, rule, violation.trace);
        t.diagnostic(`in "${scenario.name}": ${violation.rule}\n${violation.trace}`);
        return;
      }
      assert.fail('the explorer has found nothing');
    });
  }
});
