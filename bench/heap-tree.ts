// A binary tree of 2^20 - 1 nodes: built, walked by the thread that built it, and walked by another one for the first time and again.
// Plain JavaScript has no second walk: the other thread gets a copy, which structuredClone makes.

import { Worker } from 'node:worker_threads';
import { type HeapBench, type Round, structRealm, time } from './heap-sides.js';

const DEPTH = 19;
const NODES = 2 ** (DEPTH + 1) - 1;

export interface Tree {
  left: Tree | null;
  right: Tree | null;
  val: number;
}

class PlainTree {
  left: PlainTree | null = null;
  right: PlainTree | null = null;
  val = 0;
}

function build(Node: new () => Tree, depth: number): Tree {
  const node = new Node();
  node.val = depth;
  if (depth > 0) {
    node.left = build(Node, depth - 1);
    node.right = build(Node, depth - 1);
  } else {
    node.left = null;
    node.right = null;
  }
  return node;
}

function walk(node: Tree | null): number {
  return node === null ? 0 : node.val + 1 + walk(node.left) + walk(node.right);
}

const EXPECTED = walk(build(PlainTree, DEPTH));

function checked(sum: number): number {
  if (sum !== EXPECTED) throw new Error(`a walk gave ${sum} instead of ${EXPECTED}`);
  return sum;
}

function own(Node: new () => Tree): { tree: Tree; result: Record<string, number> } {
  let tree: Tree | undefined;
  const built = time(NODES, () => {
    tree = build(Node, DEPTH);
  });
  const walks = [1, 2, 3].map(() => time(NODES, () => checked(walk(tree!))));
  return { tree: tree!, result: { build: built, own: Math.min(...walks) } };
}

function warm(Node: new () => Tree): void {
  for (let n = 0; n < 30; n++) walk(build(Node, 12));
}

/** In the other thread; writes milliseconds to `out`. */
function walkOften(tree: Tree, out: Float64Array): void {
  // The code is warm, the tree is not: a part of it was seen.
  let small = tree;
  for (let step = 0; step < 9; step++) small = small.left!;
  for (let n = 0; n < 60; n++) walk(small);
  for (let n = 0; n < 4; n++) {
    const start = performance.now();
    out[4] = walk(tree);
    out[n] = performance.now() - start;
  }
}

function elsewhere(out: Float64Array): Record<string, number> {
  checked(out[4]!);
  return { first: (out[0]! * 1e6) / NODES, later: (Math.min(out[1]!, out[2]!, out[3]!) * 1e6) / NODES };
}

async function ours(): Promise<Round> {
  const { allocateLock, collect, startNewThread } = await import('heddle');
  const { heapClass } = await import('./heap-class.js');
  const Node = heapClass<Tree>('BenchTree', { left: 'any', right: 'any', val: 'i32' });
  warm(Node);
  return () => {
    const { tree, result } = own(Node);
    const out = new Float64Array(new SharedArrayBuffer(40));
    const done = allocateLock();
    done.acquire();
    startNewThread(
      (shared: Tree, times: Float64Array) => {
        try {
          walkOften(shared, times);
        } finally {
          done.release();
        }
      },
      [tree, out],
    );
    done.acquire();
    // What this round has left behind is not the next round's.
    setTimeout(collect, 0);
    return { ...result, ...elsewhere(out) };
  };
}

function plain(): Round {
  warm(PlainTree);
  return () => {
    const { tree, result } = own(PlainTree);
    let clone: Tree | undefined;
    const first = time(NODES, () => {
      clone = structuredClone(tree);
    });
    checked(walk(clone!));
    return { ...result, first };
  };
}

const WALKER = `
  const { parentPort } = require('node:worker_threads');
  ${walk.toString()}
  ${walkOften.toString()}
  parentPort.on('message', ({ tree, out }) => { walkOften(tree, out); parentPort.postMessage(0); });
`;

function structs(): Round {
  const Node = new structRealm.SharedStructType(['left', 'right', 'val']);
  warm(Node);
  const worker = new Worker(WALKER, { eval: true });
  return async () => {
    const { tree, result } = own(Node);
    const out = new Float64Array(new SharedArrayBuffer(40));
    const done = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage({ tree, out });
    await done;
    return { ...result, ...elsewhere(out) };
  };
}

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 7,
  warmup: 1,
  sides: { heddle: ours, plain, structs },
  comparisons: [
    { name: 'tree of 2^20 nodes, build a node', measure: 'build', against: 'plain', target: '≤ 1.3' },
    { name: 'the same against V8', measure: 'build', against: 'structs', target: '–' },
    { name: 'own walk, a node', measure: 'own', against: 'plain', target: '≤ 2' },
    { name: 'the same against V8', measure: 'own', against: 'structs', target: '–' },
    {
      name: 'another thread, first walk, a node',
      measure: 'first',
      against: 'plain',
      label: 'structuredClone',
      target: '≤ 0.2',
    },
    { name: 'another thread, later walks, a node', measure: 'later', against: 'structs', target: '≤ 2' },
  ],
};
