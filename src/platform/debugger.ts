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
