// A thread of an executor that waits does not count as one of those that run, so that another can take its place. A thread that waits for a
// future says so here. post.ts says what follows from it.

/** It is told of waits. src/wiring.ts puts it in; until then nobody is told. */
export interface Blocking {
  /** This thread begins to wait for something. */
  enter(): void;
  leave(): void;
  /** It waits for a future on its event loop, until what this returns is called. */
  attend(): () => void;
}

let told: Blocking = { enter() {}, leave() {}, attend: () => () => {} };

export function tellOfBlocking(whom: Blocking): void {
  told = whom;
}

export const enterBlocking = (): void => told.enter();
export const leaveBlocking = (): void => told.leave();
export const attendBlocking = (): (() => void) => told.attend();
