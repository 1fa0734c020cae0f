// A task in the thread that makes its call: begun, and ended by what comes first: its outcome, or an error that it has left on the event loop.

import { detach, takeMarked } from '../closure/transfer.js';
import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { type Call, readCall } from '../parcel/call.js';
import { packCopy } from '../parcel/parcel.js';
import { callMending } from '../platform/context.js';
import { Author } from '../runtime/author.js';
import { callCancellable } from '../runtime/interrupt.js';
import { prepareFirst } from '../runtime/preparations.js';
import { addressOf } from '../sync/cell.js';
import { isThenable } from '../sync/held.js';
import { CALL, failClaimed, finish, forgetTask, INTERRUPTIBLE, wasCancelled } from './cell.js';
import { BrokenExecutor } from './errors.js';
import type { Future } from './future.js';
import { describeBriefly, showHere } from './outcome.js';
import { lookNext, suspend } from './post.js';
import { FINISHED } from './state.js';

type Around = <T>(task: Future<unknown>, call: () => T) => T;

let around: Around = (_task, call) => call();

/** From now on `surround` is called around each call of a task: by what knows more of a task than that it is one. */
export function surroundBy(surround: Around): void {
  around = surround;
}

/** What a call has returned; undefined: it was cancelled, and has been ended. */
type Returned = { readonly value: unknown } | undefined;

/** Makes a task's call. A promise when that is not done on return: then `here` is the name of its thread. */
export function perform(task: Future<unknown>, here: string): Promise<void> | undefined {
  return new Performance(task, here).run();
}

/** A task that this thread runs, and all that it has left on the event loop. */
class Performance extends Author {
  readonly #task: Future<unknown>;
  readonly #here: string;
  /** Called at its end. */
  #goOn: (() => void) | undefined;

  constructor(task: Future<unknown>, here: string) {
    super();
    this.#task = task;
    this.#here = here;
  }

  run(): Promise<void> | undefined {
    let outcome: Returned | Promise<Returned>;
    try {
      outcome = isInterruptible(this.#task) ? this.callAlone(() => this.#begin()) : this.call(this.#begin);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
    if (!(outcome instanceof Promise)) {
      this.#returned(outcome);
      return undefined;
    }
    outcome.then(
      (returned) => this.#returned(returned),
      (error) => this.#failed(error),
    );
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  #begin(): Returned | Promise<Returned> {
    const prepared = prepareFirst();
    const call = prepared === undefined ? this.#read() : prepared.then(() => this.#read());
    if (!(call instanceof Promise)) return this.#make(call);
    return call.then((ready) => (this.isOver ? undefined : this.#make(ready)));
  }

  #read(): Call | Promise<Call> {
    return readCall(addressOf(this.#task) + CALL);
  }

  #make(call: Call): Returned | Promise<Returned> {
    hooks.taskBegan(addressOf(this.#task), call.fn);
    const outcome = makeCall(this.#task, call);
    if (outcome === undefined || !isThenable(outcome.value)) return outcome;
    suspend(true);
    return Promise.resolve(outcome.value).then((value) => ({ value }));
  }

  #returned(outcome: Returned): void {
    if (this.isOver) return;
    this.#leave();
    succeed(this.#task, outcome);
    this.#goOn?.();
  }

  #failed(error: unknown): void {
    if (this.isOver) this.blame(error);
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#leave();
    fail(this.#task, error);
    this.#goOn?.();
  }

  /** What it goes on to do nobody waits for. */
  #leave(): void {
    this.end();
    suspend(false);
    hooks.taskEnded(addressOf(this.#task));
  }

  protected override lose(error: unknown): void {
    this.#fail(failedOnLoop(error));
  }

  protected override heading(): string {
    return `Exception in thread ${this.#here}, left on its event loop by a task that is over:`;
  }
}

const isInterruptible = (task: Future<unknown>): boolean => atomic.load(addressOf(task) + INTERRUPTIBLE) === 1;

/** Makes a task's call and throws what that throws; undefined if it was cancelled, and has been ended. */
function makeCall(task: Future<unknown>, { fn, args }: Call): Returned {
  if (!isInterruptible(task)) return { value: around(task, () => fn(...args)) };
  const outcome = callMending(() =>
    callCancellable(
      () => wasCancelled(task),
      () => around(task, () => fn(...args)),
    ),
  );
  if (outcome === undefined) return undefined;
  if ('error' in outcome) throw outcome.error;
  if (isThenable(outcome.value)) atomic.store(addressOf(task) + INTERRUPTIBLE, 0);
  return outcome;
}

/** A task that was cancelled while it ran, and does not any more. */
function abandon(task: Future<unknown>): void {
  lookNext();
  forgetTask(addressOf(task));
}

function succeed(task: Future<unknown>, outcome: Returned): void {
  if (outcome === undefined || wasCancelled(task)) {
    abandon(task);
    return;
  }
  const moved = takeMarked(outcome.value);
  let packed: unknown;
  try {
    packed = packCopy(outcome.value, 'the result');
  } catch (error) {
    fail(task, error);
    return;
  }
  lookNext();
  try {
    finish(task, FINISHED, packed);
    detach(moved);
  } catch (error) {
    // There was no room for the result.
    fail(task, error);
  }
}

function fail(task: Future<unknown>, error: unknown): void {
  if (wasCancelled(task)) {
    abandon(task);
    return;
  }
  showHere(error);
  lookNext();
  failClaimed(task, error);
}

/** What a task fails with that has left an error on the event loop. */
function failedOnLoop(cause: unknown): BrokenExecutor {
  return new BrokenExecutor(
    `the task is lost: it left an error that nobody caught, in a timer, an event handler or a promise that it did not await: ${describeBriefly(cause)}`,
    { cause },
  );
}
