// Runs the sides of a comparison in turns within one process, so that whatever else the machine does hits both, and prints medians
// and the median of the ratios of neighbouring rounds.

import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

/** Runs its work `count` times and returns milliseconds for all of them. */
export type Side = (count: number) => number | Promise<number>;

/** What a row is about. */
export interface Names {
  readonly name: string;
  /** What ours is divided by. */
  readonly against: string;
  /** The ratio that we set out to reach; ours is to be at most that, or at least, for speeds. */
  readonly target: string;
}

export interface Comparison extends Names {
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

/** Who is told of each comparison, and rows that are known from a process that has ended in one (part.ts). */
interface Reporter {
  readonly known: readonly Row[];
  begins(names: Names): Promise<void>;
  ends(row: Row): Promise<void>;
}

let reporter: Reporter = { known: [], async begins() {}, async ends() {} };

export function reportTo(other: Reporter): void {
  reporter = other;
}

/** The row of a comparison in which a side did not do what it should. */
export function failedRow({ name, against, target }: Names, side: 'ours' | 'theirs', why: string): Row {
  return { name, ours: '–', against, theirs: '–', [side]: `– (${why})`, ratio: '–', target };
}

class SideError extends Error {
  readonly side: 'ours' | 'theirs';

  constructor(side: 'ours' | 'theirs', error: unknown) {
    super(String((error as Error | undefined)?.message ?? error).split('\n')[0]);
    this.side = side;
  }
}

/** Names whose failure it is, when a side fails. */
const named =
  (side: 'ours' | 'theirs', action: Side): Side =>
  async (count) => {
    try {
      return await action(count);
    } catch (error) {
      throw new SideError(side, error);
    }
  };

/** Compares two sides. A side that fails is no error, but is said in the row. */
export async function compare(comparison: Comparison): Promise<Row> {
  const { name, against, target } = comparison;
  const known = reporter.known.find((row) => row.name === name && row.against === against);
  if (known !== undefined) return known;
  await reporter.begins({ name, against, target });
  const row = await measured(comparison).catch((error: unknown) => {
    if (error instanceof SideError) return failedRow(comparison, error.side, error.message);
    throw error;
  });
  await reporter.ends(row);
  return row;
}

async function measured(comparison: Comparison): Promise<Row> {
  const { count, rounds = 15, unit } = comparison;
  const ours = named('ours', comparison.ours);
  const theirs = named('theirs', comparison.theirs);
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
