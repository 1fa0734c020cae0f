// The kernel, compiled with points: calls out of it at places where another thread's step, or the thread's death, can come between. And
// with mutations, to see that what they break is found.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/program.ts';

/** The part of its compiler that is used here. Its own types declare globals over Node's, such as a `console` without `error`. */
interface Compiler {
  main(
    options: readonly string[],
    host: { readFile(name: string): string | null; writeFile(name: string, contents: string | Uint8Array): void },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

const COMPILER: string = 'assemblyscript/asc';

/** A text in a file that is replaced by another. It must be there exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Places in the kernel, by number. */
export const POINTS = [
  'before the guard',
  'in the guard, before the gate is read',
  'in the guard',
  'before the pin is noted',
  'before the pin is set',
  'before the log',
  'the lock is held',
  'before the table is read',
  'pages are looked for',
  'a page is given back',
  'entries are copied',
  'before pins go',
] as const;

export type Point = (typeof POINTS)[number];

const at = (point: Point): string => `point(${POINTS.indexOf(point)});`;

const INSTRUMENTS: readonly Edit[] = [
  {
    file: 'kernel/guard.ts',
    from: `  atomic.store<i32>(thread + R_GUARD, 1);
  const gate = atomic.load<i32>(H_GATE);
  if (gate == S_CLOSED) atomic.store<i32>(thread + R_GUARD, 0);`,
    to: `  ${at('before the guard')}
  atomic.store<i32>(thread + R_GUARD, 1);
  ${at('in the guard, before the gate is read')}
  const gate = atomic.load<i32>(H_GATE);
  if (gate == S_CLOSED) atomic.store<i32>(thread + R_GUARD, 0);
  else ${at('in the guard')}`,
  },
  {
    file: 'kernel/guard.ts',
    from: 'export function appendLog(thread: usize, entry: i32): void {',
    to: `export function appendLog(thread: usize, entry: i32): void {\n  ${at('before the log')}`,
  },
  {
    file: 'kernel/guard.ts',
    from: '  return atomic.cmpxchg<i32>(word, 0, me) == 0 || lockSlowly(word, me);',
    to: `  if (atomic.cmpxchg<i32>(word, 0, me) != 0 && !lockSlowly(word, me)) return false;\n  ${at('the lock is held')}\n  return true;`,
  },
  {
    file: 'kernel/mutator.ts',
    from: 'function pinInside(address: u32, gate: i32, thread: usize): i32 {',
    to: `function pinInside(address: u32, gate: i32, thread: usize): i32 {\n  ${at('before the pin is noted')}`,
  },
  {
    file: 'kernel/mutator.ts',
    from: '  store<i32>(word, load<i32>(word) | (1 << (granule & 31)));\n',
    to: `  ${at('before the pin is set')}\n  store<i32>(word, load<i32>(word) | (1 << (granule & 31)));\n`,
  },
  {
    file: 'kernel/mutator.ts',
    from: '  if (!enterOpen(thread)) return 0;\n  for (let at = 0; at < count; at++) {\n    const index',
    to: `  if (!enterOpen(thread)) return 0;\n  ${at('before pins go')}\n  for (let at = 0; at < count; at++) {\n    const index`,
  },
  {
    file: 'kernel/tables.ts',
    from: '  let at = load<u32>(table + T_HEADS + ((hashNumber(bits)',
    to: `  ${at('before the table is read')}\n  let at = load<u32>(table + T_HEADS + ((hashNumber(bits)`,
  },
  {
    file: 'kernel/tables.ts',
    from: '  const renumber = load<u32>(old + T_ORDINAL)',
    to: `  ${at('entries are copied')}\n  const renumber = load<u32>(old + T_ORDINAL)`,
  },
  {
    file: 'kernel/pages.ts',
    from: 'export function findPages(count: u32): u32 {',
    to: `export function findPages(count: u32): u32 {\n  ${at('pages are looked for')}`,
  },
  {
    file: 'kernel/pages.ts',
    from: '  store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));\n  store<i32>(meta + M_OWNER, 0);\n}',
    to: `  ${at('a page is given back')}\n  store<i32>(meta + M_CYCLE, load<i32>(H_CYCLE));\n  store<i32>(meta + M_OWNER, 0);\n}`,
  },
];

/** A text with an edit made in it. */
export function edited(text: string, { file, from, to }: Edit): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

/** Compiles it. Base64. */
export async function kernelWithPoints(mutations: readonly Edit[] = []): Promise<string> {
  const edits = [...mutations, ...INSTRUMENTS].filter(({ file }) => file.startsWith('kernel/'));
  let binary: Uint8Array | undefined;
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const { error, stderr } = await asc.main(
    [
      ...['kernel/kernel.ts', '--baseDir', root, '--outFile', 'kernel.wasm'],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '256', '--maximumMemory', '65536', '--noExportMemory'],
      ...['--enable', 'threads', '--runtime', 'stub', '-O1', '--noAssert'],
    ],
    {
      readFile(name: string) {
        if (name === 'kernel/points.ts') {
          return '@external("env", "point") export declare function point(at: i32): void;';
        }
        let text: string;
        try {
          text = readFileSync(join(root, name), 'utf8');
        } catch {
          return null;
        }
        const own = edits.filter(({ file }) => file === name);
        for (const edit of own) text = edited(text, edit);
        return own.length === 0 ? text : `import { point } from './points';\n${text}`;
      },
      writeFile(_name: string, contents: string | Uint8Array) {
        if (contents instanceof Uint8Array) binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined) throw new Error(String(stderr), { cause: error });
  return Buffer.from(binary).toString('base64');
}
