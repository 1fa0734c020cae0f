// Bytes between threads: each way against one plain copy of the same bytes, `structuredClone` in one thread. And what a server does with
// them: bodies that are compressed by threads, in CPU time, against piscina.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { Queue, Thread, ThreadPoolExecutor, transfer } from 'heddle';
import { Piscina } from 'piscina';
import { clock, clockAsync, compare, type Row, type Side } from './harness.js';

const MEBIBYTE = 1024 * 1024;
const SIZE = 3 * MEBIBYTE;
const BODY = 30_000;
const IN_FLIGHT = 16;

const times = (count: number, action: () => void): number =>
  clock(() => {
    for (let n = 0; n < count; n++) action();
  });

/** A plain copy of as many bytes. */
const copying =
  (size: number): Side =>
  (count) => {
    const bytes = new Uint8Array(size).fill(7);
    return times(count, () => void structuredClone(bytes));
  };

/** Each round has buffers of its own, made before the clock starts. */
function moving(size: number, count: number, action: (bytes: Uint8Array<ArrayBuffer>) => void): number {
  const all = Array.from({ length: count }, () => new Uint8Array(size).fill(7));
  return clock(() => all.forEach(action));
}

function check(length: number, size: number): void {
  if (length !== size) throw new Error(`${length} bytes arrived of ${size}`);
}

const lengthOf = (bytes: Uint8Array): number => bytes.length;
const make = (size: number): Uint8Array => new Uint8Array(size);
const makeMarked = (size: number): Uint8Array => transfer(new Uint8Array(size));

export async function byteRows(): Promise<Row[]> {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const queue = new Queue<Uint8Array>();
  const bytes = new Uint8Array(SIZE).fill(7);
  const ways: { name: string; size: number; target: string; ours: Side }[] = [
    {
      name: '3 MiB as an argument of a task',
      size: SIZE,
      target: '≤ 3',
      ours: (count) => times(count, () => check(executor.submit(lengthOf, bytes).result(), SIZE)),
    },
    {
      name: '3 MiB as a result',
      size: SIZE,
      target: '≤ 3',
      ours: (count) => times(count, () => check(executor.submit(make, SIZE).result().length, SIZE)),
    },
    {
      name: '3 MiB through a queue, put + get',
      size: SIZE,
      target: '≤ 3',
      ours: (count) =>
        times(count, () => {
          queue.put(bytes);
          check(queue.get().length, SIZE);
        }),
    },
    {
      name: '3 MiB as an argument of a thread, started and joined',
      size: SIZE,
      target: '≤ 3',
      ours: (count) =>
        times(count, () => {
          const thread = new Thread((given: Uint8Array) => void given.length, { args: [bytes] });
          thread.start();
          thread.join();
        }),
    },
    ...[MEBIBYTE, 16 * MEBIBYTE].flatMap((size) => {
      const amount = `${size / MEBIBYTE} MiB, transferred,`;
      return [
        {
          name: `${amount} as an argument of a task`,
          size,
          target: '≤ 1.3',
          ours: (count: number) =>
            moving(size, count, (moved) => check(executor.submit(lengthOf, transfer(moved)).result(), size)),
        },
        {
          name: `${amount} as a result`,
          size,
          target: '≤ 1.3',
          ours: (count: number) => times(count, () => check(executor.submit(makeMarked, size).result().length, size)),
        },
        {
          name: `${amount} through a queue, put + get`,
          size,
          target: '≤ 1.3',
          ours: (count: number) =>
            moving(size, count, (moved) => {
              queue.put(transfer(moved));
              check(queue.get().length, size);
            }),
        },
      ];
    }),
  ];
  const rows: Row[] = [];
  for (const { name, size, target, ours } of ways) {
    const theirs = copying(size);
    rows.push(await compare({ name, against: 'a plain copy', target, unit: 'µs', count: 5, rounds: 21, ours, theirs }));
  }
  rows.push(await rowsOfObjects(queue as unknown as Queue<unknown>));
  rows.push(await gzipRow());
  executor.shutdown();
  return rows;
}

/** A table of objects through a queue, and through a port. */
function rowsOfObjects(queue: Queue<unknown>): Promise<Row> {
  const table = Array.from({ length: 1000 }, (_, id) => ({ id, name: `row ${id}`, price: id / 3, open: id % 2 === 0 }));
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  return compare({
    name: '1,000 objects of four fields through a queue, put + get',
    against: 'postMessage + receiveMessageOnPort',
    target: '≤ 1.2',
    unit: 'µs',
    count: 20,
    rounds: 21,
    ours: (count) =>
      times(count, () => {
        queue.put(table);
        check((queue.get() as unknown[]).length, table.length);
      }),
    theirs: (count) =>
      times(count, () => {
        port1.postMessage(table);
        check((receiveMessageOnPort(port2) as { message: unknown[] }).message.length, table.length);
      }),
  });
}

/** CPU time of the whole process for each of many tasks that compress a body, some at a time. */
async function gzipRow(): Promise<Row> {
  const file = join(tmpdir(), `heddle-bench-gzip-${process.pid}.mjs`);
  writeFileSync(file, "import { gzipSync } from 'node:zlib';\nexport default (body) => gzipSync(body);\n");
  const piscina = new Piscina({ filename: pathToFileURL(file).href, minThreads: 2, maxThreads: 2 });
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const body = Buffer.from('heddle gives threads to TypeScript, and to JavaScript as well. '.repeat(BODY / 64));
  const size = gzipSync(body).length;
  const compress = (given: Buffer): Buffer => gzipSync(given);
  const side =
    (run: () => PromiseLike<Uint8Array>): Side =>
    async (count) => {
      const before = process.cpuUsage();
      await clockAsync(async () => {
        for (let n = 0; n < count; n += IN_FLIGHT) {
          const results = await Promise.all(Array.from({ length: IN_FLIGHT }, run));
          for (const result of results) check(result.length, size);
        }
      });
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
  const row = await compare({
    name: 'gzip of a body of 30 KB, CPU for each task',
    against: 'piscina',
    target: '≤ 1',
    unit: 'µs',
    count: 20 * IN_FLIGHT,
    rounds: 11,
    ours: side(() => executor.submit(compress, body)),
    theirs: side(() => piscina.run(body) as Promise<Uint8Array>),
  });
  executor.shutdown();
  await piscina.destroy();
  return row;
}
