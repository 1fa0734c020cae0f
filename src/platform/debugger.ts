// Reaching into a running thread with the engine's debugging protocol: an evaluation is done between two instructions of whatever
// the thread is executing, and an execution can be ended there. Works in busy loops and inside `Atomics.wait`. Needs no debugger to
// be enabled.

import { Session } from 'node:inspector';

interface Evaluation {
  readonly result?: { readonly value?: unknown };
}

/** Milliseconds in which an order that has arrived is carried out, unless something else catches it. */
const END_PATIENCE = 1_000;

/** Another thread that runs. */
export interface Target {
  /** The value of an expression, computed there; undefined if it cannot be had. */
  evaluate(expression: string): Promise<unknown>;
  /**
   * Ends the innermost evaluation that the thread has under way for itself; see `runEndable`. When the promise is fulfilled that is done, or
   * something else has caught it: it does not come any more.
   */
  terminate(): Promise<void>;
}

type Post = (method: string, parameters?: object) => Promise<Evaluation | undefined>;

function targetBy(post: Post): Target {
  return {
    async evaluate(expression) {
      const reply = await post('Runtime.evaluate', { expression, returnByValue: true, silent: true });
      return reply?.result?.value;
    },
    async terminate() {
      const done = post('Runtime.terminateExecution');
      // Orders are taken one after the other: when this one is answered, the other has arrived.
      await post('Runtime.releaseObjectGroup', { objectGroup: 'heddle-none' });
      await within(END_PATIENCE, done);
    },
  };
}

/** The thread that a session is connected to. */
function targetOf(session: Session): Target {
  return targetBy(
    (method, parameters) =>
      new Promise((resolve) => {
        session.post(method, parameters as never, (error: Error | null, reply?: object) => {
          resolve(error === null ? reply : undefined);
        });
      }),
  );
}

/** The main thread, from a worker of any depth. */
export class MainDebugger {
  readonly #session = new Session();
  readonly thread: Target = targetOf(this.#session);

  constructor() {
    this.#session.connectToMainThread();
  }

  disconnect(): void {
    this.#session.disconnect();
  }
}

/** Threads of the process as its debugger calls them: the main one is 0, a worker has its `threadId`. */
export type ThreadId = number;

/** What a worker answers, and to which message. */
interface Reply {
  readonly id?: number;
  readonly result?: Evaluation;
}

/** All threads of the process, from a worker. The main thread's debugger knows all workers, also those that were made by others. */
export class WorkersDebugger {
  readonly #session = new Session();
  /** Sessions of workers, and what each is still to answer. */
  readonly #sessions = new Map<ThreadId, string>();
  readonly #missing = new Map<string, Map<number, (reply: Evaluation | undefined) => void>>();
  #messages = 0;

  constructor() {
    this.#session.connectToMainThread();
    this.#session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      const thread = Number(/^\[worker (\d+)\]/.exec(workerInfo.title)?.[1]);
      this.#sessions.set(thread, sessionId);
      this.#missing.set(sessionId, new Map());
    });
    this.#session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => this.#forget(sessionId));
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      const { id, result } = JSON.parse(message) as Reply;
      if (id !== undefined) this.#settle(sessionId, id, result);
    });
  }

  /** Settles when all workers that there are have been announced; those that are made later will be. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => resolve());
    });
  }

  /** Undefined if there is no such thread, or not any more. */
  thread(id: ThreadId): Target | undefined {
    if (id === 0) return targetOf(this.#session);
    const sessionId = this.#sessions.get(id);
    if (sessionId === undefined) return undefined;
    return targetBy((method, parameters) => this.#post(sessionId, method, parameters));
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.#session.post('NodeWorker.disable', () => resolve()));
  }

  disconnect(): void {
    this.#session.disconnect();
  }

  #post(sessionId: string, method: string, parameters?: object): Promise<Evaluation | undefined> {
    const id = ++this.#messages;
    const message = JSON.stringify({ id, method, params: parameters });
    return new Promise((resolve) => {
      const missing = this.#missing.get(sessionId);
      if (missing === undefined) return resolve(undefined);
      missing.set(id, resolve);
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
        if (error) this.#settle(sessionId, id, undefined);
      });
    });
  }

  #settle(sessionId: string, id: number, reply: Evaluation | undefined): void {
    const missing = this.#missing.get(sessionId);
    missing?.get(id)?.(reply);
    missing?.delete(id);
  }

  /** The worker has exited: it answers nothing any more. */
  #forget(sessionId: string): void {
    for (const [thread, known] of this.#sessions) if (known === sessionId) this.#sessions.delete(thread);
    for (const resolve of this.#missing.get(sessionId)?.values() ?? []) resolve(undefined);
    this.#missing.delete(sessionId);
  }
}

let own: Session | undefined;
let pending: (() => void) | undefined;
const RUN = Symbol.for('heddle.run');

/** Longer than any run; with a time-out the engine takes an end for that of the evaluation, and the thread goes on. */
const NO_TIMEOUT = 2 ** 31 - 1;

/** Runs `action` such that another thread can end it at any instruction; whether that happened. `finally` blocks do not run then. */
export function runEndable(action: () => void): boolean {
  own ??= connect();
  pending = action;
  let ended = false;
  own.post(
    'Runtime.evaluate',
    { expression: `globalThis[Symbol.for('heddle.run')]()`, timeout: NO_TIMEOUT, silent: true },
    (error) => {
      ended = error !== null;
    },
  );
  pending = undefined;
  return ended;
}

function connect(): Session {
  const session = new Session();
  session.connect();
  Object.defineProperty(globalThis, RUN, { value: () => pending?.(), configurable: true });
  return session;
}

/**
 * Evaluates an expression in each of these threads, whatever they are doing, and hands back what is a string. Takes at most about
 * `patience` milliseconds: of a thread that has not answered by then, or cannot be reached, there is none. To be called in another thread.
 */
export async function evaluateIn(
  threads: readonly ThreadId[],
  expression: string,
  patience: number,
): Promise<Map<ThreadId, string>> {
  const answers = new Map<ThreadId, string>();
  const workers = new WorkersDebugger();
  const ask = async (thread: ThreadId): Promise<void> => {
    const value = await workers.thread(thread)?.evaluate(expression);
    if (typeof value === 'string') answers.set(thread, value);
  };
  await within(
    patience,
    workers.open().then(() => Promise.allSettled(threads.map(ask))),
  );
  await within(patience, workers.close());
  workers.disconnect();
  return answers;
}

/** Waits for a promise, for so many milliseconds at most. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
