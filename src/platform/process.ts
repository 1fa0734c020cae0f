// The process as this thread sees it.

import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { inspect as inspectValue } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export const cores = availableParallelism();

/** The program's arguments, for threads to see the same. */
export function programArguments(): readonly string[] {
  return process.argv;
}

/** Text for people: an error with its stack, causes and own properties, or any other value. */
export function inspect(value: unknown): string {
  return inspectValue(value, { colors: false, depth: 4 });
}

/** Ends the process when called in its main thread, the worker otherwise. */
export const exitHere: (status: number) => never = process.exit.bind(process);

/**
 * Calls `handler` for an error that nobody caught, before the platform prints it and ends the process. Not called when the program
 * has a handler of its own.
 */
export function onFatalError(handler: (error: unknown) => void): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    if (process.listenerCount('uncaughtException') === 0) handler(error);
  });
}

/** Replaces the end of this thread when an error is not caught; the program's own handlers take precedence. */
export function onUncaughtError(handler: (error: unknown) => void): void {
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') === 1) handler(error);
  });
}

/** Calls `handler` whenever this thread's event loop has nothing left to do; what it starts keeps the thread alive. */
export function onLoopDry(handler: () => void): void {
  process.on('beforeExit', handler);
}

/** Whether nothing keeps this thread's event loop alive: no timer, request or handle. Microtasks do not count. */
export function loopIsQuiet(): boolean {
  return process.getActiveResourcesInfo().length === 0;
}

/** Calls `action` in a turn of its own of this thread's event loop, which stays alive until then. */
export function soon(action: () => void): void {
  setImmediate(action);
}

/** Gives `process` of a thread the program's arguments, and `process.exit` another meaning. */
export function adaptProcess(argv: readonly string[], exit: (code?: number | string | null) => never): void {
  process.argv = [...argv];
  process.exit = exit;
  syncBuiltinESMExports();
}

/** Collects this thread's garbage. Finalizers run at the next turn of its event loop. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}

const SIGINT = 'SIGINT';

/** Whether the program has a handler for Ctrl-C. */
export function handlesSigint(): boolean {
  return process.listenerCount(SIGINT) > 0;
}

/** Runs the program's handlers for Ctrl-C. */
export function emitSigint(): void {
  process.emit(SIGINT, SIGINT);
}

/** Calls `changed` after the program has added or removed a handler for Ctrl-C. */
export function onSigintHandlers(changed: () => void): void {
  // 'newListener' comes before the listener is there.
  process.on('newListener', (event) => {
    if (event === SIGINT) queueMicrotask(changed);
  });
  process.on('removeListener', (event) => {
    if (event === SIGINT) queueMicrotask(changed);
  });
}

/** Ends the process as Ctrl-C does when nobody handles it. */
export function killWithSigint(): void {
  process.kill(process.pid, SIGINT);
}
