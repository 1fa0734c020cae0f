// The collector marks beside a priority queue whose entries move: it traces the first part of them, entries go from the second part to the
// first, it traces the second part. Nothing is lost; and an item costs as much as the branch that it moves, however many there are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { PriorityQueue, scope, shared } from 'heddle';
import { steps } from '#heddle/heap/collector.js';
import { addressOf as addressOfShared } from '#heddle/heap/inflight.js';
import { type HeapKernel, k } from '#heddle/heap/kernel.js';
import { me } from '#heddle/heap/room.js';
import { BUSY, NO_PINS, Q_DATA, Q_NEVER, REFERENCE_BITS } from '#heddle/heap/types.js';
import { makeTouched } from '#heddle/heap/values.js';
import { atomic } from '#heddle/memory/atomics.js';
import { R_GUARD } from '#heddle/memory/layout.js';
import { memory, updateSize, V } from '#heddle/memory/memory.js';
import { record } from '#heddle/memory/self.js';
import { Wasm } from '#heddle/memory/wasm.js';
import { addressOf } from '#heddle/sync/cell.js';
import { type Edit, edited, kernelWithPoints } from '../heap/kernel_with_points.ts';
import { root } from '../support/program.ts';

const FILE = 'kernel/queues.ts';
/** More than two slices of what is traced at once (SLICE_LENGTH in kernel/collector.ts). */
const ITEMS = 400;

const withPoints = (text: string): string =>
  text.replace(/^( +)((?:else )?)((?:atomic\.)?store<.+;)$/gm, '$1$2{ $3 point(0); }');

/** A kernel that calls `at` with the number of each point. */
async function kernelThatCalls(
  at: (point: number) => void,
  mutation?: Edit,
): Promise<{ k: HeapKernel; again(): void }> {
  const original = readFileSync(join(root, FILE), 'utf8');
  const text = mutation === undefined ? original : edited(original, mutation);
  const binary = await kernelWithPoints([{ file: FILE, from: original, to: withPoints(text) }]);
  let points = 0;
  const env = { memory, refresh: updateSize, point: () => at(++points) };
  const module = new Wasm.Module(Uint8Array.from(atob(binary), (char) => char.charCodeAt(0)));
  return {
    k: new Wasm.Instance(module, { env }).exports as unknown as HeapKernel,
    again() {
      points = 0;
    },
  };
}

/** A queue whose items no thread has pinned, and their addresses. */
function filled(items: number): { queue: PriorityQueue; addresses: number[] } {
  const queue = new PriorityQueue();
  const addresses = scope(() =>
    Array.from({ length: items }, (_, priority) => {
      const item = shared({ priority });
      queue.put(item, { priority });
      return addressOfShared(item);
    }),
  );
  return { queue, addresses };
}

/** Marks all but what only the queue refers to; from then on the collector has the queue before it. */
function markAllBut(cell: number): void {
  steps.begin();
  steps.handshake();
  const data = V.I32[(cell + Q_DATA) >>> 2]!;
  V.I32[(cell + Q_DATA) >>> 2] = 0;
  steps.mark();
  V.I32[(cell + Q_DATA) >>> 2] = data;
}

/** Ends the collection, in the midst of an operation: what that logs after the gate is closed comes first. */
function end(): void {
  steps.close();
  assert.equal(atomic.load(record + R_GUARD), 0);
  steps.finish();
  steps.sweep();
  steps.open();
}

const isReference = (number: number): boolean => {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  return bits.getInt32(0) === REFERENCE_BITS && bits.getInt32(4) !== BUSY && bits.getInt32(4) !== NO_PINS;
};

/** Throws unless all items live when the collector comes to the queue at any step of a get; how many steps there were. */
async function check(mutation?: Edit): Promise<number> {
  let from = Infinity;
  let last = 0;
  let data = 0;
  const { k: mover, again } = await kernelThatCalls((point) => {
    last = point;
    if (point < from) return;
    // A slice at a time.
    if (point === from) k.publish(data, atomic.load(data), record);
    k.drainLogs();
    k.trace(1);
  }, mutation);
  for (let at = 1; at <= Math.max(1, last); at++) {
    const { queue, addresses } = filled(ITEMS);
    const cell = addressOf(queue as never);
    data = cell + Q_DATA;
    // The Page that its pin needs is there.
    from = Infinity;
    queue.put(queue.get(), { priority: 0 });
    markAllBut(cell);
    from = at;
    for (let taken = false; !taken; ) {
      again();
      const number = mover.queueGet(cell, Q_NEVER, record, me);
      taken = isReference(number);
      if (!taken) makeTouched();
    }
    end();
    for (const address of addresses.slice(1))
      assert.equal(k.isAllocated(address), 1, `the item at ${address} was swept; the collector came at step ${at}`);
  }
  return last;
}

suite('entries move while the collector marks', () => {
  test('none is lost', async (t) => {
    const steps = await check();
    assert.ok(steps > 20, `only ${steps} steps`);
    t.diagnostic(`${steps} steps`);
  });

  test('a planted bug is found: what moves is not told', async () => {
    await assert.rejects(
      check({
        file: FILE,
        from: '  if (gate == S_MARKING) {\n    logNumber',
        to: '  if (gate == 99) {\n    logNumber',
      }),
      assert.AssertionError,
    );
  });

  test('an item costs its branch, and not all that is in the queue', () => {
    const { queue } = filled(20_000);
    steps.begin();
    steps.handshake();
    steps.mark();
    for (let n = 0; n < 50; n++) queue.put(queue.get(), { priority: 10_000 });
    let budget = 0;
    do for (; k.trace(100) !== 0; budget += 100);
    while (k.drainLogs() > 0);
    end();
    assert.ok(budget < 20_000, `${budget} children were traced for 100 operations`);
  });
});
