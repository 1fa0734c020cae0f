// A thread dies at any point inside the heap, while nothing or while marking goes on: nobody waits for what it held, what it worked on is
// whole, and its pins go. A death is an error out of a point: as when a worker is terminated, nothing behind it runs.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as layout from '#heddle/memory/layout.js';
import { extent } from '../support/extent.ts';
import type { Point } from './kernel_with_points.ts';
import { type Node, type Thread, World } from './world.ts';

let world = await World.open();
after(() => world.close());

/** Two slices for the collector. */
const LENGTH = 600;

/** What the threads share; made anew for each death. */
interface Stage {
  readonly array: { length: number; at(index: number): unknown; push(value: unknown): number };
  readonly map: { get(key: unknown): unknown; set(key: unknown, value: unknown): unknown; size: number };
  readonly node: Node;
}

function stage(): void {
  const [main] = world.threads;
  const array = new main.arrays.SharedArray<unknown>();
  for (let at = 0; at < LENGTH; at++) array.push(`element ${at}`);
  const map = new main.maps.SharedMap<unknown, unknown>();
  for (let at = 0; at < 80; at++) map.set(`key ${at}`, `value ${at}`);
  // The last root is traced first.
  world.setRoot(main, array, 3);
  world.setRoot(main, map, 1);
  world.setRoot(main, world.node(main, { id: 5, name: 'node', left: world.node(main, { id: 6 }) }), 2);
  world.settle();
  world.reset(main);
}

function seenBy(thread: Thread): Stage {
  return {
    array: world.root(thread, 3) as Stage['array'],
    map: world.root(thread, 1) as Stage['map'],
    node: world.root(thread, 2) as Node,
  };
}

type Work = (own: Stage, thread: Thread) => void;

const works: Readonly<Record<string, Work>> = {
  'reads a field': ({ node }) => void node.left,
  'stores a text': ({ node }) => {
    node.right = 'a text';
  },
  'makes a large cell': ({ node }) => {
    node.right = 'large '.repeat(2000);
  },
  'makes many nodes': (_own, thread) => {
    for (let n = 0; n < 200; n++) world.node(thread);
  },
  'appends until the array grows': ({ array }) => {
    for (let n = 0; n < 700; n++) array.push(n);
  },
  'splices an array': ({ array }) => void (array as unknown as unknown[]).splice(0, 80),
  'splices an array and keeps what was removed': ({ array }) =>
    void (array as unknown as unknown[]).splice(3, 80).length,
  'reverses an array': ({ array }) => void (array as unknown as unknown[]).reverse(),
  'cuts an array off': ({ array }) => {
    array.length = 10;
  },
  'gets from a map': ({ map }) => void map.get('key 5'),
  'adds to a map until it grows': ({ map }) => {
    for (let n = 0; n < 80; n++) map.set(n, n);
  },
  'deletes from a map': ({ map }) => void (map as unknown as Map<string, unknown>).delete('key 7'),
  'clears a map': ({ map }) => (map as unknown as Map<string, unknown>).clear(),
  'iterates over a map': ({ map }) => {
    for (const _key of (map as unknown as Map<string, unknown>).keys());
  },
  'gives its pages back': (_own, thread) => thread.allocate.releasePages(),
  'ends a scope': ({ node }, thread) => {
    thread.scope.scope(() => void node.left);
  },
};

class Death extends Error {}

/** Lets the thread work until the point with this number; the point, or undefined if there are not so many. */
function dieAt(thread: Thread, own: Stage, work: Work, number: number): Point | undefined {
  let passed = 0;
  let died: Point | undefined;
  world.hooks = {
    point(slot, point) {
      if (slot !== thread.slot || passed++ !== number) return;
      died = point;
      throw new Death(point);
    },
    waitGate: () => {
      throw new Error('the gate is closed');
    },
  };
  try {
    work(own, thread);
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  } finally {
    world.hooks = undefined;
  }
  return died;
}

/** How far a collection has come when the thread dies, and the rest of it. */
const moments: Readonly<Record<string, { before(): void; after(): void }>> = {
  'while nobody collects': { before() {}, after() {} },
  'while marking': {
    before() {
      const { steps } = world.threads[0].collector;
      steps.begin();
      steps.handshake();
      world.threads[0].k.markRoots();
      // The array itself and its first slice.
      for (let n = 0; n < 2; n++) world.threads[0].k.trace(1);
    },
    after() {
      const { steps } = world.threads[0].collector;
      steps.finish();
      for (const { slot } of world.threads) steps.markPins(slot);
      steps.drain();
      steps.close();
      steps.handshake();
      steps.finish();
      steps.sweep();
      steps.open();
    },
  },
};

/** Points that a loop passes often are tried at these passes only. */
const tried = (number: number): boolean => number < extent(4, 20) || number % extent(601, 151) === 0;

for (const [when, moment] of Object.entries(moments)) {
  for (const [what, work] of Object.entries(works)) {
    test(`a thread dies ${when} as it ${what}`, async (t) => {
      let whole = false;
      t.after(async () => {
        if (whole) return;
        world.close();
        world = await World.open();
      });
      const points = new Set<string>();
      for (let number = 0; ; number++) {
        if (!tried(number)) continue;
        stage();
        const [main, victim, other] = world.threads;
        const own = seenBy(victim);
        const theirs = seenBy(other);
        moment.before();
        const point = dieAt(victim, own, work, number);
        if (point === undefined) {
          moment.after();
          world.finish();
          break;
        }
        points.add(point);
        main.collector.releaseDead(victim.slot);
        for (const lock of [
          world.address(other, theirs.array as object) + 12,
          world.address(other, theirs.map as object) + 8,
          layout.H_ALLOC_LOCK,
        ]) {
          assert.equal(main.atomic.load(lock), 0, `a lock is held after a death ${point}, ${number}`);
        }
        // The others go on, before and after it was buried. What they touch is marked: not much of it.
        theirs.array.push('more');
        theirs.map.set('more', 1);
        moment.after();
        // What it was making is not whole, and pinned until it is buried.
        main.check.checkHeap('closed');
        main.collector.buryThread(victim.slot);
        assert.deepEqual([...main.pins.pinnedBy(victim.slot)], []);
        world.collect();
        other.check.checkOwnPins();
        main.check.checkHeap();
        use(theirs);
        await world.replace(1);
        world.finish();
      }
      whole = true;
      t.diagnostic([...points].join(', '));
    });
  }
}

/** Uses everything, and looks at what must be there whatever the dead thread did. */
function use({ array, map, node }: Stage): void {
  array.push('more');
  for (let at = 0; at < array.length; at++) {
    const item = array.at(at);
    assert.ok(
      typeof item === 'number' || item === 'more' || /^element \d+$/.test(String(item)),
      `element ${at} is ${String(item)}`,
    );
  }
  map.set('more', 1);
  for (let at = 0; at < 80; at++) {
    const value = map.get(`key ${at}`);
    assert.ok(value === undefined || value === `value ${at}`);
  }
  assert.equal(node.id, 5);
  assert.equal((node.left as Node).id, 6);
}
