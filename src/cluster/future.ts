// The future of a task that another machine runs. It is an ordinary Future, settled by the station (station.ts), so every thread can block on it,
// and whatever takes futures takes it. Beside that the thread that has submitted it knows the task's id.
//
// The words of the cell that hold a call of this process hold what is known of the task, each a tagged word:
//
//   ID         the task's id             by who submits it
//   WORKER     "host/pid" of the worker  by the station, before the outcome
//   ATTEMPTS   how often it was begun    by the station, before the outcome

import { CALL, setByHand } from '../futures/cell.js';
import { CancelledError } from '../futures/errors.js';
import { Future } from '../futures/future.js';
import { packError } from '../futures/outcome.js';
import { FAILED, FINISHED } from '../futures/state.js';
import { addressOf, loadValue, storeValue } from '../sync/cell.js';

const ID = CALL;
const WORKER = CALL + 4;
const ATTEMPTS = CALL + 8;

/** What `cancel()` gives: a promise, since it takes a journey to the worker and back. */
export type Cancelling = boolean & Promise<boolean>;

/**
 * The outcome of a call that a worker of the cluster makes. It is a `Future`: it can be awaited, blocked on from any thread, and given to `wait`,
 * `waitAsync` and `asCompleted`.
 */
export interface ClusterFuture<T = unknown> extends Future<T> {
  /** Names the task in the whole cluster: `cluster.future(id)`. */
  readonly id: string;
  /** How often the task was begun; known when it is done. */
  readonly attempts: number | undefined;
  /** "host/pid" of the worker whose outcome counts; known when it is done. */
  readonly worker: string | undefined;
  /**
   * Cancels the task: one that waits is removed; one that runs is stopped, at any instruction. Await it.
   * @returns a promise of whether it is cancelled now.
   */
  cancel(): Cancelling;
}

/** Gives a future of this thread what only one of the cluster has. */
export function asClusterFuture(
  future: Future<unknown>,
  cancel: (id: string) => Promise<boolean>,
): ClusterFuture<never> {
  const address = addressOf(future);
  Object.defineProperties(future, {
    id: { get: () => idOf(future), enumerable: true },
    attempts: { get: () => loadValue(address + ATTEMPTS), enumerable: true },
    worker: { get: () => loadValue(address + WORKER), enumerable: true },
    cancel: {
      value: (): Promise<boolean> => {
        Future.look(future);
        return future.done() ? Promise.resolve(future.cancelled()) : cancel(idOf(future));
      },
    },
  });
  return future as ClusterFuture<never>;
}

export const idOf = (future: Future<unknown>): string => loadValue(addressOf(future) + ID) as string;

export function newFuture(id: string): Future<unknown> {
  const future = new Future<unknown>();
  storeValue(addressOf(future) + ID, id, '');
  return future;
}

/** What came of a task. */
export type Outcome =
  | { readonly packed: unknown; readonly failed: boolean }
  | { readonly error: unknown }
  | { readonly cancelled: true };

export interface About {
  readonly worker?: string | undefined;
  readonly attempt?: number | undefined;
}

/** Settles a future, unless it is done. */
export function settleFuture(future: Future<unknown>, outcome: Outcome, { worker, attempt }: About = {}): void {
  const address = addressOf(future);
  if (worker !== undefined) storeValue(address + WORKER, worker, '');
  if (attempt !== undefined) storeValue(address + ATTEMPTS, attempt, '');
  if (future.done()) return;
  if ('cancelled' in outcome) {
    // If the program itself has marked it as running it can only fail.
    if (!Future.prototype.cancel.call(future)) future.setException(new CancelledError('the future was cancelled'));
  } else if ('error' in outcome) setByHand(future, FAILED, packError(outcome.error));
  else setByHand(future, outcome.failed ? FAILED : FINISHED, outcome.packed);
}
