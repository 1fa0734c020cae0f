// Workers on Node: making them, what a worker was given, and messages between them.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as threads from 'node:worker_threads';
import {
  parentPort as creatorPort,
  isMainThread,
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  SHARE_ENV,
  type Transferable,
  threadId,
  Worker,
  workerData,
} from 'node:worker_threads';

import type { Script } from './joined.js';

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

/** Handed to src/boot.ts in a new worker. */
export interface WorkerBoot {
  readonly role: Role;
  /** Goes to `globalThis` before anything else is loaded (src/memory/memory.ts). */
  readonly seat: object;
  /** The role's own data. */
  readonly data: unknown;
  readonly argv: readonly string[];
  /** See src/platform/joined.ts. */
  readonly script?: Script | undefined;
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

const ENTRY = new URL('../entry.js', import.meta.url);
const HELPER = new URL('../helper.js', import.meta.url);

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
  // Node would find out later, in the worker, while the main thread may be waiting for it.
  const entry = boot.role === 'thread' ? ENTRY : HELPER;
  if (!existsSync(entry)) {
    throw new Error(
      `Heddle's own files are not where it was loaded from, ${entry} for one: tell your bundler that heddle is external, and let the program read its folder`,
    );
  }
  return new Worker(entry, {
    name,
    workerData: boot,
    transferList: [...transfer],
    env: SHARE_ENV,
    execArgv: [...flags, ...linkFlags()],
    resourceLimits: {
      ...(stackSize > 0 && { stackSizeMb: Math.max(stackSize, STACK_FLOOR) / MEBIBYTE }),
      ...(heapLimit !== undefined && { maxOldGenerationSizeMb: heapLimit, maxYoungGenerationSizeMb: 4 }),
    },
  });
}

const boot: unknown = workerData;

/** What this worker was given; only in a worker of ours. */
export function workerBoot(): WorkerBoot {
  return boot as WorkerBoot;
}

/** The program sees no `workerData` in this worker: it has given none. */
export function hideBoot(): void {
  Reflect.set(createRequire(import.meta.url)('node:worker_threads') as object, 'workerData', null);
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

/**
 * Where links are not followed, every worker must find this library where the main thread has found it: its first module too, which is
 * loaded as a program is.
 */
function linkFlags(): string[] {
  const { NODE_OPTIONS = '', NODE_PRESERVE_SYMLINKS } = process.env;
  const keepsLinks =
    [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)].includes('--preserve-symlinks') ||
    NODE_PRESERVE_SYMLINKS === '1';
  return keepsLinks ? ['--preserve-symlinks', '--preserve-symlinks-main'] : [];
}
