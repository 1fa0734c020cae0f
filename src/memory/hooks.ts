// What the tools of src/tools/ are told of. As a rule none is loaded, and these do nothing. They are called where things take long anyway: a wait,
// the start of a thread, the slow path of a lock. The bit WATCHED of the attention word (src/sync/safepoint.ts) sends every lock there.

/** What is waited for: a `Wanted` of park.ts. */
export interface Waited {
  readonly word: number;
  describe(): string;
  holder?(): number;
  readonly idle?: boolean;
}

export const hooks = {
  /** What comes is one step to the program, such as the start of a thread: true before, false after. */
  compound(_begins: boolean): void {},
  /** This thread is about to have a slot's worker run its function. */
  starting(_slot: number): void {},
  /** This thread is about to call its function. */
  began(): void {},
  /** This thread's function is done, and those that join it know. */
  ended(): void {},
  /** This thread ends by an error. Whether that was told: then nobody else tells it. */
  failed(_error: unknown): boolean {
    return false;
  },
  /** This thread begins to wait, on its event loop if `later`. */
  waiting(_wanted: Waited, _later: boolean): void {},
  /** That wait is over. */
  waited(_wanted: Waited, _got: boolean, _later: boolean): void {},
  /** This thread has acquired a lock, a semaphore or a side of a lock. `waits`: it would have waited for it. */
  acquired(_lock: object, _waits: boolean): void {},
  /** This thread is about to release one. */
  releasing(_lock: object): void {},
  /** A task is about to be found by others: its future, and what it calls. */
  submitted(_task: number, _fn: { readonly name: string }): void {},
  /** This thread is about to make the call of a task. */
  taskBegan(_task: number, _fn: { readonly name: string }): void {},
  /** That is over, and its outcome will be known. Also if it has not begun. */
  taskEnded(_task: number): void {},
};
