// Tasks on other processes: Heddle's cluster against bare BullMQ with a worker file, on the same server, in turns. The server is Redis if it is
// installed, else the PostgreSQL from npm.

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPostgresBackend, Queue, QueueEvents } from 'bullmq';
import { Cluster } from 'heddle/cluster';
import { kinds } from '../test/cluster/servers.js';
import { endAll, KEY, startWorkerProcess } from '../test/cluster/workers.js';
import type { Row } from './harness.js';

const WORKERS = 4;
const ROUNDS = 5;
const TRIVIAL = 60;
const BULK = 500;
const LEASE = 2_000;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const at = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** Milliseconds that each call takes. */
async function timed(times: number, call: (n: number) => PromiseLike<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < times; n++) {
    const since = performance.now();
    await call(n);
    taken.push(performance.now() - since);
  }
  return taken;
}

export async function clusterRows(): Promise<Row[]> {
  const kind = kinds.find(({ name, start }) => name === 'redis' && start) ?? kinds.find(({ start }) => start)!;
  const server = await kind.start!();
  const { address } = server;
  const isPostgres = address.startsWith('postgres');
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorkerProcess({ address })));
  const bareFile = fileURLToPath(new URL('cluster-worker.js', import.meta.url));
  const bare: ChildProcess[] = [];
  for (let n = 0; n < WORKERS; n++) {
    const child = spawn(process.execPath, [bareFile, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    bare.push(child);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
  }
  const connection = isPostgres ? { connectionString: address, schema: 'bare', migrate: true } : { url: address };
  const backend = (isPostgres ? [createPostgresBackend] : []) as never[];
  const queue = new Queue('bare', { connection: connection as never }, ...backend);
  const events = new QueueEvents('bare', { connection: connection as never }, ...backend);
  await events.waitUntilReady();
  const cluster = await Cluster.connect({ address, key: KEY });
  const executor = cluster.executor();
  const keep = { removeOnComplete: { age: 3600 } };

  const ours = async (n: number): Promise<unknown> => executor.submit((a: number, b: number) => a + b, n, 1);
  const theirs = async (n: number): Promise<unknown> =>
    (await queue.add('add', { a: n, b: 1 }, keep)).waitUntilFinished(events);
  await timed(20, ours);
  await timed(20, theirs);
  const [own, other] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(median(await timed(TRIVIAL, ours)));
    other.push(median(await timed(TRIVIAL, theirs)));
  }

  const items = Array.from({ length: BULK }, (_, n) => n);
  const bulkOurs = async (): Promise<void> => {
    for await (const _ of executor.map((n: number) => n + 1, items));
  };
  const bulkTheirs = async (): Promise<void> => {
    const added = await queue.addBulk(items.map((n) => ({ name: 'add', data: { a: n, b: 1 }, opts: keep })));
    await Promise.all(added.map((job) => job.waitUntilFinished(events)));
  };
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [side, bulk] of [bulkOurs, bulkTheirs].entries()) {
      const [taken] = await timed(1, bulk);
      rates[side]!.push((BULK / taken!) * 1000);
    }
  }

  const bytes = new Uint8Array(2 ** 20).fill(7);
  const large = await timed(15, () => executor.submit((given: Uint8Array) => given, bytes));

  const place = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const path = join(place, 'begun');
  const begun = async (count: number): Promise<void> => {
    while (readFileSync(path, 'utf8').split('\n').length <= count)
      await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const cancels: number[] = [];
  for (let n = 0; n < 20; n++) {
    writeFileSync(path, '');
    const future = executor.submit(() => {
      appendFileSync(path, 'x\n');
      for (;;);
    });
    await begun(1);
    const [taken] = await timed(1, () => future.cancel());
    cancels.push(taken!);
  }

  const again: number[] = [];
  for (let n = 0; n < 3; n++) {
    writeFileSync(path, '');
    const future = cluster.executor({ lease: LEASE }).submit(() => {
      appendFileSync(path, `${process.pid}\n`);
      while (readFileSync(path, 'utf8').split('\n').length < 3);
    });
    await begun(1);
    const pid = Number(readFileSync(path, 'utf8').split('\n')[0]);
    const since = performance.now();
    process.kill(pid, 'SIGKILL');
    await begun(2);
    again.push((performance.now() - since) / LEASE);
    await future;
    workers.push(await startWorkerProcess({ address }));
  }

  await cluster.close();
  await events.close();
  await queue.close();
  for (const child of bare) child.kill('SIGKILL');
  await endAll(workers);
  await server.stop();
  rmSync(place, { recursive: true, force: true });
  const against = `bare BullMQ on ${kind.name}`;
  return [
    {
      name: 'a trivial task, submit → result, p50',
      ours: ms(median(own)),
      against,
      theirs: ms(median(other)),
      ratio: (median(own) / median(other)).toFixed(2),
      target: '≤ 1.2',
    },
    {
      name: `tasks per second, ${WORKERS} worker processes`,
      ours: median(rates[0]).toFixed(0),
      against,
      theirs: median(rates[1]).toFixed(0),
      ratio: (median(rates[0]) / median(rates[1])).toFixed(2),
      target: '≥ 0.9',
    },
    { name: '1 MB there and back, p50', ours: ms(median(large)), against: '–', theirs: '–', ratio: '–', target: '–' },
    {
      name: 'cancel of an endless loop, p99',
      ours: ms(at(cancels, 0.99)),
      against: '–',
      theirs: '–',
      ratio: '–',
      target: '≤ 300 ms',
    },
    {
      name: 'worker killed → task begun again, in leases',
      ours: Math.max(...again).toFixed(2),
      against: '–',
      theirs: '–',
      ratio: '–',
      target: '≤ 1.5',
    },
  ];
}
