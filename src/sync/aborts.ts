// Waits that a signal ends. A signal has one listener of this library's, however many wait: the platform takes more than ten for a leak.

/** What is to be done when a signal is aborted. */
interface Waiting {
  readonly actions: Set<() => void>;
  readonly listener: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `action`, which must not throw, when the signal is aborted; not any more once what this returns was called. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal === undefined) return () => {};
  const { actions } = waiting.get(signal) ?? listen(signal);
  // One for each call.
  const own = (): void => action();
  actions.add(own);
  return () => {
    if (!actions.delete(own) || actions.size > 0) return;
    const known = waiting.get(signal);
    if (known?.actions !== actions) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', known.listener);
  };
}

function listen(signal: AbortSignal): Waiting {
  const actions = new Set<() => void>();
  const listener = (): void => {
    waiting.delete(signal);
    for (const action of actions) action();
  };
  const known = { actions, listener };
  waiting.set(signal, known);
  signal.addEventListener('abort', listener, { once: true });
  return known;
}
