// Tasks on BullMQ: https://docs.bullmq.io. It is the same on every server: what differs is how it connects.
//
// Leases are renewed here, not by BullMQ, which has one for all tasks of a worker. Its count of stalled starts is not used either: how
// often a task may be begun is said in its signed header.

import type { Job as JobOfQueue, JobsOptions, QueueEvents, Queue as QueueOfJobs, Worker as WorkerOfJobs } from 'bullmq';
import { isAway } from './away.js';
import { peer } from './peer.js';
import type { ConsumeOptions, Consumer, Job, JobData, Jobs, Over, Settled, Taken } from './seam.js';

/** How BullMQ reaches the server. */
export interface Connector {
  readonly options: { readonly connection: never; readonly prefix?: string };
  /** What BullMQ is given behind the options. */
  readonly backend: readonly never[];
  /** Of these ids, those that are over and those that are unknown. */
  look(queue: string, ids: readonly string[]): ReturnType<Jobs['look']>;
  /** A connection that may wait for something is another one. */
  readonly blocking?: { readonly connection: never };
}

const load = () => peer('bullmq', () => import('bullmq'));

/** How often BullMQ looks for tasks whose lease is over: so much later they are begun again at most. */
const STALLED_LOOK = 250;
const RETRY_AFTER = 500;
/** Retries are counted by the header. */
const UNLIMITED = 1_000_000;

/** An event of this file's, and how often it is sent. */
const HELLO = 'heddle-hello';
const HELLOS = 20;

const ignore = (): void => {};
const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

export async function jobsOn(connector: Connector, name: string): Promise<Jobs> {
  const { Queue, QueueEvents, QueueEventsProducer, Job: JobOf } = await load();
  const { options, backend, blocking } = connector;
  const queue: QueueOfJobs = new Queue(name, options, ...backend);
  // What is wrong with the connection, the calls say.
  queue.on('error', ignore);
  let events: QueueEvents | undefined;
  const optionsOf = ({ id, priority, keep }: Job): JobsOptions => {
    const age = { age: Math.ceil(keep / 1000) };
    return { jobId: id, removeOnComplete: age, removeOnFail: age, ...(priority === undefined ? {} : { priority }) };
  };
  return {
    async add(jobs) {
      const [first] = jobs;
      if (first === undefined) return;
      if (jobs.length === 1) await queue.add('call', first.data, optionsOf(first));
      else await queue.addBulk(jobs.map((job) => ({ name: 'call', data: job.data, opts: optionsOf(job) })));
    },
    look: (ids) => connector.look(name, ids),
    async outcome(id) {
      const job = await JobOf.fromId<unknown, JobData>(queue, id);
      if (job?.finishedOn === undefined) return undefined;
      return { id, returned: job.returnvalue ?? undefined, failed: job.failedReason || undefined };
    },
    async remove(id) {
      try {
        return (await queue.remove(id)) === 1;
      } catch {
        // Somebody has taken it.
        return false;
      }
    },
    async onOver(tell) {
      events = new QueueEvents(name, { ...options, ...blocking }, ...backend);
      events.on('error', ignore);
      events.on('completed', ({ jobId, returnvalue }) => tell(overOf(jobId, returnvalue)));
      events.on('failed', ({ jobId, failedReason }) => tell({ id: jobId, failed: failedReason }));
      await events.waitUntilReady();
      // What happens before the first read has reached the server is not heard of: it is read when an event of our own has come.
      const producer = new QueueEventsProducer(name, options, ...backend);
      producer.on('error', ignore);
      let heard = false;
      (events as unknown as NodeJS.EventEmitter).on(HELLO, () => {
        heard = true;
      });
      for (let tries = 0; !heard && tries < HELLOS; tries++) {
        await producer.publishEvent({ eventName: HELLO });
        for (let waited = 0; !heard && waited < 50; waited += 5) await pause(5);
      }
      await producer.close();
    },
    async limit({ max, duration }) {
      await queue.setGlobalRateLimit(max, duration);
    },
    async close() {
      await events?.close();
      await queue.close();
    },
  };
}

/**
 * BullMQ takes a lost connection to PostgreSQL for a failure of the task, and says so to the engine when that is back. So what it says is said
 * again until it is heard: whether it still counts, the engine knows by the lease.
 */
function persist(job: JobOfQueue): void {
  const { moveToCompleted, moveToFailed } = job;
  job.moveToCompleted = (...args) => untilHeard(() => moveToCompleted.apply(job, args));
  job.moveToFailed = (...args) => untilHeard(() => moveToFailed.apply(job, args));
}

async function untilHeard<T>(say: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await say();
    } catch (error) {
      if (!isAway(error)) throw error;
      await pause(RETRY_AFTER);
    }
  }
}

/** The value may have come with the event, as it is or as text. */
function overOf(id: string, returned: unknown): Over {
  let value = returned;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      value = undefined;
    }
  }
  const data = value as JobData | undefined;
  return {
    id,
    returned: typeof data === 'object' && data !== null && ('p' in data || 'ref' in data) ? data : undefined,
  };
}

export async function consumeFrom(
  { options, backend }: Connector,
  name: string,
  perform: (taken: Taken) => Promise<Settled>,
  { concurrency, lease, name: worker, accepted, trouble }: ConsumeOptions,
): Promise<Consumer> {
  const { UnrecoverableError, WaitingError, Worker } = await load();
  const consumer: WorkerOfJobs = new Worker(
    name,
    async (job, token) => {
      persist(job);
      const settled = await perform({
        id: job.id!,
        data: job.data as JobData,
        attempt: job.attemptsStarted,
        renew: async (until) => (await job.extendLock(token!, until)) === 1,
      });
      // BullMQ lets go of the task, and changes nothing of it.
      if (settled === 'abandoned') throw new WaitingError();
      if ('failed' in settled) throw new UnrecoverableError(settled.failed);
      return settled.returned;
    },
    {
      ...options,
      concurrency,
      lockDuration: lease,
      skipLockRenewal: true,
      stalledInterval: STALLED_LOOK,
      maxStalledCount: UNLIMITED,
      runRetryDelay: RETRY_AFTER,
      drainDelay: 5,
      name: worker,
    },
    ...backend,
  );
  consumer.on('completed', (job) => accepted(job.id!));
  consumer.on('error', trouble);
  return {
    begun: consumer.waitUntilReady(),
    close: () => consumer.close(),
  };
}
