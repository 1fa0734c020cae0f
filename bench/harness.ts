// Runs the sides of a comparison in turns within one process, so that whatever else the machine does hits both, and prints medians
// and the median of the ratios of neighbouring rounds.

import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

/** Runs its work `count` times and returns milliseconds for all of them. */
export type Side = (count: number) => number | Promise<number>;

export interface Comparison {
  readonly name: string;
  /** What ours is divided by. */
  readonly against: string;
  /** The ratio that we set out to reach; ours is to be at most that, or at least, for speeds. */
  readonly target: string;
  readonly unit: 'ns' | 'µs' | 'ms';
  readonly ours: Side;
  readonly theirs: Side;
  /** Times that each side does its work in a round. */
  readonly count: number;
  readonly rounds?: number;
}

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly against: string;
  readonly theirs: string;
  readonly ratio: string;
  readonly target: string;
}

const SCALE = { ns: 1e6, µs: 1e3, ms: 1 };

export async function compare(comparison: Comparison): Promise<Row> {
  const { ours, theirs, count, rounds = 15, unit } = comparison;
  await ours(count);
  await theirs(count);
  const times: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    // The order alternates, so that neither always comes after the other.
    const first = round % 2 === 0 ? ours : theirs;
    const second = round % 2 === 0 ? theirs : ours;
    const a = (await first(count)) / count;
    const b = (await second(count)) / count;
    times.push(round % 2 === 0 ? [a, b] : [b, a]);
  }
  const show = (values: number[]) => `${(median(values) * SCALE[unit]).toFixed(1)} ${unit}`;
  return {
    name: comparison.name,
    ours: show(times.map(([mine]) => mine)),
    against: comparison.against,
    theirs: show(times.map(([, other]) => other)),
    ratio: median(times.map(([mine, other]) => mine / other)).toFixed(2),
    target: comparison.target,
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Milliseconds that `action` takes. */
export function clock(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

export async function clockAsync(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

export function print(rows: readonly Row[]): void {
  console.log('| measure | ours | against | theirs | ratio | to reach |\n|---|---|---|---|---|---|');
  for (const row of rows) console.log(`| ${Object.values(row).join(' | ')} |`);
}

/** Machine and versions, as a line. */
export function machine(): string {
  const [cpu] = cpus();
  return (
    `Node ${process.version} (V8 ${process.versions.v8}), ${process.platform}-${process.arch}, ` +
    `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  );
}

/** What a program prints, or undefined when there is no such program. */
export function output(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/**
 * Runs `action` with all threads on one core, where the system has `taskset`. Two threads that hand on to each other share a core or not
 * as the scheduler happens to place them, at 3 µs or 23 a wake-up on the same machine: on one core both sides have the same.
 */
export async function onOneCore<T>(action: () => Promise<T>): Promise<T> {
  const before = output('taskset', ['-cp', String(process.pid)])?.match(/list: (\S+)/)?.[1];
  const pin = (cores: string): void => void output('taskset', ['-acp', cores, String(process.pid)]);
  if (before === undefined) return action();
  pin(before.match(/^\d+/)![0]);
  try {
    return await action();
  } finally {
    pin(before);
  }
}
