// Entry of a worker that shares the memory of a test without the runtime: takes its seat, then works on what lies in the roots until it is
// told to end, or is killed. kills.test.ts starts it.

import { workerData } from 'node:worker_threads';
import type { SharedArray } from '#heddle/heap/array.js';
import type { SharedMap } from '#heddle/heap/map.js';
import type { Seat } from '#heddle/memory/memory.js';
import { SEAT } from '#heddle/memory/seat.js';

export interface SeatData {
  readonly seat: Seat;
  readonly seed: number;
  /** 1 = end; then, by slot, rounds that were worked. */
  readonly words: Int32Array;
}

const { seat, seed, words } = workerData as SeatData;
Object.assign(globalThis, { [SEAT]: seat });

const { defineHeapKinds } = await import('#heddle/heap/classes.js');
const { share } = await import('#heddle/heap/copy.js');
const { releasePages } = await import('#heddle/heap/allocate.js');
const { scope } = await import('#heddle/heap/scope.js');
const { readWord } = await import('#heddle/heap/values.js');
const { H_ROOTS } = await import('#heddle/memory/layout.js');
const { TEST_ROOT } = await import('#heddle/heap/roots.js');

defineHeapKinds();

const word = (H_ROOTS >>> 2) + TEST_ROOT;
let state = (seed * 7919) | 0 || 1;

function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function round(): void {
  const array = readWord(word) as SharedArray<unknown>;
  const map = readWord(word + 1) as SharedMap<unknown, unknown>;
  for (let n = 0; n < 50; n++) {
    const id = random(2 ** 30);
    const node = share({ id, not: ~id, name: `n${id}` }) as object;
    switch (random(6)) {
      case 0:
        if (array.length < 2000) array.push(node, node, node);
        break;
      case 1:
        array.splice(random(400), random(4));
        break;
      case 2:
        map.set(random(2) === 0 ? random(500) : `key ${random(500)}`, node);
        break;
      case 3:
        map.delete(random(500));
        break;
      case 4:
        array.set(random(100), 'long '.repeat(random(1500)));
        break;
      default: {
        const found = (random(2) === 0 ? array.at(random(400)) : map.get(random(500))) as
          | { id: number; not: number; name: string }
          | string
          | undefined;
        if (typeof found !== 'object') break;
        if (found.not !== ~found.id || found.name !== `n${found.id}`) throw new Error(`a node is broken: ${found.id}`);
      }
    }
  }
}

while (Atomics.load(words, 0) === 0) {
  scope(round);
  Atomics.add(words, 1 + seat.slot, 1);
  Atomics.notify(words, 1 + seat.slot);
}
releasePages();
