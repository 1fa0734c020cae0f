// As ../signal.ts, where only the main thread's event loop gets signals. Ctrl-C ends the process, unless the program has a handler: that is
// called when the main thread is on its event loop.

/** Nobody watches. */
export const watchesSigint: boolean = false;

/** @throws Error always: there is no watch here. */
export function watchSigint(_wait: () => void): boolean {
  throw new Error('this runtime does not tell a worker of signals');
}

export const SIGNAL_FLAGS: readonly string[] = [];

/** No worker can be told. */
export const onSignal = (_signal: NodeJS.Signals, _action: () => void): (() => void) | undefined => undefined;

/** In the main thread: while it is blocked the signal waits. */
export function onSignalInMain(signal: NodeJS.Signals, action: () => void): void {
  process.on(signal, action);
}
