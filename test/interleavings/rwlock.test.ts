// Interleavings of two and three threads over an `RWLock`, and copies of it with one bug each, which must be found.

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { atomic } from '#heddle/memory/atomics.js';
import { awaitLater } from '#heddle/memory/park.js';
import { WANTED } from '#heddle/sync/acquirable.js';
import { addressOf } from '#heddle/sync/cell.js';
import { countEnd, renewMark, thisThread } from '#heddle/sync/owner.js';
import type * as module from '#heddle/sync/rwlock.js';
import { RWLock } from '#heddle/sync/rwlock.js';
import { bounded } from '../support/extent.ts';
import type { Context } from './automaton.ts';
import { explore } from './explorer.ts';
import type { Plan } from './machine.ts';
import { mutated } from './mutated.ts';
import { breaks, holds, summary } from './outcome.ts';

/** How many read, and how many write. */
const READING = 0x1000_0000;
const WRITING = 0x1000_0004;
const TIMEOUT = 5;

const NAMES = [
  ['write turn', 4],
  ['write async', 8],
  ['write waiters', 12],
  ['read turn', 16],
  ['read async', 20],
  ['read waiters', 24],
  ['writer', 28],
  ['inside', 32],
  ['next', 36],
  ['used', 40],
  ['unnamed', 44],
] as const;
const at = (lock: RWLock, wanted: (typeof NAMES)[number][0]): number =>
  addressOf(lock) + NAMES.find(([name]) => name === wanted)![1];
const ENTRIES = 48;

type Use = (context: Context, lock: RWLock) => void;

function reading(context: Context, lock: RWLock): void {
  atomic.add(READING, 1);
  context.check(atomic.load(WRITING) === 0, 'somebody reads while somebody writes');
  atomic.add(READING, -1);
  lock.read.release();
}

function writing(context: Context, lock: RWLock): void {
  context.check(atomic.add(WRITING, 1) === 0, 'two write');
  context.check(atomic.load(READING) === 0, 'somebody writes while somebody reads');
  atomic.add(WRITING, -1);
  lock.write.release();
}

const reads: Use = (context, lock) => {
  context.check(lock.read.acquire(), 'acquire() has given up');
  reading(context, lock);
};
const writes: Use = (context, lock) => {
  context.check(lock.write.acquire(), 'acquire() has given up');
  writing(context, lock);
};
const readsInTime: Use = (context, lock) => {
  if (lock.read.acquire({ timeout: TIMEOUT })) reading(context, lock);
};
const writesInTime: Use = (context, lock) => {
  if (lock.write.acquire({ timeout: TIMEOUT })) writing(context, lock);
};
const triesToWrite: Use = (context, lock) => {
  if (lock.write.acquire(false)) writing(context, lock);
};
const readsTwice: Use = (context, lock) => {
  lock.read.acquire();
  context.check(lock.read.acquire(), 'acquire() has given up');
  reading(context, lock);
  lock.read.release();
};
const twice =
  (use: Use): Use =>
  (context, lock) => {
    use(context, lock);
    use(context, lock);
  };

/** As `acquireAsync` with a signal that may abort. */
const later =
  (side: 'read' | 'write', section: Use): Use =>
  (context, lock) => {
    const wanted = lock[side][WANTED]();
    if (wanted.attempt() === undefined) {
      section(context, lock);
      return;
    }
    let aborted = false;
    const pending = awaitLater(wanted, Infinity, (got) => {
      context.check(!aborted && got, 'acquireAsync() has reported what it must not');
      section(context, lock);
    });
    context.abort('abort', () => {
      aborted = true;
      pending.cancel();
    });
  };
const readsLater = later('read', reading);
const writesLater = later('write', writing);

interface Scenario {
  readonly name: string;
  readonly plan: (lock: RWLock) => Plan;
  readonly preemptions: number;
}

/** One thread for each use; `victim` is the one that may be killed at any step. */
function scenario(name: string, uses: readonly Use[], preemptions: number, victim = -1): Scenario {
  const plan = (lock: RWLock): Plan => {
    // Of a thread that has ended no mark is there any more.
    const entries = uses.map((_, index) => addressOf(lock) + ENTRIES + (index + 1) * 4);
    return {
      threads: [
        ...uses.map((use, index) => ({
          name: 'ABC'[index]!,
          program: (context: Context) => {
            // The mark of the slot whose record is this logical thread's.
            renewMark(index + 1);
            use(context, lock);
          },
          mortal: index === victim,
        })),
        ...(victim < 0 ? [] : [{ name: 'supervisor', program: () => countEnd(victim + 1, true), buries: victim }]),
      ],
      locks: [],
      slices: 3,
      words: [
        ...NAMES.map(([name, offset]) => ({ address: addressOf(lock) + offset, name })),
        ...entries.map((address, index) => ({ address, name: `entry of ${'ABC'[index]}` })),
        { address: READING, name: 'reading' },
        { address: WRITING, name: 'writing' },
      ],
      verdict: (read, died) => {
        if (died) return undefined;
        for (const word of ['writer', 'inside', 'unnamed', 'write waiters', 'read waiters'] as const) {
          const value = read(at(lock, word));
          // A turn of readers that none has taken is nobody's.
          if (value !== 0 && !(word === 'writer' && value === 1 << 14)) return `${word} is ${value} when all is done`;
        }
        return entries.some((entry) => read(entry) !== 0) ? 'somebody is in the roll when all is done' : undefined;
      },
      // What the dead had is not given back, which those that wait find out by its mark.
      excused: (read) =>
        read(entries[victim]!) !== 0 ||
        (read(at(lock, 'inside')) !== 0 && read(at(lock, 'inside')) === read(at(lock, 'writer'))),
    };
  };
  return { name, plan, preemptions };
}

const scenarios: readonly Scenario[] = [
  scenario('one reads, one writes', [reads, writes], 4),
  scenario('both write', [writes, writes], Infinity),
  scenario('one reads twice, one writes', [readsTwice, writes], 3),
  scenario('one reads, one writes, again and again', [twice(reads), twice(writes)], 2),
  scenario('two read, one writes', [reads, reads, writes], 2),
  scenario('one reads, two write', [reads, writes, writes], 2),
  scenario('one reads, one writes, one tries to write', [reads, writes, triesToWrite], 2),
  scenario('a writer gives up', [reads, writesInTime, reads], 2),
  scenario('a reader gives up', [writes, readsInTime, writes], 2),
  scenario('a writer waits on its event loop, and may be aborted', [reads, writesLater, writes], 2),
  scenario('a reader waits on its event loop, and may be aborted', [writes, readsLater, writes], 2),
  scenario('one of two writers is killed', [reads, writes, writes], 1, 1),
  scenario('a reader is killed', [writes, reads, writes], 1, 1),
  scenario('a writer is killed, two read', [reads, writes, reads], 1, 1),
];

after(() => renewMark());

suite('RWLock', () => {
  const lock = new RWLock();
  for (const { name, plan, preemptions } of scenarios) {
    test(name, (t) => {
      const exploration = explore(plan(lock), bounded(preemptions));
      holds(exploration);
      t.diagnostic(summary(exploration, bounded(preemptions)));
    });
  }
});

test('logical threads have marks of their own', () => {
  const marks: number[] = [];
  for (const slot of [1, 2]) {
    renewMark(slot);
    marks.push(thisThread.mark);
  }
  renewMark();
  assert.equal(new Set([...marks, thisThread.mark]).size, 3);
});

/** Enough for every bug here. */
const PREEMPTIONS = 2;

/** Each bug: the scenario that shows it, a passage of the compiled module, what is there instead, and what it must be found by. */
const bugs: Readonly<Record<string, readonly [scenario: string, passage: string, replacement: string, rule: RegExp]>> =
  {
    'a reader looks for a writer before it enters': [
      'one of two writers is killed',
      'enroll(lock + ROLL, thisThread.mark);\n    return atomic.load(lock + WRITER) === FREE || readOrStepBack(lock);',
      'const free = atomic.load(lock + WRITER) === FREE;\n    enroll(lock + ROLL, thisThread.mark);\n    return free || readOrStepBack(lock);',
      /while somebody/,
    ],
    'a writer looks for readers before it claims': [
      'one reads, one writes, one tries to write',
      'if (!isDeserted(lock + ROLL) || !claim(lock))\n            return false;\n        if (write(lock))',
      'if (!isDeserted(lock + ROLL) || !claim(lock))\n            return false;\n        if (atomic.store(lock + INSIDE, thisThread.mark), true)',
      /while somebody/,
    ],
    'a reader that leaves wakes nobody': [
      'one reads, one writes',
      'if (!strike(lock + ROLL, thisThread.mark))\n            return false;\n        afterReader(lock);',
      'if (!strike(lock + ROLL, thisThread.mark))\n            return false;',
      /^deadlock/,
    ],
    'a reader that steps back wakes nobody': [
      'one reads, one writes',
      'strike(lock + ROLL, thisThread.mark);\n            afterReader(lock);\n            return false;',
      'strike(lock + ROLL, thisThread.mark);\n            return false;',
      /^deadlock/,
    ],
    'the last reader wakes one writer, not the one that has claimed it': [
      'one reads, two write',
      'wakeAt(lock + WRITE_TURN, Infinity)',
      'wakeAt(lock + WRITE_TURN, 1)',
      /^deadlock/,
    ],
    'a writer that gives up keeps its claim': [
      'a writer gives up',
      'if (claimed)\n                    unclaim(lock);\n                claimed = false;',
      '',
      /^deadlock|is \d+ when all is done/,
    ],
    'a reader that gives up keeps its turn': [
      'a reader gives up',
      'if (atomic.load(lock + WRITER) === READERS)\n                    wakeAt(lock + WRITE_TURN, 1);',
      '',
      /^deadlock/,
    ],
    'a writer believes that the next reader still comes': [
      'a reader gives up',
      'if (next === 0 || !comesNext(lock))',
      'if (next === 0)',
      /^deadlock/,
    ],
    'the claim of the dead stands': [
      'one of two writers is killed',
      "fateOf(writer) !== 'alive'",
      'false',
      /^deadlock/,
    ],
    'a writer parks on the turn that is, not on that before its look': [
      'one reads, one writes',
      'return turn;\n        };\n        return {\n            word: lock + WRITE_TURN,',
      'return atomic.load(lock + WRITE_TURN);\n        };\n        return {\n            word: lock + WRITE_TURN,',
      /^deadlock/,
    ],
  };

suite('a planted bug is found', () => {
  for (const [bug, [where, passage, replacement, rule]] of Object.entries(bugs)) {
    test(bug, async (t) => {
      const mutant = await mutated<typeof module>('sync/rwlock.js', passage, replacement);
      const { plan } = scenarios.find(({ name }) => name === where)!;
      const violation = breaks(explore(plan(new mutant.RWLock()), PREEMPTIONS));
      assert.match(violation.rule, rule, violation.trace);
      t.diagnostic(`${violation.rule}\n${violation.trace}`);
    });
  }
});
