// Cluster: what a program has of a cluster that it is connected to. The connection itself is the station's (station.ts), a thread of its own.
//
// The object has no private state, so that it can go to other threads of the process: there it asks the same station. To another machine it
// cannot go, since the queue of requests is in this process's memory.

import { globals } from '../data/globals.js';
import { Future } from '../futures/future.js';
import { randomUUID } from '../platform/crypto.js';
import { dirname, exists, join, realPath, workingFolder } from '../platform/folders.js';
import { asPath, programUrl } from '../platform/modules.js';
import { SimpleQueue } from '../queue/simple.js';
import { Thread } from '../threading/thread.js';
import { checkAddress } from './engine/address.js';
import { ClusterExecutor, type ClusterExecutorOptions, checkExecutorOptions } from './executor.js';
import { asClusterFuture, type ClusterFuture, newFuture } from './future.js';
import { ClusterLock, type LockOptions } from './lock.js';
import { checkOptions, count, name as nameOf } from './options.js';
import { ClusterQueue, type ClusterQueueOptions } from './queue.js';
import { ask, type Connection, type Requests, type StationSettings } from './requests.js';
import { serveStation } from './serve.js';
import { ClusterVariable } from './variable.js';
import { type ClusterKey, plainKey } from './wire/keys.js';
import type { VersionPolicy } from './wire/packages.js';

export interface ConnectOptions {
  /** `redis:`, `rediss:`, `valkey:` or `postgres:`; passwords and TLS are part of it. */
  readonly address: string;
  /** What all members of the cluster sign with. There is no default. */
  readonly key: ClusterKey;
  /** The folder that files of the program are called from on other machines; none = where its package.json lies. */
  readonly root?: string | undefined;
  /** Bytes that a call or an outcome may have at most. Default: 64 MB. */
  readonly maxBytes?: number | undefined;
  /** 'compatible': packages have the same major version (of 0.x: minor). 'exact': the same version. Default: 'compatible'. */
  readonly versions?: VersionPolicy | undefined;
  /** Of several clusters on one server, each has its own. Default: 'heddle'. */
  readonly namespace?: string | undefined;
}

/** What `workers()` says of each. */
export interface WorkerInfo {
  readonly host: string;
  readonly pid: number;
  /** Versions. */
  readonly node: string;
  readonly heddle: string;
  /** Installed packages, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
  readonly queues: readonly string[];
  /** How many tasks it runs at a time. */
  readonly threads: number;
  /** Ids of tasks that it runs. */
  readonly running: readonly string[];
}

const MAX_BYTES = 64 * 2 ** 20;
const KNOWN = ['address', 'key', 'root', 'maxBytes', 'versions', 'namespace'];

/** The folder of the program: the one with the package.json above it, or where it was started. */
function programRoot(): string {
  const file = asPath(programUrl());
  for (let folder = dirname(file ?? ''); file !== undefined && dirname(folder) !== folder; folder = dirname(folder)) {
    if (exists(join(folder, 'package.json'))) return folder;
  }
  return workingFolder();
}

/** Names this process in all clusters. */
const processName = (): string => globals.get('heddle/cluster/process', () => randomUUID());

/** @throws TypeError, RangeError */
export function stationSettings(options: ConnectOptions, also: readonly string[] = []): StationSettings {
  checkOptions('Cluster.connect()', options, [...KNOWN, ...also]);
  const { address, key, root, maxBytes = MAX_BYTES, versions = 'compatible', namespace = 'heddle' } = options;
  checkAddress(address);
  count('maxBytes', maxBytes, 1024);
  if (versions !== 'compatible' && versions !== 'exact') {
    throw new TypeError(`versions must be 'compatible' or 'exact', not ${String(versions)}`);
  }
  if (root !== undefined && typeof root !== 'string') throw new TypeError(`root must be a folder, not ${String(root)}`);
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(nameOf('namespace', namespace))) {
    throw new TypeError(`namespace must be a name of small letters, digits and _, such as heddle, not '${namespace}'`);
  }
  return {
    engine: { address, namespace },
    border: {
      process: processName(),
      root: realPath(root ?? programRoot()),
      key: plainKey(key),
      maxBytes,
      versions,
    },
  };
}

/** Starts a station, and waits for the engine to answer. */
export async function openStation(settings: StationSettings): Promise<Cluster> {
  const requests: Requests = new SimpleQueue();
  const ready = new Future<unknown>();
  new Thread(serveStation, { args: [settings, requests, ready], name: 'cluster', daemon: true }).start();
  await ready;
  return new Cluster(settings, requests);
}

/**
 * A cluster: workers on other machines, which take calls from an engine that all can reach.
 *
 * @example
 * const cluster = await Cluster.connect({ address: 'redis://localhost', key: process.env.HEDDLE_CLUSTER_KEY! });
 * const executor = cluster.executor();
 * console.log(await executor.submit((a: number, b: number) => a + b, 1, 2));
 * await cluster.close();
 */
export class Cluster implements Connection {
  /** @internal */
  readonly clusterSettings: StationSettings;
  /** @internal */
  readonly clusterRequests: Requests;

  /** @internal */
  constructor(settings: StationSettings, requests: Requests) {
    this.clusterSettings = settings;
    this.clusterRequests = requests;
  }

  /**
   * Connects to a cluster. A thread of its own has the connection, so the program may block, and a task may be waited for in any thread.
   * @throws TypeError, RangeError for wrong options. Error if the engine cannot be reached, or a package for it is not installed.
   */
  static async connect(options: ConnectOptions): Promise<Cluster> {
    return openStation(stationSettings(options));
  }

  /**
   * An executor, as `ThreadPoolExecutor` is one, whose tasks workers of the cluster run.
   * @throws TypeError, RangeError for wrong options.
   */
  executor(options: ClusterExecutorOptions = {}): ClusterExecutor {
    checkExecutorOptions(options);
    return new ClusterExecutor(this, options);
  }

  /**
   * The future of a task that this or another process has submitted, maybe one that has ended since. Its outcome is there for `resultTTL`.
   * @param id `future.id`.
   * @param options `queue`: that of its executor, if it has said one.
   */
  future<T = unknown>(id: string, options: { readonly queue?: string | undefined } = {}): ClusterFuture<T> {
    checkOptions('future()', options, ['queue']);
    const queue = nameOf('queue', options.queue ?? 'default');
    const future = newFuture(nameOf('id', id));
    Future.look(ask(this, 'follow', queue, id, future));
    return asClusterFuture(future, (of) => Promise.resolve(ask<boolean>(this, 'cancel', queue, of, future)));
  }

  /**
   * A lock between machines.
   * @param name the same lock for all that say the same name.
   * @param options `lease`: milliseconds after which others get it if its holder has died; it is renewed meanwhile. Default: 30 s.
   */
  lock(name: string, options: LockOptions = {}): ClusterLock {
    return new ClusterLock(this, name, options);
  }

  /** A value between machines, with a version. */
  variable<T = unknown>(name: string): ClusterVariable<T> {
    return new ClusterVariable<T>(this, name);
  }

  /** A queue between machines, first in, first out. */
  queue<T = unknown>(name: string, options: ClusterQueueOptions = {}): ClusterQueue<T> {
    return new ClusterQueue<T>(this, name, options);
  }

  /** The workers of the cluster that are there. */
  async workers(): Promise<WorkerInfo[]> {
    return ask<WorkerInfo[]>(this, 'workers');
  }

  /** Ends the connection. Tasks go on; futures that are not done fail. */
  async close(): Promise<void> {
    await ask(this, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
