// The program that soak.test.ts runs: `soak_program.js STYLE MILLISECONDS SEED`.
//
// Model. Three threads work on a shared graph, a queue and a map, each by a random walk that the seed and its number fix. What is written
// is written under a lock; reads take none. A node says the same four times (id, ~id, 'n' + id, id / 2), so a reader that meets one that was
// swept, or is half made, sees it.
//
//   graph   SLOTS slots, each a chain of CHAIN nodes, to which a chain may be moved from another slot: at most 2 * CHAIN + 1 nodes a slot
//   queue   at most QUEUE nodes and one a thread
//   map     KEYS numbers and KEYS texts as keys, a node each
//   held    each thread's JavaScript holds HELD nodes, of all ages, and now and then lets go of one for another: the last of a chain, which
//           reaches nothing else, or the first, with all that it reaches
//
// Styles: 'events' returns to the event loop after each batch; 'scopes' and 'blocking' never do, the first with a scope() around each
// batch; 'mixed' has one of each. Prints a line of JSON: what was done, the most cells and bytes that were alive, pauses.

import { allocateLock, collect, heapStatistics, SharedArray, SharedMap, scope, shared, startNewThread } from 'heddle';
import { eventually } from '../support/counter.ts';

const [style = 'events', duration = '1000', seed = '1'] = process.argv.slice(2);
const THREADS = 3;
const SLOTS = 200;
const CHAIN = 20;
const QUEUE = 100;
const KEYS = 300;
const HELD = 2000;
/** Of the held ones: chains, and nodes by themselves. */
const HELD_CHAINS = 10;
const HELD_ALONE = HELD - HELD_CHAINS * (2 * CHAIN + 1);
const BATCH = 40;

/** The most nodes that can be reached, each with the text of its name; and texts that are keys. */
const REACHABLE = 2 * (SLOTS * (2 * CHAIN + 1) + QUEUE + THREADS + 2 * KEYS + THREADS * HELD) + KEYS;

interface Node {
  id: number;
  not: number;
  name: string;
  half: number;
  left: Node | null;
  right: Node | null;
}

interface Common {
  readonly slots: SharedArray<Node | null>;
  readonly map: SharedMap<number | string, Node>;
  readonly queue: { head: Node | null; tail: Node | null; length: number };
  readonly lock: ReturnType<typeof allocateLock>;
  /** OVER, then for each thread operations, nodes read, nodes that were wrong. */
  readonly totals: Int32Array;
}

const OVER = 0;

function work(common: Common, number: number, style: string, seed: number): unknown {
  const { slots, map, queue, lock, totals } = common;
  let state = (seed * 7919 + number * 104729) | 0 || 1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  let serial = number * 100_000_000;
  const count = (which: number): void => {
    totals[1 + number * 3 + which]!++;
  };
  const make = (): Node => {
    const id = serial++;
    return shared({ id, not: ~id, name: `n${id}`, half: id / 2, left: null, right: null }) as unknown as Node;
  };
  const check = (node: Node): void => {
    const { id } = node;
    count(1);
    if (node.not === ~id && node.name === `n${id}` && node.half === id / 2) return;
    count(2);
  };
  const locked = (action: () => void): void => {
    lock.acquire();
    try {
      action();
    } finally {
      lock.release();
    }
  };
  const held: Node[] = [];
  const chains: Node[] = [];

  const replaceChain = (): void => {
    let top: Node | null = null;
    for (let n = 0; n < CHAIN; n++) {
      const node = make();
      node.left = top;
      top = node;
    }
    locked(() => {
      const other = slots.at(random(SLOTS));
      if (random(4) === 0 && other) {
        top!.right = other.left;
        other.left = null;
      }
      slots.set(random(SLOTS), top);
    });
  };
  const enqueue = (): void => {
    const node = make();
    locked(() => {
      if (queue.tail === null) queue.head = node;
      else queue.tail.left = node;
      queue.tail = node;
      queue.length++;
    });
  };
  const dequeue = (): void => {
    let taken: Node | null = null;
    locked(() => {
      if (queue.length <= QUEUE) return;
      taken = queue.head;
      queue.head = taken!.left;
      queue.length--;
    });
    if (taken !== null) check(taken);
  };
  const useMap = (): void => {
    const key = random(2) === 0 ? random(KEYS) : `key ${random(KEYS)}`;
    const choice = random(5);
    if (choice < 2) map.set(key, make());
    else if (choice === 2) map.delete(key);
    else {
      const found = map.get(key);
      if (found !== undefined) check(found);
    }
  };
  const walk = (): void => {
    let node: Node | null | undefined = slots.at(random(SLOTS));
    for (let n = 0; node && n < 2 * CHAIN; n++) {
      check(node);
      node = random(3) === 0 ? (node.right ?? node.left) : (node.left ?? node.right);
    }
  };
  const batch = (): void => {
    for (let n = 0; n < BATCH; n++) {
      replaceChain();
      enqueue();
      dequeue();
      useMap();
      walk();
      count(0);
    }
  };
  const hold = (): void => {
    if (held.length < HELD_ALONE) for (let n = 0; n < 159; n++) held.push(make());
    else {
      const found = slots.at(random(SLOTS));
      if (found) {
        held[random(HELD_ALONE)] = lastOf(found);
        if (random(4) === 0) chains[random(HELD_CHAINS)] = found;
      }
    }
    check(held[random(held.length)]!);
  };
  const lastOf = (top: Node): Node => {
    let node = top;
    for (let next: Node | null = top; next; next = node.left ?? node.right) node = next;
    return node;
  };
  const over = (): boolean => Atomics.load(totals, OVER) === 1;
  const end = (): void => {
    for (const node of held) check(node);
    for (const top of chains) for (let node: Node | null = top ?? null; node; node = node.left) check(node);
  };

  const own = style === 'mixed' ? ['events', 'scopes', 'blocking'][number % 3] : style;
  if (own === 'events') {
    return new Promise<void>((resolve) => {
      const turn = (): void => {
        batch();
        hold();
        if (!over()) setImmediate(turn);
        else {
          end();
          resolve();
        }
      };
      turn();
    });
  }
  while (!over()) {
    if (own === 'scopes') scope(batch);
    else batch();
    hold();
  }
  end();
  return undefined;
}

const common: Common = {
  slots: new SharedArray<Node | null>(),
  map: new SharedMap<number | string, Node>(),
  queue: shared({ head: null, tail: null, length: 0 }) as unknown as Common['queue'],
  lock: allocateLock(),
  totals: new Int32Array(new SharedArrayBuffer(4 * (1 + 3 * THREADS + THREADS))),
};
for (let at = 0; at < SLOTS; at++) common.slots.push(null);

let cells = 0;
let bytes = 0;
const pauses: number[] = [];
/** More collections than the threads would ask for themselves. */
const sample = setInterval(() => {
  const statistics = collect();
  cells = Math.max(cells, statistics.cells);
  bytes = Math.max(bytes, statistics.committedBytes);
  pauses.push(statistics.lastPauseMs);
}, 40);

const ended = new SharedArrayBuffer(4);
const running = new Int32Array(ended);
for (let number = 0; number < THREADS; number++) {
  startNewThread(
    (common: Common, number: number, style: string, seed: number, running: Int32Array) => {
      const finish = (): void => {
        Atomics.add(running, 0, 1);
        Atomics.notify(running, 0);
      };
      const result = work(common, number, style, seed);
      if (result instanceof Promise) return result.then(finish);
      finish();
      return undefined;
    },
    [common, number, style, Number(seed), running],
  );
}

await new Promise((resolve) => setTimeout(resolve, Number(duration)));
/** Of each thread: on a busy machine the time may be over before one has begun. */
const LEAST = 2 * BATCH;
await eventually(
  () => Array.from({ length: THREADS }, (_, number) => common.totals[1 + number * 3]!).every((done) => done >= LEAST),
  'work of each thread',
);
Atomics.store(common.totals, OVER, 1);
await eventually(() => Atomics.load(running, 0) === THREADS, 'the end of the threads');
clearInterval(sample);

// The threads hold nothing any more, as soon as their JavaScript has noticed.
const rest = REACHABLE - 2 * THREADS * HELD;
let after = collect();
for (let round = 0; round < 200 && after.cells > 2 * rest; round++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  after = collect();
}
const sum = (which: number): number =>
  Array.from({ length: THREADS }, (_, number) => common.totals[1 + number * 3 + which]!).reduce((a, b) => a + b, 0);
pauses.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    style,
    operations: sum(0) * 5,
    read: sum(1),
    wrong: sum(2),
    collections: heapStatistics().collections,
    reachable: REACHABLE,
    cells,
    rest,
    cellsAfter: after.cells,
    megabytes: bytes / 2 ** 20,
    pause: pauses[pauses.length >> 1] ?? 0,
    longestPause: pauses.at(-1) ?? 0,
  }),
);
