// The author of an error. A thread's event loop runs callbacks that several threads and tasks have left there. Each thread and task is an author.
// Async context tells which author a callback belongs to. An uncaught error concerns only its author.

import { slot } from '../memory/memory.js';
import { callAloneFor, callFor, ownerOfUncaught } from '../platform/context.js';
import { isExit } from '../sync/errors.js';
import { report, reportThread } from './report.js';

/** A thread, or a task, and all that it has left on the event loop. */
export abstract class Author {
  #isOver = false;

  /** Told of an error that it has left on the event loop, while it is not over. */
  protected abstract lose(error: unknown): void;

  /** Of the report of such an error when it is over; undefined = as a thread's that ends by it. */
  protected heading(): string | undefined {
    return undefined;
  }

  /** Calls `fn` on its behalf, as a method of it. */
  call<T>(fn: (this: this) => T): T {
    return callFor(this, fn);
  }

  /** As `call`, for what can be ended between any two instructions. */
  callAlone<T>(fn: () => T | Promise<T>): Promise<T> {
    return callAloneFor(this, fn);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** It is over: what it has left on the event loop goes on. */
  end(): void {
    this.#isOver = true;
  }

  /** An error of its that nobody catches. */
  blame(error: unknown): void {
    if (this.#isOver) reportLeft(error, this.heading());
    else this.lose(error);
  }
}

/** An error on this thread's event loop that nobody catches. */
export function blameAuthorOf(error: unknown): void {
  const author = ownerOfUncaught(error);
  if (author instanceof Author) author.blame(error);
  else reportLeft(error, undefined);
}

/** Nobody ends by it. */
function reportLeft(error: unknown, heading: string | undefined): void {
  // It ends what has thrown it, without a word.
  if (isExit(error)) return;
  if (heading === undefined) reportThread(slot, error);
  else report(heading, error);
}
