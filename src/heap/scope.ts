// scope(fn): lets go of all that was first touched inside when it ends, at once and without JavaScript's collector. For loops that never
// return to the event loop.

import { isAwaited } from '../memory/park.js';
import { releasePages } from './allocate.js';
import { whole } from './cut.js';
import { describe } from './errors.js';
import { emptyPages, INDEX, noteScoped, type Page, scoped } from './pages.js';
import { waitGate } from './room.js';
import { meetRoots } from './roots.js';
import { CELL, cellOf } from './values.js';

/** A call was cut short: the scopes inside it are over. */
export function saveScopes(): () => void {
  const { pages } = scoped;
  return () => noteScoped(pages);
}

/**
 * Calls `fn` and returns its result. Then this thread lets go of the shared objects that it first used inside; a later use of them throws a
 * ReferenceError. If the result is a shared object, it stays usable. So do objects that are still awaited (`waitAsync()`, `getAsync()`).
 * @throws TypeError if `fn` is no function, or returns a promise.
 * @example
 * const total = scope(() => shared({ x: 1 }).x);
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw new TypeError(`scope() takes a function, not ${describe(fn)}`);
  // What this thread has of the whole process does not go with a scope.
  meetRoots();
  const outer = scoped.pages;
  // Pages of the outside are not added to, so that what is made inside lies apart.
  releasePages();
  const inside: Page[] = [];
  noteScoped(inside);
  let result: T | undefined;
  try {
    result = fn();
  } finally {
    whole(() => {
      noteScoped(outer);
      releasePages();
      end(inside, outer, result);
    });
  }
  if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
    throw new TypeError(
      'scope() does not take an async function: what comes after an await would run when the scope has ended',
    );
  }
  return result as T;
}

function end(inside: Page[], outer: Page[] | undefined, result: unknown): void {
  const own = isObject(result) ? cellOf(result) >>> 10 : 0;
  // A wait that goes on looks at its words by their address.
  const stays = (page: Page): boolean =>
    page[INDEX] === own || kept.has(page[INDEX] as number) || isAwaited(page[INDEX] as number);
  const list: Page[] = [];
  for (const page of inside) (stays(page) ? outer : list)?.push(page);
  // Pins are kept while marking; the wrappers are told all the same, and the pins go a little later.
  if (!emptyPages(list, tell)) waitGate();
}

/** Pages of objects that no scope lets go of. */
const kept = new Set<number>();

/** An object that stays usable when the scopes end in which it was first used, and with it what lies in its page. */
export function keepThroughScopes(object: object): void {
  kept.add(cellOf(object) >>> 10);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A wrapper learns that it stands for nothing any more; one that only keeps something in that page forgets it. */
function tell(wrapper: unknown, address: number): void {
  if (!isObject(wrapper)) return;
  const method = (wrapper as { [CELL]?: (gone: boolean) => number })[CELL];
  if (typeof method !== 'function') return;
  method.call(wrapper, method.call(wrapper, false) === address / 4);
}
