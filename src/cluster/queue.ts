// A queue between machines.

import { Future } from '../futures/future.js';
import { Empty, Full } from '../queue/errors.js';
import { handOver, hereOf } from './executor.js';
import { checkOptions, count, name as nameOf, timeout as timeoutOf } from './options.js';
import { ask, type Connection } from './requests.js';

export interface ClusterQueueOptions {
  /** How many items there is room for; none = no limit. All that put into the queue should say the same. */
  readonly maxSize?: number | undefined;
}

export interface ClusterQueueWait {
  /** Milliseconds to wait at most; none = for ever, 0 = only looks. */
  readonly timeout?: number | undefined;
}

/**
 * A queue that all processes of the cluster put into and take from, first in, first out. Each item is taken once: if its taker dies, it is gone.
 * For work that must not be lost, submit tasks.
 *
 * @example
 * const cluster = await Cluster.connect({ address: 'redis://localhost', key: 'a secret of the cluster' });
 * const urls = cluster.queue<string>('urls', { maxSize: 100 });
 * await urls.put('https://example.org');
 * console.log(await urls.get({ timeout: 1000 }));
 */
export class ClusterQueue<T = unknown> {
  readonly #cluster: Connection;
  readonly #name: string;
  readonly #maxSize: number;

  /** @internal */
  constructor(cluster: Connection, name: string, options: ClusterQueueOptions) {
    checkOptions('queue()', options, ['maxSize']);
    const { maxSize = 0 } = options;
    count('maxSize', maxSize, 0);
    this.#cluster = cluster;
    this.#name = nameOf('the name of a queue', name);
    this.#maxSize = maxSize;
  }

  /**
   * Waits for room, and puts a copy of the item in.
   * @throws Full if there was no room in time. CaptureError for what cannot go to another machine.
   */
  async put(item: T, options: ClusterQueueWait = {}): Promise<void> {
    checkOptions('put()', options, ['timeout']);
    const timeout = timeoutOf(options.timeout);
    const here = hereOf(this.#cluster);
    const { bytes, blobs } = here.border.sealValue(item, 'the item', { kind: 'value', subject: `queue ${this.#name}` });
    const put = await ask<boolean>(
      this.#cluster,
      'put',
      this.#name,
      bytes,
      handOver(here, blobs),
      this.#maxSize,
      timeout,
    );
    if (!put)
      throw new Full(`the queue '${this.#name}' had no room within ${timeout} ms: it holds ${this.#maxSize} items`);
  }

  /**
   * Waits for an item, and takes it.
   * @throws Empty if there was none in time.
   */
  async get(options: ClusterQueueWait = {}): Promise<T> {
    checkOptions('get()', options, ['timeout']);
    const timeout = timeoutOf(options.timeout);
    const future = new Future<T>();
    const got = await ask<boolean>(this.#cluster, 'get', this.#name, timeout, future);
    if (!got) throw new Empty(`the queue '${this.#name}' had no item within ${timeout} ms`);
    return future;
  }

  /** How many items wait. */
  async size(): Promise<number> {
    return ask<number>(this.#cluster, 'size', this.#name);
  }
}
