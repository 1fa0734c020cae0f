// The process-wide roots, by number: words that the collector starts from.

import { atomic } from '../memory/atomics.js';
import { H_ROOTS } from '../memory/layout.js';
import { SharedMap } from './map.js';
import { CELL, loadWord } from './values.js';

/** Numbers of shapes by their text, and texts by number (src/heap/shapes.ts). */
export const SHAPE_IDS = 0;
export const SHAPE_TEXTS = 1;
/** What modules share by name (src/data/globals.ts). */
export const GLOBALS = 2;
/** Definitions of structs by name (src/data/struct.ts). */
export const STRUCTS = 3;
/** Names of locks and queues, by the address of their cells (src/sync/titles.ts). */
export const TITLES = 4;
/** How many roots are maps. */
const MAPS = 5;
/** The process's hook for threads that end by an error (src/threading/excepthook.ts). */
export const EXCEPTHOOK = 5;
/** For tests. */
export const TEST_ROOT = 8;

/** This thread's wrapper of a root that was looked at before: roots are set once. */
const known: object[] = [];

/** The map at a root; the first thread to ask makes it. */
export function mapRoot(root: number): SharedMap<unknown, unknown> {
  const found = known[root];
  if (found !== undefined) return found as SharedMap<unknown, unknown>;
  const word = H_ROOTS + root * 4;
  if (atomic.load(word) === 0) {
    const map = new SharedMap<unknown, unknown>();
    atomic.compareExchange(word, 0, map[CELL]() << 2);
  }
  const map = loadWord(word >>> 2) as SharedMap<unknown, unknown>;
  known[root] = map;
  return map;
}

/** Whether anybody has asked for the map at a root yet. */
export const hasMapRoot = (root: number): boolean => atomic.load(H_ROOTS + root * 4) !== 0;

/** Makes this thread's wrappers of all roots that are maps. */
export function meetRoots(): void {
  for (let root = 0; root < MAPS; root++) if (known[root] === undefined) mapRoot(root);
}
