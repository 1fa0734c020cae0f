// The program that stress.test.ts runs: `stress_program.js SEED`.
//
// Model. A bounded queue of random size and order, PRODUCERS threads that put ITEMS items each, as numbers, texts or objects, and CONSUMERS that
// take them: blocking, with time-outs, or in their event loop. All choices are drawn from a generator that is seeded by the program's seed
// and the thread's number. Some consumers are killed on the way, each between two items and after it has told what it has; each is
// replaced. Items are noted in a table of bytes: item n of producer p is at p * ITEMS + n.
//
// Afterwards: every item was taken once; of a queue that is first in, first out each consumer has seen the items of each producer in their
// order; the queue is empty, and nobody waits for it any more.

import { LifoQueue, PriorityQueue, Queue, ShutDown } from 'heddle';
import { _count, start_new_thread } from 'heddle/thread';
import { eventually, NEVER } from '../support/counter.ts';
import { getters, putters } from '../support/queues.js';

const seed = Number(process.argv[2] ?? 1);
const PRODUCERS = 10;
const CONSUMERS = 10;
const ITEMS = 400;
const KILLED = 4;

type Item = number | string | { item: number };

/** After Mulberry32 by Tommy Ettinger: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function random(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Words of `counts`. */
const [TAKEN, DISORDER, KILLS, ERRORS] = [0, 1, 2, 3];

function produce(number: number, queue: Queue<Item>, counts: Int32Array): void {
  const next = random(seed * 7919 + number);
  try {
    for (let n = 0; n < ITEMS; n++) {
      const item = number * ITEMS + n;
      const form = next();
      const sent: Item = form < 0.6 ? item : form < 0.8 ? String(item) : { item };
      const options: object = queue instanceof PriorityQueue ? { priority: n } : {};
      for (;;) {
        try {
          queue.put(sent, next() < 0.3 ? { ...options, timeout: next() * 2 } : options);
          break;
        } catch (error) {
          if ((error as Error).name !== 'Full') throw error;
        }
      }
    }
  } catch (error) {
    Atomics.add(counts, ERRORS, 1);
    throw error;
  }
}

interface Books {
  readonly seen: Uint8Array;
  readonly counts: Int32Array;
}

function note(sent: Item, last: number[], { seen, counts }: Books): void {
  const item = typeof sent === 'object' ? sent.item : Number(sent);
  Atomics.add(seen, item, 1);
  const producer = Math.floor(item / ITEMS);
  if ((last[producer] ?? -1) >= item) Atomics.add(counts, DISORDER, 1);
  last[producer] = item;
  Atomics.add(counts, TAKEN, 1);
}

/** Returns true when it wants to die. */
async function consume(number: number, queue: Queue<Item>, books: Books): Promise<void> {
  const next = random(seed * 104729 + number);
  const last: number[] = [];
  const mortal = number < KILLED;
  const async = number % 3 === 2;
  for (;;) {
    try {
      const timeout = next() < 0.3 ? { timeout: next() * 2 } : {};
      const sent = async ? await queue.getAsync(timeout) : queue.get(timeout);
      note(sent, last, books);
      queue.taskDone();
    } catch (error) {
      if (error instanceof ShutDown) return;
      if ((error as Error).name !== 'Empty') {
        Atomics.add(books.counts, ERRORS, 1);
        throw error;
      }
    }
    if (mortal && next() < 0.02) {
      Atomics.add(books.counts, KILLS, 1);
      start_new_thread(consume, [number + 100, queue, books]);
      // A waiter of its own dies with it.
      void queue.getAsync({ timeout: 60_000, signal: AbortSignal.abort() }).catch(() => {});
      (process as unknown as { reallyExit(code: number): never }).reallyExit(9);
    }
  }
}

const choose = random(seed);
const maxSize = 1 + Math.floor(choose() * 20);
const order = Math.floor(choose() * 3);
const queue: Queue<Item> = [
  new Queue<Item>({ maxSize }),
  new LifoQueue<Item>({ maxSize }),
  new PriorityQueue<Item>({ maxSize }),
][order]!;
const books: Books = {
  seen: new Uint8Array(new SharedArrayBuffer(PRODUCERS * ITEMS)),
  counts: new Int32Array(new SharedArrayBuffer(16)),
};
for (let n = 0; n < Math.max(PRODUCERS, CONSUMERS); n++) {
  if (n < CONSUMERS) start_new_thread(consume, [n, queue, books]);
  if (n < PRODUCERS) start_new_thread(produce, [n, queue, books.counts]);
}

const until = (what: string, holds: () => boolean): Promise<void> => eventually(holds, `seed ${seed}: that ${what}`);

const all = PRODUCERS * ITEMS;
await until('all items were taken', () => books.counts[TAKEN]! >= all);
if (!(await queue.joinAsync({ timeout: NEVER }))) throw new Error(`seed ${seed}: join() does not return`);
queue.shutdown();
await until('all threads have ended', () => _count() === 0);
const wrong = books.seen.findIndex((times) => times !== 1);
if (wrong >= 0) throw new Error(`seed ${seed}: item ${wrong} was taken ${books.seen[wrong]} times`);
if (order === 0 && books.counts[DISORDER] !== 0)
  throw new Error(`seed ${seed}: ${books.counts[DISORDER]} items came before their time`);
if (!queue.empty()) throw new Error(`seed ${seed}: ${queue.size} items are left`);
console.log(
  JSON.stringify({
    order,
    maxSize,
    kills: books.counts[KILLS],
    errors: books.counts[ERRORS],
    waiting: getters(queue) + putters(queue),
  }),
);
