// The heap's errors: plain classes.

/**
 * The shared heap is full. Nothing is damaged: let go of shared objects, or of objects that refer to them, and the program can go on.
 *
 * @example
 * configureHeap({ maxHeap: 32 * 1024 * 1024 });
 * const kept = new SharedArray<string>();
 * try {
 *   for (;;) kept.push(`${kept.length} `.repeat(100_000));
 * } catch (error) {
 *   console.log(error instanceof MemoryError);
 *   kept.clear();
 * }
 */
export class MemoryError extends Error {
  static {
    MemoryError.prototype.name = 'MemoryError';
  }
}

/** A value that cannot be shared, or a use of a shared object that is not possible. */
export class ShareError extends TypeError {
  static {
    ShareError.prototype.name = 'TypeError';
  }
}

/** A shared object is used after the `scope()` that let go of it. */
export function goneError(): ReferenceError {
  return new ReferenceError(
    'a shared object was used after the scope() in which it was first used: read it again from a shared object outside, or move its use into the scope',
  );
}

/** What a value is, for messages. Looks at nothing of the program's. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `${JSON.stringify(value.slice(0, 40))}…` : JSON.stringify(value);
    case 'symbol':
      return String(value);
    case 'function':
      return 'a function';
    case 'object':
      return 'an object';
    default:
      return `${typeof value} ${String(value)}`;
  }
}
