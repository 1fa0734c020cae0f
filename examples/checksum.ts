// SHA-256 of every file under a folder, on several threads: `npm start -- [folder] [--threads N]`
//
// Each thread runs the plain function `work`, which closes over everything it needs: the list of paths, a lock, what this file imports
// from `node:`, and one map that all threads share. They write what they find straight into it, and main reads it: the largest files and
// the duplicates, at the end.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import progress from 'cli-progress';
import { allocateLock, SharedMap, shared, startNewThread, struct, t } from 'heddle';

/** A file that was read. Every thread sees the same records. */
const File = struct('File', { path: t.string, size: t.f64, digest: t.string });
type File = InstanceType<typeof File>;

interface Run {
  readonly files: SharedMap<string, File>;
  readonly seconds: number;
}

function checksum(paths: readonly string[], threads: number, label: string): Run {
  const files = new SharedMap<string, File>();
  const state = shared({ next: 0, running: threads });
  const lock = allocateLock();
  const finished = allocateLock();

  function work() {
    const chunk = Buffer.allocUnsafe(1 << 20);
    try {
      // A single operation on the map needs no lock. `next++` is two, a read and a write.
      for (let at = lock.with(() => state.next++); at < paths.length; at = lock.with(() => state.next++)) {
        const path = paths[at]!;
        const hash = createHash('sha256');
        const file = openSync(path, 'r');
        let size = 0;
        for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
          hash.update(chunk.subarray(0, read));
          size += read;
        }
        closeSync(file);
        files.set(path, new File({ path, size, digest: hash.digest('hex') }));
      }
    } finally {
      if (lock.with(() => --state.running) === 0) finished.release();
    }
  }

  const format = '{label} {bar} {percentage}%  {value}/{total} files';
  const bar = new progress.SingleBar({ format, gracefulExit: false });
  bar.start(paths.length, 0, { label: label.padEnd(10) });
  const start = performance.now();
  try {
    finished.acquire();
    for (let n = 0; n < threads; n++) startNewThread(work, []);
    while (!finished.acquire({ timeout: 50 })) bar.update(files.size);
    bar.update(files.size);
  } finally {
    bar.stop(); // Also when Ctrl-C has raised KeyboardInterrupt: the terminal is as it was.
  }
  return { files, seconds: (performance.now() - start) / 1000 };
}

/** The largest first; of equal ones by path, so that every run prints the same. */
const bySize = (a: File, b: File) => b.size - a.size || (a.path < b.path ? -1 : 1);

/** Files with the same content, those that take the most space together first. */
function duplicates(files: readonly File[]): File[][] {
  const groups = new Map<string, File[]>();
  for (const file of files) {
    const group = groups.get(file.digest);
    if (group) group.push(file);
    else groups.set(file.digest, [file]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .sort((a, b) => spare(b) - spare(a) || bySize(a[0]!, b[0]!));
}

/** Bytes that all but one of them take. */
const spare = (group: readonly File[]) => group[0]!.size * (group.length - 1);

function fail(message: string, status: number): never {
  console.error(`checksum: ${message}`);
  process.exit(status);
}

function options() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { threads: { type: 'string' } } });
    const [folder = 'node_modules', ...more] = positionals;
    if (more.length > 0) throw new Error(`one folder at a time, not also ${more.join(', ')}`);
    const threads = Number(values.threads ?? availableParallelism());
    if (!Number.isInteger(threads) || threads < 1) {
      throw new Error(`--threads takes a whole number from 1 on, not '${values.threads}'`);
    }
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    if (paths.length === 0) throw new Error(`there is no file under ${folder}`);
    return { folder, threads, paths };
  } catch (error) {
    return fail((error as Error).message, 2);
  }
}

const { folder, threads, paths } = options();
checksum(paths, threads, 'warming up'); // The files come into the system's cache, so that both runs find them there.
const one = checksum(paths, 1, '1 thread');
const many = checksum(paths, threads, `${threads} threads`);

const files = [...many.files.values()].sort(bySize);
const bytes = files.reduce((sum, { size }) => sum + size, 0);
const line = (count: number, { seconds }: Run) =>
  `${`${count} thread${count === 1 ? '' : 's'}`.padStart(10)}  ${(bytes / 1e6 / seconds).toFixed(0).padStart(6)} MB/s`;

console.log(`${folder}: ${files.length} files, ${bytes} bytes`);
console.log(`${line(1, one)}\n${line(threads, many)}  ${(one.seconds / many.seconds).toFixed(2)} × as fast`);
if (files.length < paths.length) fail(`${paths.length - files.length} files could not be read`, 1);
if (files.some(({ path, digest }) => one.files.get(path)?.digest !== digest)) fail('the two runs differ', 1);
console.log(`The ${files.length} digests of both are the same.`);

const SHOWN = 5;
const groups = duplicates(files);
console.log('\nThe largest files:');
for (const { path, size } of files.slice(0, SHOWN)) console.log(`${String(size).padStart(12)}  ${path}`);
const sum = groups.reduce((bytes, group) => bytes + spare(group), 0);
console.log(`\n${groups.length} files exist more than once, and ${sum} bytes are spare:`);
for (const group of groups.slice(0, SHOWN)) {
  console.log(`${`${group.length} × ${group[0]!.size}`.padStart(12)}  ${group[0]!.path}`);
}
