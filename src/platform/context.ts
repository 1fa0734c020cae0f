// Async contexts: for whom the event loop runs a piece of code. What a function starts (timers, promises, handles) has the context of the
// function, and so has an error that one of them ends by.

import { AsyncLocalStorage, AsyncResource, executionAsyncId } from 'node:async_hooks';

const owners = new AsyncLocalStorage<object>();

/** The context in which this module was loaded: in a worker, one that no code of the program has entered anything into. */
const outside = new AsyncResource('Heddle', { requireManualDestroy: true });

/** Calls `fn` with nothing of the caller's context. */
export function callOutside<T>(fn: () => T): T {
  return outside.runInAsyncScope(fn);
}

/**
 * Calls `fn`, with `owner` as its `this`, on behalf of `owner`: with nothing of the caller's context, and whatever it enters stays with what
 * it starts. What is entered is written into the resource that runs (up to Node 22) or into what the scope restores at its end (from Node 24
 * on). So each call has a resource of its own; but it is no news to the platform, which would tell every hook of one that it makes.
 */
export function callFor<O extends object, T>(owner: O, fn: (this: O) => T): T {
  return (Object.create(outside) as AsyncResource).runInAsyncScope(enter<O, T>, owner, fn);
}

function enter<O extends object, T>(this: O, fn: (this: O) => T): T {
  owners.enterWith(this);
  return fn.call(this);
}

/** As `callFor`, in a microtask of its own, and without a frame on the platform's stack of contexts: for what runs in `callMending`. */
export function callAloneFor<T>(owner: object, fn: () => T | Promise<T>): Promise<T> {
  return callOutside(() => Promise.resolve().then(() => owners.run(owner, fn)));
}

/**
 * Calls `fn`, which may be ended from outside between any two instructions: then no `finally` runs, not even the platform's, whose stack
 * of contexts would keep what has entered one there. It finds that out later, and ends the process.
 */
export function callMending<T>(fn: () => T): T {
  const id = executionAsyncId();
  const outcome = fn();
  if (executionAsyncId() !== id) emptyStack();
  return outcome;
}

/** The platform empties the stack of contexts after an error that was caught as late as possible. */
function emptyStack(): void {
  let ours = false;
  try {
    process.setUncaughtExceptionCaptureCallback(() => {});
    ours = true;
  } catch {
    // The program has one: it gets to see this error.
  }
  enqueueMicrotask(() => {
    throw new Error('the stack of async contexts is emptied');
  });
  enqueueMicrotask(() => {
    if (ours) process.setUncaughtExceptionCaptureCallback(null);
  });
}

/** The platform's. */
const enqueueMicrotask = globalThis.queueMicrotask;

/** What was thrown last by a microtask of the program. */
let thrown: { readonly error: unknown; readonly owner: object | undefined } | undefined;

/** On whose behalf the code has run that this error has left, which nobody caught; undefined = the platform does not tell. */
export function ownerOfUncaught(error: unknown): object | undefined {
  const owner =
    owners.getStore() ?? (thrown !== undefined && Object.is(thrown.error, error) ? thrown.owner : undefined);
  thrown = undefined;
  return owner;
}

/** Up to Node 22 the platform has left a microtask's context when it finds that nobody catches its error. */
export function watchMicrotasks(): void {
  globalThis.queueMicrotask = function queueMicrotask(callback) {
    // Refused by the platform.
    if (typeof callback !== 'function') return enqueueMicrotask(callback);
    const owner = owners.getStore();
    enqueueMicrotask(() => {
      try {
        callback();
      } catch (error) {
        thrown = { error, owner };
        throw error;
      }
    });
  };
}

/** A value for `fn` and all that it starts. */
export interface ContextVariable<T> {
  get(): T | undefined;
  run<R>(value: T, fn: () => R): R;
}

export function contextVariable<T>(): ContextVariable<T> {
  const storage = new AsyncLocalStorage<T>();
  return { get: () => storage.getStore(), run: (value, fn) => storage.run(value, fn) };
}
