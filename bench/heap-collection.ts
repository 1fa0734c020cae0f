// A collection with a million live cells, beside a thread that works on them: how long the gate is closed, and how fast the thread is
// meanwhile. The main thread collects; what it does takes place in a process of its own.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { collect, startNewThread } from 'heddle';
import { H_GATE } from '#heddle/memory/layout.js';
import { V } from '#heddle/memory/memory.js';
import { median, type Row } from './harness.js';
import { heapClass } from './heap-class.js';
import { show } from './heap-sides.js';
import type { Tree } from './heap-tree.js';

const DEPTH = 19;
const COLLECTIONS = 15;
const PAUSE_BETWEEN = 150;

function build(Node: new () => Tree, depth: number): Tree {
  const node = new Node();
  node.val = depth;
  if (depth > 0) {
    node.left = build(Node, depth - 1);
    node.right = build(Node, depth - 1);
  }
  return node;
}

/** Random ways down: fields are read and written on each node, and every second way ends in a node that is replaced by a new one. */
function work(Node: new () => Tree, tree: Tree, seed: number, ways: number): number {
  let random = seed;
  for (let way = 0; way < ways; way++) {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    let node = tree;
    let turns = random >>> 8;
    for (let depth = 0; depth < 17; depth++, turns >>>= 1) {
      node.val = (node.val + 1) & 0xffff;
      node = ((turns & 1) === 0 ? node.left : node.right)!;
    }
    if ((way & 1) === 0) {
      const fresh = new Node();
      fresh.val = way;
      fresh.left = node.left!.left;
      fresh.right = node.left!.right;
      node.left = fresh;
    }
  }
  return random;
}

/** Chunks of work that took longer were held up by what the thread does for the heap after a collection. Milliseconds. */
const HELD_UP = 5;
const CHUNK = 50;

/**
 * words: 0 = stop, 1 = ready. sums: ways and milliseconds with the gate open, ways and milliseconds while marking, milliseconds of chunks
 * that were held up.
 */
function mutate(tree: Tree, words: Int32Array, sums: Float64Array): void {
  const Node = tree.constructor as new () => Tree;
  const gate = H_GATE >>> 2;
  let seed = 1;
  for (let warm = 0; warm < 300; warm++) seed = work(Node, tree, seed, 200);
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
  while (Atomics.load(words, 0) === 0) {
    const before = V.I32[gate];
    const start = performance.now();
    seed = work(Node, tree, seed, CHUNK);
    const elapsed = performance.now() - start;
    if (elapsed > HELD_UP) {
      sums[4]! += elapsed;
      continue;
    }
    // A chunk that saw the gate change belongs to marking: the waiting is part of it.
    const at = before === 0 && V.I32[gate] === 0 ? 0 : 2;
    sums[at]! += CHUNK;
    sums[at + 1]! += elapsed;
  }
  Atomics.store(words, 1, 0);
  Atomics.notify(words, 1);
}

interface Measured {
  readonly closed: number;
  readonly marking: number;
  readonly heldUp: number;
  readonly cells: number;
  readonly speed: number;
}

async function measure(): Promise<void> {
  const Node = heapClass<Tree>('BenchLive', { left: 'any', right: 'any', val: 'i32' });
  const tree = build(Node, DEPTH);
  collect();
  const words = new Int32Array(new SharedArrayBuffer(8));
  const sums = new Float64Array(new SharedArrayBuffer(40));
  startNewThread(mutate, [tree, words, sums]);
  Atomics.wait(words, 1, 0);
  const closed: number[] = [];
  const marking: number[] = [];
  const heldUp: number[] = [];
  let cells = 0;
  for (let n = 0; n < COLLECTIONS; n++) {
    // Busy as well, so that the two threads have the same of the machine's cores as while marking.
    for (const end = performance.now() + PAUSE_BETWEEN; performance.now() < end; );
    const held = sums[4]!;
    const statistics = collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    closed.push(statistics.lastPauseMs);
    marking.push(statistics.lastMarkingMs);
    heldUp.push(sums[4]! - held);
    cells = statistics.cells;
  }
  Atomics.store(words, 0, 1);
  Atomics.wait(words, 1, 1);
  const speed = sums[2]! / sums[3]! / (sums[0]! / sums[1]!);
  process.send!({
    closed: median(closed),
    marking: median(marking),
    heldUp: median(heldUp),
    speed,
    cells,
  } satisfies Measured);
  process.exit();
}

export async function collectionRows(): Promise<Row[]> {
  const child = fork(fileURLToPath(import.meta.url), ['measure']);
  const [{ closed, marking, heldUp, speed, cells }] = (await once(child, 'message')) as [Measured];
  const live = `${(cells / 1e6).toFixed(2)} M live cells`;
  return [
    {
      name: `collection of ${live}, closed`,
      ours: show(closed * 1e6),
      against: 'marking beside the program',
      theirs: show(marking * 1e6),
      ratio: (closed / marking).toFixed(4),
      target: '≤ 1 ms closed',
    },
    {
      name: "a thread's speed while marking",
      ours: `${Math.round(speed * 100)} %`,
      against: 'its speed beside a thread that computes',
      theirs: '100 %',
      ratio: speed.toFixed(2),
      target: '≥ 0.7',
    },
    {
      name: 'a thread that has touched all of them: its own tidying after a collection',
      ours: show(heldUp * 1e6),
      against: 'marking',
      theirs: show(marking * 1e6),
      ratio: (heldUp / marking).toFixed(2),
      target: '–',
    },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void measure();
