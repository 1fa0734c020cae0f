// The end of the process: tasks that were submitted are done before, idle threads are left behind.
//
// Executors that have threads are in a shared set. The end of the main thread waits until all of them are quiet. H_QUIET is raised by a thread
// that becomes idle, or leaves, once the main thread has ended.

import { GLOBALS, hasMapRoot, mapRoot } from '../heap/roots.js';
import { SharedSet } from '../heap/set.js';
import { atomic } from '../memory/atomics.js';
import { H_QUIET } from '../memory/layout.js';
import { type Wanted, wake } from '../memory/park.js';
import { LIVING, phase } from '../runtime/shutdown.js';
import { crewOf, isQuiet, type Pool } from './pool.js';

/** No name of the program's can be this: theirs begin with "=" in the map (src/data/globals.ts). */
const KEY = '\u0000executors';

let known: SharedSet<Pool> | undefined;

function executors(): SharedSet<Pool> {
  known ??= mapRoot(GLOBALS).getOrInsert(KEY, new SharedSet()) as SharedSet<Pool>;
  return known;
}

/** An executor is about to have a thread. */
export function enlist(executor: Pool): void {
  executors().add(executor);
}

/** It may have none any more. */
export function strike(executor: Pool): void {
  if (crewOf(executor).take().all > 0) return;
  executors().delete(executor);
  // One that was started between the look and the deletion has enlisted it before.
  if (crewOf(executor).take().all > 0) enlist(executor);
}

/** A thread has nothing to do, or is gone. */
export function tellQuiet(): void {
  if (phase() === LIVING) return;
  atomic.add(H_QUIET, 1);
  wake(H_QUIET, Infinity);
}

function allQuiet(): boolean {
  // The heap may be full at the end: nothing is made to find out that there was nothing.
  if (known === undefined && !(hasMapRoot(GLOBALS) && mapRoot(GLOBALS).has(KEY))) return true;
  for (const executor of executors().values()) if (!isQuiet(executor)) return false;
  return true;
}

/** That all tasks are done; undefined = they are. */
export function tasksLeft(): Wanted | undefined {
  if (allQuiet()) return undefined;
  return {
    word: H_QUIET,
    attempt() {
      const seen = atomic.load(H_QUIET);
      return allQuiet() ? undefined : seen;
    },
    describe: () => 'the end of the program waits for the tasks of executors',
  };
}
