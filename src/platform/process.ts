// The process as this thread sees it.

import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { inspect as inspectValue } from 'node:util';
import { isMainThread } from 'node:worker_threads';

export const cores = availableParallelism();

/** Whether the shared heap is to be checked in every collection: for Heddle's own tests. */
export const heapIsChecked = process.env['HEDDLE_CHECK'] === '1';

/** The program's arguments, for threads to see the same. */
export function programArguments(): readonly string[] {
  return process.argv;
}

/** Variables that turn tools on, as docs/tools.md has them. */
const TOOLS = ['HEDDLE_RACES', 'HEDDLE_LOCKORDER', 'HEDDLE_PLACES', 'HEDDLE_TRACE'];

/** What the environment says of the tools; undefined = nothing. */
export function toolsAskedFor(): Readonly<Record<string, string>> | undefined {
  const given = TOOLS.filter((name) => (process.env[name] ?? '') !== '');
  return given.length === 0 ? undefined : Object.fromEntries(given.map((name) => [name, process.env[name]!]));
}

/** The process ends with this status, if not with another that says that something went wrong. */
export function endWithStatus(status: number): void {
  if (Number(process.exitCode ?? 0) === 0) process.exitCode = status;
}

export const processId = process.pid;

/** Microseconds of the clock that all threads of the process have in common. */
export function sharedClock(): number {
  shift ??= measureShift();
  return performance.now() * 1e3 + shift;
}

let shift: number | undefined;
const TRIES = 20;

/** How far the common clock is ahead of this thread's own: by the try in which the least time has passed between the two looks. */
function measureShift(): number {
  let least = Infinity;
  let found = 0;
  for (let times = 0; times < TRIES; times++) {
    const before = performance.now() * 1e3;
    const common = Number(process.hrtime.bigint()) / 1e3;
    const after = performance.now() * 1e3;
    if (after - before >= least) continue;
    least = after - before;
    found = common - (before + after) / 2;
  }
  return found;
}

/** The folder that paths are shown from. */
export const currentFolder = (): string => process.cwd();

/** Text for people: an error with its stack, causes and own properties, or any other value. Never throws, whatever the value does. */
export function inspect(value: unknown): string {
  try {
    return inspectValue(value, { colors: false, depth: 4 });
  } catch {
    return plainly(value);
  }
}

function plainly(value: unknown): string {
  try {
    return inspectValue(value, { colors: false, customInspect: false, getters: false });
  } catch {
    return 'an error that throws when it is looked at';
  }
}

/** Ends the process when called in its main thread, the worker otherwise. */
export const exitHere: (status: number) => never = process.exit.bind(process);

/**
 * Calls `handler` for an error that nobody caught, before the platform prints it and ends the process. Not called when the program
 * has a handler of its own.
 */
export function onFatalError(handler: (error: unknown) => void): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback())
      handler(error);
  });
}

/** Replaces the end of this thread when an error is not caught; the program's own handlers take precedence. */
export function onUncaughtError(handler: (error: unknown) => void): void {
  let handlers = 0;
  // Comes before all handlers; one that is to run once is not counted any more when ours runs.
  process.on('uncaughtExceptionMonitor', () => {
    handlers = process.listenerCount('uncaughtException');
  });
  process.on('uncaughtException', (error) => {
    if (handlers === 1) handler(error);
  });
}

const THREAD_EVENTS = [
  'uncaughtException',
  'uncaughtExceptionMonitor',
  'unhandledRejection',
  'rejectionHandled',
  'multipleResolves',
  'warning',
  'exit',
  'beforeExit',
];

/** Takes note of the handlers on `process`; what it returns removes those that were added since. */
export function rememberHandlers(): () => void {
  const known = new Map(THREAD_EVENTS.map((event) => [event, new Set(process.rawListeners(event))]));
  return () => {
    if (process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(null);
    for (const [event, listeners] of known) {
      if (process.listenerCount(event) === listeners.size) continue;
      for (const listener of process.rawListeners(event)) {
        if (!listeners.has(listener)) process.off(event, listener as () => void);
      }
    }
  };
}

/** Whether a signal can reach code of the program in this thread. */
export function listensToSignals(): boolean {
  if (!isMainThread) return false;
  return handlesSigint() || process.eventNames().some((name) => name !== SIGINT && isListenedTo(String(name)));
}

function isListenedTo(event: string): boolean {
  if (!event.startsWith('SIG')) return false;
  const listeners = process.listeners(event as NodeJS.Signals);
  return (
    listeners.some((listener) => !OWN_RESIZE.test(listener.name)) || resizes(process.stdout) || resizes(process.stderr)
  );
}

/** What the platform listens to SIGWINCH with, since a terminal was first written to. */
const OWN_RESIZE = /^refreshStd(?:out|err)OnSigWinch$/;

/** Whether the program is told of the terminal's size by a stream. */
const resizes = (stream: NodeJS.WriteStream): boolean => stream.listenerCount('resize') > 0;

/** Calls `handler` when the process, or this worker, is about to exit: before the program's own handlers, also those that are there. */
export function onExit(handler: () => void): void {
  process.prependListener('exit', handler);
}

/** The status with which the program has said that it will end. */
export function mainStatus(): number {
  return Number(process.exitCode ?? 0);
}

/** Gives `process` of a thread the program's arguments, and `process.exit` another meaning. */
export function adaptProcess(argv: readonly string[], exit: (code?: number | string | null) => never): void {
  process.argv = [...argv];
  process.exit = exit;
  syncBuiltinESMExports();
}

const SIGINT = 'SIGINT';

/** Our own handler, once there is one. */
let ownSigint: (() => void) | undefined;

/** Whether the program has a handler for Ctrl-C. */
export function handlesSigint(): boolean {
  return process.listenerCount(SIGINT) > (ownSigint === undefined ? 0 : 1);
}

/** Runs the program's handlers for Ctrl-C. */
export function emitSigint(): void {
  process.emit(SIGINT, SIGINT);
}

/**
 * From the moment that the program has a handler for Ctrl-C the signal is the platform's to deliver, on the event loop: then `taken` is
 * called, once, and from then on `unhandled` for each signal that comes while the program has no handler any more.
 */
export function onSigintTaken(taken: () => void, unhandled: () => void): void {
  const take = () => {
    if (ownSigint !== undefined) return;
    ownSigint = () => {
      if (!handlesSigint()) unhandled();
    };
    // Before the program's, because a handler that is to run once is gone by the time it has run.
    process.prependListener(SIGINT, ownSigint);
    taken();
  };
  if (handlesSigint()) take();
  else {
    process.on('newListener', function watch(event) {
      if (event !== SIGINT) return;
      process.off('newListener', watch);
      take();
    });
  }
}

/** Nobody will handle Ctrl-C any more: from now on it ends the process. */
export function renounceSigint(): void {
  process.removeAllListeners(SIGINT);
}

/** Ends the process as Ctrl-C does when nobody handles it. */
export function killWithSigint(): void {
  process.kill(process.pid, SIGINT);
}
