// Reaching into a running thread with the engine's debugging protocol: an evaluation is done between two instructions of whatever
// the thread is executing, and an execution can be ended there. Works in busy loops and inside `Atomics.wait`. Needs no debugger to
// be enabled.

import { Session } from 'node:inspector';

interface Evaluation {
  readonly result?: { readonly value?: unknown };
}

/** The main thread, from a worker of any depth. */
export class MainDebugger {
  readonly #session = new Session();

  constructor() {
    this.#session.connectToMainThread();
  }

  /** The value of an expression, computed in the main thread. */
  evaluate(expression: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, reply) => {
        if (error) reject(error);
        else resolve((reply as Evaluation).result?.value);
      });
    });
  }

  /** Ends the innermost evaluation that this thread has under way for itself; see `runEndable`. */
  terminate(): Promise<void> {
    return new Promise((resolve) => this.#session.post('Runtime.terminateExecution', () => resolve()));
  }

  disconnect(): void {
    this.#session.disconnect();
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
  Object.defineProperty(globalThis, RUN, { value: () => pending?.() });
  return session;
}

/** Threads of the process as its debugger calls them: the main one is 0, a worker has its `threadId`. */
export type ThreadId = number;

/**
 * Evaluates an expression in each of these threads, whatever they are doing, and hands back what is a string. Takes at most `patience`
 * milliseconds: of a thread that has not answered by then, or cannot be reached, there is none. To be called in another thread.
 */
export async function evaluateIn(
  threads: readonly ThreadId[],
  expression: string,
  patience: number,
): Promise<Map<ThreadId, string>> {
  const answers = new Map<ThreadId, string>();
  // The debugger of the main thread knows all workers, also those that were made by others.
  const session = new Session();
  session.connectToMainThread();
  const message = JSON.stringify({
    id: 1,
    method: 'Runtime.evaluate',
    params: { expression, returnByValue: true, silent: true },
  });
  try {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, patience);
      const missing = new Set(threads);
      const answer = (thread: ThreadId, value: unknown): void => {
        if (typeof value === 'string') answers.set(thread, value);
        if (missing.delete(thread) && missing.size === 0) resolve();
      };
      const ids = new Map<string, ThreadId>();
      session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
        const thread = Number(/^\[worker (\d+)\]/.exec(workerInfo.title)?.[1]);
        if (!missing.has(thread)) return;
        ids.set(sessionId, thread);
        session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
          if (error) answer(thread, undefined);
        });
      });
      session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
        const thread = ids.get(params.sessionId);
        const reply = JSON.parse(params.message) as { id?: number; result?: Evaluation };
        if (thread !== undefined && reply.id === 1) answer(thread, reply.result?.result?.value);
      });
      if (missing.has(0)) {
        session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, reply) => {
          answer(0, error ? undefined : (reply as Evaluation).result?.value);
        });
      }
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {
        // All workers that there are have been announced.
        const reached = new Set(ids.values());
        for (const thread of threads) if (thread !== 0 && !reached.has(thread)) answer(thread, undefined);
      });
    });
    await new Promise<void>((resolve) => {
      setTimeout(resolve, patience);
      session.post('NodeWorker.disable', () => resolve());
    });
  } finally {
    session.disconnect();
  }
  return answers;
}
