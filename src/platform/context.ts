// Async contexts: on whose behalf code runs that the event loop calls. What a function starts (timers, promises, handles) has the context of
// the function, and so has an error that one of them ends by.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

const owners = new AsyncLocalStorage<object>();

/** A resource as the platform makes them, without a note of when it is collected. */
const resource = (name: string): AsyncResource => new AsyncResource(name, { requireManualDestroy: true });

/** The context in which this module was loaded: in a worker, one that no code of the program has entered anything into. */
const outside = resource('Heddle');

/** Calls `fn` with nothing of the caller's context. */
export function callOutside<T>(fn: () => T): T {
  return outside.runInAsyncScope(fn);
}

/**
 * Calls `fn` on behalf of `owner`: with nothing of the caller's context, and whatever it enters stays with what it starts.
 * Up to Node 22 what is entered is written into the resource that runs, so that each call needs one of its own.
 */
export function callFor<T>(owner: object, fn: () => T): T {
  return callOutside(() => resource('HeddleCall').runInAsyncScope(() => owners.run(owner, fn)));
}

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
  const enqueue = globalThis.queueMicrotask;
  globalThis.queueMicrotask = function queueMicrotask(callback) {
    // Refused by the platform.
    if (typeof callback !== 'function') return enqueue(callback);
    const owner = owners.getStore();
    enqueue(() => {
      try {
        callback();
      } catch (error) {
        thrown = { error, owner };
        throw error;
      }
    });
  };
}
