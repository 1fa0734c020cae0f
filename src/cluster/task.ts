// What a task knows of itself, and what the threads of a worker do around its call: its id before each line that it prints, and `currentTask()`.
//
// The station and these threads have two things in common, which are globals of the process: the table of what runs, and the queue of what is to
// go to the submitters.

import { CaptureError } from '../closure/errors.js';
import { globals } from '../data/globals.js';
import type { Future } from '../futures/future.js';
import { surroundBy } from '../futures/perform.js';
import type { SharedMap } from '../heap/map.js';
import { contextVariable } from '../platform/context.js';
import { redirectOutput } from '../platform/stdio.js';
import { SimpleQueue } from '../queue/simple.js';
import { print } from '../runtime/console.js';
import { addressOf } from '../sync/cell.js';
import type { Event } from '../sync/event.js';
import { isThenable } from '../sync/held.js';
import type { StationSettings } from './requests.js';
import { Border } from './wire/border.js';

/** What the station says of a task that a thread is about to run; a shared record. */
export interface TaskRecord {
  readonly id: string;
  readonly attempt: number;
  /** The submitter's process. */
  readonly from: string;
  /** Whether it has said anything, which is to go out before its outcome does. */
  said: boolean;
  /** Set when the task is cancelled, or its lease is lost. */
  readonly stopped: Event;
  /** Whether its submitter wants what it prints. */
  readonly logs: boolean;
}

/** What goes to a task's submitter while it runs. */
export interface Notice {
  readonly id: string;
  /** The submitter's process. */
  readonly to: string;
  /** 'over' goes nowhere: it is the last that there is of a task. */
  readonly kind: 'progress' | 'log' | 'over';
  /** Sealed. */
  readonly bytes: Uint8Array;
}

const NAME = 'heddle/cluster/';

/** The requests of a worker's own station. */
export const REQUESTS = `${NAME}requests`;

/** What runs, by the address of its future. */
export const runningTasks = (): SharedMap<number, TaskRecord> =>
  globals.get(`${NAME}tasks`, () => new Map<number, TaskRecord>()) as unknown as SharedMap<number, TaskRecord>;

export const noticesOut = (): SimpleQueue<Notice> =>
  globals.get(`${NAME}notices`, () => new SimpleQueue<Notice>()) as unknown as SimpleQueue<Notice>;

const current = contextVariable<Task>();

/** A task, in the thread that runs it. */
export class Task {
  readonly #record: TaskRecord;
  #signal: AbortSignal | undefined;
  readonly #over = new AbortController();

  constructor(record: TaskRecord) {
    this.#record = record;
  }

  get id(): string {
    return this.#record.id;
  }

  get attempt(): number {
    return this.#record.attempt;
  }

  get token(): bigint {
    return BigInt(this.#record.attempt);
  }

  get logs(): boolean {
    return this.#record.logs;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      const { stopped } = this.#record;
      const abort = (): void =>
        controller.abort(new Error(`the task ${this.id} was cancelled, or is no longer this worker's`));
      if (stopped.isSet()) abort();
      else void stopped.waitAsync({ signal: this.#over.signal }).then(abort, () => {});
    }
    return this.#signal;
  }

  progress(value: unknown): void {
    const { bytes, blobs } = borderHere().sealValue(value, 'the progress', { kind: 'progress', subject: this.id });
    if (blobs.length > 0) throw new CaptureError('progress() takes data, without functions: say how far the task is');
    this.say('progress', bytes);
  }

  say(kind: 'progress' | 'log', bytes: Uint8Array): void {
    this.#record.said = true;
    noticesOut().put({ id: this.id, to: this.#record.from, kind, bytes });
  }

  /** Nobody waits any more for whether it is stopped. */
  end(): void {
    this.#over.abort();
  }

  /** Makes its call. */
  call<T>(call: () => T): T {
    const value = current.run(this, call);
    if (!isThenable(value)) {
      this.end();
      return value;
    }
    return Promise.resolve(value).finally(() => this.end()) as T;
  }
}

/** What the worker is connected to, for its threads: said by the station, before any task runs. */
export function shareStation({ engine, border }: StationSettings): void {
  const { key } = border;
  // Bytes as text.
  const plain = key instanceof Uint8Array ? Buffer.from(key).toString('base64') : key;
  globals.get(`${NAME}station`, () => JSON.stringify({ engine, border: { ...border, key: plain } }));
}

export function stationHere(): StationSettings {
  const text = globals.get<string>(`${NAME}station`);
  if (text === undefined) throw new Error('this process is no worker of a cluster');
  const { engine, border } = JSON.parse(text) as StationSettings & { border: { key: unknown } };
  const { key } = border;
  return {
    engine,
    border: typeof key === 'string' ? { ...border, key: Uint8Array.from(Buffer.from(key, 'base64')) } : border,
  };
}

let border: Border | undefined;

function borderHere(): Border {
  border ??= new Border(stationHere().border);
  return border;
}

/** The task that this code is a part of. */
export const taskHere = (): Task | undefined => current.get();

/** The first thing in each thread of a worker: what surrounds the calls of its tasks. */
export function prepareThread(): void {
  const tasks = runningTasks();
  surroundBy(<T>(future: Future<unknown>, call: () => T): T => {
    const record = tasks.get(addressOf(future)) as TaskRecord | undefined;
    return record === undefined ? call() : new Task(record).call(call);
  });
  redirectOutput((descriptor, bytes) => {
    const task = current.get();
    if (task === undefined) {
      print(descriptor, bytes);
      return;
    }
    const text = new TextDecoder().decode(bytes);
    print(descriptor, marked(task.id, text));
    if (task.logs) {
      const said = borderHere().sealValue([descriptor, text], 'the line', { kind: 'progress', subject: task.id });
      task.say('log', said.bytes);
    }
  });
}

/** The id's first part before each line. */
export const marked = (id: string, text: string): string => text.replaceAll(/^(?=[^\n])/gm, `[${id.slice(0, 8)}] `);
