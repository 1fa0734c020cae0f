// Options of executors, and their checks.

export interface ExecutorOptions {
  /** Threads that run at the same time at most; default min(32, cores + 4). */
  readonly maxWorkers?: number | undefined;
  /** Threads are called "prefix_0" and so on. */
  readonly threadNamePrefix?: string | undefined;
  /** Called in each thread before its first task. */
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  /** What the initializer is called with. */
  readonly initargs?: readonly unknown[] | undefined;
}

export interface TaskOptions {
  /** When it is aborted, tasks that have not begun are cancelled; interruptible ones also while they run. */
  readonly signal?: AbortSignal | undefined;
  /** Whether tasks can be cancelled while they run: `Future.cancel`. Default: false. */
  readonly interruptible?: boolean | undefined;
}

/** @throws TypeError */
export function checkTaskOptions(options: TaskOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { interruptible: true }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'signal' && key !== 'interruptible') {
      throw new TypeError(`unknown option '${key}': known are signal, interruptible`);
    }
  }
  const { signal, interruptible } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`);
  }
  if (interruptible !== undefined && typeof interruptible !== 'boolean') {
    throw new TypeError(`interruptible must be true or false, not ${String(interruptible)}`);
  }
}

const KNOWN = ['maxWorkers', 'threadNamePrefix', 'initializer', 'initargs'];

/** @throws TypeError, RangeError */
export function checkOptions(options: ExecutorOptions, most: number): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { maxWorkers: 4 }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) throw new TypeError(`unknown option '${key}': known are ${KNOWN.join(', ')}`);
  }
  const { maxWorkers, threadNamePrefix, initializer, initargs } = options as Record<string, unknown>;
  if (maxWorkers !== undefined) {
    if (typeof maxWorkers !== 'number' || !Number.isInteger(maxWorkers)) {
      throw new TypeError(`maxWorkers must be an integer, not ${String(maxWorkers)}`);
    }
    if (maxWorkers <= 0) throw new RangeError(`maxWorkers must be greater than 0, not ${maxWorkers}`);
    if (maxWorkers > most) {
      throw new RangeError(`maxWorkers must be at most ${most}, not ${maxWorkers}: each is a thread of some 10 MiB`);
    }
  }
  if (threadNamePrefix !== undefined && typeof threadNamePrefix !== 'string') {
    throw new TypeError(`threadNamePrefix must be a string, not ${String(threadNamePrefix)}`);
  }
  if (initializer !== undefined && typeof initializer !== 'function') {
    throw new TypeError(`initializer must be a function, not ${String(initializer)}`);
  }
  if (initargs !== undefined && !Array.isArray(initargs)) {
    throw new TypeError(`initargs must be an array of arguments, not ${String(initargs)}`);
  }
}
