// Past one machine: functions run by workers on other machines, over an engine that all can reach. The entry heddle/cluster.

import { registerExports } from './closure/exports.js';
import * as self from './cluster.js';
import { CLUSTER } from './cluster_thread.js';

export { Cluster, type ConnectOptions, type WorkerInfo } from './cluster/cluster.js';
export { type CurrentTask, currentTask } from './cluster/current-task.js';
export { PackageMismatch, StaleToken, Unsigned, VersionConflict } from './cluster/errors.js';
export {
  ClusterExecutor,
  type ClusterExecutorOptions,
  type ClusterSubmitter,
  type ClusterTaskOptions,
} from './cluster/executor.js';
export type { Cancelling, ClusterFuture } from './cluster/future.js';
export {
  type AcquireClusterOptions,
  ClusterLock,
  type HeldClusterLock,
  type LockOptions,
} from './cluster/lock.js';
export { ClusterQueue, type ClusterQueueOptions, type ClusterQueueWait } from './cluster/queue.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './cluster/start-worker.js';
export { ClusterVariable, type GetOptions, type SetOptions, type Versioned } from './cluster/variable.js';
export type { ClusterKey, KeyPair } from './cluster/wire/keys.js';
export type { VersionPolicy } from './cluster/wire/packages.js';

// The library is wired by what its threads import.
registerExports(CLUSTER, self);
