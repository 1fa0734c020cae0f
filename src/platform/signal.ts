// Ctrl-C, wherever the main thread is. `process.on('SIGINT')` needs the main thread's event loop; the `vm` module's watch does not:
// it ends a script, in any thread, at the moment the signal arrives.

import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { Script } from 'node:vm';

const WAIT = Symbol.for('heddle.wait');

/** Whether a worker can watch for Ctrl-C at all. */
export const watchesSigint: boolean = true;

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

/** The option with which a worker must be made for `onSignal`. */
export const SIGNAL_FLAGS: readonly string[] = ['--expose-internals'];

/**
 * Calls `action` on this thread's event loop for each of these signals from now on, also while the main thread is blocked; the loop stays
 * alive. What it returns ends that. Undefined = the platform does not let a worker do that: there is no public way, but the one of the main
 * thread works in all.
 */
export function onSignal(signal: NodeJS.Signals, action: () => void): (() => void) | undefined {
  interface Signal {
    onsignal: () => void;
    start(number: number): number;
    stop(): number;
  }
  const { emitWarning } = process;
  // Node warns everybody who uses its internals.
  process.emitWarning = () => {};
  try {
    const { internalBinding } = createRequire(process.execPath)('internal/test/binding');
    const { Signal } = internalBinding('signal_wrap') as { Signal: new () => Signal };
    const handle = new Signal();
    handle.onsignal = action;
    if (handle.start(constants.signals[signal]) !== 0) return undefined;
    return () => void handle.stop();
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** As `onSignal`, in the main thread: while it is blocked the signal waits. */
export function onSignalInMain(signal: NodeJS.Signals, action: () => void): void {
  process.on(signal, action);
}
