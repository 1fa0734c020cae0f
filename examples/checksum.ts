// SHA-256 of every file under a folder, on several threads: `npm start -- [folder] [--threads N]`
//
// Each thread runs the plain function `work`, which closes over everything it needs: the list of paths, a lock, a counter and the
// results in shared memory, and what this file imports from `node:`.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import progress from 'cli-progress';
import { allocate_lock, start_new_thread } from 'heddle/thread';

const DIGEST = 32;

interface Totals {
  readonly digests: Uint8Array;
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
}

function checksum(paths: readonly string[], threads: number, label: string): Totals {
  const lock = allocate_lock();
  const finished = allocate_lock();
  const digests = new Uint8Array(new SharedArrayBuffer(DIGEST * paths.length));
  const [NEXT, FILES, BYTES, RUNNING] = [0, 1, 2, 3];
  const totals = new Float64Array(new SharedArrayBuffer(4 * 8));

  /** Adds under the lock and returns the old value. */
  const add = (which: number, amount: number) =>
    lock.with(() => {
      const old = totals[which]!;
      totals[which] = old + amount;
      return old;
    });

  function work() {
    const chunk = Buffer.allocUnsafe(1 << 20);
    try {
      for (let index = add(NEXT, 1); index < paths.length; index = add(NEXT, 1)) {
        const hash = createHash('sha256');
        const file = openSync(paths[index]!, 'r');
        let bytes = 0;
        for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
          hash.update(chunk.subarray(0, read));
          bytes += read;
        }
        closeSync(file);
        digests.set(hash.digest(), index * DIGEST);
        add(FILES, 1);
        add(BYTES, bytes);
      }
    } finally {
      if (add(RUNNING, -1) === 1) finished.release();
    }
  }

  const format = '{label} {bar} {percentage}%  {value}/{total} files';
  const bar = new progress.SingleBar({ format, gracefulExit: false });
  bar.start(paths.length, 0, { label: label.padEnd(10) });
  const start = performance.now();
  try {
    totals[RUNNING] = threads;
    finished.acquire();
    for (let n = 0; n < threads; n++) start_new_thread(work, []);
    while (!finished.acquire({ timeout: 50 })) bar.update(totals[FILES]!);
    bar.update(totals[FILES]!);
  } finally {
    bar.stop(); // Also when Ctrl-C has raised KeyboardInterrupt: the terminal is as it was.
  }
  const seconds = (performance.now() - start) / 1000;
  return { digests, files: totals[FILES]!, bytes: totals[BYTES]!, seconds };
}

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
const line = (count: number, { bytes, seconds }: Totals) =>
  `${`${count} thread${count === 1 ? '' : 's'}`.padStart(10)}  ${(bytes / 1e6 / seconds).toFixed(0).padStart(6)} MB/s`;

checksum(paths, threads, 'warming up'); // The files come into the system's cache, so that both runs find them there.
const one = checksum(paths, 1, '1 thread');
const many = checksum(paths, threads, `${threads} threads`);

console.log(`${folder}: ${many.files} files, ${many.bytes} bytes`);
console.log(`${line(1, one)}\n${line(threads, many)}  ${(one.seconds / many.seconds).toFixed(2)} × as fast`);
if (many.files < paths.length) fail(`${paths.length - many.files} files could not be read`, 1);
if (!Buffer.from(one.digests).equals(many.digests)) fail('the two runs differ', 1);
console.log(`The ${many.files} digests of both are the same.`);
