// Python's Queue: first in, first out, with a limit, taskDone() and shutdown().

import { Q_CLOSED, Q_MAX, Q_UNFINISHED } from '../heap/types.js';
import { atomic } from '../memory/atomics.js';
import { blockUntil, type Wanted } from '../memory/park.js';
import { eventually } from '../sync/acquirable.js';
import { timeoutOf } from '../sync/arguments.js';
import { isAdopting, ownAddress, PRIORITY_QUEUE, QUEUE } from '../sync/cell.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { titleOf } from '../sync/titles.js';
import { finishOne, shut } from './cell.js';
import { Channel } from './channel.js';
import { checkKeys, limitOf, type QueueAsyncOptions, type QueueOptions, show } from './options.js';

/**
 * A queue that any number of threads put items into and take items from. All of it is in the shared heap: it can be captured, passed, returned
 * and held by shared objects, and no thread or event loop is in between.
 *
 * @example
 * const jobs = new Queue<number>({ maxSize: 10 });
 * startNewThread(() => { for (const n of jobs) console.log(n); }, []);
 * jobs.put(1);
 * jobs.shutdown();
 */
export class Queue<T = unknown> extends Channel<T> {
  /**
   * A new queue.
   * @param options `maxSize` is how many items there may be at once; 0, which is the default, is any number. `name`: what reports call it.
   * @throws TypeError, RangeError for wrong options.
   */
  constructor(options: QueueOptions = {}) {
    super(new.target, Queue, isAdopting() ? 0 : limitOf(options), options.name);
  }

  /** How many items there may be at once; 0 = any number. */
  get maxSize(): number {
    return atomic.load(ownAddress(this, QUEUE, PRIORITY_QUEUE) + Q_MAX);
  }

  /**
   * Whether as many items are in the queue as there may be, right now.
   *
   * @example
   * const jobs = new Queue<number>({ maxSize: 1 });
   * jobs.put(1);
   * console.log(jobs.full());
   */
  full(): boolean {
    const most = this.maxSize;
    return most > 0 && this.size >= most;
  }

  /** Items that were put and that nobody has said to be done. */
  get unfinishedTasks(): number {
    return atomic.load(ownAddress(this, QUEUE, PRIORITY_QUEUE) + Q_UNFINISHED);
  }

  /** Whether `shutdown` was called. */
  get isShutdown(): boolean {
    return atomic.load(ownAddress(this, QUEUE, PRIORITY_QUEUE) + Q_CLOSED) !== 0;
  }

  /**
   * Says that an item which was taken is done. When all items are done, `join` returns.
   * @throws RangeError if it was called more often than items were put.
   * @example
   * const jobs = new Queue<number>();
   * startNewThread(() => { for (const n of jobs) { console.log(n); jobs.taskDone(); } }, []);
   * jobs.put(1);
   * jobs.join();
   * jobs.shutdown();
   */
  taskDone(): void {
    if (!finishOne(ownAddress(this, QUEUE, PRIORITY_QUEUE))) {
      throw new RangeError('task_done() called too many times: call it once for each item that was taken');
    }
  }

  /**
   * Blocks until `taskDone` was called for every item that was put.
   * @param timeout milliseconds to wait at most; none = for ever.
   * @returns whether all is done.
   * @example
   * const jobs = new Queue<number>();
   * jobs.put(1);
   * console.log(jobs.join(10));
   * jobs.get();
   * jobs.taskDone();
   * console.log(jobs.join());
   */
  join(timeout?: number): boolean {
    const milliseconds = timeout === undefined ? Infinity : timeoutOf({ timeout });
    const wanted = allDone(ownAddress(this, QUEUE, PRIORITY_QUEUE));
    poll();
    mask();
    let done: boolean;
    try {
      done = blockUntil(wanted, milliseconds);
    } finally {
      unmask();
    }
    poll();
    return done;
  }

  /**
   * As `join`, without blocking this thread.
   *
   * @example
   * const jobs = new Queue<number>();
   * jobs.put(1);
   * startNewThread(() => { jobs.get(); jobs.taskDone(); }, []);
   * console.log(await jobs.joinAsync());
   */
  joinAsync(options: QueueAsyncOptions = {}): Promise<boolean> {
    return eventually(() => allDone(ownAddress(this, QUEUE, PRIORITY_QUEUE)), options);
  }

  /**
   * Ends the queue. No item can be put any more: waiting calls of `put` throw ShutDown. The items in the queue can still be taken. After that, `get`
   * throws ShutDown, and iterations end.
   *
   * @param options `immediate: true` removes all items at once. They count as done; if all items are done then, `join` returns.
   * @throws TypeError for wrong options.
   * @example
   * const jobs = new Queue<number>();
   * jobs.put(1);
   * jobs.shutdown();
   * console.log([...jobs]);
   */
  shutdown(options: { immediate?: boolean } = {}): void {
    checkKeys(options, ['immediate'], '{ immediate: true }');
    const { immediate = false } = options;
    if (typeof immediate !== 'boolean') throw new TypeError(`immediate must be true or false, not ${show(immediate)}`);
    poll();
    mask();
    try {
      shut(ownAddress(this, QUEUE, PRIORITY_QUEUE), immediate);
    } finally {
      unmask();
    }
  }
}

function allDone(cell: number): Wanted {
  const word = cell + Q_UNFINISHED;
  return {
    word,
    attempt: () => atomic.load(word) || undefined,
    describe: () => `join() of queue ${titleOf(cell)}`,
  };
}
