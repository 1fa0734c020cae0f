// Heddle's TypeScript face: the low-level module under the names of TypeScript's manner, and what is built on it.

import { registerExports } from './closure/exports.js';
import * as self from './index.js';
import { wire } from './wiring.js';

export { transfer } from './closure/transfer.js';
export { type FieldType, t } from './data/fields.js';
export { globals } from './data/globals.js';
export { type Indexed, indexed } from './data/indexed.js';
export { collect, isShared, keys, onCollect, shared, snapshot } from './data/shared.js';
export { type StructClass, struct } from './data/struct.js';
export type { CannotBeShared, Shareable, Shared, Snapshot } from './data/types.js';
export {
  SharedArray,
  type SharedArrayConstructor,
  SharedMap,
  type SharedMapConstructor,
  SharedSet,
  type SharedSetConstructor,
} from './data/types.js';
export { BrokenExecutor, CancelledError, InvalidStateError, TimeoutError } from './futures/errors.js';
export {
  type ExecutorOptions,
  type ShutdownOptions,
  type Submitter,
  type TaskOptions,
  ThreadPoolExecutor,
} from './futures/executor.js';
export { Future, type Timeout } from './futures/future.js';
export type { MapOptions, MapResults, Progress } from './futures/map.js';
export { run } from './futures/run.js';
export {
  ALL_COMPLETED,
  asCompleted,
  type Completions,
  type DoneAndNotDone,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type ReturnWhen,
  type WaitOptions as FutureWaitOptions,
  wait,
  waitAsync,
} from './futures/wait.js';

// What starts the executors' threads.

export { configureHeap, type HeapOptions, type HeapStatistics, heapStatistics } from './heap/control.js';
export { MemoryError } from './heap/errors.js';
export type { OrPlain, StructInstance } from './heap/plain-form.js';
export { scope } from './heap/scope.js';
export { update } from './heap/update.js';
export { Empty, Full, ShutDown } from './queue/errors.js';
export { LifoQueue } from './queue/lifo.js';
export type { QueueAsyncOptions, QueueOptions, QueueWaitOptions } from './queue/options.js';
export { type Priority, PriorityQueue } from './queue/priority.js';
export { Queue } from './queue/queue.js';
export { SimpleQueue } from './queue/simple.js';
export { dumpThreads, dumpThreadsOnQuit, threadDump } from './runtime/dump.js';
export { interruptible } from './runtime/interrupt.js';
export { Condition } from './sync/condition.js';
export { BrokenBarrierError, DeadlockError, KeyboardInterrupt, SystemExit, ThreadError } from './sync/errors.js';
export { Event, type WaitOptions } from './sync/event.js';
export { type AcquireOptions, type HeldLock, Lock } from './sync/lock.js';
export { RLock } from './sync/rlock.js';
export { type ReadLock, RWLock, type WriteLock } from './sync/rwlock.js';
export { BoundedSemaphore, Semaphore } from './sync/semaphore.js';
export {
  _count,
  allocate_lock as allocateLock,
  exit,
  get_ident as getIdent,
  interrupt_main as interruptMain,
  TIMEOUT_MAX,
} from './thread.js';
export { Barrier, type BarrierOptions } from './threading/barrier.js';
export { activeCount, currentThread, enumerate, mainThread } from './threading/current.js';
export { type ExceptHook, type ExceptHookArgs, excepthook, setExcepthook } from './threading/excepthook.js';
export { ThreadLocal } from './threading/local.js';
export { threadSetup } from './threading/setup.js';
export { stackSize, startNewThread } from './threading/start.js';
export {
  type KeywordOptions,
  type PlainOptions,
  Thread,
  type ThreadOptions,
  type ThreadSettings,
} from './threading/thread.js';
export { Timer } from './threading/timer.js';

wire();
// What a thread captures of this module is the same module there.
registerExports('heddle:index', self);
