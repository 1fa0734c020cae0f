// As ../context.ts, by what all runtimes have of async contexts.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

export { type ContextVariable, contextVariable } from '../context.js';

const owners = new AsyncLocalStorage<object>();

/** The context in which this module was loaded: in a worker, one that no code of the program has entered anything into. */
const outside = new AsyncResource('Heddle', { requireManualDestroy: true });

/** Calls `fn` with nothing of the caller's context. */
export function callOutside<T>(fn: () => T): T {
  return outside.runInAsyncScope(fn);
}

/** Calls `fn`, with `owner` as its `this`, on behalf of `owner`: with nothing of the caller's context. */
export function callFor<O extends object, T>(owner: O, fn: (this: O) => T): T {
  return callOutside(() => owners.run(owner, () => fn.call(owner)));
}

/** As `callFor`, in a microtask of its own. */
export function callAloneFor<T>(owner: object, fn: () => T | Promise<T>): Promise<T> {
  return callOutside(() => Promise.resolve().then(() => owners.run(owner, fn)));
}

/** Nothing ends `fn` between two instructions here. */
export const callMending = <T>(fn: () => T): T => fn();

/** What was thrown last by a callback of the program. */
let thrown: { readonly error: unknown; readonly owner: object | undefined } | undefined;

/** On whose behalf the code has run that this error has left, which nobody caught; undefined = the platform does not tell. */
export function ownerOfUncaught(error: unknown): object | undefined {
  const owner = thrown !== undefined && Object.is(thrown.error, error) ? thrown.owner : owners.getStore();
  thrown = undefined;
  return owner;
}

type Callback = (...parameters: unknown[]) => unknown;

/** The context of a callback of the event loop is left before the error that it throws is found to be caught by nobody. */
export function watchMicrotasks(): void {
  for (const name of ['queueMicrotask', 'setTimeout', 'setInterval', 'setImmediate'] as const) watch(name);
}

function watch(name: 'queueMicrotask' | 'setTimeout' | 'setInterval' | 'setImmediate'): void {
  const given = globalThis[name] as unknown as (callback: unknown, ...parameters: unknown[]) => unknown;
  const replaced = (callback: unknown, ...parameters: unknown[]): unknown => {
    // Refused by the platform.
    if (typeof callback !== 'function') return given(callback, ...parameters);
    const owner = owners.getStore();
    const watched = function (this: unknown, ...values: unknown[]): void {
      try {
        (callback as Callback).apply(this, values);
      } catch (error) {
        thrown = { error, owner };
        throw error;
      }
    };
    return given(watched, ...parameters);
  };
  Object.defineProperties(replaced, { name: { value: name }, length: { value: given.length } });
  for (const key of Object.getOwnPropertySymbols(given)) Reflect.set(replaced, key, Reflect.get(given, key));
  Reflect.set(globalThis, name, replaced);
}
