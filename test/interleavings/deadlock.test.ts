// All interleavings of two and three threads that wait for each other, with the search for deadlocks in their looks: it never takes
// threads for stuck of which one has just been woken, is just starting, or has just ended. Copies with a bug are caught.
//
// As many looks as a plan says; then a thread waits without any.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import {
  H_SLOTS,
  R_ATTENTION,
  R_DEADLOCK,
  R_STATE,
  R_WAIT_LOOKS,
  R_WAIT_MODE,
  R_WAIT_TURN,
} from '#heddle/memory/layout.js';
import { acquireBlocking, release } from '#heddle/memory/mutex.js';
import { careForWaits, patience } from '#heddle/memory/park.js';
import { recordOf } from '#heddle/memory/self.js';
import { Detector } from '#heddle/runtime/deadlock.js';
import { FREE, IDLE, RUNNING } from '#heddle/runtime/table.js';
import { BLOCKED, lastFailed, noteEnd, noteLook, noteTry } from '#heddle/sync/patience.js';
import { bounded } from '../support/extent.ts';
import type { Context } from './automaton.ts';
import { explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { breaks, holds, summary } from './outcome.ts';

type Search = Pick<Detector, 'look' | 'forget'>;
type Bug =
  | 'one collect'
  | 'an attempt that has failed since may have begun before'
  | 'nobody need have looked again'
  | 'looks are counted before the first collect is done'
  | 'the first collect is one walk';

interface Stuck {
  readonly slot: number;
  readonly turn: number;
}

/** The search, into which one bug can be planted. Without one it must pass, so that what is found is the bug. */
function searchWith(bug?: Bug): Search {
  let first: readonly Stuck[] | undefined;
  let looks: readonly number[] = [];
  const looksOf = ({ slot }: Stuck): number => atomic.load(recordOf(slot) + R_WAIT_LOOKS);
  const collect = (): Stuck[] | undefined => {
    const found: Stuck[] = [];
    for (let slot = 0, end = atomic.load(H_SLOTS); slot < end; slot++) {
      const record = recordOf(slot);
      const state = atomic.load(record + R_STATE);
      if (state === FREE || state === IDLE) continue;
      const turn = atomic.load(record + R_WAIT_TURN);
      if (atomic.load(record + R_WAIT_MODE) !== BLOCKED) return undefined;
      found.push({ slot, turn });
    }
    return found;
  };
  const same = (a: readonly Stuck[] | undefined, b: readonly Stuck[]): boolean =>
    JSON.stringify(a) === JSON.stringify(b);
  return {
    look() {
      const failed = (now: number): number =>
        bug === 'an attempt that has failed since may have begun before' ? now : lastFailed(now);
      const looked = first?.every((it, index) => failed(looksOf(it)) > looks[index]!) === true;
      const now = collect();
      if (bug === 'one collect') return now;
      if (now !== undefined && same(first, now)) {
        return looked || bug === 'nobody need have looked again' ? now : undefined;
      }
      const early = bug === 'looks are counted before the first collect is done' ? now?.map(looksOf) : undefined;
      const again = bug === 'the first collect is one walk' ? now : now && collect();
      first = now !== undefined && again !== undefined && same(now, again) ? now : undefined;
      looks = early ?? first?.map(looksOf) ?? [];
      return undefined;
    },
    forget() {
      first = undefined;
    },
  };
}

/** A thread that takes part: its slot, how often it may look, and the search. */
interface Seat {
  readonly slot: number;
  looks: number;
  readonly search: Search;
  readonly context: Context;
}

/** Who runs: the explorer runs a program from its start each time. */
let seat: Seat | undefined;

Object.defineProperty(patience, 'slice', { get: () => ((seat?.looks ?? 0) > 0 ? 250 : Infinity), set() {} });
careForWaits({
  begin() {},
  look() {
    if (seat === undefined) return;
    seat.looks--;
    noteLook(seat.slot, BLOCKED, 0);
    seat.context.check(seat.search.look() === undefined, 'a deadlock is reported');
  },
  heed() {
    if (seat !== undefined) noteTry(seat.slot);
  },
  leave() {
    if (seat === undefined) return;
    seat.search.forget();
    noteEnd(seat.slot);
  },
});

const LOCKS = [0x8000_0000, 0x8000_0010, 0x8000_0020];
const [ONE, TWO, THREE] = LOCKS as [number, number, number];

/** What a thread does, in the order: waits for a lock, or releases one; or begins or ends the thread of a slot. */
type Deed = readonly ['await' | 'release' | 'begin' | 'end', number];

const awaits = (lock: number): Deed => ['await', lock];
const releases = (lock: number): Deed => ['release', lock];
const begins = (slot: number): Deed => ['begin', slot];
const ends = (slot: number): Deed => ['end', slot];

interface Part {
  readonly slot: number;
  readonly looks: number;
  /** Whether there is no thread on the slot yet. */
  readonly idle?: boolean;
  readonly deeds: readonly Deed[];
}

/** All locks are held at the start. */
function planOf(parts: readonly Part[], makeSearch: () => Search): Plan {
  const words = new Map([[H_SLOTS, 4]]);
  const fixed = new Set([H_SLOTS]);
  for (const slot of [0, 1, 2, 3]) {
    const part = parts.find((it) => it.slot === slot);
    const record = recordOf(slot);
    words.set(record + R_STATE, part === undefined ? FREE : part.idle === true ? IDLE : RUNNING);
    for (const word of [R_DEADLOCK, R_ATTENTION]) fixed.add(record + word);
    // Without those that nobody touches there is less to explore.
    const changes = parts.some(({ deeds }) =>
      deeds.some(([kind, of]) => (kind === 'begin' || kind === 'end') && of === slot),
    );
    if (!changes) fixed.add(record + R_STATE);
  }
  const threads = parts.map(({ slot, looks, deeds }, index) => ({
    name: 'ABC'[index]!,
    program: (context: Context) => {
      seat = { slot, looks, search: makeSearch(), context };
      try {
        for (const deed of deeds) act(context, deed);
      } finally {
        seat = undefined;
      }
    },
  }));
  return {
    threads,
    locks: LOCKS,
    held: true,
    words: [...words].map(([address, value]) => ({ address, value })),
    fixed,
  };
}

function act(context: Context, [kind, of]: Deed): void {
  if (kind === 'await') {
    acquireBlocking(of, Infinity);
    context.took(of);
    context.released(release(of));
  } else if (kind === 'release') {
    context.released(release(of));
  } else {
    atomic.store(recordOf(of) + R_STATE, kind === 'begin' ? RUNNING : IDLE);
  }
}

interface Scenario {
  readonly parts: readonly Part[];
  readonly preemptions?: number;
}

/** Nobody is ever stuck in these; what is waited for is handed on when it has come. */
const SWAP: Scenario = {
  parts: [
    { slot: 1, looks: 2, deeds: [awaits(ONE), releases(TWO), releases(THREE)] },
    { slot: 2, looks: 3, deeds: [releases(ONE), awaits(TWO)] },
  ],
};
const HELPER: Scenario = {
  parts: [
    { slot: 1, looks: 0, idle: true, deeds: [awaits(THREE), releases(ONE), ends(1)] },
    { slot: 2, looks: 2, deeds: [begins(1), releases(THREE), awaits(ONE), releases(TWO)] },
    { slot: 3, looks: 2, deeds: [awaits(TWO)] },
  ],
  preemptions: 2,
};
const scenarios: Readonly<Record<string, Scenario>> = {
  'each releases what the other waits for': SWAP,
  'one that waits again': {
    parts: [
      { slot: 1, looks: 2, deeds: [awaits(ONE), releases(TWO), awaits(THREE)] },
      { slot: 2, looks: 3, deeds: [releases(ONE), awaits(TWO), releases(THREE)] },
    ],
    preemptions: 2,
  },
  'a chain of three': {
    parts: [
      { slot: 1, looks: 1, deeds: [awaits(ONE), releases(TWO)] },
      { slot: 2, looks: 2, deeds: [awaits(TWO), releases(THREE)] },
      { slot: 3, looks: 1, deeds: [releases(ONE), awaits(THREE)] },
    ],
    preemptions: 1,
  },
  'the helper starts behind the walk, and ends': HELPER,
};

const DEADLOCK: Scenario = {
  parts: [
    { slot: 1, looks: 3, deeds: [awaits(ONE), releases(TWO)] },
    { slot: 2, looks: 3, deeds: [awaits(TWO), releases(ONE)] },
  ],
};

suite('nobody is taken for stuck who is not', () => {
  for (const [name, { parts, preemptions }] of Object.entries(scenarios)) {
    test(name, (t) => {
      const exploration = explore(
        planOf(parts, () => new Detector()),
        bounded(preemptions),
      );
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
      holds(
        explore(
          planOf(parts, () => searchWith()),
          bounded(preemptions),
        ),
      );
    });
  }
});

test('who is stuck is found', () => {
  const { rule } = breaks(
    explore(
      planOf(DEADLOCK.parts, () => new Detector()),
      2,
    ),
  );
  assert.match(rule, /^[AB]: a deadlock is reported$/);
});

suite('a planted bug is found', () => {
  const bugs: Readonly<Record<Bug, Scenario>> = {
    'one collect': SWAP,
    'nobody need have looked again': SWAP,
    'an attempt that has failed since may have begun before': SWAP,
    'looks are counted before the first collect is done': HELPER,
    'the first collect is one walk': HELPER,
  };
  for (const [bug, { parts, preemptions }] of Object.entries(bugs) as [Bug, Scenario][]) {
    test(bug, () => {
      const { rule } = breaks(
        explore(
          planOf(parts, () => searchWith(bug)),
          preemptions,
        ),
      );
      assert.match(rule, /^.: a deadlock is reported$/);
    });
  }
});
