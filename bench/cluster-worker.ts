// A worker of bare BullMQ: the job's name says which function of this file is meant.

import { createPostgresBackend, Worker } from 'bullmq';

const address = process.argv[2]!;
const isPostgres = address.startsWith('postgres');
const jobs: Readonly<Record<string, (data: never) => unknown>> = {
  add: ({ a, b }: { a: number; b: number }) => a + b,
};
const connection = isPostgres ? { connectionString: address, schema: 'bare', migrate: true } : { url: address };
const worker = new Worker(
  'bare',
  async (job) => jobs[job.name]!(job.data as never),
  { connection: connection as never, concurrency: 2 },
  ...((isPostgres ? [createPostgresBackend] : []) as never[]),
);
await worker.waitUntilReady();
console.log('takes tasks');
