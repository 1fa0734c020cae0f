// Workers on Node: making them, what a worker was given, and messages between them.

import * as threads from 'node:worker_threads';
import {
  parentPort as creatorPort,
  isMainThread,
  MessageChannel,
  type MessagePort,
  type WorkerOptions as NodeWorkerOptions,
  receiveMessageOnPort,
  SHARE_ENV,
  type Transferable,
  threadId,
  Worker,
  workerData,
} from 'node:worker_threads';

import { isPreloaded, workerFlags } from './flags.js';
import { joined, type Scripts } from './joined.js';
import { builtin } from './modules.js';
import { beginning } from './starter.js';

/** What the platform calls this thread; the main one is 0. */
export const ownThreadId = threadId;

export { MessageChannel, type MessagePort, type Transferable, type Worker };

/** Whether the platform gives a buffer away. Before Node 21 it does not tell, and copies those that it does not. */
export function isMovable(buffer: ArrayBuffer): boolean {
  const { isMarkedAsUntransferable: isKept } = threads as { isMarkedAsUntransferable?: (value: object) => boolean };
  return isKept?.(buffer) !== true;
}

/** What a new worker is for. */
export type Role = 'supervisor' | 'thread' | 'sigint' | 'quit' | 'collector';

/** What a new worker is given. */
export interface WorkerBoot {
  readonly role: Role;
  /** Goes to `globalThis` before anything else is loaded (src/memory/memory.ts). */
  readonly seat: object;
  /** The role's own data. */
  readonly data: unknown;
  readonly argv: readonly string[];
}

export interface SpawnOptions {
  readonly name: string;
  /** Bytes of stack; 0 = the platform's default. */
  readonly stackSize?: number;
  /** Mebibytes of JavaScript heap; none = the platform's default. */
  readonly heapLimit?: number;
  /** Node's options. */
  readonly flags?: readonly string[];
  readonly transfer?: readonly Transferable[];
}

/** The smallest stack with which a worker boots safely, and what Node adds for itself. */
const STACK_FLOOR = 512 * 1024;
const MEBIBYTE = 1024 * 1024;

/** More than this and the engine aborts the process instead of refusing. */
export const STACK_CEILING = 1024 * MEBIBYTE;

/**
 * Starts a worker.
 * @throws the platform's error when it cannot: out of threads or memory.
 */
export function spawn(boot: WorkerBoot, options: SpawnOptions): Worker {
  const { name, stackSize = 0, heapLimit, flags = [], transfer = [] } = options;
  const settings: NodeWorkerOptions = {
    name,
    workerData: joined === undefined ? boot : { ...boot, scripts: given?.scripts ?? joined.scripts() },
    transferList: [...transfer],
    env: SHARE_ENV,
    execArgv: workerFlags(flags),
    resourceLimits: {
      ...(stackSize > 0 && { stackSizeMb: Math.max(stackSize, STACK_FLOOR) / MEBIBYTE }),
      ...(heapLimit !== undefined && { maxOldGenerationSizeMb: heapLimit, maxYoungGenerationSizeMb: 4 }),
    },
  };
  if (joined === undefined) return new Worker(new URL('../entry.js', import.meta.url), settings);
  const begin = beginning(boot.role === 'thread' && isPreloaded(flags) ? flags : undefined);
  return new Worker(begin, { ...settings, eval: typeof begin === 'string' });
}

/** Undefined where this is no worker of ours. `scripts`: what the main thread has the library from, if it is joined. */
const given: (WorkerBoot & { readonly scripts?: Scripts }) | undefined =
  joined === undefined || joined.role !== undefined ? workerData : undefined;

/** What this worker was given; only in a worker of ours. */
export function workerBoot(): WorkerBoot {
  return given!;
}

export const isOwnWorker = given !== undefined;

/** The program sees no `workerData` in this worker: it has given none. */
export function hideBoot(): void {
  Reflect.set(builtin('worker_threads') as object, 'workerData', null);
}

/** The port to the thread that made this worker. */
export function parentPort(): MessagePort {
  if (creatorPort === null) throw new Error('the main thread has no parent');
  return creatorPort;
}

/** Whether this is the main thread of the process, and not a worker that somebody else started. */
export const isProcessMain = isMainThread;

/** The next message on a port, without the event loop; undefined = none. */
export function receive(port: MessagePort): unknown {
  return receiveMessageOnPort(port)?.message;
}
