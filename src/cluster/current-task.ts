// What a task knows of itself.

import { globals } from '../data/globals.js';
import { ThreadError } from '../sync/errors.js';
import { Cluster } from './cluster.js';
import type { Requests } from './requests.js';
import { REQUESTS, stationHere, taskHere } from './task.js';

/** What a task may know, and do, while it runs. */
export interface CurrentTask {
  /** The same for all its attempts. */
  readonly id: string;
  /** 1, or more if a worker has died that had begun it. */
  readonly attempt: number;
  /** Rises with each attempt: a variable that was written with it refuses what an earlier attempt still writes. */
  readonly token: bigint;
  /** Aborted when the task is cancelled, or is no longer this worker's. A task that awaits must look at it; any other is stopped. */
  readonly signal: AbortSignal;
  /**
   * Says how far it is: the submitter's `onProgress` gets it.
   * @throws CaptureError for what cannot go to another machine.
   */
  progress(value: unknown): void;
  /** The cluster that this task is of, for its locks, variables and queues. */
  cluster(): Cluster;
}

/**
 * The task that this code is a part of.
 * @throws ThreadError outside of a task of a cluster.
 * @example
 * const report = (done: number) => currentTask().progress({ done });
 */
export function currentTask(): CurrentTask {
  const task = taskHere();
  if (task === undefined) {
    throw new ThreadError('currentTask() was called outside of a task: only what a worker of a cluster runs is one');
  }
  return {
    id: task.id,
    attempt: task.attempt,
    token: task.token,
    get signal() {
      return task.signal;
    },
    progress: (value) => task.progress(value),
    cluster: () => new Cluster(stationHere(), globals.get(REQUESTS) as Requests),
  };
}
