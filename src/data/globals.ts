// globals: the process-wide dictionary, for what modules must share by name. A package that a thread imports is run again there; what it
// keeps here is made once.
//
//   "=name"           its value
//   MAKER + name      who makes it: the thread's mark (src/sync/owner.ts)
//
// The maker is the thread that has put itself there first. The others wait; if the maker has failed its entry is gone, if it has died the
// next one takes its place.

import { share } from '../heap/copy.js';
import { describe } from '../heap/errors.js';
import type { SharedMap } from '../heap/map.js';
import { GLOBALS, mapRoot } from '../heap/roots.js';
import { FIND, NONE, PUT, STORED } from '../heap/table-cell.js';
import { PUT_REPLACE } from '../heap/types.js';
import { atomic } from '../memory/atomics.js';
import { H_GLOBALS } from '../memory/layout.js';
import { blockUntil } from '../memory/park.js';
import { fateOf, thisThread } from '../sync/owner.js';
import { isGuarded, mask, noteAcquired, noteReleased, poll, unmask } from '../sync/safepoint.js';
import type { Shareable, Shared } from './types.js';

const MAKER = '\u0000maker ';

const entries = (): SharedMap<string, unknown> => mapRoot(GLOBALS) as SharedMap<string, unknown>;

/** What modules of one process share by name. */
export interface Globals {
  /**
   * The value of a name. If there is none yet `make` is called, and what it returns is made shared and kept: once, however many threads
   * come at the same time; the others wait. If `make` throws, the error is the caller's and the next one makes. Without `make`: what is
   * there, or undefined.
   *
   * @throws TypeError for wrong arguments and for what cannot be shared; Error if `make` asks for its own name.
   * @example
   * const cache = globals.get('my-package/cache', () => new Map<string, number>());
   * cache.set('answer', 42);
   */
  get<T>(name: string, make: () => T & Shareable<T>): Shared<T>;
  get<T = unknown>(name: string): Shared<T> | undefined;
  /**
   * Whether a name has a value.
   *
   * @example
   * if (!globals.has('my-package/cache')) console.log('nobody has made it yet');
   */
  has(name: string): boolean;
  /**
   * Forgets a name; whether it had a value. Threads that have the value keep it.
   *
   * @example
   * globals.delete('my-package/cache');
   */
  delete(name: string): boolean;
  /**
   * All names that have a value.
   *
   * @example
   * console.log(globals.keys());
   */
  keys(): string[];
}

/**
 * A dictionary of the whole process: modules share values by name. When a thread imports a package, the package is evaluated again there; a value
 * that it keeps here is made only once.
 *
 * @example
 * const totals = globals.get('my-package/totals', () => ({ calls: 0 }));
 * totals.calls++;
 */
export const globals: Globals = Object.freeze({
  get<T>(name: string, make?: () => T): Shared<T> {
    if (typeof name !== 'string') throw new TypeError(`globals.get() takes a name, not ${describe(name)}`);
    if (make !== undefined && typeof make !== 'function') {
      throw new TypeError(`globals.get() takes a function that makes the value, not ${describe(make)}`);
    }
    const map = entries();
    const key = `=${name}`;
    for (;;) {
      // One look: somebody may delete it at any moment.
      const found = map[FIND](key);
      if (found !== NONE) return found as Shared<T>;
      if (make === undefined) return undefined as Shared<T>;
      mask();
      try {
        const maker = map.getOrInsert(MAKER + name, thisThread.mark) as number;
        // The thread that has made it has stored it before it went: look once more.
        if (map.has(key)) {
          if (maker === thisThread.mark) settle(map, name);
          continue;
        }
        if (maker === thisThread.mark) {
          if (making.has(name)) throw new Error(`globals.get('${name}') is called by the function that makes it`);
          return makeOnce(map, name, make) as Shared<T>;
        }
        if (fateOf(maker) !== 'alive') succeed(map, MAKER + name, maker);
        else awaitMaker(map, name, maker);
      } finally {
        unmask();
      }
      poll();
    }
  },

  has(name: string): boolean {
    return entries().has(`=${name}`);
  },

  delete(name: string): boolean {
    return entries().delete(`=${name}`);
  },

  keys(): string[] {
    return [...entries().keys()].filter((key) => key.startsWith('=')).map((key) => key.slice(1));
  },
});

/** Blocks until the maker is done with it, or gone. @throws DeadlockError when it waits for us. */
function awaitMaker(map: SharedMap<string, unknown>, name: string, maker: number): void {
  const isAtIt = (): boolean => fateOf(maker) === 'alive' && map.get(MAKER + name) === maker;
  blockUntil(
    {
      word: H_GLOBALS,
      attempt() {
        const before = atomic.load(H_GLOBALS);
        return isAtIt() ? before : undefined;
      },
      describe: () => `globals.get('${name}')`,
      // One that has died is not waited for: the next one makes.
      holder: () => (isAtIt() ? maker : 0),
    },
    Infinity,
  );
}

/** Takes the place of a maker that is gone, unless somebody else has, or it was done after all. */
function succeed(map: SharedMap<string, unknown>, key: string, maker: number): void {
  const now = map[STORED](key);
  if (now.value === maker) map[PUT](key, thisThread.mark, PUT_REPLACE, now.number);
}

/** Names that this thread is making. */
const making = new Set<string>();

/** Masked. */
function makeOnce<T>(map: SharedMap<string, unknown>, name: string, make: () => T): unknown {
  const place = {};
  const leave = (): void => {
    making.delete(name);
    settle(map, name);
  };
  making.add(name);
  if (isGuarded()) noteAcquired(place, leave);
  try {
    const value = share(unmasked(make));
    map.set(`=${name}`, value);
    return value;
  } finally {
    leave();
    if (isGuarded()) noteReleased(place);
  }
}

/** Under `interruptible()` it may be ended at any instruction. */
function unmasked<T>(fn: () => T): T {
  unmask();
  try {
    return fn();
  } finally {
    mask();
  }
}

function settle(map: SharedMap<string, unknown>, name: string): void {
  map.delete(MAKER + name);
  atomic.add(H_GLOBALS, 1);
  atomic.notify(H_GLOBALS, Infinity);
}
