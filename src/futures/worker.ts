// What a thread of an executor does.
//
//   initializer, once                if it fails, here or in another thread before: leave
//   loop
//     take a task                  → call it; if it gives a promise, wait for that on the event loop; settle the future
//     none, and more run than may  → RESERVE: park until fewer do
//     none, and closed             → leave
//     none, but some were run      → RESTING: park for REST, then take a turn of the event loop: for what they have left there at once, such
//                                    as the report of a rejection
//     none                         → PARKED: park on the executor's signal; or wait for it on the event loop if tasks have left timers
//     parked for TIDY_AFTER        → a turn of the event loop, so that garbage goes
//     parked for IDLE_LIMIT        → leave
//
// A task is never between two owners: its future says which thread runs it (state.ts). How it is run is in perform.ts, how the thread
// waits for the next one in idler.ts, and what the thread's waits mean for the executor in post.ts.

import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { callOf, forgetFunctions, type Job, readCall } from '../parcel/call.js';
import { Author } from '../runtime/author.js';
import { print } from '../runtime/console.js';
import { loopLoad } from '../runtime/load.js';
import { describeError } from '../runtime/report.js';
import { startThread } from '../runtime/start.js';
import { addressOf } from '../sync/cell.js';
import { THREAD_MARK, thisThread } from '../sync/owner.js';
import { makeRunning, PLAIN } from '../threading/thread.js';
import { WORKER } from './cell.js';
import { LOOKING } from './crew.js';
import { enlist, strike, tellQuiet } from './exit.js';
import { Idler, turn } from './idler.js';
import { perform } from './perform.js';
import {
  breakBy,
  crewOf,
  endTask,
  initializerOf,
  isBroken,
  isCrowded,
  nameOfWorker,
  type Pool,
  type StartWorker,
  takeTask,
  tellBegun,
  tellGone,
  workFor,
} from './pool.js';
import { beginTask, leavePost, summonQuietly, takePost } from './post.js';

/** Milliseconds of work after which the event loop gets a turn: timers that tasks have left, finalizers. */
const TURN_AFTER = 50;

/** Starts a thread for a place in the crew of an executor. */
export const startWorker: StartWorker = (executor, index, number) => {
  enlist(executor);
  const name = nameOfWorker(executor, number);
  const thread = makeRunning(PLAIN, name);
  startThread(serve, [executor, index, number, thisThread.mark], undefined, {
    cell: addressOf(thread),
    name,
    keeps: false,
    late: true,
    label: 'tasks of an executor',
  });
  // If this thread ends now, the place is not the dead's.
  crewOf(executor).handOver(index, thisThread.mark, atomic.load(addressOf(thread) + THREAD_MARK));
};

/** The life of a worker. `by` is the mark of the thread that has started it, and has its place so far. */
export async function serve(executor: Pool, index: number, number: number, by: number): Promise<void> {
  const crew = crewOf(executor);
  if (!crew.handOver(index, by, thisThread.mark) && crew.ownerOf(index) !== thisThread.mark) return;
  // Its initializer comes first, but then it takes a task: nobody need be started for that one.
  crew.setState(index, LOOKING);
  tellBegun(executor);
  // But for its tasks, all that it does.
  hooks.compound(true);
  // From here on the runtime holds the event loop for this thread.
  await undefined;
  const baseline = loopLoad();
  takePost(executor, index);
  workFor(executor);
  try {
    const name = nameOfWorker(executor, number);
    if (await initialize(executor, name)) await work(executor, index, number, name, baseline);
  } finally {
    leavePost();
    workFor(undefined);
    forgetFunctions();
    crew.free(index);
    strike(executor);
    tellGone(executor);
    // What came in since the last look, for nobody.
    summonQuietly(executor);
    tellQuiet();
  }
}

/** Whether this thread may run tasks. Also after a shutdown it is prepared first: what waits is still made. */
async function initialize(executor: Pool, name: string): Promise<boolean> {
  const job = initializerOf(executor);
  if (job === undefined) return true;
  if (isBroken(executor)) return false;
  try {
    await runInitializer(job, name);
    return true;
  } catch (error) {
    print(2, `Exception in initializer:\n${describeError(error)}\n`);
    breakBy(executor, error);
    return false;
  }
}

/** The author of what an executor's initializer leaves on the event loop. */
class Initialization extends Author {
  readonly #name: string;
  readonly #reject: (error: unknown) => void;

  constructor(name: string, reject: (error: unknown) => void) {
    super();
    this.#name = name;
    this.#reject = reject;
  }

  protected override lose(error: unknown): void {
    this.end();
    this.#reject(error);
  }

  protected override heading(): string {
    return `Exception in thread ${this.#name}, left on its event loop by the initializer:`;
  }
}

/** Settles by what comes first: its end, or an error that it has left on the event loop. */
function runInitializer(job: Job, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const author = new Initialization(name, reject);
    const call = async (): Promise<void> => {
      const { fn, args } = await readCall(callOf(job));
      await fn(...args);
    };
    author.call(call).then(
      () => {
        author.end();
        resolve();
      },
      (error) => author.blame(error),
    );
  });
}

async function work(executor: Pool, index: number, number: number, name: string, baseline: number): Promise<void> {
  const idler = new Idler(executor, index, baseline);
  let turned = atomic.now();
  for (;;) {
    const crowded = isCrowded(executor);
    const task = crowded ? undefined : takeTask(executor);
    if (task === undefined) {
      // What tasks have left for the microtask queue.
      await undefined;
      if (!crowded && idler.spin()) continue;
      const going = idler.wait(crowded);
      if (going !== true && !(await going)) {
        if (idler.stirred) await turn();
        return;
      }
    }
    const mine = task ?? idler.found;
    if (mine === undefined) continue;
    idler.found = undefined;
    beginTask();
    atomic.store(addressOf(mine) + WORKER, number);
    const pending = perform(mine, name);
    if (pending !== undefined) await pending;
    endTask(mine);
    idler.stirred = true;
    if (atomic.now() - turned > TURN_AFTER) {
      await turn();
      idler.stirred = false;
      turned = atomic.now();
    }
  }
}
