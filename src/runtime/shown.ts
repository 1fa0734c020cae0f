// Errors as people should see them. An error is changed only while it is shown: it belongs to the program, which then finds it as it was.
import { isNativeError, isProxy } from '../platform/kinds.js';

/** What is looked at: as deep as a value is printed, and no more of it than one reads. */
const DEPTH = 5;
const MOST = 200;

/** Calls `look` with the value, in whose errors the stacks have been rewritten. A frozen error is replaced by a copy. */
export function withShownStacks<T>(
  value: unknown,
  stackOf: (error: Error) => string | undefined,
  look: (value: unknown) => T,
): T {
  const shown = new Map<object, unknown>();
  const undo: (() => void)[] = [];

  const show = (of: unknown, depth: number): unknown => {
    if (typeof of !== 'object' || of === null || depth > DEPTH) return of;
    const known = shown.get(of);
    if (known !== undefined) return known;
    if (shown.size >= MOST || isProxy(of)) return of;
    const isError = isNativeError(of);
    if (!isError && !isPlain(of)) return of;
    const target = isError && Object.isFrozen(of) ? copyOf(of) : of;
    shown.set(of, target);
    if (isError) putStack(of, target);
    // Parts of an error that are not enumerable are printed too: its cause, its errors.
    for (const key of (isError ? Reflect.ownKeys(of) : Object.keys(of)).slice(0, MOST)) {
      const part = Object.getOwnPropertyDescriptor(of, key);
      if (key === 'stack' || !part || !('value' in part)) continue;
      const replaced = show(part.value, depth + 1);
      if (replaced !== part.value) put(target, key, replaced);
    }
    return target;
  };

  const put = (target: object, key: PropertyKey, to: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(target, key);
    const enumerable = before?.enumerable ?? false;
    if (!Reflect.defineProperty(target, key, { value: to, writable: true, configurable: true, enumerable })) return;
    undo.push(() => void (before ? Reflect.defineProperty(target, key, before) : Reflect.deleteProperty(target, key)));
  };

  const putStack = (error: Error, target: object): void => {
    const stack = stackOf(error);
    if (stack !== undefined) put(target, 'stack', stack);
  };

  try {
    return look(show(value, 0));
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function copyOf(error: Error): Error {
  const copy = Object.setPrototypeOf(new Error(), Object.getPrototypeOf(error) as object) as Error;
  for (const key of Reflect.ownKeys(error)) {
    const part = Object.getOwnPropertyDescriptor(error, key)!;
    if (key !== 'stack') Object.defineProperty(copy, key, { ...part, configurable: true });
  }
  return copy;
}
