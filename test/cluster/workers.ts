// Worker processes for the tests of the cluster: each runs the command `heddle worker` in a folder that has nothing but a node_modules.

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../support/program.ts';

export const KEY = 'the key of all tests';

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Packages that are copied, by name, with another version if one is given. */
export type Packages = Readonly<Record<string, string | undefined>>;

/** A folder with Heddle as users have it, and with packages of the checkout. */
export function project(packages: Packages = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cluster-'));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  symlinkSync(join(root, 'build', 'joined'), join(modules, 'heddle'), 'dir');
  for (const [name, version] of Object.entries(packages)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
    if (version !== undefined) {
      const manifest = join(modules, name, 'package.json');
      writeFileSync(manifest, JSON.stringify({ name, version, main: 'index.js', type: 'module' }));
    }
  }
  return folder;
}

export interface WorkerProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** All that it has written. */
  said(): string;
  /** When it has written something that matches. */
  says(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Its status, or the signal that has ended it. */
  readonly over: Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface WorkerWish {
  readonly address: string;
  readonly key?: string;
  readonly threads?: number;
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly node?: string;
  /** Starts it in another manner: a network namespace. */
  readonly before?: readonly string[];
}

let shared: string | undefined;

/** Starts a worker, and waits until it takes tasks. */
export async function startWorkerProcess(wish: WorkerWish): Promise<WorkerProcess> {
  const { address, key = KEY, threads = 2, args = [], node = process.execPath, before = [] } = wish;
  shared ??= project();
  const cwd = wish.folder ?? shared;
  const program = join(root, 'build', 'joined', 'dist', 'cli', 'heddle.js');
  const words = [program, 'worker', '--address', address, '--threads', String(threads), ...args];
  const [command, ...rest] = [...before, node, ...words];
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(command!, rest, {
    cwd,
    env: { ...env, HEDDLE_CLUSTER_KEY: key, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let said = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      for (const listener of listeners) listener();
    });
  }
  const over = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('exit', (status, signal) => {
      running.delete(child);
      resolve(status ?? signal!);
      for (const listener of listeners) listener();
    });
  });
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(said)) resolve();
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`the worker has ended without saying ${pattern}:\n${said}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  await says(/takes tasks/);
  return { pid: child.pid!, child, said: () => said, says, kill: (signal) => void child.kill(signal), over };
}

/** Ends workers as a crash does. */
export async function endAll(workers: readonly WorkerProcess[]): Promise<void> {
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.map(({ over }) => over));
}
