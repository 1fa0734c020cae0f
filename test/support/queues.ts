// Looks into queues, so that tests wait for what happens inside instead of sleeping.

import type { Queue, SimpleQueue } from 'heddle';
import { Q_NOT_EMPTY, Q_NOT_FULL, Q_UNFINISHED, Q_WAITING } from '#heddle/heap/types.js';
import { atomic } from '#heddle/memory/atomics.js';
import { R_WAITS } from '#heddle/memory/layout.js';
import { recordOf } from '#heddle/memory/self.js';
import { slots } from '#heddle/runtime/table.js';
import { addressOf } from '#heddle/sync/cell.js';
import { becomes } from './counter.ts';

type AnyQueue = Queue<never> | SimpleQueue<never>;

/** How many threads wait for an item. */
export const getters = (queue: unknown): number => atomic.load(addressOf(queue as AnyQueue) + Q_NOT_EMPTY + Q_WAITING);

/** How many threads wait for room. */
export const putters = (queue: unknown): number => atomic.load(addressOf(queue as AnyQueue) + Q_NOT_FULL + Q_WAITING);

/** How many threads are blocked in `join`. */
export const joiners = (queue: unknown): number => {
  const word = addressOf(queue as AnyQueue) + Q_UNFINISHED;
  return [...slots()].filter((slot) => atomic.load(recordOf(slot) + R_WAITS) === word).length;
};

export function gettersAre(queue: unknown, count: number): void {
  becomes(() => getters(queue) === count, `${count} getters`);
}

export function puttersAre(queue: unknown, count: number): void {
  becomes(() => putters(queue) === count, `${count} putters`);
}

export function joinersAre(queue: unknown, count: number): void {
  becomes(() => joiners(queue) === count, `${count} joiners`);
}
