// What the station does for the threads of its process, by name: each is called with what the thread has said, and what it gives is the answer.

import { TimeoutError } from '../futures/errors.js';
import { ThreadPoolExecutor } from '../futures/executor.js';
import type { Future } from '../futures/future.js';
import { randomUUID } from '../platform/crypto.js';
import { machine } from '../platform/machine.js';
import type { Event } from '../sync/event.js';
import type { Written } from './engine/seam.js';
import { StaleToken, VersionConflict } from './errors.js';
import { settleFuture } from './future.js';
import type { Station } from './station.js';
import { prepareThread, shareStation } from './task.js';
import { TaskWorker } from './worker.js';

export type Service = (station: Station, ...args: never[]) => Promise<unknown>;

const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

/** Milliseconds between looks at what may have become free without anybody saying so. */
const LOOK = 500;

/** Waits for something to be tried again: somebody says so, or time has passed. */
class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #subscribed = new Set<string>();

  async until(station: Station, channel: string, time: number): Promise<void> {
    const told = new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(channel) ?? new Set();
      this.#waiting.set(channel, waiting);
      waiting.add(resolve);
    });
    if (!this.#subscribed.has(channel)) {
      this.#subscribed.add(channel);
      await station.engine.subscribe(channel, () => this.#tell(channel));
    }
    await Promise.race([told, pause(Math.max(1, time))]);
  }

  #tell(channel: string): void {
    const waiting = this.#waiting.get(channel);
    this.#waiting.delete(channel);
    for (const resolve of waiting ?? []) resolve();
  }
}

const waiters = new Waiters();

/** Renewals of locks that threads of this process hold, by their owner. */
const renewals = new Map<string, () => void>();

async function acquireLock(
  station: Station,
  name: string,
  lease: number,
  timeout: number,
  owner: string,
  lost: Event,
): Promise<string> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const asked = Date.now();
    const got = await station.engine.acquire(name, owner, lease);
    if ('token' in got) {
      renewals.set(owner, keepLock(station, name, owner, lease, lost, asked));
      return got.token;
    }
    const left = deadline - Date.now();
    if (left <= 0)
      throw new TimeoutError(`the lock '${name}' was not free within ${timeout} ms: somebody else holds it`);
    await waiters.until(station, `lock.${name}`, Math.min(got.left, left, LOOK));
  }
}

/** Renews a lock's lease until it is released. `lost` is set before the lease is over, if nobody says that it is still held. */
function keepLock(
  station: Station,
  name: string,
  owner: string,
  lease: number,
  lost: Event,
  since: number,
): () => void {
  let confirmed = since;
  let asked = since;
  let over = false;
  const end = (): void => {
    over = true;
    clearInterval(timer);
    renewals.delete(owner);
  };
  const lose = (): void => {
    if (over) return;
    end();
    lost.set();
  };
  const renew = async (): Promise<void> => {
    const now = Date.now();
    asked = now;
    try {
      if (await station.engine.renew(name, owner, lease)) confirmed = Math.max(confirmed, now);
      else lose();
    } catch {
      // The engine is away: the clock goes on.
    }
  };
  const timer = setInterval(
    () => {
      const now = Date.now();
      if (now - confirmed > lease * 0.8) lose();
      else if (now - asked > lease / 3) void renew();
    },
    Math.min(50, lease / 10),
  );
  return end;
}

const staleToken = (name: string, known: string, token: string | undefined): StaleToken =>
  new StaleToken(
    `the variable '${name}' was used with token ${known}, which is later than ${token}: the lock has another holder now. Nothing was written`,
  );

function checkWritten(written: Written, name: string, said: { token?: string; ifVersion?: number }): number {
  if ('stale' in written) {
    throw staleToken(name, written.stale, said.token);
  }
  if ('conflict' in written) {
    throw new VersionConflict(
      `the variable '${name}' has version ${written.conflict}, not ${said.ifVersion}: nothing was written. Read it again`,
    );
  }
  return written.version;
}

async function takeItem(station: Station, name: string, timeout: number): Promise<Uint8Array | undefined> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const bytes = await station.engine.shift(name);
    if (bytes !== undefined) return bytes;
    const left = deadline - Date.now();
    if (left <= 0) return undefined;
    await waiters.until(station, `put.${name}`, Math.min(left, LOOK));
  }
}

/** How often a worker says that it is there, and for how long that counts. */
const ANNOUNCE = 2_000;
const ANNOUNCED_FOR = 6_000;

/** What a worker is started with, by its own process. */
export interface WorkerOrder {
  readonly queues: readonly string[];
  readonly maxWorkers: number;
  readonly packages: Readonly<Record<string, string>>;
}

let worker: TaskWorker | undefined;

async function beginWork(station: Station, { queues, maxWorkers, packages }: WorkerOrder, stop: Event): Promise<void> {
  if (worker !== undefined) throw new Error('this process is a worker of this cluster already');
  shareStation(station.settings);
  const { host, pid, node } = machine();
  const name = `${host}/${pid}`;
  const pool = new ThreadPoolExecutor({
    maxWorkers,
    threadNamePrefix: 'cluster',
    initializer: prepareThread,
  });
  const own = new TaskWorker(station, { queues, maxWorkers, name }, pool);
  worker = own;
  station.notices.begin(own);
  const heddle = station.border.heddle;
  const member = randomUUID();
  const announce = (): void => {
    const text = JSON.stringify({
      host,
      pid,
      node,
      heddle,
      packages,
      queues,
      threads: maxWorkers,
      running: own.running,
    });
    station.engine.announce(member, text, ANNOUNCED_FOR).catch(() => {});
  };
  await own.begin();
  announce();
  const timer = setInterval(announce, ANNOUNCE);
  station.closing.push(async () => {
    await own.drain();
    clearInterval(timer);
    await station.engine.retract(member).catch(() => {});
    pool.shutdown({ wait: false });
    stop.set();
  });
}

export const services: Readonly<Record<string, Service>> = {
  async follow(station, queue: string, id: string, future: Future<unknown>) {
    await station.clientOf(queue).follow(id, future);
  },
  async cancel(station, queue: string, id: string, future: Future<unknown>) {
    if (!future.done()) await station.clientOf(queue).cancel(id);
    return future.cancelled();
  },
  async cancelAll(station, queue: string, group: string) {
    await station.clientOf(queue).cancelAll(group);
  },
  async idle(station, queue: string, group: string) {
    await station.clientOf(queue).idle(group);
  },
  async limit(station, queue: string, rate: { max: number; duration: number }) {
    await station.clientOf(queue).limit(rate);
  },
  async workers(station) {
    return (await station.engine.announced()).map((text) => JSON.parse(text) as unknown);
  },

  async acquire(station, name: string, lease: number, timeout: number, owner: string, lost: Event) {
    return acquireLock(station, name, lease, timeout, owner, lost);
  },
  async release(station, name: string, owner: string) {
    renewals.get(owner)?.();
    const released = await station.engine.release(name, owner);
    await station.engine.publish(`lock.${name}`, '');
    return released;
  },

  async read(station, name: string, token: string | undefined, future: Future<unknown>) {
    const read = await station.engine.read(name, token);
    if ('stale' in read) throw staleToken(name, read.stale, token);
    const { bytes, version } = read;
    if (bytes === undefined) return { version };
    const opened = station.border.open(bytes, { kinds: ['value'], subject: `variable ${name}` });
    const bytesOf = await station.store.bytesOf(opened.header.need);
    settleFuture(future, { packed: station.border.valueOf(opened, bytesOf, { version }), failed: false });
    return undefined;
  },
  async write(
    station,
    name: string,
    bytes: Uint8Array,
    blobs: readonly (readonly [string, Uint8Array])[],
    said: { token?: string; ifVersion?: number },
  ) {
    station.store.accept(blobs);
    await station.store.flush();
    return checkWritten(await station.engine.write(name, bytes, said), name, said);
  },

  async put(
    station,
    name: string,
    bytes: Uint8Array,
    blobs: readonly (readonly [string, Uint8Array])[],
    maxSize: number,
    timeout: number,
  ) {
    station.store.accept(blobs);
    await station.store.flush();
    const deadline = Date.now() + timeout;
    while (!(await station.engine.push(name, bytes, maxSize))) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await waiters.until(station, `got.${name}`, Math.min(left, LOOK));
    }
    await station.engine.publish(`put.${name}`, '');
    return true;
  },
  async get(station, name: string, timeout: number, future: Future<unknown>) {
    const bytes = await takeItem(station, name, timeout);
    if (bytes === undefined) return false;
    await station.engine.publish(`got.${name}`, '');
    const opened = station.border.open(bytes, { kinds: ['value'], subject: `queue ${name}` });
    const bytesOf = await station.store.bytesOf(opened.header.need);
    settleFuture(future, { packed: station.border.valueOf(opened, bytesOf), failed: false });
    return true;
  },
  async size(station, name: string) {
    return station.engine.size(name);
  },

  async work(station, order: WorkerOrder, stop: Event) {
    await beginWork(station, order, stop);
  },
  async running() {
    return worker?.running ?? [];
  },
};
