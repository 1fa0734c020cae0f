// A value between machines.

import { Future } from '../futures/future.js';
import { handOver, hereOf } from './executor.js';
import { checkOptions, count, name as nameOf } from './options.js';
import { ask, type Connection } from './requests.js';

export interface Versioned<T> {
  /** Undefined if nobody has set it. */
  readonly value: T | undefined;
  /** 0 if nobody has set it; rises by 1 with each write. */
  readonly version: number;
}

export interface GetOptions {
  /** That of the lock that guards the value. */
  readonly token?: bigint | undefined;
}

export interface SetOptions {
  /** That of the lock that guards the value: a write with an older one than the last is refused. */
  readonly token?: bigint | undefined;
  /** Writes only if the variable has this version. */
  readonly ifVersion?: number | undefined;
}

/**
 * A value that all processes of the cluster see, with a version.
 *
 * @example
 * const cluster = await Cluster.connect({ address: 'redis://localhost', key: 'a secret of the cluster' });
 * const best = cluster.variable<number>('best');
 * const { value, version } = await best.get();
 * if (value === undefined || value < 42) await best.set(42, { ifVersion: version });
 */
export class ClusterVariable<T = unknown> {
  readonly #cluster: Connection;
  readonly #name: string;

  /** @internal */
  constructor(cluster: Connection, name: string) {
    this.#cluster = cluster;
    this.#name = nameOf('the name of a variable', name);
  }

  /**
   * A copy of the value, and its version.
   * @param options `token`: that of the lock that guards the value. From now on writes with an older one are refused, so nobody can write
   * between this read and the write that it is for.
   * @throws StaleToken if it was read or written with a later token.
   */
  async get(options: GetOptions = {}): Promise<Versioned<T>> {
    checkOptions('get()', options, ['token']);
    const future = new Future<Versioned<T>>();
    const token = tokenText(options.token);
    const none = await ask<{ version: number } | undefined>(this.#cluster, 'read', this.#name, token, future);
    return none === undefined ? future : { value: undefined, version: none.version };
  }

  /**
   * Writes a copy of the value.
   * @returns its new version.
   * @throws StaleToken if it was written with a later token, VersionConflict if it has another version. CaptureError for what cannot go to
   * another machine.
   */
  async set(value: T, options: SetOptions = {}): Promise<number> {
    checkOptions('set()', options, ['token', 'ifVersion']);
    const { token, ifVersion } = options;
    if (ifVersion !== undefined) count('ifVersion', ifVersion, 0);
    const here = hereOf(this.#cluster);
    const { bytes, blobs } = here.border.sealValue(value, 'the value', {
      kind: 'value',
      subject: `variable ${this.#name}`,
    });
    const said = {
      ...(token === undefined ? {} : { token: tokenText(token) }),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    };
    return ask<number>(this.#cluster, 'write', this.#name, bytes, handOver(here, blobs), said);
  }
}

function tokenText(token: unknown): string | undefined {
  if (token === undefined) return undefined;
  if (typeof token !== 'bigint' || token < 0n) {
    throw new TypeError(`token must be that of a lock that is held, held.token, not ${String(token)}`);
  }
  return String(token);
}
