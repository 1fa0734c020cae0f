// Runs a small program in a process of its own, under the Node that runs the tests, and hands back what it printed and how it ended.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { activityOf, endTree } from './activity.ts';
import { type Limits, LOOK, Patience } from './patience.ts';

/** The checkout. */
export const root = dirname(createRequire(import.meta.url).resolve('heddle/package.json'));

/**
 * Programs lie inside a package, so that they can import it by its name: inside the joined one, as users have it, which loads in half the
 * time, unless they look into its modules, or use helpers of the tests that do: all but counter.ts.
 */
const folderFor = (source: string): string =>
  join(root, 'build', ...(/#heddle\/|file:\/\/\S+\/support\/(?!counter\.)/.test(source) ? [] : ['joined']), 'programs');

/** A module that all programs load first, if the suite is to run under a module hook: test/environments/module_hooks.test.ts. */
const { HEDDLE_TEST_IMPORT } = process.env;
const hooks = HEDDLE_TEST_IMPORT === undefined ? [] : [`--import=${HEDDLE_TEST_IMPORT}`];

/** How another runtime runs a program: scripts/test-runtimes.mjs. */
const command = JSON.parse(process.env['HEDDLE_TEST_COMMAND'] ?? '[]') as string[];

export interface ProgramOptions {
  /** Arguments of the program. */
  readonly args?: readonly string[];
  /** What runs it, and with which arguments before its file; default: the Node that runs the tests. */
  readonly runtime?: readonly string[];
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly extension?: 'mjs' | 'cjs' | 'ts' | 'mts';
  /** When the program hangs, if not as patience.ts has it: it is killed, and the test fails. */
  readonly limits?: Limits;
  /** Called with all of stdout so far, whenever more has come. */
  readonly onStdout?: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs source text. */
export function program(source: string, options: ProgramOptions = {}): Promise<Outcome> {
  const name = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const folder = folderFor(source);
  const file = join(folder, `${name}.${options.extension ?? 'mjs'}`);
  mkdirSync(folder, { recursive: true });
  // Another test file may run the same text: a file that is there is whole, because a rename is atomic.
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, source);
    renameSync(draft, file);
  }
  return programFile(file, options);
}

/**
 * Runs statements that use the names of `heddle/thread`, then waits in a blocking call until all threads have ended. The statements
 * begin in line 2.
 */
export function threadProgram(statements: string, options: ProgramOptions = {}): Promise<Outcome> {
  return program(
    `import * as thread from 'heddle/thread'; const { allocate_lock, exit, interrupt_main, start_new_thread } = thread;
${statements}
const idle = allocate_lock();
idle.acquire();
while (thread._count() > 0) idle.acquire({ timeout: 1 });
`,
    options,
  );
}

/** Runs a file. Rejects if the program hangs. */
export function programFile(file: string, options: ProgramOptions = {}): Promise<Outcome> {
  const { args = [], nodeOptions = [], env = {}, cwd = root, limits, onStdout } = options;
  const [binary, ...first] = options.runtime ?? [process.execPath, ...command, ...hooks];
  if (command.length > 0 && nodeOptions.length > 0) throw new Error(`only Node has ${nodeOptions.join(' ')}`);
  return new Promise((resolve, reject) => {
    const child = spawn(binary!, [...first, ...nodeOptions, file, ...args], {
      cwd,
      env: { ...withoutRunner(process.env), NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onStdout?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    let verdict: string | undefined;
    const patience = new Patience(() => activityOf(child.pid!), limits);
    const looks = setInterval(() => {
      verdict ??= patience.verdict();
      if (verdict !== undefined) endTree(child.pid!);
    }, LOOK);
    child.on('error', (error) => {
      clearInterval(looks);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearInterval(looks);
      stderr = stripVTControlCharacters(stderr);
      if (verdict === undefined) resolve({ status, signal, stdout, stderr });
      else reject(new Error(`did not end, and ${verdict}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`));
    });
  });
}

/** Node's test runner tells its children by a variable to speak its own protocol; a program must not. */
function withoutRunner(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, FORCE_COLOR: _color, ...rest } = env;
  return rest;
}
