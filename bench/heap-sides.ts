// Each side of a heap benchmark runs in a child process of its own, so that what the engine learns from one side does not reach the
// other; the parent lets them take turns, one round at a time. The child's program is this file as well.
//
//   a round gives nanoseconds an operation, by the name of the measure

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, type Row } from './harness.js';

export type Round = () => Record<string, number> | Promise<Record<string, number>>;
/** Loads what the side needs, and prepares its data. */
export type Prepare = () => Round | Promise<Round>;

export type SideName = 'heddle' | 'plain' | 'structs' | 'objectbuffer' | 'SharedJsonBuffer' | 'sharedmap';

export interface Comparison {
  readonly name: string;
  readonly measure: string;
  readonly against: SideName;
  /** What theirs is called in the table, if not by the side's name. */
  readonly label?: string;
  /** The other side's measure, if it has another name. */
  readonly theirs?: string;
  readonly target: string;
  /** The ratio is theirs divided by ours. */
  readonly inverse?: boolean;
}

export interface HeapBench {
  /** The module, for the children: `import.meta.url`. */
  readonly url: string;
  readonly sides: Partial<Record<SideName, Prepare>>;
  readonly comparisons: readonly Comparison[];
  readonly rounds: number;
  /** Rounds before those that count. */
  readonly warmup?: number;
}

const LABELS: Record<SideName, string> = {
  heddle: 'heddle',
  plain: 'plain JavaScript',
  structs: "V8's shared structs",
  objectbuffer: 'objectbuffer',
  SharedJsonBuffer: 'SharedJsonBuffer',
  sharedmap: 'SharedMap (sharedmap)',
};

type Message = { readonly result: Record<string, number> } | { readonly failure: string } | { readonly ready: true };

class Child {
  readonly side: SideName;
  readonly results: Record<string, number>[] = [];
  readonly #process: ChildProcess;
  #received: PromiseWithResolvers = withResolvers();

  constructor(url: string, side: SideName) {
    this.side = side;
    const execArgv = side === 'structs' ? ['--harmony-struct'] : [];
    this.#process = fork(fileURLToPath(import.meta.url), [url, side], { execArgv });
    this.#process.on('message', (message: Message) => this.#received.resolve(message));
    this.#process.on('exit', (code, signal) => this.#received.resolve({ failure: `ended with ${code ?? signal}` }));
  }

  /** What the child says next; the first time, that it is ready. */
  async receive(): Promise<Record<string, number>> {
    const message = await this.#received.promise;
    this.#received = withResolvers();
    if ('failure' in message) throw new Error(message.failure);
    return 'result' in message ? message.result : {};
  }

  round(): Promise<Record<string, number>> {
    this.#process.send('round');
    return this.receive();
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<Message>;
  resolve(message: Message): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (message: Message) => void = () => {};
  const promise = new Promise<Message>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Runs all sides of a benchmark in turns. A side that cannot run has a row that says why. */
export async function heapRows(bench: HeapBench): Promise<Row[]> {
  const children: Child[] = [];
  const failures = new Map<SideName, string>();
  const attempt = async (child: Child, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      failures.set(child.side, (error as Error).message.split('\n')[0]!);
      child.end();
    }
  };
  const alive = () => children.filter(({ side }) => !failures.has(side));
  for (const side of Object.keys(bench.sides) as SideName[]) {
    const child = new Child(bench.url, side);
    children.push(child);
    await attempt(child, async () => void (await child.receive()));
  }
  for (let round = -(bench.warmup ?? 2); round < bench.rounds; round++) {
    const order = round % 2 === 0 ? alive() : alive().reverse();
    for (const child of order) {
      await attempt(child, async () => {
        const result = await child.round();
        if (round >= 0) child.results.push(result);
      });
    }
  }
  for (const child of children) child.end();
  return bench.comparisons.map((comparison) => {
    const ours = children.find(({ side }) => side === 'heddle')!;
    const theirs = children.find(({ side }) => side === comparison.against)!;
    const failure = failures.get('heddle') ?? failures.get(comparison.against);
    return rowOf(comparison, ours, theirs, failure);
  });
}

function rowOf(comparison: Comparison, ours: Child, theirs: Child, failure: string | undefined): Row {
  const { name, against, target, inverse } = comparison;
  const mine = ours.results.map((result) => result[comparison.measure]!);
  const other = theirs.results.map((result) => result[comparison.theirs ?? comparison.measure]!);
  const ratios = mine.map((value, at) => (inverse === true ? other[at]! / value : value / other[at]!));
  return {
    name,
    ours: failure === undefined || mine.length > 0 ? show(median(mine)) : '–',
    against: comparison.label ?? LABELS[against],
    theirs: failure === undefined ? show(median(other)) : `– (${failure})`,
    ratio: failure === undefined ? median(ratios).toFixed(2) : '–',
    target,
  };
}

export function show(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(1)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

/** Nanoseconds for each of `count` operations. What `action` returns is looked at, so that nothing of it can be left out. */
export function time(count: number, action: () => unknown): number {
  const start = performance.now();
  sink(action());
  return ((performance.now() - start) * 1e6) / count;
}

let last: unknown;
function sink(value: unknown): void {
  if (value === sink) console.log(last);
  last = value;
}

/** What V8 has with `--harmony-struct`. */
export interface StructRealm {
  readonly SharedStructType: new (fields: readonly string[]) => new () => never;
  readonly SharedArray: new (length: number) => unknown[];
}
export const structRealm = globalThis as unknown as StructRealm;

async function child(url: string, side: SideName): Promise<void> {
  const send = (message: Message) => process.send!(message);
  try {
    const { bench } = (await import(url)) as { bench: HeapBench };
    const round = await bench.sides[side]!();
    process.on('message', () => {
      Promise.resolve()
        .then(round)
        .then(
          (result) => send({ result }),
          (error: Error) => send({ failure: String(error.stack) }),
        );
    });
    send({ ready: true });
  } catch (error) {
    send({ failure: String(error) });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void child(process.argv[2]!, process.argv[3] as SideName);
