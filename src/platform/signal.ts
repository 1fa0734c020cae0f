// Ctrl-C, wherever the main thread is. `process.on('SIGINT')` needs the main thread's event loop; the `vm` module's watch does not:
// it ends a script, in any thread, at the moment the signal arrives.

import { Script } from 'node:vm';

const WAIT = Symbol.for('heddle.wait');

/**
 * Calls `wait`, which may block; whether SIGINT ended it. Handlers that the program adds to `process` meanwhile have precedence: then
 * the signal does not get here.
 */
export function watchSigint(wait: () => void): boolean {
  Object.defineProperty(globalThis, WAIT, { value: wait, configurable: true });
  try {
    new Script(`globalThis[Symbol.for('heddle.wait')]()`).runInThisContext({ breakOnSigint: true });
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') return true;
    throw error;
  }
}
