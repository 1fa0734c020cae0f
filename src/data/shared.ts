// The global data space: what a program does with shared objects, whatever their kind.

import { releasePages } from '../heap/allocate.js';
import { type HeapStatistics, heapStatistics } from '../heap/control.js';
import { share } from '../heap/copy.js';
import { describe } from '../heap/errors.js';
import { snapshotOf } from '../heap/plain.js';
import { keysOf } from '../heap/record.js';
import { tidyUp } from '../heap/tidy.js';
import { cellOf } from '../heap/values.js';
import { giveAllToGuest } from '../platform/guest.js';
import { collectAndWait, watchCollections } from '../runtime/collecting.js';
import type { Shareable, Shared, Snapshot } from './types.js';

/**
 * Copies a value into the heap that all threads share. Plain objects become records, arrays become SharedArrays, Map and Set become SharedMap and
 * SharedSet, and typed arrays and buffers become views on shared memory. Dates and errors become values that cannot change. The whole graph is
 * copied, with its identities and cycles. Shared objects and primitives are returned as they are.
 *
 * @throws TypeError for what cannot be shared, naming its path. MemoryError when the heap is full.
 * @example
 * const world = shared({ tick: 0, names: ['Ada'], lock: allocateLock() });
 * startNewThread(() => world.lock.with(() => { world.tick++; }), []);
 */
export function shared<T>(value: T & Shareable<T>): Shared<T> {
  if (arguments.length !== 1) throw new TypeError(`shared() takes one value (${arguments.length} given)`);
  return share(value) as Shared<T>;
}

/**
 * Whether a value is a shared object: the same one in every thread. Primitives are not objects.
 *
 * @example
 * console.log(isShared(shared([1])), isShared([1]));
 */
export function isShared(value: unknown): boolean {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && cellOf(value) !== 0;
}

/**
 * A plain deep copy of a shared object, with nothing shared in it but locks; anything else is returned as it is.
 *
 * @example
 * const plain: { x: number } = snapshot(shared({ x: 1 }));
 */
export function snapshot<T>(value: T): Snapshot<T> {
  return giveAllToGuest(snapshotOf(value)) as Snapshot<T>;
}

/**
 * The keys of a shared object: a record's fields, an array's indexes, a map's keys, a set's members.
 *
 * @throws TypeError for what is no shared object.
 * @example
 * console.log(keys(shared({ x: 1, y: 2 })));
 */
export function keys(value: object): unknown[] {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`keys() takes a shared object, not ${describe(value)}`);
  return keysOf(value);
}

/**
 * Lets go of the objects that this thread does not use any more, runs a collection, and returns when that is done. A program need not call it: it
 * is for programs that measure.
 *
 * @example
 * console.log(collect().liveBytes);
 */
export function collect(): HeapStatistics {
  releasePages();
  tidyUp();
  collectAndWait();
  return heapStatistics();
}

/**
 * Calls `listener` in this thread's event loop after collections. Several may have ended since the last call. This keeps no thread alive.
 * @returns a function that ends this.
 * @throws TypeError for what is no function.
 * @example
 * const stop = onCollect(({ liveBytes }) => console.log(liveBytes));
 * stop();
 */
export function onCollect(listener: (statistics: HeapStatistics) => void): () => void {
  if (typeof listener !== 'function') throw new TypeError(`onCollect() takes a function, not ${describe(listener)}`);
  return watchCollections(() => listener(heapStatistics()));
}
