// Errors, from nodes.
import { withFrames } from '../../memory/frames.js';
import type { ErrorPayload, Property } from '../graph.js';
import { settle } from '../text/stacks.js';
import type { Decoder } from './decoder.js';

type Class = new (...args: unknown[]) => object;

/** An error without class and properties, and without the cost, and the frames, of a stack of its own. */
export function emptyError({ message, stack, made, like }: ErrorPayload): object {
  const error = withFrames(0, () =>
    like ? Object.create(Error.prototype) : made ? new (classOf(made.type))(...made.args) : new Error(),
  );
  settle(error);
  if (message !== undefined) hide(error, 'message', message);
  if (!like || stack !== undefined) hide(error, 'stack', stack);
  return error;
}

const classOf = (type: string): Class => {
  const known = globalThis as unknown as Record<string, Class | undefined>;
  return known[type] ?? known['DOMException']!;
};

/** Makes it an instance of its class, or of the nearest above that this thread can have. */
export function giveClass(
  decoder: Decoder,
  error: object,
  { bases, name }: ErrorPayload,
  properties: readonly Property[] = [],
): void {
  if (bases === undefined) return;
  for (const [at, base] of bases.entries()) {
    let prototype: unknown;
    try {
      prototype = decoder.value(base);
    } catch {
      // The class, or what it extends, has stayed behind, or its module cannot be imported here.
      continue;
    }
    if (prototype === undefined) continue;
    Object.setPrototypeOf(error, prototype as object | null);
    if (at === 0) return;
    break;
  }
  const isNamed = properties.some(([key]) => key === 'name');
  if (!isNamed && (error as Error).name !== name) hide(error, 'name', name);
}

function hide(error: object, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
