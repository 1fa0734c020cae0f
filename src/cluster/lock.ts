// Locks between machines. A lease alone protects nothing: a holder that was frozen may go on after it. So each holder has a token that is higher
// than all before, and a variable that is written with it refuses older ones.

import { randomUUID } from '../platform/crypto.js';
import { Event } from '../sync/event.js';
import { checkOptions, count, name as nameOf, timeout as timeoutOf } from './options.js';
import { ask, type Connection } from './requests.js';

export interface LockOptions {
  /** Milliseconds after which others get the lock if its holder has died. Default: 30 s. */
  readonly lease?: number | undefined;
}

export interface AcquireClusterOptions {
  /** Milliseconds to wait at most; none = for ever, 0 = only looks. */
  readonly timeout?: number | undefined;
}

/** A lock that is held, until it is released or its lease is lost. */
export interface HeldClusterLock extends AsyncDisposable {
  /** Higher than that of every holder before. */
  readonly token: bigint;
  /** Aborted when the lease is lost, before anybody else can have it: this process was frozen, or cut off. Then stop. */
  readonly signal: AbortSignal;
  /** Whether it was still held. */
  release(): Promise<boolean>;
}

const LEASE = 30_000;
const SHORTEST = 200;

/**
 * A lock that one holder has at a time, in all processes of the cluster. Its lease is renewed while it is held.
 *
 * @example
 * const cluster = await Cluster.connect({ address: 'postgres://localhost/app', key: 'a secret of the cluster' });
 * const total = cluster.variable<number>('total');
 * await cluster.lock('total').withLock(async (held) => {
 *   const { value = 0 } = await total.get({ token: held.token });
 *   await total.set(value + 1, { token: held.token });
 * });
 */
export class ClusterLock {
  readonly #cluster: Connection;
  readonly #name: string;
  readonly #lease: number;

  /** @internal */
  constructor(cluster: Connection, name: string, options: LockOptions) {
    checkOptions('lock()', options, ['lease']);
    const { lease = LEASE } = options;
    count('lease', lease, SHORTEST);
    this.#cluster = cluster;
    this.#name = nameOf('the name of a lock', name);
    this.#lease = lease;
  }

  /**
   * Waits until the lock is free, and takes it.
   * @throws TimeoutError if it was not free in time.
   */
  async acquire(options: AcquireClusterOptions = {}): Promise<HeldClusterLock> {
    checkOptions('acquire()', options, ['timeout']);
    const timeout = timeoutOf(options.timeout);
    const owner = randomUUID();
    const lost = new Event();
    const token = BigInt(await ask<string>(this.#cluster, 'acquire', this.#name, this.#lease, timeout, owner, lost));
    const controller = new AbortController();
    const over = new AbortController();
    lost.waitAsync({ signal: over.signal }).then(
      () => controller.abort(new Error(`the lease of the lock '${this.#name}' is lost: somebody else may have it now`)),
      () => {},
    );
    const release = async (): Promise<boolean> => {
      over.abort();
      return ask<boolean>(this.#cluster, 'release', this.#name, owner);
    };
    return {
      token,
      signal: controller.signal,
      release,
      [Symbol.asyncDispose]: async () => {
        await release();
      },
    };
  }

  /** Calls `fn` while it holds the lock, and releases it when that has returned, or its promise is settled. */
  async withLock<R>(
    fn: (held: HeldClusterLock) => R | PromiseLike<R>,
    options: AcquireClusterOptions = {},
  ): Promise<R> {
    const held = await this.acquire(options);
    try {
      return await fn(held);
    } finally {
      await held.release();
    }
  }
}
