// Waiting for several futures: wait(), waitAsync(), asCompleted().
//
// Each future is marked as watched. When it is done it raises H_FUTURES. All threads that wait for several futures park on that word. A thread
// that is woken looks at all of its futures that are left. So nothing has to be undone when a wait is over, and a thread that dies causes
// needless wake-ups at most.

import { atomic } from '../memory/atomics.js';
import { H_FUTURES } from '../memory/layout.js';
import { awaitLater, blockUntil, type Wanted } from '../memory/park.js';
import { timeoutOf } from '../sync/arguments.js';
import { addressOf } from '../sync/cell.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { attendBlocking, enterBlocking, leaveBlocking } from './blocking.js';
import { wantedOf } from './cell.js';
import { TimeoutError } from './errors.js';
import { Future } from './future.js';
import { FAILED, STATE, watch } from './state.js';

/**
 * For `wait`: return when any future is done.
 *
 * @example
 * const { done } = wait([run(() => 1), new Future()], { returnWhen: FIRST_COMPLETED });
 * console.log(done.size);
 */
export const FIRST_COMPLETED = 'FIRST_COMPLETED';
/**
 * For `wait`: return when any future has failed, or all are done.
 *
 * @example
 * const { done } = wait([run(() => 1), run(() => 2)], { returnWhen: FIRST_EXCEPTION });
 * console.log(done.size);
 */
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION';
/**
 * For `wait`: return when all futures are done. This is the default.
 *
 * @example
 * const { notDone } = wait([run(() => 1)], { returnWhen: ALL_COMPLETED });
 * console.log(notDone.size);
 */
export const ALL_COMPLETED = 'ALL_COMPLETED';

export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

export interface WaitOptions {
  /** Milliseconds to wait at most; none = for ever. */
  readonly timeout?: number | undefined;
  /** Default: ALL_COMPLETED. */
  readonly returnWhen?: ReturnWhen | undefined;
}

export interface DoneAndNotDone<F> {
  readonly done: Set<F>;
  readonly notDone: Set<F>;
}

/** Several futures, as they are found to be done. */
class Watch<F extends Future<unknown>> {
  readonly pending = new Map<F, Wanted>();
  /** In the order in which they were found. */
  readonly done: F[] = [];

  constructor(futures: Iterable<F>) {
    for (const future of futures) {
      if (!(future instanceof Future)) throw new TypeError(`${String(future)} is not a Future`);
      if (this.pending.has(future)) continue;
      this.pending.set(future, wantedOf(future));
      Future.look(future);
      watch(addressOf(future) + STATE);
    }
    this.look();
  }

  look(): void {
    for (const [future, wanted] of this.pending) {
      if (wanted.attempt() !== undefined) continue;
      this.pending.delete(future);
      this.done.push(future);
    }
  }

  /** That `enough` says so of those that are done. */
  until(enough: () => boolean): Wanted {
    return {
      word: H_FUTURES,
      attempt: () => {
        const seen = atomic.load(H_FUTURES);
        this.look();
        return enough() ? undefined : seen;
      },
      describe: () => `${this.pending.size} futures`,
      // The thread that runs the first of them.
      holder: () => this.pending.values().next().value?.holder?.() ?? 0,
    };
  }

  tell(): void {
    for (const future of this.done) Future.notice(future);
  }
}

function condition<F extends Future<unknown>>(watched: Watch<F>, returnWhen: string): () => boolean {
  const all = (): boolean => watched.pending.size === 0;
  if (all()) return all;
  switch (returnWhen) {
    case ALL_COMPLETED:
      return all;
    case FIRST_COMPLETED:
      return () => watched.done.length > 0;
    case FIRST_EXCEPTION:
      return () => all() || watched.done.some((future) => atomic.load(addressOf(future) + STATE) === FAILED);
    default:
      throw new RangeError(
        `Invalid return condition: '${returnWhen}': give ${ALL_COMPLETED}, ${FIRST_COMPLETED} or ${FIRST_EXCEPTION}`,
      );
  }
}

function prepare<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitOptions,
): { watched: Watch<F>; wanted: Wanted; timeout: number; enough: () => boolean } {
  const timeout = timeoutOf(options, ['timeout', 'returnWhen']);
  const watched = new Watch(futures);
  const enough = condition(watched, options.returnWhen ?? ALL_COMPLETED);
  return { watched, wanted: watched.until(enough), timeout, enough };
}

function outcomeOf<F extends Future<unknown>>(watched: Watch<F>): DoneAndNotDone<F> {
  watched.tell();
  return { done: new Set(watched.done), notDone: new Set(watched.pending.keys()) };
}

/** Blocks as `blockUntil`; a thread of an executor does not count meanwhile. */
export function block(wanted: Wanted, timeout: number): boolean {
  poll();
  mask();
  enterBlocking();
  try {
    return blockUntil(wanted, timeout);
  } finally {
    leaveBlocking();
    unmask();
    poll();
  }
}

const later = (wanted: Wanted, timeout: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const over = attendBlocking();
    awaitLater(wanted, timeout, (got, error) => {
      over();
      if (error === undefined) resolve(got);
      else reject(error);
    });
  });

/**
 * Blocks until all futures are done, or what `returnWhen` says, or the time has passed: that is no error.
 * @throws RangeError for an unknown `returnWhen`, unless all are done already. TypeError for what is no future.
 * @example
 * const { done, notDone } = wait([run(() => 1), run(() => 2)], { returnWhen: 'FIRST_COMPLETED' });
 */
export function wait<F extends Future<unknown>>(futures: Iterable<F>, options: WaitOptions = {}): DoneAndNotDone<F> {
  const { watched, wanted, timeout, enough } = prepare(futures, options);
  if (!enough()) block(wanted, timeout);
  return outcomeOf(watched);
}

/**
 * As `wait`, without blocking this thread.
 *
 * @example
 * const { done } = await waitAsync([run(() => 1), run(() => 2)]);
 * for (const future of done) console.log(future.result());
 */
export async function waitAsync<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitOptions = {},
): Promise<DoneAndNotDone<F>> {
  const { watched, wanted, timeout, enough } = prepare(futures, options);
  if (!enough()) await later(wanted, timeout);
  return outcomeOf(watched);
}

/** What `asCompleted` returns. Both ways of iterating take from the same futures. */
export interface Completions<F> extends Iterable<F>, AsyncIterable<Awaited<F>> {}

/**
 * The futures as they are done, each once: `for … of` blocks for each. `for await … of` does not, and gives their results, since what can be
 * awaited is no item of an async iteration: the first error is thrown.
 * @param options `timeout`: milliseconds from this call on.
 * @throws TimeoutError in the iteration, when the time has passed.
 * @example
 * for (const done of asCompleted([run(() => 1), run(() => 2)])) console.log(done.result());
 */
export function asCompleted<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: Pick<WaitOptions, 'timeout'> = {},
): Completions<F> {
  const timeout = timeoutOf(options, ['timeout']);
  const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
  const watched = new Watch(futures);
  const total = watched.pending.size + watched.done.length;
  const wanted = watched.until(() => watched.done.length > 0);
  const left = (): number => (deadline === Infinity ? Infinity : Math.max(0, deadline - atomic.now()));
  const late = (): TimeoutError => new TimeoutError(`${watched.pending.size} (of ${total}) futures unfinished`);
  const next = (): F => {
    const future = watched.done.shift()!;
    Future.notice(future);
    return future;
  };
  return {
    *[Symbol.iterator]() {
      while (watched.done.length > 0 || watched.pending.size > 0) {
        if (watched.done.length === 0 && !block(wanted, left())) throw late();
        yield next();
      }
    },
    async *[Symbol.asyncIterator]() {
      while (watched.done.length > 0 || watched.pending.size > 0) {
        if (watched.done.length === 0 && !(await later(wanted, left()))) throw late();
        yield await next();
      }
    },
  };
}
