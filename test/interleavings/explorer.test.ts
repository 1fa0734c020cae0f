// The explorer itself: that it counts what can be counted by hand, and that it sees what it must see.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import type { Program } from './automaton.ts';
import { explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { breaks, holds } from './outcome.ts';

const LOCK = 0x1000_0000;
const WORD = LOCK + 64;

function plan(...programs: readonly Program[]): Plan {
  return { threads: programs.map((program, index) => ({ name: 'ABC'[index]!, program })), locks: [LOCK] };
}

function times(count: number, step: () => void): Program {
  return () => {
    for (let done = 0; done < count; done++) step();
  };
}

suite('counts', () => {
  // Of n + m steps, any n can be the first thread's.
  for (const [n, m, schedules] of [
    [1, 1, 2],
    [2, 2, 6],
    [3, 5, 56],
    [4, 6, 210],
  ] as const) {
    test(`${n} and ${m} steps interleave in ${schedules} ways`, () => {
      const adds = (count: number) => times(count, () => atomic.add(WORD, 1));
      assert.equal(explore(plan(adds(n), adds(m))).schedules, schedules);
    });
  }

  test('three threads of two steps interleave in 90 ways', () => {
    const adds = times(2, () => atomic.add(WORD, 1));
    assert.equal(explore(plan(adds, adds, adds)).schedules, 90);
  });

  test('a bound on preemptions leaves those schedules that have no more', () => {
    const adds = times(2, () => atomic.add(WORD, 1));
    // AABB BBAA; ABBA BAAB; and ABAB BABA with two.
    assert.equal(explore(plan(adds, adds), 0).schedules, 2);
    assert.equal(explore(plan(adds, adds), 1).schedules, 4);
    assert.equal(explore(plan(adds, adds), 2).schedules, 6);
  });

  test('a wait that may be missed: the look at the word and the parking are one step', () => {
    const waiter: Program = () => void atomic.wait(WORD, 0, Infinity);
    const waker: Program = () => {
      atomic.store(WORD, 1);
      atomic.notify(WORD, 1);
    };
    const exploration = explore(plan(waiter, waker));
    holds(exploration);
    // Wait before the store, between store and notify, or after both.
    assert.equal(exploration.schedules, 3);
  });
});

suite('sees', () => {
  test('a lost update', () => {
    const add: Program = (context) => {
      const before = atomic.load(WORD);
      context.check(atomic.exchange(WORD, before + 1) === before, 'an update is lost');
    };
    const { rule, trace } = breaks(explore(plan(add, add)));
    assert.equal(rule, 'A: an update is lost');
    assert.match(trace, /^A +load 0x10000040 +is 0\nB +load .*\nB +exchange .* = 1 +was 0\nA +exchange .* +was 1$/m);
  });

  test('a wake-up that came before the wait', () => {
    const waiter: Program = () => {
      if (atomic.load(WORD) === 0) atomic.wait(WORD + 4, 0, Infinity);
    };
    const waker: Program = () => {
      atomic.store(WORD, 1);
      atomic.notify(WORD + 4, 1);
    };
    assert.equal(breaks(explore(plan(waiter, waker))).rule, 'deadlock: A waits for ever');
  });

  test('that a blocked thread does not run its event loop', () => {
    const blocks: Program = () => {
      atomic.waitAsync(WORD, 0, Infinity, () => atomic.notify(WORD, 1));
      atomic.wait(WORD, 0, Infinity);
    };
    const wakesOne: Program = () => void atomic.notify(WORD, 1);
    assert.equal(breaks(explore(plan(blocks, wakesOne))).rule, 'deadlock: A waits for ever');
  });

  test('that a waiter which was given up swallows a notification', () => {
    const givesUp: Program = (context) => {
      atomic.waitAsync(WORD, 0, Infinity, () => {}).abandon();
      context.task('wait', () => void atomic.wait(WORD, 0, Infinity));
    };
    const wakesOne: Program = () => void atomic.notify(WORD, 1);
    assert.equal(breaks(explore(plan(givesUp, wakesOne))).rule, 'deadlock: A waits for ever');
  });

  test('a time-out that comes together with the notification', () => {
    const outcomes = new Set<string>();
    const waiter: Program = () => void outcomes.add(atomic.wait(WORD, 0, 5));
    const waker: Program = () => {
      atomic.store(WORD, 1);
      atomic.notify(WORD, 1);
    };
    holds(explore(plan(waiter, waker)));
    assert.deepEqual([...outcomes].sort(), ['not-equal', 'ok', 'timed-out']);
  });

  test('a lock that is taken and not spoken of', () => {
    const takes: Program = () => void atomic.exchange(LOCK, 1);
    assert.match(breaks(explore(plan(takes))).rule, /took a lock 1 times, but said so 0/);
  });

  test('a loop without an end', () => {
    const spins: Program = () => {
      while (atomic.load(WORD) === 0);
    };
    assert.equal(breaks(explore(plan(spins))).rule, 'A spins without an end');
  });
});

test('the facade is left as it was', () => {
  const load = atomic.load;
  explore(plan(() => void atomic.load(WORD)));
  assert.equal(atomic.load, load);
});
