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

import { joined, type Scripts } from './joined.js';
import { builtin } from './modules.js';
import { workerModule, workerScript } from './starter.js';

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
    execArgv: [...flags, ...linkFlags()],
    resourceLimits: {
      ...(stackSize > 0 && { stackSizeMb: Math.max(stackSize, STACK_FLOOR) / MEBIBYTE }),
      ...(heapLimit !== undefined && { maxOldGenerationSizeMb: heapLimit, maxYoungGenerationSizeMb: 4 }),
    },
  };
  if (joined === undefined) return new Worker(new URL('../entry.js', import.meta.url), settings);
  if (boot.role !== 'thread' || !isPreloaded(flags)) return new Worker(workerScript(), { ...settings, eval: true });
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(workerModule())}`), settings);
}

/** Whether something is to be imported before the program is. */
const isPreloaded = (flags: readonly string[]): boolean =>
  [...flags, ...environmentFlags()].some((flag) => /^--(import|loader|experimental-loader)(=|$)/.test(flag));

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

/** Options that threads have as the main thread has them: how modules load, what is measured. Each is followed by a value, … */
const VALUED = [
  '--import',
  '--require',
  '-r',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '-C',
  '--cpu-prof-dir',
  '--cpu-prof-interval',
  '--heap-prof-dir',
  '--heap-prof-interval',
];
/** … or stands alone. The name of a profile is left out: each thread's has one of its own. */
const SWITCHES =
  /^--(no-warnings|enable-source-maps|preserve-symlinks(-main)?|experimental-(strip|transform)-types|cpu-prof|heap-prof|frozen-intrinsics)$/;

/**
 * Those of this process's options that a thread must be told of: it runs the program's code, may import more of it, and is measured as
 * the main thread is. Other options hold for the whole process anyway, or break workers.
 */
export function threadFlags(): string[] {
  const flags = process.execArgv;
  const kept: string[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? '';
    const value = flags[index + 1];
    if (VALUED.includes(flag) && value !== undefined) {
      kept.push(flag, value);
      index++;
    } else if (VALUED.some((name) => flag.startsWith(`${name}=`)) || SWITCHES.test(flag)) {
      kept.push(flag);
    }
  }
  return kept;
}

const environmentFlags = (): string[] => (process.env['NODE_OPTIONS'] ?? '').split(/\s+/);

/**
 * Where links are not followed, every worker must find this library where the main thread has found it: its first module too, which is
 * loaded as a program is.
 */
function linkFlags(): string[] {
  const keepsLinks =
    [...process.execArgv, ...environmentFlags()].includes('--preserve-symlinks') ||
    process.env['NODE_PRESERVE_SYMLINKS'] === '1';
  return keepsLinks ? ['--preserve-symlinks', '--preserve-symlinks-main'] : [];
}
