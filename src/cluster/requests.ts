// What the threads of this process ask of the station: the thread that has the connection to the engine. Requests go over a queue in the shared
// heap, answers come as futures, so any thread may ask, and block for the answer.

import { Future } from '../futures/future.js';
import type { SimpleQueue } from '../queue/simple.js';
import type { EngineSettings } from './engine/seam.js';
import type { BorderSettings } from './wire/border.js';

/** All that is said of a cluster when it is connected to; plain data. */
export interface StationSettings {
  readonly engine: EngineSettings;
  readonly border: BorderSettings;
}

/** A task to be put into a queue. */
export interface Submission {
  readonly kind: 'submit';
  readonly future: Future<unknown>;
  readonly id: string;
  readonly queue: string;
  readonly bytes: Uint8Array;
  /** What the task needs besides, and this thread has not handed over yet. */
  readonly blobs: readonly (readonly [hash: string, bytes: Uint8Array])[];
  readonly priority: number | undefined;
  /** Milliseconds for which the outcome is kept. */
  readonly keep: number;
  /** Names the executor: `idle` waits for what it has submitted. */
  readonly group: string;
  /** The id is a name that the program has given: it may be over already. */
  readonly known: boolean;
  /** Somebody here listens to what the task says. */
  readonly heard: boolean;
}

/** Anything else: the name of one of the station's services, and what it is called with. */
export interface Question {
  readonly kind: 'ask';
  readonly future: Future<unknown>;
  readonly service: string;
  readonly args: readonly unknown[];
}

export type Request = Submission | Question;
export type Requests = SimpleQueue<Request>;

/** A connection as any thread has it. */
export interface Connection {
  readonly clusterSettings: StationSettings;
  readonly clusterRequests: Requests;
}

/** Asks the station. */
export function ask<T>({ clusterRequests }: Connection, service: string, ...args: readonly unknown[]): Future<T> {
  const future = new Future<T>();
  clusterRequests.put({ kind: 'ask', future: future as Future<unknown>, service, args });
  return future;
}
