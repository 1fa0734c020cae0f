// As ../signal.ts, for Deno, which tells signals to each worker that listens.

export { onSignalInMain, SIGNAL_FLAGS, watchSigint } from '../uninspected/signal.js';

export const watchesSigint: boolean = true;

/** Calls `action` on this thread's event loop for each of these signals from now on. What it returns ends that. */
export function onSignal(signal: NodeJS.Signals, action: () => void): (() => void) | undefined {
  process.on(signal, action);
  return () => void process.off(signal, action);
}
