// How the engine makes text of stacks.

type CallSite = NodeJS.CallSite;
type Prepare = (error: Error, sites: CallSite[]) => unknown;

/** Rewrites each stack of this thread, as the engine makes it, or a function that a program has put in its place. */
export function rewriteStacks(rewrite: (stack: string, error: Error) => string): void {
  const before = Error.prepareStackTrace as Prepare | undefined;
  const prepareStackTrace: Prepare = (error, sites) => {
    const stack = before ? before(error, sites) : plainStack(error, sites);
    return typeof stack === 'string' ? rewrite(stack, error) : stack;
  };
  try {
    Error.prepareStackTrace = prepareStackTrace;
  } catch {
    // It is frozen (--frozen-intrinsics).
  }
}

function plainStack(error: Error, sites: readonly CallSite[]): string {
  return [headerOf(error), ...sites].join('\n    at ');
}

function headerOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return '<error>';
  }
}
