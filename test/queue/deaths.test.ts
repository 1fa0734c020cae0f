// A thread dies at any step inside the kernel's operations on queues: the next thread finds that the operation was done, or not begun. And
// planted bugs, each of which is found.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { LifoQueue, PriorityQueue, Queue } from 'heddle';
import { releaseDead } from '#heddle/heap/collector.js';
import type { HeapKernel } from '#heddle/heap/kernel.js';
import { me } from '#heddle/heap/room.js';
import { Q_DONE, Q_GROW, Q_LOCK, Q_NEVER } from '#heddle/heap/types.js';
import { atomic } from '#heddle/memory/atomics.js';
import { memory, updateSize } from '#heddle/memory/memory.js';
import { record, recordOf } from '#heddle/memory/self.js';
import { Wasm } from '#heddle/memory/wasm.js';
import { addressOf } from '#heddle/sync/cell.js';
import { type Edit, edited, kernelWithPoints } from '../heap/kernel_with_points.ts';
import { root } from '../support/program.ts';

const FILE = 'kernel/queues.ts';
/** The slot of the thread that dies. No thread runs on it. */
const VICTIM = 7;

/** A call out of the kernel behind each store, and behind each copy of an entry's parts. */
function withPoints(text: string): string {
  return text.replace(/^( +)((?:else )?)((?:atomic\.)?store<.+;)$/gm, '$1$2{ $3 point(0); }');
}

class Death extends Error {}

/** A kernel that dies at the n-th point. */
class Mortal {
  readonly k: HeapKernel;
  left = Infinity;

  constructor(binary: string) {
    const module = new Wasm.Module(Uint8Array.from(atob(binary), (char) => char.charCodeAt(0)));
    const point = (): void => {
      if (--this.left === 0) throw new Death();
    };
    const env = { memory, refresh: updateSize, point };
    this.k = new Wasm.Instance(module, { env }).exports as unknown as HeapKernel;
  }

  /** Runs an operation up to its n-th step; whether it came to its end. */
  dies(at: number, operation: () => void): boolean {
    this.left = at;
    try {
      operation();
      return true;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      return false;
    } finally {
      this.left = Infinity;
      releaseDead(VICTIM);
    }
  }
}

async function mortal(mutation?: Edit): Promise<Mortal> {
  const original = readFileSync(join(root, FILE), 'utf8');
  const text = mutation === undefined ? original : edited(original, mutation);
  return new Mortal(await kernelWithPoints([{ file: FILE, from: original, to: withPoints(text) }]));
}

const makes: Readonly<Record<string, () => Queue<number>>> = {
  Queue: () => new Queue(),
  LifoQueue: () => new LifoQueue(),
  PriorityQueue: () => new PriorityQueue(),
};

/** Items that a queue holds, in the order in which they come. */
function drained(queue: Queue<number>): number[] {
  const items: number[] = [];
  while (!queue.empty()) items.push(queue.get());
  return items;
}

const START = [50, 20, 10, 40, 60];
const NEW = 35;

/** What a whole queue of these items gives out. */
function expected(make: () => Queue<number>, items: readonly number[]): number[] {
  const queue = make();
  for (const item of items) queue.put(item);
  return drained(queue);
}

/** Throws unless a put and a get that are cut off at any step leave a whole queue behind; how many steps there were. */
function check(make: () => Queue<number>, victim: Mortal): number {
  const thread = recordOf(VICTIM);
  let steps = 0;
  for (const operation of ['put', 'get'] as const) {
    for (let at = 1, done = false; !done; at++) {
      steps++;
      const queue = make();
      for (const item of START) queue.put(item);
      const cell = addressOf(queue as never);
      const byKey = queue instanceof PriorityQueue;
      done = victim.dies(at, () => {
        if (operation === 'get') victim.k.queueGet(cell, Q_NEVER, thread, VICTIM + 1);
        else if (byKey) assert.notEqual(victim.k.queuePutByKey(cell, NEW, NEW, 1, Q_NEVER, thread, VICTIM + 1), Q_GROW);
        else assert.notEqual(victim.k.queuePut(cell, NEW, Q_NEVER, thread, VICTIM + 1), Q_GROW);
      });
      assert.equal(atomic.load(cell + Q_LOCK), 0, `the lock is held after step ${at} of ${operation}`);
      const before = expected(make, START);
      const after = operation === 'put' ? expected(make, [...START, NEW]) : before.slice(1);
      // Somebody else uses it first, with the same kernel.
      if (byKey) assert.equal(victim.k.queuePutByKey(cell, 1000, 1000, 1, Q_NEVER, record, me), Q_DONE);
      else assert.equal(victim.k.queuePut(cell, 1000, Q_NEVER, record, me), Q_DONE);
      const found = drained(queue);
      const wholes = [before, after].map((items) => {
        if (queue instanceof LifoQueue) return [1000, ...items];
        return [...items, 1000];
      });
      assert.ok(
        wholes.some((whole) => String(whole) === String(found)),
        `after step ${at} of ${operation}: ${found}, which is neither ${wholes.join(' nor ')}`,
      );
    }
  }
  return steps;
}

suite('a thread dies inside', async () => {
  const victim = await mortal();
  for (const [name, make] of Object.entries(makes)) {
    test(name, (t) => {
      const steps = check(make, victim);
      assert.ok(steps > 6, `only ${steps} steps`);
      t.diagnostic(`${steps} deaths`);
    });
  }
});

const mutations: Readonly<Record<string, Edit>> = {
  'the place is emptied before the item is out': {
    file: FILE,
    from: '  if (order == Q_LIFO) atomic.store<i32>(queue + Q_TAIL, tail - 1);\n  else atomic.store<i32>(queue + Q_HEAD, head + 1);\n  atomic.store<i64>(item, HOLE);',
    to: '  atomic.store<i64>(item, HOLE);\n  if (order == Q_LIFO) atomic.store<i32>(queue + Q_TAIL, tail - 1);\n  else atomic.store<i32>(queue + Q_HEAD, head + 1);',
  },
  'the item is in before it is there': {
    file: FILE,
    from: `      atomic.store<i64>(itemAt(data, front ? head - 1 : tail), reinterpret<i64>(value));
      if (front) atomic.store<i32>(queue + Q_HEAD, head - 1);
      else atomic.store<i32>(queue + Q_TAIL, tail + 1);
`,
    to: `      if (front) atomic.store<i32>(queue + Q_HEAD, head - 1);
      else atomic.store<i32>(queue + Q_TAIL, tail + 1);
      atomic.store<i64>(itemAt(data, front ? head - 1 : tail), reinterpret<i64>(value));
`,
  },
  'where the hand belongs is not said': {
    file: FILE,
    from: '  atomic.store<i32>(queue + Q_HOLE, start);\n',
    to: '',
  },
  'nobody finishes what was begun': {
    file: FILE,
    from: '  if (load<u32>(queue + Q_HOLE) != 0) finish(queue, gate, thread);\n',
    to: '',
  },
  'how many there are is said before the hand is full': {
    file: FILE,
    from: '  moveEntry(entryAt(data, 0), entryAt(data, count), gate, thread);\n',
    to: '  atomic.store<i32>(queue + Q_TAIL, count - 1);\n  point(0);\n  moveEntry(entryAt(data, 0), entryAt(data, count), gate, thread);\n',
  },
};

suite('a planted bug is found', () => {
  for (const [name, mutation] of Object.entries(mutations)) {
    test(name, async () => {
      const victim = await mortal(mutation);
      assert.throws(() => {
        for (const make of Object.values(makes)) check(make, victim);
      }, assert.AssertionError);
    });
  }
});
