// What a thread that stays in one job lets go of. Each test is one job: no finalizer runs, no WeakRef is forgotten but at checkpoints.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedArray, shared } from 'heddle';
import { releasePages } from '#heddle/heap/allocate.js';
import { checkOwnPins } from '#heddle/heap/check.js';
import { findDead, garbageCollected, pinsWait, weaken } from '#heddle/heap/pages.js';
import { pinnedBy } from '#heddle/heap/pins.js';
import { atomic } from '#heddle/memory/atomics.js';
import { R_HOLDING } from '#heddle/memory/layout.js';
import { record } from '#heddle/memory/self.js';
import { checkpoint } from '#heddle/platform/checkpoint.js';
import { collectGarbage } from '#heddle/platform/garbage.js';
import { collectAndWait } from '#heddle/runtime/collecting.js';

interface Node {
  n: number;
  next: Node | null;
}

const COUNT = 60;
const pins = (): number => [...pinnedBy(0)].length;

/** As if JavaScript's collector had come by itself. */
function collectJavaScript(): void {
  weaken();
  checkpoint();
  collectGarbage();
}

/** A shared list in a page or two, whose wrappers are garbage. */
function list(count: number): SharedArray<Node> {
  releasePages();
  const holder = new SharedArray<Node>();
  releasePages();
  let next: Node | null = null;
  for (let n = 0; n < count; n++) {
    const node = shared({ n, next: null }) as unknown as Node;
    node.next = next;
    next = node;
  }
  holder.push(next!);
  releasePages();
  return holder;
}

test('a Page that is made again does not keep the pins of the one before', () => {
  const before = pins();
  const holder = list(COUNT);
  assert.ok(pins() >= before + COUNT);
  collectJavaScript();
  // The Page is dead, which nobody has noticed, and the head lies in it.
  const held = holder.at(0)!;
  assert.ok(pinsWait());
  garbageCollected();
  findDead();
  assert.ok(!pinsWait());
  assert.ok(pins() <= before + 8, `${pins() - before} pins for two objects`);
  checkOwnPins();
  collectAndWait();
  let length = 0;
  for (let node: Node | null = held; node; node = node.next) length += node.n === COUNT - 1 - length ? 1 : 0;
  assert.equal(length, COUNT);
});

test('what a pin keeps alive is counted, and not the pin alone', () => {
  const holder = list(1000);
  const held = holder.at(0)!;
  collectJavaScript();
  garbageCollected();
  findDead();
  holder.clear();
  collectAndWait();
  const few = pins();
  assert.ok(few < 900, `${few} pins`);
  assert.ok(atomic.load(record + R_HOLDING) >= 1000, `${atomic.load(record + R_HOLDING)} cells`);
  assert.equal(held.n, 999);
});
