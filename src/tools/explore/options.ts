// Options of explorations, and their checks.

import { MOST_CHANGES, MOST_THREADS } from './board.js';

export interface ExploreOptions {
  /** How schedules are chosen: see `explore`. Default: `'random'`. */
  readonly strategy?: 'random' | 'pct' | 'exhaustive' | undefined;
  /** How many at most. Default: 1,000. */
  readonly schedules?: number | undefined;
  /** Of what is random. Default: 1. */
  readonly seed?: number | undefined;
  /** `exhaustive`: how often threads are stopped that could go on, at most. Default: 2. */
  readonly preemptions?: number | undefined;
  /** `pct`: of so many steps the order matters. Default: 3. */
  readonly depth?: number | undefined;
  /** The schedule of a report, which is run and no other. */
  readonly replay?: string | undefined;
}

const STRATEGIES = ['random', 'pct', 'exhaustive'];
const KNOWN = ['strategy', 'schedules', 'seed', 'preemptions', 'depth', 'replay'];

/**
 * The options with their defaults.
 * @throws TypeError, RangeError
 */
export function optionsOf(what: unknown, options: ExploreOptions) {
  checkWhat(what);
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { schedules: 100 }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) throw new TypeError(`unknown option '${key}': known are ${KNOWN.join(', ')}`);
  }
  const { strategy = 'random', schedules = 1_000, seed = 1, preemptions = 2, depth = 3, replay } = options;
  if (!STRATEGIES.includes(strategy)) {
    throw new TypeError(`strategy must be one of ${STRATEGIES.join(', ')}, not ${String(strategy)}`);
  }
  checkCount('schedules', schedules, 1, Number.MAX_SAFE_INTEGER);
  checkCount('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkCount('preemptions', preemptions, 0, Infinity);
  checkCount('depth', depth, 1, MOST_CHANGES);
  return { strategy, schedules, seed, preemptions, depth, replay };
}

function checkCount(name: string, value: unknown, least: number, most: number): void {
  const isCount = typeof value === 'number' && (Number.isInteger(value) || value === Infinity);
  if (isCount && value >= least && value <= most) return;
  throw new RangeError(
    `${name} must be an integer from ${least}${most === Infinity ? '' : ` to ${most}`}, not ${String(value)}`,
  );
}

function checkWhat(what: unknown): void {
  if (typeof what !== 'object' || what === null) {
    throw new TypeError(`explore() takes an object { setup, threads, check }, not ${String(what)}`);
  }
  const { setup, threads, check } = what as Record<string, unknown>;
  if (typeof setup !== 'function') {
    throw new TypeError(`setup must be a function that makes what the threads share, not ${String(setup)}`);
  }
  if (!Array.isArray(threads) || threads.length === 0 || threads.some((body) => typeof body !== 'function')) {
    throw new TypeError('threads must be an array of functions, one for each thread');
  }
  if (threads.length > MOST_THREADS) {
    throw new RangeError(`explore() follows ${MOST_THREADS} threads at most, not ${threads.length}`);
  }
  if (check !== undefined && typeof check !== 'function') {
    throw new TypeError(`check must be a function that throws if something is wrong, not ${String(check)}`);
  }
}
