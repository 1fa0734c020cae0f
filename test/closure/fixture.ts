// Small programs in a folder of their own, with packages, loaders and compilers around them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programFile, root } from '../support/program.ts';

const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);

/** `run(fn, ...args)` in a thread, for programs of any module system; `show` prints what a test wants to see. */
const THREAD = `
import { inspectorCalls } from ${url('dist/closure/out/capture.js')};
import { Target } from ${url('test/closure/thread.mjs')};
export { inspectorCalls };
export { mapStack } from ${url('dist/closure/text/stacks.js')};
export * from ${url('dist/closure/errors.js')};
const target = new Target();
export const start = (fn, ...args) => target.start(fn, args);
export const run = (fn, ...args) => start(fn, ...args).result;
export const show = (value) => console.log(JSON.stringify(value));
/** First frame of a stack that is the program's: 'name.ext:line:column'. */
export const frame = (error) => /([^/\\\\\\s(]+:\\d+:\\d+)\\)?$/m.exec(error.stack)[1];
`;

export interface FixtureOptions {
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the folder before the program runs. */
  readonly prepare?: (folder: string) => void;
}

/** Writes the files, runs the first, and gives the values it showed. */
export async function fixture(files: Record<string, string>, options: FixtureOptions = {}): Promise<unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  try {
    for (const [name, text] of Object.entries({ ...files, 'thread.mjs': THREAD })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    options.prepare?.(folder);
    const { status, stdout, stderr } = await programFile(join(folder, Object.keys(files)[0]!), {
      cwd: folder,
      nodeOptions: options.nodeOptions ?? [],
      env: options.env ?? {},
    });
    if (status !== 0 || stderr !== '') throw new Error(`exit ${status}\n${stdout}\n${stderr}`);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
