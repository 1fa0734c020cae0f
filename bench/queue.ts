// Queues between two threads, in items a second, against CPython's in a child process between two rounds of ours, and against the channel of
// `multithreading`, which needs Node 21; how many of its items arrived wrong is in its row.

import { execFileSync, type StdioOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from 'heddle';
import { start_new_thread } from 'heddle/thread';
import { median, type Row } from './harness.js';

const ROUNDS = 7;
const ITEMS = 200_000;
const ONE_BY_ONE = 10_000;
const ECHOES = 10_000;
/** Milliseconds for a child. */
const PATIENCE = 20_000;

interface Measure {
  readonly name: string;
  readonly count: number;
  /** Runs it; items a second. */
  readonly ours: (count: number) => number;
  /** The same in Python, as an expression. */
  readonly python?: string;
  readonly target: string;
}

type AnyQueue = Queue<number> | SimpleQueue<number>;

/** A producer in a thread of its own; this thread takes. */
function oneToOne(queue: AnyQueue, count: number): number {
  const ready = new SimpleQueue<number>();
  const go = new SimpleQueue<number>();
  start_new_thread(() => {
    ready.put(0);
    go.get();
    for (let n = 0; n < count; n++) queue.put(n);
  }, []);
  ready.get();
  const begin = performance.now();
  go.put(0);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += queue.get();
  const seconds = (performance.now() - begin) / 1000;
  if (sum !== (count * (count - 1)) / 2) throw new Error('items are wrong');
  return count / seconds;
}

function echo(there: AnyQueue, back: AnyQueue, count: number): number {
  start_new_thread(() => {
    for (let n = 0; n < count + 1; n++) back.put(there.get());
  }, []);
  there.put(-1);
  back.get();
  const begin = performance.now();
  for (let n = 0; n < count; n++) {
    there.put(n);
    if (back.get() !== n) throw new Error('an item is wrong');
  }
  return count / ((performance.now() - begin) / 1000);
}

function inOneThread(queue: AnyQueue, count: number): number {
  const begin = performance.now();
  for (let n = 0; n < count; n++) {
    queue.put(n);
    queue.get();
  }
  return count / ((performance.now() - begin) / 1000);
}

const measures: readonly Measure[] = [
  {
    name: 'Queue, 1 → 1, unbounded',
    count: ITEMS,
    ours: (count) => oneToOne(new Queue(), count),
    python: 'one_to_one(queue.Queue(), count)',
    target: '≥ 1',
  },
  {
    name: 'Queue, 1 → 1, maxSize 100',
    count: ITEMS,
    ours: (count) => oneToOne(new Queue({ maxSize: 100 }), count),
    python: 'one_to_one(queue.Queue(100), count)',
    target: '≥ 1',
  },
  {
    name: 'Queue, 1 → 1, maxSize 1',
    count: ONE_BY_ONE,
    ours: (count) => oneToOne(new Queue({ maxSize: 1 }), count),
    python: 'one_to_one(queue.Queue(1), count)',
    target: '≥ 1',
  },
  {
    name: 'Queue, there and back',
    count: ECHOES,
    ours: (count) => echo(new Queue(), new Queue(), count),
    python: 'echo(queue.Queue(), queue.Queue(), count)',
    target: '≥ 1',
  },
  {
    name: 'Queue, put + get in one thread',
    count: ITEMS,
    ours: (count) => inOneThread(new Queue(), count),
    python: 'in_one_thread(queue.Queue(), count)',
    target: '–',
  },
  {
    name: 'SimpleQueue, 1 → 1',
    count: ITEMS,
    ours: (count) => oneToOne(new SimpleQueue(), count),
    python: 'one_to_one(queue.SimpleQueue(), count)',
    target: '–',
  },
  {
    name: 'SimpleQueue, there and back',
    count: ECHOES,
    ours: (count) => echo(new SimpleQueue(), new SimpleQueue(), count),
    python: 'echo(queue.SimpleQueue(), queue.SimpleQueue(), count)',
    target: '–',
  },
  {
    name: 'LifoQueue, 1 → 1',
    count: ITEMS,
    ours: (count) => oneToOne(new LifoQueue(), count),
    python: 'one_to_one(queue.LifoQueue(), count)',
    target: '–',
  },
  {
    name: 'PriorityQueue, 1 → 1',
    count: ITEMS,
    ours: (count) => oneToOne(new PriorityQueue(), count),
    python: 'one_to_one(queue.PriorityQueue(), count)',
    target: '–',
  },
];

const PYTHON = `
import queue, sys, threading, time
def one_to_one(q, count):
    ready, go = threading.Lock(), threading.Lock()
    ready.acquire(); go.acquire()
    def produce():
        ready.release(); go.acquire()
        for n in range(count): q.put(n)
    threading.Thread(target=produce).start()
    ready.acquire()
    begin = time.perf_counter()
    go.release()
    for n in range(count): q.get()
    return count / (time.perf_counter() - begin)
def echo(there, back, count):
    def run():
        for n in range(count + 1): back.put(there.get())
    threading.Thread(target=run).start()
    there.put(-1); back.get()
    begin = time.perf_counter()
    for n in range(count):
        there.put(n); back.get()
    return count / (time.perf_counter() - begin)
def in_one_thread(q, count):
    begin = time.perf_counter()
    for n in range(count):
        q.put(n); q.get()
    return count / (time.perf_counter() - begin)
count = int(sys.argv[2])
eval(sys.argv[1], globals())
print(sys.version.split()[0], eval(sys.argv[1], globals()))
`;

/** Both ends in workers of theirs, blocking. Prints items a second, and how many arrived wrong. */
const CHANNEL = `
import { channel, move, shutdown, spawn } from 'multithreading';
const count = Number(process.argv[2]);
const [tx, rx] = channel(Number(process.argv[3]));
const results = new Float64Array(new SharedArrayBuffer(16));
const consumer = spawn(move(rx, results, count), (receiver, results, count) => {
  let begin = 0, wrong = 0;
  for (let n = 0; n < count; n++) {
    const got = receiver.blockingRecv();
    if (n === 0) begin = performance.now();
    if (!got.ok || got.value !== n) wrong++;
    if (!got.ok) break;
  }
  results[0] = count / ((performance.now() - begin) / 1000);
  results[1] = wrong;
});
spawn(move(tx, count), (sender, count) => {
  for (let n = 0; n < count; n++) sender.blockingSend(n);
});
await consumer.join();
console.log(results[0], results[1]);
process.exit();
`;

function child(command: string, args: readonly string[]): string[] | undefined {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    return execFileSync(command, args, { encoding: 'utf8', stdio, timeout: PATIENCE }).trim().split(' ');
  } catch {
    return undefined;
  }
}

const show = (rate: number): string => `${(rate / 1000).toFixed(rate < 1e5 ? 1 : 0)} k/s`;

export function queueRows(): Row[] {
  return [...channelRow(), ...measures.map(against)];
}

function against({ name, count, ours, python, target }: Measure): Row {
  ours(count);
  const mine: number[] = [];
  const theirs: number[] = [];
  let version = '';
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(ours(count));
    const answer = python === undefined ? undefined : child('python3', ['-c', PYTHON, python, String(count)]);
    if (answer === undefined) continue;
    version = answer[0]!;
    theirs.push(Number(answer[1]));
  }
  const has = theirs.length > 0;
  return {
    name,
    ours: show(median(mine)),
    against: has ? `CPython ${version}` : 'no python3',
    theirs: has ? show(median(theirs)) : '–',
    ratio: has ? (median(mine) / median(theirs)).toFixed(2) : '–',
    target,
  };
}

function channelRow(): Row[] {
  const count = 50_000;
  const size = 100;
  // It looks for the file of whoever calls it, so there must be one, where the package is found.
  const file = fileURLToPath(new URL('queue-channel.mjs', import.meta.url));
  writeFileSync(file, CHANNEL);
  const mine: number[] = [];
  const theirs: number[] = [];
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(oneToOne(new Queue({ maxSize: size }), count));
    const answer = child(process.execPath, [file, String(count), String(size)]);
    if (answer === undefined || answer.length < 2) continue;
    theirs.push(Number(answer[0]));
    wrong = Math.max(wrong, Number(answer[1]));
  }
  if (theirs.length === 0) return [];
  return [
    {
      name: `Queue, 1 → 1, maxSize ${size}, ${count} items`,
      ours: show(median(mine)),
      against: `multithreading's channel (${wrong} items wrong)`,
      theirs: show(median(theirs)),
      ratio: (median(mine) / median(theirs)).toFixed(2),
      target: '≥ 5',
    },
  ];
}
