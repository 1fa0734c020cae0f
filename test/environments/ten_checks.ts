// A program of three modules that checks ten things which bundlers can get in the way of, for a project that has the packages
// `escape-string-regexp` (an ES module) and `semver` (CommonJS). `main.ts` prints TEN OF TEN, or what is wrong.

const SHAPES = `export const FACTOR = 3;
export function square(n: number): number { return n * n; }
export const scaled = (n: number): number => square(n) * FACTOR;

export class Point {
  readonly #kind: string = 'point';
  x: number;
  y: number;
  constructor(x: number, y: number) { this.x = x; this.y = y; }
  get length(): number { return Math.sqrt(square(this.x) + square(this.y)); }
  plus(other: Point): Point { return new Point(this.x + other.x, this.y + other.y); }
  kind(): string { return this.#kind; }
  static both(n: number): Point { return new Point(n, n); }
}

export class Tall extends Point {
  z = 12;
  override get length(): number { return Math.sqrt(super.length ** 2 + this.z ** 2); }
}
`;

const BREAKS = `interface Reason { readonly text: string }

export function breaks(n: number): never {
  const reason: Reason = { text: 'broken' };

  throw new RangeError(\`\${reason.text} \${n}\`);
}
`;
/** The line of \`breaks.ts\` that throws. */
const LINE = 6;

const CHECKS = `import { basename } from 'node:path';
import escapeText from 'escape-string-regexp';
import semver from 'semver';
import { Lock, run, shared, Thread, ThreadPoolExecutor } from 'heddle';
import { breaks } from './breaks.ts';
import { Point, scaled, square, Tall } from './shapes.ts';

const PREFIX = 'p:';
const local = (n: number): number => n + PREFIX.length;

/** Three threads that count together. */
function counting(): { readonly state: { n: number }; readonly threads: readonly Thread[] } {
  const state = shared({ n: 0, lock: new Lock() });
  const work = () => { for (let i = 0; i < 300; i++) state.lock.with(() => { state.n++; }); };
  const threads = [1, 2, 3].map(() => new Thread(work));
  for (const thread of threads) thread.start();
  return { state, threads };
}

const checks: Record<string, () => unknown> = {
  'a function of the module': async () => same(await run(local, 40), 42),
  'a builtin module': async () => same(await run(() => PREFIX + basename('/x/y.ts')), 'p:y.ts'),
  'a package of ES modules': async () => same(await run(() => escapeText('a.b')), 'a\\\\.b'),
  'a package of CommonJS': async () => same(await run(() => [semver.gt('2.0.0', '1.0.0'), String(semver.parse('1.2.3'))]), [true, '1.2.3']),
  'functions of another module': async () => same([await run(square, 7), await run(() => scaled(2))], [49, 12]),
  'classes': async () => {
    const found = await run(() => [new Point(3, 4).length, Point.both(2).plus(new Point(1, 1)).x, new Tall(3, 4).length, new Tall(1, 1) instanceof Point, Point.both(1).kind()]);
    same(found, [5, 3, 13, true, 'point']);
  },
  'threads that wait on the event loop': async () => {
    const { state, threads } = counting();
    for (const thread of threads) await thread.joinAsync();
    same(state.n, 900);
  },
  'threads that block': () => {
    const { state, threads } = counting();
    for (const thread of threads) thread.join();
    same(state.n, 900);
  },
  'an executor': () => {
    const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    same([...executor.map(scaled, [1, 2, 3])], [3, 12, 27]);
    executor.shutdown();
  },
  'the stack of an error': async () => {
    const error = await run(breaks, 3).catch((error: unknown) => error) as Error;
    if (!(error instanceof RangeError) || error.message !== 'broken 3') throw error;
    if (!/breaks\\.ts:${LINE}:\\d+/.test(String(error.stack))) throw new Error('it says ' + error.stack);
  },
};

function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(JSON.stringify(found) + ' in the place of ' + JSON.stringify(wanted));
}

/** TEN OF TEN, or what is wrong. */
export async function tenChecks(): Promise<string> {
  const wrong: string[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      wrong.push(name + ': ' + String((error as Error).stack));
    }
  }
  return wrong.length === 0 && Object.keys(checks).length === 10 ? 'TEN OF TEN' : wrong.join('\\n');
}
`;

export const TEN_CHECKS: Readonly<Record<string, string>> = {
  'shapes.ts': SHAPES,
  'breaks.ts': BREAKS,
  'checks.ts': CHECKS,
  'main.ts': "import { tenChecks } from './checks.ts';\nvoid tenChecks().then((found) => console.log(found));\n",
};

/** What it needs beside Heddle. */
export const PACKAGES = ['escape-string-regexp@5', 'semver@7'];
