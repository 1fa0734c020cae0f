// How many frames stacks have.

/** Calls `make` while stacks have so many. Where intrinsics are frozen (--frozen-intrinsics) they have as many as ever. */
export function withFrames<T>(limit: number, make: () => T): T {
  const before = Error.stackTraceLimit;
  if (!setLimit(limit)) return make();
  try {
    return make();
  } finally {
    setLimit(before);
  }
}

const setLimit = (limit: number): boolean => Reflect.set(Error, 'stackTraceLimit', limit);
