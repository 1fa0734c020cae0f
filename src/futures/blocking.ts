// A thread of an executor that waits does not count as one of those that run, so that another can take its place: src/futures/worker.ts,
// which sets these.

export const blocking = {
  /** This thread begins to wait for something. */
  enter(): void {},
  leave(): void {},
  /** It waits for a future on its event loop, until what this returns is called. */
  attend(): () => void {
    return () => {};
  },
};
