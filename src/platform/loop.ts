// This thread's event loop.

const LOOP_DRY = 'beforeExit';

let listensToDry = false;
let onDry: (() => void) | undefined;
let onDryOnce: (() => void) | undefined;

/** Calls `handler` whenever this thread's event loop has nothing left to do; what it starts keeps the thread alive. */
export function onLoopDry(handler: () => void): void {
  onDry = handler;
  listenToDry();
}

/**
 * Calls `action` instead, once, if the event loop has nothing left to do the next time; undefined = does not any more. It must give it
 * something to do. Whether it can be asked: not if the program listens as well, which would take it for the end.
 */
export function whenLoopDry(action: (() => void) | undefined): boolean {
  onDryOnce = undefined;
  if (action === undefined) return true;
  listenToDry();
  if (process.listenerCount(LOOP_DRY) > 1) return false;
  onDryOnce = action;
  return true;
}

function listenToDry(): void {
  if (listensToDry && process.listenerCount(LOOP_DRY) > 0) return;
  listensToDry = true;
  process.prependListener(LOOP_DRY, () => {
    const action = onDryOnce ?? onDry;
    onDryOnce = undefined;
    action?.();
  });
}

/** How many timers, requests and handles keep this thread's event loop alive. */
export function activeResources(): number {
  return process.getActiveResourcesInfo().length;
}

/** Calls `action` in a turn of its own of this thread's event loop, which stays alive until then. */
export function soon(action: () => void): void {
  setImmediate(action);
}
