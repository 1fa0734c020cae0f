// What layers above do when a thread ends, in the thread, before anybody is told that it has ended.

const actions: (() => void)[] = [];

/** Calls `action`, which must not throw, at the end of each thread on this worker. */
export function atThreadEnd(action: () => void): void {
  actions.push(action);
}

/** The thread on this worker ends. */
export function endsHere(): void {
  for (const action of actions) action();
}
