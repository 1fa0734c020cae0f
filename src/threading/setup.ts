// What each worker does before it runs anything of the program: imports for their effect, globals.
//
// The functions lie captured in a shared list, which only grows; H_SETUPS says how many there are. A worker runs those that it has not run,
// in their order, before the function of its next thread or the next task.

import { SharedArray } from '../heap/array.js';
import { GLOBALS, mapRoot } from '../heap/roots.js';
import { atomic } from '../memory/atomics.js';
import { H_SETUPS } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { pack, unpack } from '../parcel/parcel.js';
import { publishOwn } from '../runtime/missing.js';
import { ThreadError } from '../sync/errors.js';
import { describe } from './arguments.js';

/** No name of the program's can be this: theirs begin with "=" in the map (src/data/globals.ts). */
const KEY = '\u0000setups';

const setups = (): SharedArray<unknown> =>
  mapRoot(GLOBALS).getOrInsert(KEY, new SharedArray<unknown>()) as SharedArray<unknown>;

/**
 * Has each worker call `fn` once, before it runs anything else of the program: to import something for its effect, to load polyfills, to set
 * globals. If `fn` returns a promise, that is awaited. Call `threadSetup` before you start threads; a thread that already runs calls `fn` before
 * its next task. If `fn` throws, the thread or task that was to run fails with that error. `fn` travels as an argument does. It is not called
 * in this thread.
 *
 * @throws TypeError if `fn` is not a function, or cannot travel.
 * @example
 * threadSetup(() => { Object.assign(globalThis, { region: 'eu' }); });
 */
export function threadSetup(fn: () => unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(
      `threadSetup() takes a function, such as () => import('reflect-metadata'), not ${describe(fn)}`,
    );
  }
  setups().push(pack(fn, 'the set-up'));
  atomic.add(H_SETUPS, 1);
}

let published = false;

/** Before a start: says what the main thread has that others have not. Once: programs do such things before they start threads. */
export function publishOnce(): void {
  if (slot !== 0 || published) return;
  published = true;
  publishOwn();
}

/** How many this worker has run. */
let done = 0;
let underWay: Promise<void> | undefined;

/** Before anything else that a worker runs. */
export function setUpHere(): Promise<void> | undefined {
  if (atomic.load(H_SETUPS) === done) return undefined;
  underWay ??= setUp().finally(() => {
    underWay = undefined;
  });
  return underWay;
}

async function setUp(): Promise<void> {
  for (; done < atomic.load(H_SETUPS); done++) {
    try {
      const fn = (await unpack(setups().at(done))) as () => unknown;
      await fn();
    } catch (cause) {
      throw new ThreadError(`threadSetup() has failed in this thread: ${String(cause)}`, { cause });
    }
  }
}
