// run(): the one-liner, on an executor that all threads of the process have in common.

import { GLOBALS, mapRoot } from '../heap/roots.js';
import { submitTo, ThreadPoolExecutor } from './executor.js';
import type { Future } from './future.js';

/** No name of the program's can be this: theirs begin with "=" in the map (src/data/globals.ts). */
const KEY = '\u0000default executor';

let shared: ThreadPoolExecutor | undefined;

function defaultExecutor(): ThreadPoolExecutor {
  shared ??= mapRoot(GLOBALS).getOrInsert(
    KEY,
    new ThreadPoolExecutor({ threadNamePrefix: 'run' }),
  ) as ThreadPoolExecutor;
  return shared;
}

/**
 * Calls `fn` with `args` on another thread: `await run(fn, 1, 2)`, or `run(fn, 1, 2).result()`. The threads belong to an executor that
 * the whole process shares, and that ends with it. Arguments and result travel as for `ThreadPoolExecutor.submit`.
 * If something cannot travel, the future fails with a CaptureError.
 *
 * @example
 * console.log(await run((a: number, b: number) => a + b, 1, 2));
 */
export function run<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
  return submitTo(defaultExecutor(), fn, args, run) as Future<Awaited<R>>;
}
