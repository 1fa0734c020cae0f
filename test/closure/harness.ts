// The thread of thread.mjs, with types.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Graph } from '#heddle/closure/graph.js';
import { V } from '#heddle/memory/memory.js';
import { readBytes } from '#heddle/parcel/bytes.js';
import { callOf, type Job } from '#heddle/parcel/call.js';
import { Parcel } from '#heddle/parcel/parcel.js';
import { addressOf, loadValue } from '#heddle/sync/cell.js';
import { root } from '../support/program.ts';

interface Thread {
  start(fn: Startable, args: readonly unknown[]): Start;
  close(): Promise<void>;
}

const { Target: Thread } = (await import(pathToFileURL(join(root, 'test/closure/thread.mjs')).href)) as {
  Target: new () => Thread;
};

// biome-ignore lint/suspicious/noExplicitAny: any function may be started
type Startable = (...args: any[]) => unknown;

export interface Start {
  readonly job: Job;
  readonly label: string;
  /** How often the inspector was asked. */
  readonly inspected: number;
  readonly result: Promise<unknown>;
}

export class Target {
  readonly #thread = new Thread();

  /** Captures now; what cannot start throws here. */
  start(fn: Startable, args: readonly unknown[] = []): Start {
    return this.#thread.start(fn, args);
  }

  /** What the function gives in the thread. */
  run(fn: Startable, ...args: unknown[]): Promise<unknown> {
    return this.start(fn, args).result;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** What is cloned of a parcel. */
interface Head {
  readonly graph: Graph;
  readonly codes: readonly (readonly [id: string, address: number])[];
}

const headOf = (parcel: object): Head => readBytes(V.I32[(addressOf(parcel as never) + 4) >>> 2]! >>> 2).head as Head;

/** How a call lies in the heap: the parcel of its function, if that is kept, and of the rest, if it needs one. */
export function written({ job }: Pick<Start, 'job'>): { fn: object | undefined; values: Head | undefined } {
  const [fn, values] = [4, 8].map((offset) => loadValue(callOf(job) + offset));
  return { fn: fn as object | undefined, values: values instanceof Parcel ? headOf(values) : undefined };
}

/** Where the code is that a parcel, or what is cloned of one, refers to. */
export const codesOf = (from: object): number[] =>
  (from instanceof Parcel ? headOf(from) : (from as Head)).codes.map(([, address]) => address);

/** Most tests need no thread of their own. */
export const target = new Target();
export const run: Target['run'] = (fn, ...args) => target.run(fn, ...args);
