// As ../loop.ts, for Deno. Its workers end without a word when their event loop has nothing left to do, so they look from time to time whether
// that is so.

import { isMainThread } from 'node:worker_threads';
import * as node from '../loop.js';

export { soon } from '../loop.js';

interface Core {
  eventLoopHasMoreWork(): boolean;
}
declare const Deno: { readonly internal: symbol; readonly [internal: symbol]: { readonly core: Core } };

const { core } = Deno[Deno.internal]!;
const { setImmediate, setTimeout } = globalThis;

/** Milliseconds between two looks, by how many there were since something was done; the last one holds from then on. */
const PAUSES = [0, 0, 1, 1, 2, 4, 8, 16, 30];

let look: NodeJS.Timeout | undefined;
let looks = 0;
let onDry: (() => void) | undefined;
let onDryOnce: (() => void) | undefined;

/** Zero, or some: then it is not known how many. */
export function activeResources(): number {
  look?.unref();
  try {
    return core.eventLoopHasMoreWork() ? Number.NaN : 0;
  } finally {
    look?.ref();
  }
}

export function onLoopDry(handler: () => void): void {
  if (isMainThread) {
    node.onLoopDry(handler);
    return;
  }
  onDry = handler;
  lookAgain();
}

export function whenLoopDry(action: (() => void) | undefined): boolean {
  if (isMainThread) return node.whenLoopDry(action);
  onDryOnce = action;
  looks = 0;
  return true;
}

function lookAgain(): void {
  look = setTimeout(() => {
    look = undefined;
    // In a turn of its own: while a timer runs, it counts.
    setImmediate(isDry);
  }, PAUSES[looks++] ?? PAUSES.at(-1)!);
}

function isDry(): void {
  try {
    if (core.eventLoopHasMoreWork()) return;
    looks = 0;
    const action = onDryOnce ?? onDry;
    onDryOnce = undefined;
    action?.();
  } finally {
    lookAgain();
  }
}
