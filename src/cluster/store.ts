// Bytes on the engine: sealed messages that are too large to travel in a task, and what is known by its hash.

import { randomUUID, sha256 } from '../platform/crypto.js';
import type { Engine, JobData } from './engine/seam.js';
import { Unsigned } from './errors.js';

/** Up to so many bytes a message is part of its task: the engine carries text, which takes a third more. */
const INLINE = 96 * 1024;
/** As part of an outcome, which engines also keep in their list of events. */
export const INLINE_OUTCOME = 32 * 1024;

/** Milliseconds for which the engine keeps code after it was last sent. */
const KEEP_CODE = 7 * 86_400_000;
/** After so long it is sent again. */
const SEND_AGAIN = KEEP_CODE / 4;

/** Bytes of what is known by its hash that a process keeps for itself. */
const CACHE = 64 * 2 ** 20;

export class Store {
  readonly #engine: Engine;
  /** What this process has put on the engine, or will, and since when. */
  readonly #sent = new Map<string, number>();
  /** What it will put there, or is about to. */
  readonly #unsent = new Map<string, Uint8Array>();
  /** What it has got from there; the latest comes last. */
  readonly #known = new Map<string, Uint8Array>();
  #size = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async put(bytes: Uint8Array, keep: number, inline = INLINE): Promise<JobData> {
    if (bytes.byteLength <= inline) return { p: Buffer.from(bytes).toString('base64') };
    const ref = `data.${randomUUID()}`;
    await this.#engine.put(ref, bytes, keep);
    return { ref };
  }

  async get(data: JobData): Promise<Uint8Array> {
    if ('p' in data) return Buffer.from(data.p, 'base64');
    const bytes = await this.#engine.get(data.ref);
    if (bytes === undefined) throw new Unsigned(`the bytes of a message, ${data.ref}, are not on the engine any more`);
    return bytes;
  }

  /** Takes over what is known by its hash. It is on the engine when `flush` has returned, which also whoever comes later must wait for. */
  accept(blobs: Iterable<readonly [hash: string, bytes: Uint8Array]>, now = Date.now()): void {
    for (const [hash, bytes] of blobs) {
      if (now - (this.#sent.get(hash) ?? Number.NEGATIVE_INFINITY) < SEND_AGAIN) continue;
      this.#sent.set(hash, now);
      this.#unsent.set(hash, bytes);
      this.#keep(hash, bytes);
    }
  }

  /** Until all that was accepted is on the engine. @throws Error when the engine does not answer; then it can be called again. */
  async flush(): Promise<void> {
    while (this.#unsent.size > 0) {
      const puts = [...this.#unsent].map(async ([hash, bytes]) => {
        await this.#engine.put(`code.${hash}`, bytes, KEEP_CODE);
        this.#unsent.delete(hash);
      });
      await Promise.all(puts);
    }
  }

  /** The same, of what this process has: the engine has lost it. */
  async sendAgain(hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) {
      const bytes = this.#known.get(hash);
      if (bytes !== undefined) this.#unsent.set(hash, bytes);
    }
    await this.flush();
  }

  /**
   * The bytes of hashes, from here or from the engine.
   * @throws Unsigned if the engine has others under a hash.
   */
  async bytesOf(hashes: readonly string[]): Promise<(hash: string) => Uint8Array> {
    const missing = [...new Set(hashes)].filter((hash) => !this.#known.has(hash));
    const got = await Promise.all(missing.map((hash) => this.#engine.get(`code.${hash}`)));
    const fetched = new Map<string, Uint8Array>();
    for (const [at, hash] of missing.entries()) {
      const bytes = got[at];
      if (bytes === undefined) {
        throw new Error(`code ${hash.slice(0, 12)}… is not on the engine any more: submit the task again`);
      }
      if (sha256(bytes) !== hash) {
        throw new Unsigned(
          `code ${hash.slice(0, 12)}… on the engine is not what was put there: nothing of it was compiled`,
        );
      }
      fetched.set(hash, bytes);
      this.#keep(hash, bytes);
    }
    return (hash) => {
      const bytes = fetched.get(hash) ?? this.#known.get(hash);
      if (bytes === undefined)
        throw new Unsigned(`a message uses code ${hash.slice(0, 12)}…, which is not in its list`);
      return bytes;
    };
  }

  #keep(hash: string, bytes: Uint8Array): void {
    if (this.#known.has(hash)) return;
    this.#known.set(hash, bytes);
    this.#size += bytes.byteLength;
    for (const [old, { byteLength }] of this.#known) {
      if (this.#size <= CACHE || old === hash) break;
      this.#known.delete(old);
      this.#size -= byteLength;
    }
  }
}
