// The state of an executor's thread, in its place in the crew. It depends on what the thread's task waits for. While the task waits, the thread is
// BLOCKED, and another thread may be started. When the task goes on, there may be one thread too many until one of them has finished its
// task.

import type { Wanted } from '../memory/park.js';
import type { Blocking } from './blocking.js';
import { BLOCKED, LOOKING, RUNNING } from './crew.js';
import { crewOf, type Pool, summon } from './pool.js';

/** What this thread is, if it is a worker. */
interface Post {
  readonly executor: Pool;
  readonly index: number;
  /** Waits under way, of which all but the first are inside another. */
  waits: number;
  /** What its task waits for on the event loop. What an earlier one has left there counts for nothing. */
  loop: { futures: number };
  /** Whether its task has returned a promise that is not settled. */
  suspended: boolean;
  /** Whether it is BLOCKED. */
  blocked: boolean;
}

let post: Post | undefined;

/** Waits count once they last: the state says so. */
function review(): void {
  if (post === undefined) return;
  const { executor, index } = post;
  const blocked = post.waits > 0 || (post.suspended && post.loop.futures > 0);
  if (blocked === post.blocked) return;
  post.blocked = blocked;
  crewOf(executor).setState(index, blocked ? BLOCKED : RUNNING);
  if (blocked) summonQuietly(executor);
}

/** A thread that cannot be started now will be at the next look. */
export function summonQuietly(executor: Pool): void {
  try {
    summon(executor);
  } catch {
    // There is no room for one: the task waits for those that run.
  }
}

/** This thread's waits for futures. */
export const blocking: Blocking = {
  enter() {
    if (post === undefined) return;
    post.waits++;
    review();
  },
  leave() {
    if (post === undefined) return;
    post.waits--;
    review();
  },
  attend() {
    if (post === undefined) return () => {};
    const { loop } = post;
    loop.futures++;
    review();
    return () => {
      loop.futures--;
      if (loop === post?.loop) review();
    };
  },
};

/** Looks at a wait of any other kind, for a lock, a queue, an event, that has lasted. */
let lasting = 0;

/** A wait has lasted for one more slice. */
export function noteLasting(wanted: Wanted): void {
  if (post !== undefined && wanted.idle !== true && lasting++ === 0) blocking.enter();
}

/** A wait that has lasted is over. */
export function endLasting(): void {
  if (lasting === 0) return;
  lasting = 0;
  blocking.leave();
}

/** This thread is one of an executor from now on. */
export function takePost(executor: Pool, index: number): void {
  post = { executor, index, waits: 0, loop: { futures: 0 }, suspended: false, blocked: false };
}

export function leavePost(): void {
  post = undefined;
}

/** A task is about to run. */
export function beginTask(): void {
  if (post === undefined) return;
  post.loop = { futures: 0 };
  crewOf(post.executor).setState(post.index, RUNNING);
}

/** Whether its task has returned a promise that is not settled. */
export function suspend(suspended: boolean): void {
  if (post === undefined) return;
  post.suspended = suspended;
  review();
}

/** Said before the future is done: the thread that is told of that may have another task, which is for this thread. */
export function lookNext(): void {
  if (post !== undefined) crewOf(post.executor).setState(post.index, LOOKING);
}
