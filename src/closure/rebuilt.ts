// What this thread knows of functions that it got from others, and of its own functions that others may send back.
import type { CodeRecord, Node } from './graph.js';
import { WhileHeld } from './held.js';

export interface Rebuilt {
  readonly record: CodeRecord;
  readonly origin: string;
  /** Values of the code's free variables: they are set once. A hole is a global. */
  readonly env: readonly unknown[];
  /** Those of them that are each thread's own, by name. */
  readonly own?: readonly (Node | undefined)[] | undefined;
  /** The `this` of an arrow, if it came along. */
  readonly self?: { readonly value: unknown } | undefined;
}

/** Functions that were rebuilt here: they travel on without being looked into. */
export const rebuiltFunctions = new WeakMap<object, Rebuilt>();

/** The latest of the functions that were rebuilt from a code. */
const latest = new WhileHeld<object>();

export function noteRebuilt(fn: object, rebuilt: Rebuilt): void {
  rebuiltFunctions.set(fn, rebuilt);
  latest.set(rebuilt.record.id, fn);
}

export const latestOf = (code: string): object | undefined => latest.get(code);

/** Why a value stayed behind, by the object that stands for it here. */
export const poisons = new WeakMap<object, string>();

const homes = new WhileHeld<object>();
const origins = new WeakMap<object, string>();

/** The identity under which a function of this thread is known elsewhere. */
export function originOf(fn: object, thread: number): string {
  let origin = origins.get(fn);
  if (origin === undefined) {
    origin = `${thread}:${lastOrigin++}`;
    origins.set(fn, origin);
    homes.set(origin, fn);
  }
  return origin;
}

let lastOrigin = 0;

/** The function of this thread that was sent as `origin`, if it still exists. */
export const functionAtHome = (origin: string): object | undefined => homes.get(origin);
