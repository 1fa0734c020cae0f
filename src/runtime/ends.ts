// Functions of upper layers that are called when a thread ends: in the thread, before any other thread can see the end.

const actions: (() => void)[] = [];

/** Calls `action`, which must not throw, at the end of each thread on this worker. */
export function atThreadEnd(action: () => void): void {
  actions.push(action);
}

/** The thread on this worker ends. */
export function endsHere(): void {
  for (const action of actions) action();
}
