// A worker: a process that takes tasks of the cluster, and runs each on a thread of its own.

import { globals } from '../data/globals.js';
import { installedPackages } from '../platform/folders.js';
import { cores } from '../platform/process.js';
import { Event } from '../sync/event.js';
import { type Cluster, type ConnectOptions, openStation, stationSettings } from './cluster.js';
import { count, name as nameOf } from './options.js';
import { ask } from './requests.js';
import { REQUESTS } from './task.js';

export interface WorkerOptions extends ConnectOptions {
  /** How many tasks run at the same time. Default: the number of cores. */
  readonly maxWorkers?: number | undefined;
  /** The queues that it takes from. Default: ['default']. */
  readonly queues?: readonly string[] | undefined;
}

/** A worker that runs. */
export interface RunningWorker extends AsyncDisposable {
  /** The worker's own connection. */
  readonly cluster: Cluster;
  /** Ids of tasks that it runs. */
  running(): Promise<string[]>;
  /** Finishes what runs, takes no more, and ends the connection. */
  close(): Promise<void>;
}

/**
 * Makes this process a worker. Tasks run on threads, at most `maxWorkers` at a time, and a thread of its own renews their leases: a task that
 * is busy does not lose its own.
 *
 * @throws TypeError, RangeError for wrong options. Error if the engine cannot be reached.
 * @example
 * const worker = await startWorker({ address: 'redis://localhost', key: process.env.HEDDLE_CLUSTER_KEY! });
 * process.once('SIGTERM', () => worker.close());
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const settings = stationSettings(options, ['maxWorkers', 'queues']);
  const { maxWorkers = cores, queues = ['default'] } = options;
  count('maxWorkers', maxWorkers, 1);
  if (!Array.isArray(queues) || queues.length === 0)
    throw new TypeError(`queues must be a list of names, not ${String(queues)}`);
  for (const queue of queues) nameOf('the name of a queue', queue);
  const cluster = await openStation(settings);
  // For currentTask().cluster(): a key of bytes is sealed with by the station alone, so the threads have it as text.
  globals.get(REQUESTS, () => cluster.clusterRequests as never);
  const stopped = new Event();
  try {
    const packages = installedPackages(settings.border.root);
    await ask(cluster, 'work', { queues: [...queues], maxWorkers, packages }, stopped);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  // The program goes on for as long as it is a worker.
  void stopped.waitAsync();
  const close = async (): Promise<void> => {
    await cluster.close();
  };
  return {
    cluster,
    running: async () => ask<string[]>(cluster, 'running'),
    close,
    [Symbol.asyncDispose]: close,
  };
}
