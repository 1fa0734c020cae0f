// What two threads do while a collection goes on. In each the objects lie in pages that nobody allocates from, so that nothing but the
// protocol keeps them; what must be alive in the end is looked at, and all invariants are.

import assert from 'node:assert/strict';
import * as layout from '#heddle/memory/layout.js';
import { coarse, collection, type Scenario } from './schedule.ts';
import type { Node, Thread, World } from './world.ts';

/** A node is what `marked` has made. */
function intact(value: unknown, id: number): void {
  assert.ok(typeof value === 'object' && value !== null, `node ${id} is ${String(value)}`);
  assert.equal((value as Node).id, id);
  assert.equal((value as Node).name, `n${id}`);
}

/** As a scenario with the threads' parts exchanged: their pins are marked in the other order. */
export function exchanged({ name, prepare }: Scenario): Scenario {
  return {
    name: `${name}, the other way round`,
    prepare(world, first, second) {
      const plan = prepare(world, second, first);
      return { ...plan, first: plan.second, second: plan.first };
    },
  };
}

/** A node in root 0, another that it refers to; both in settled pages. */
function pair(world: World, thread: Thread): { top: Node; below: Node } {
  const top = world.marked(thread, 1);
  const below = world.marked(thread, 2);
  top.left = below;
  world.setRoot(thread, top);
  return { top, below };
}

const root = (world: World, thread: Thread): Node => world.root(thread) as Node;

/** So many nodes in a row, of which nobody has pinned any but the thread that is dropped then. */
function nodes(world: World, thread: Thread, count: number): Node[] {
  return Array.from({ length: count }, (_, at) => world.marked(thread, 100 + at));
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'a touch while marking is logged',
    eitherWay: true,
    prepare(world, a, b) {
      const [main] = world.threads;
      const { top } = pair(world, main);
      world.setRoot(main, null);
      // A alone holds the upper node, nobody the lower one.
      world.setRoot(main, top, 1);
      const mine = world.root(a, 1) as Node;
      world.setRoot(main, null, 1);
      world.settle();
      world.reset(main);
      let found: unknown;
      return {
        first: [
          { name: 'publish', run: () => world.setRoot(a, mine) },
          {
            name: 'cut',
            when: () => found !== undefined,
            run: () => {
              mine.left = null;
              world.setRoot(a, null);
            },
          },
        ],
        second: [
          {
            name: 'read',
            when: () => a.atomic.load(layout.H_ROOTS + 32) !== 0,
            run: () => {
              found = root(world, b).left;
            },
          },
        ],
        points: ['before the guard', 'in the guard', 'before the pin is set'],
        verify: () => intact(found, 2),
      };
    },
  },
  {
    name: 'what is touched is traced',
    eitherWay: true,
    prepare(world, a, b) {
      const [main] = world.threads;
      const { top, below } = pair(world, main);
      below.right = world.marked(main, 3);
      world.setRoot(main, null);
      world.setRoot(main, top, 1);
      const mine = world.root(a, 1) as Node;
      world.setRoot(main, null, 1);
      world.settle();
      world.reset(main);
      let found: Node | undefined;
      return {
        first: [
          { name: 'publish', run: () => world.setRoot(a, mine) },
          {
            name: 'cut',
            when: () => found !== undefined,
            run: () => {
              mine.left = null;
            },
          },
        ],
        second: [
          {
            name: 'read',
            when: () => a.atomic.load(layout.H_ROOTS + 32) !== 0,
            run: () => {
              found = root(world, b).left as Node;
            },
          },
        ],
        points: ['before the pin is noted', 'before the log'],
        verify: () => {
          intact(found, 2);
          intact(found!.right, 3);
        },
      };
    },
  },
  {
    name: 'a held object is stored into a traced cell',
    eitherWay: true,
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      const held = world.marked(a, 2);
      held.left = world.marked(a, 3);
      world.settle();
      world.forget(a, held.left as Node);
      const top = root(world, a);
      return {
        first: [
          {
            name: 'store',
            run: () => {
              top.left = held;
            },
          },
        ],
        second: [],
        verify: () => intact(held, 2),
        verifyRoots: () => {
          const found = root(world, world.threads[0]).left as Node;
          intact(found, 2);
          intact(found.left, 3);
        },
      };
    },
  },
  {
    name: 'pins go after a store',
    eitherWay: true,
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      world.setRoot(main, world.marked(main, 2), 1);
      const held = world.root(a, 1) as Node;
      world.setRoot(main, null, 1);
      world.settle();
      const address = world.address(a, held);
      const top = world.address(main, root(world, main));
      world.reset(main);
      return {
        first: [
          { name: 'store', run: () => a.values.storeWord((top >>> 2) + 1, address) },
          { name: 'let go', run: () => world.drop(a, held) },
        ],
        second: [],
        points: ['before pins go'],
        verify: () => intact(root(world, main).left, 2),
        verifyRoots: () => intact(root(world, main).left, 2),
      };
    },
  },
  {
    name: 'a scope ends after a store',
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      // In root 1 until the scope has it.
      world.setRoot(main, world.marked(main, 2), 1);
      world.setRoot(main, new main.arrays.SharedArray(), 2);
      world.settle();
      world.reset(main);
      const top = root(world, a);
      let inside: Node | undefined;
      return {
        first: [
          {
            name: 'scope',
            run: () =>
              a.scope.scope(() => {
                inside = world.root(a, 1) as Node;
                world.setRoot(a, null, 1);
                // Here others can come between.
                void world.root(a, 2);
                top.left = inside;
              }),
          },
        ],
        second: [{ name: 'look', run: () => void world.root(world.threads[2], 1) }],
        points: ['before the guard', 'before the pin is noted', 'before pins go'],
        verify: () => {
          intact(root(world, main).left, 2);
        },
        verifyRoots: () => intact(root(world, main).left, 2),
      };
    },
  },
  {
    name: 'a fresh string is stored, and its page is left',
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      world.settle();
      world.reset(main);
      const top = root(world, a);
      return {
        first: [
          {
            name: 'take the page',
            run: () => {
              top.right = 'a text of the same size, made earlier ';
            },
          },
          {
            name: 'store',
            run: () => {
              top.right = 'a text that was made while marking';
            },
          },
          { name: 'leave', run: () => a.allocate.releasePages() },
        ],
        second: [],
        interruptions: 0,
        verify: () => assert.equal(root(world, main).right, 'a text that was made while marking'),
        verifyRoots: () => assert.equal(root(world, main).right, 'a text that was made while marking'),
      };
    },
  },
  {
    name: 'a large text is made, stored, and another made',
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      world.settle();
      world.reset(main);
      const top = root(world, a);
      const text = 'long '.repeat(1000);
      const other = 'other '.repeat(900);
      let word = 0;
      return {
        first: [
          {
            name: 'make',
            run: () => {
              word = a.values.wordOf(text, 'it');
            },
          },
          { name: 'store', run: () => a.values.storeWord((world.address(a, top) >>> 2) + 1, word) },
          {
            name: 'make another',
            run: () => {
              top.right = other;
            },
          },
        ],
        second: [],
        interruptions: 0,
        verify: () => assert.equal(root(world, main).left, text),
        verifyRoots: () => {
          assert.equal(root(world, main).left, text);
          assert.equal(root(world, main).right, other);
        },
      };
    },
  },
  {
    name: 'an array that only its thread has grows into a large cell',
    prepare(world, a) {
      const array = new a.arrays.SharedArray<unknown>();
      const items = nodes(world, a, 260);
      for (const item of items) array.push(item);
      // Full: the next one needs a larger cell, of pages of its own.
      const { k } = a;
      let before = array.length;
      while (k.arrayPush(world.address(a, array), 0.5, a.slot + 1) !== 0) before++;
      world.settle();
      world.forget(a, ...items);
      return {
        first: [{ name: 'push', run: () => void array.push('last') }],
        second: [],
        points: ['before the guard'],
        verify: () => {
          assert.equal(array.length, before + 1);
          for (let at = 0; at < 260; at++) intact(array.at(at), 100 + at);
          assert.equal(array.at(-1), 'last');
        },
      };
    },
  },
  {
    name: 'a map that only its thread has grows into a large table',
    prepare(world, a) {
      const map = new a.maps.SharedMap<unknown, unknown>();
      const items = nodes(world, a, 70);
      for (const [at, item] of items.entries()) map.set(at, item);
      world.settle();
      world.forget(a, ...items);
      return {
        first: [
          {
            name: 'insert until it is replaced',
            run: () => {
              for (let at = 70; at < 140; at++) map.set(at, `text ${at}`);
            },
          },
        ],
        second: [],
        points: ['entries are copied'],
        verify: () => {
          for (let at = 0; at < 70; at++) intact(map.get(at), 100 + at);
          for (let at = 70; at < 140; at++) assert.equal(map.get(at), `text ${at}`);
        },
      };
    },
  },
  {
    name: 'a large table is made before marking and replaces the old one while marking',
    prepare(world, a) {
      const map = new a.maps.SharedMap<unknown, unknown>();
      const items = nodes(world, a, 70);
      for (const [at, item] of items.entries()) map.set(at, item);
      const { k } = a;
      // As table-cell.ts does it, in two steps.
      const table = (capacity: number): number => {
        const bytes = 24 + 256 * 4 + capacity * 28;
        const cell = a.allocate.allocateFresh(bytes, 12, capacity);
        const words = a.memory.V.I32;
        words[cell + 3] = 256;
        words[cell + 4] = 1;
        words[cell + 5] = 16;
        return cell * 4;
      };
      let fresh = 0;
      world.settle();
      world.forget(a, ...items);
      return {
        first: [
          {
            name: 'make the table',
            run: () => {
              fresh = table(256);
            },
          },
          {
            name: 'replace',
            run: () => {
              while (k.tableReplace(world.address(a, map), fresh, 1, a.record, a.slot + 1) === 4)
                world.hooks?.waitGate(a.slot);
            },
          },
        ],
        second: [],
        points: ['before the log'],
        verify: () => {
          for (let at = 0; at < 70; at++) intact(map.get(at), 100 + at);
        },
      };
    },
  },
  {
    name: 'elements move while their array is half traced',
    prepare(world, a) {
      const [main] = world.threads;
      const array = new main.arrays.SharedArray<unknown>();
      for (let at = 0; at < 1100; at++) array.push(`element ${at}`);
      world.setRoot(main, array);
      world.settle();
      world.reset(main);
      const mine = world.root(a) as typeof array;
      const { steps } = main.collector;
      return {
        first: [{ name: 'splice', run: () => void mine.splice(0, 520) }],
        second: [],
        // One slice of the array after another.
        collection: collection(world, [
          { name: 'look at the roots', run: () => main.k.markRoots() },
          { name: 'trace a cell', run: () => void main.k.trace(1) },
          { name: 'trace a slice', run: () => void main.k.trace(1) },
          { name: 'trace the next slice', run: () => void main.k.trace(1) },
          {
            name: 'mark the rest',
            run: () => {
              steps.finish();
              for (const { slot } of world.threads) steps.markPins(slot);
              steps.drain();
            },
          },
        ]),
        interruptions: 0,
        verify: () => {
          assert.equal(mine.length, 580);
        },
        verifyRoots: () => {
          const found = world.root(main) as typeof array;
          for (let at = 0; at < 580; at++) assert.equal(found.at(at), `element ${at + 520}`);
        },
      };
    },
  },
  {
    name: 'elements are taken out and put back while their array is half traced',
    prepare(world, a) {
      const [main] = world.threads;
      const array = new main.arrays.SharedArray<unknown>();
      for (let at = 0; at < 1100; at++) array.push(`element ${at}`);
      world.setRoot(main, array);
      world.settle();
      world.reset(main);
      const mine = world.root(a) as typeof array;
      const { steps } = main.collector;
      return {
        first: [
          { name: 'reverse', run: () => void mine.reverse() },
          { name: 'pop', run: () => void mine.pop() },
        ],
        second: [],
        collection: collection(world, [
          { name: 'look at the roots', run: () => main.k.markRoots() },
          { name: 'trace a cell', run: () => void main.k.trace(1) },
          { name: 'trace a slice', run: () => void main.k.trace(1) },
          { name: 'trace the next slice', run: () => void main.k.trace(1) },
          {
            name: 'mark the rest',
            run: () => {
              steps.finish();
              for (const { slot } of world.threads) steps.markPins(slot);
              steps.drain();
            },
          },
        ]),
        interruptions: 0,
        verify: () => {
          assert.equal(mine.length, 1099);
        },
        verifyRoots: () => {
          const found = world.root(main) as typeof array;
          for (let at = 0; at < 1099; at++) assert.equal(found.at(at), `element ${1099 - at}`);
        },
      };
    },
  },
  {
    name: 'entries are deleted and added while another thread looks',
    prepare(world, a, b) {
      const [main] = world.threads;
      const map = new main.maps.SharedMap<unknown, unknown>();
      for (const [at, item] of nodes(world, main, 4).entries()) map.set(`key ${at}`, item);
      world.setRoot(main, map);
      world.settle();
      world.reset(main);
      const mine = world.root(a) as typeof map;
      const theirs = world.root(b) as typeof map;
      let found: unknown;
      return {
        first: [
          { name: 'delete', run: () => assert.equal(mine.delete('key 1'), true) },
          { name: 'add', run: () => void mine.set('key 9', world.marked(a, 109)) },
        ],
        second: [
          {
            name: 'look',
            run: () => {
              found = theirs.get('key 1');
            },
          },
        ],
        interruptions: 0,
        verify: () => {
          if (found !== undefined) intact(found, 101);
        },
        verifyRoots: () => {
          const map = world.root(main) as typeof mine;
          assert.deepEqual([...map.keys()], ['key 0', 'key 2', 'key 3', 'key 9']);
          intact(map.get('key 0'), 100);
          intact(map.get('key 9'), 109);
        },
      };
    },
  },
  {
    name: 'a slot is overwritten before the guard',
    prepare(world, a, b) {
      const [main] = world.threads;
      pair(world, main);
      world.settle();
      world.reset(main);
      const mine = root(world, a);
      const theirs = root(world, b);
      let found: unknown;
      return {
        first: [
          {
            name: 'read',
            run: () => {
              found = mine.left;
            },
          },
        ],
        second: [
          {
            name: 'overwrite',
            run: () => {
              theirs.left = world.marked(b, 7);
            },
          },
          { name: 'leave', run: () => b.allocate.releasePages() },
        ],
        collection: coarse(world),
        points: ['before the guard', 'before the pin is noted'],
        verify: () => {
          intact(found, (found as Node).id === 7 ? 7 : 2);
        },
      };
    },
  },
  {
    name: 'a table is replaced, collected and its page taken under a reader',
    prepare(world, a, b) {
      const [main] = world.threads;
      const map = new main.maps.SharedMap<number, number>();
      for (let at = 0; at < 8; at++) map.set(at, at + 0.5);
      world.setRoot(main, map);
      world.settle();
      world.reset(main);
      const mine = world.root(a) as typeof map;
      const theirs = world.root(b) as typeof map;
      let found: unknown;
      return {
        first: [
          {
            name: 'get',
            run: () => {
              found = mine.get(5);
            },
          },
        ],
        second: [
          {
            name: 'replace',
            run: () => {
              for (let at = 8; at < 24; at++) theirs.set(at, at + 0.5);
            },
          },
          {
            name: 'make tables like it',
            run: () => {
              for (let n = 0; n < 12; n++) {
                const other = new b.maps.SharedMap<number, number>();
                for (let at = 0; at < 8; at++) other.set(at, -1);
              }
            },
          },
        ],
        collection: coarse(world),
        points: ['before the table is read'],
        verify: () => assert.equal(found, 5.5),
      };
    },
  },
  {
    name: 'a page is touched again before its pins go',
    prepare(world, a) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 1));
      world.settle();
      world.reset(main);
      const held = root(world, a);
      let again: unknown;
      return {
        first: [
          { name: 'let go', run: () => world.drop(a, held) },
          {
            name: 'touch again',
            run: () => {
              again = root(world, a);
            },
          },
          { name: 'drop what is dead', run: () => a.pages.dropDead() },
        ],
        second: [{ name: 'cut', when: () => again !== undefined, run: () => world.setRoot(world.threads[0], null) }],
        collection: coarse(world),
        points: ['before the guard', 'before pins go'],
        verify: () => {
          world.collect();
          intact(again, 1);
          assert.equal(a.k.isAllocated(world.address(a, again as Node)), 1);
        },
      };
    },
  },
  {
    name: 'a Page is weakened and found again',
    prepare(world, a) {
      const [main] = world.threads;
      pair(world, main);
      world.settle();
      world.reset(main);
      const top = root(world, a);
      const below = top.left;
      let again: unknown;
      return {
        first: [
          { name: 'weaken', run: () => a.pages.weaken() },
          {
            name: 'read',
            run: () => {
              again = top.left;
            },
          },
        ],
        second: [
          {
            name: 'cut',
            when: () => again !== undefined,
            run: () => {
              root(world, world.threads[2]).left = null;
            },
          },
        ],
        collection: coarse(world),
        points: ['before the guard', 'before the pin is noted'],
        verify: () => {
          assert.equal(again, below, 'there is one object for a cell');
          intact(again, 2);
        },
      };
    },
  },
  {
    name: 'objects in flight',
    prepare(world, a, b) {
      const [main] = world.threads;
      world.setRoot(main, world.marked(main, 2));
      const sent = root(world, a);
      sent.left = world.marked(a, 3);
      world.setRoot(main, null);
      world.settle();
      world.reset(main);
      world.forget(a, sent.left as Node);
      const address = world.address(a, sent);
      let state = '';
      let found: Node | undefined;
      return {
        first: [
          {
            name: 'send',
            run: () => {
              a.inflight.holdInflight(b.slot, address);
              state = 'sent';
            },
          },
          {
            name: 'let go',
            run: () => {
              // As if its thread had died: what is in flight is not pinned any more.
              a.allocate.releasePages();
              world.drop(a, sent);
            },
          },
        ],
        second: [
          {
            name: 'adopt',
            when: () => state === 'sent',
            run: () => {
              found = b.inflight.adoptCell(address) as Node;
            },
          },
          { name: 'settle', run: () => b.inflight.settleInflight(b.slot) },
        ],
        interruptions: 0,
        verify: () => {
          intact(found, 2);
          intact(found!.left, 3);
        },
      };
    },
  },
];
