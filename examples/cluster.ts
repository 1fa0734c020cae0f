// A cluster on this machine, with npm alone: `npm run start:cluster`
//
// Starts PostgreSQL as it comes from npm, and three worker processes. Then it has them compute the SHA-256 of every file under node_modules: each
// task is a closure that captures a helper of this file, which the workers have never seen. In the middle one worker is killed. Its tasks are
// taken by the others, and at the end every file is there, once.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ThreadPoolExecutor } from 'heddle';
import { Cluster } from 'heddle/cluster';

interface Digest {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

const WORKERS = 3;
/** Files of a task. */
const BATCH = 40;
/** Milliseconds after which the tasks of a dead worker go to others. */
const LEASE = 3_000;

const root = dirname(createRequire(import.meta.url).resolve('heddle/package.json'));
const folder = join(root, 'node_modules');

/** Captured by the tasks: its text goes to the workers, once. */
function digestOf(path: string): Digest {
  const bytes = readFileSync(path);
  return { path, size: bytes.length, digest: createHash('sha256').update(bytes).digest('hex') };
}

const key = randomBytes(32).toString('hex');
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Starts `heddle worker`; its process, when it takes tasks. */
function startWorker(address: string): Promise<ChildProcess> {
  const command = join(root, 'dist', 'cli', 'heddle.js');
  const child = spawn(process.execPath, [command, 'worker', '--address', address, '--threads', '2', '--root', root], {
    env: { ...process.env, HEDDLE_CLUSTER_KEY: key },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  children.add(child);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/takes tasks/.test(said)) resolve(child);
    });
    child.on('exit', (status) => {
      children.delete(child);
      reject(new Error(`a worker has ended with ${status}:\n${said}`));
    });
  });
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** One line, written over again where there is a terminal. */
function show(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${line.padEnd(100)}`);
}

function bar(done: number, all: number): string {
  const width = 30;
  const full = Math.round((done / all) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

let since = performance.now();
const { startPostgres } = (await import(pathToFileURL(join(root, 'scripts', 'postgres.mjs')).href)) as {
  startPostgres(): Promise<{ address: string; stop(): Promise<void> }>;
};
const postgres = await startPostgres();
console.log(`PostgreSQL from npm is up: ${postgres.address} (${seconds(since)})`);

since = performance.now();
const cluster = await Cluster.connect({ address: postgres.address, key });
const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(postgres.address)));
console.log(`${WORKERS} workers take tasks: ${workers.map(({ pid }) => pid).join(', ')} (${seconds(since)})`);

const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const batches = Array.from({ length: Math.ceil(paths.length / BATCH) }, (_, at) =>
  paths.slice(at * BATCH, (at + 1) * BATCH),
);
console.log(`${relative(root, folder)}: ${paths.length} files, in ${batches.length} tasks\n`);

since = performance.now();
const executor = cluster.executor({ lease: LEASE, retries: 2 });
const futures = batches.map((batch) => executor.submit((files: string[]) => files.map(digestOf), batch));
const found = new Map<string, Digest>();
const times = new Map<string, number>();
const byWorker = new Map<string, number>();
let twice = 0;
let victim: ChildProcess | undefined = workers[0];
const whoDidWhat = (): string =>
  workers
    .map(
      ({ pid }) =>
        `${pid}${pid === workers[0]?.pid && victim === undefined ? '†' : ''} ${byWorker.get(String(pid)) ?? 0}`,
    )
    .join('  ');
await Promise.all(
  futures.map(async (future) => {
    for (const digest of await future) {
      found.set(digest.path, digest);
      times.set(digest.path, (times.get(digest.path) ?? 0) + 1);
    }
    const pid = future.worker!.split('/').at(-1)!;
    byWorker.set(pid, (byWorker.get(pid) ?? 0) + BATCH);
    if (future.attempts! > 1) twice++;
    show(`${bar(found.size, paths.length)} ${found.size}/${paths.length}   ${whoDidWhat()}`);
    if (victim !== undefined && found.size > paths.length / 3) {
      children.delete(victim);
      victim.removeAllListeners('exit').kill('SIGKILL');
      show('');
      console.log(`\rworker ${victim.pid} is killed, at ${found.size} of ${paths.length} files`);
      victim = undefined;
    }
  }),
);
show('');
console.log(`\rall tasks are done (${seconds(since)}): ${whoDidWhat()}`);
console.log(`${twice} tasks were begun a second time, since their worker had died`);

const missing = paths.filter((path) => !found.has(path));
const repeated = [...times.values()].filter((count) => count > 1);
const threads = new ThreadPoolExecutor();
const here = [...threads.map((batch: string[]) => batch.map(digestOf), batches)].flat();
threads.shutdown();
const different = here.filter(({ path, digest }) => found.get(path)?.digest !== digest);
console.log(
  `${found.size} of ${paths.length} files are there; ${missing.length} missing, ${repeated.length} there twice, ` +
    `${different.length} other than what this process computes itself`,
);

await cluster.close();
for (const child of children) child.removeAllListeners('exit').kill('SIGTERM');
await Promise.all([...children].map((child) => new Promise((resolve) => child.on('exit', resolve))));
await postgres.stop();
console.log('the workers have drained, PostgreSQL is stopped, and its data is removed');
process.exitCode = missing.length + repeated.length + different.length === 0 ? 0 : 1;
