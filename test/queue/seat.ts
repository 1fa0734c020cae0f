// Entry of a worker that shares the memory of a test without the runtime: moves tokens between the queues that lie in a root until it is told
// to end, or is killed. kills.test.ts starts it.

import { workerData } from 'node:worker_threads';
import { SEAT } from '#heddle/memory/seat.js';
import type { Queue } from '#heddle/queue/queue.js';
import type { SeatData } from '../heap/seat.ts';

const { seat, seed, words } = workerData as SeatData;
Object.assign(globalThis, { [SEAT]: seat });

const { defineHeapKinds } = await import('#heddle/heap/classes.js');
const { defineSyncKinds } = await import('#heddle/sync/classes.js');
const { defineQueueKinds } = await import('#heddle/queue/classes.js');
const { PriorityQueue } = await import('#heddle/queue/priority.js');
const { releasePages } = await import('#heddle/heap/allocate.js');
const { readWord } = await import('#heddle/heap/values.js');
const { H_ROOTS } = await import('#heddle/memory/layout.js');
const { TEST_ROOT } = await import('#heddle/heap/roots.js');

defineHeapKinds();
defineSyncKinds();
defineQueueKinds();

type Token = number | string;

const queues = (readWord((H_ROOTS >>> 2) + TEST_ROOT) as { toArray(): Queue<Token>[] }).toArray();
const last = queues.at(-1)!;
let state = (seed * 7919) | 0 || 1;

function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** A token is a number or its text: both queues of priorities then get keys of their sort. */
function move(from: Queue<Token>, to: Queue<Token>): void {
  let token: Token;
  try {
    token = from.get({ timeout: random(3) });
  } catch {
    return;
  }
  const number = Number(token);
  const item = random(2) === 0 ? number : String(number);
  const priority = to === queues[3] ? String(number).padStart(4, '0') : number;
  try {
    if (to instanceof PriorityQueue) to.put(item, { priority, timeout: random(3) });
    else to.put(item, { timeout: random(3) });
  } catch {
    last.put(item);
  }
}

while (Atomics.load(words, 0) === 0) {
  for (let n = 0; n < 50; n++) move(queues[random(queues.length)]!, queues[random(queues.length)]!);
  Atomics.add(words, 1 + seat.slot, 1);
  Atomics.notify(words, 1 + seat.slot);
}
releasePages();
