// The border of this process: calls and values become sealed bytes here, and sealed bytes become parcels, which are what threads of one process
// send each other (../../parcel). Neither way is a function of a message called, nor one of its objects made: that is left to the thread that
// opens the parcel.

import { CaptureError } from '../../closure/errors.js';
import type { Graph, Property } from '../../closure/graph.js';
import { type Captured, captureCall, captureValue, type KeptFunction } from '../../closure/out/capture.js';
import { detach, orForgetMarks, takeAllMarked } from '../../closure/transfer.js';
import type { AnyFunction } from '../../closure/values/functions.js';
import { showPath } from '../../closure/values/paths.js';
import { atomic } from '../../memory/atomics.js';
import { H_CLOSURES } from '../../memory/layout.js';
import type { CallParcels } from '../../parcel/call.js';
import { Parcel, packetIn, parcelOf } from '../../parcel/parcel.js';
import { realPath } from '../../platform/folders.js';
import { requireFrom } from '../../platform/modules.js';
import { fromBytes, toBytes } from '../../platform/serialize.js';
import { mask, unmask } from '../../sync/safepoint.js';
import { PackageMismatch } from '../errors.js';
import { arrive, type Receiver } from './arrive.js';
import { type Blob, blobOf, type Landed } from './blobs.js';
import { type Departing, type DepartOptions, depart } from './depart.js';
import { type PlainKey, type Signer, signerOf } from './keys.js';
import { Installed, isCompatible, type VersionPolicy } from './packages.js';
import { type Expected, frame, type Header, type Opened, openSealed, seal, unframe } from './seal.js';

/** What a process must know to seal and to open; the same in all its threads. */
export interface BorderSettings {
  /** Names the process among all of the cluster. */
  readonly process: string;
  readonly root: string;
  readonly key: PlainKey;
  readonly maxBytes: number;
  readonly versions: VersionPolicy;
}

export interface Sealed {
  readonly bytes: Buffer;
  /** What the receiver needs besides, and may have. */
  readonly blobs: readonly Blob[];
}

export interface SealedCall extends Sealed {
  /** "function work at /app.ts:12:7" */
  readonly label: string;
}

/** What goes into a header besides what the message itself says. */
export type Said = Partial<Header> & Pick<Header, 'subject'>;

/** The version of this library. */
export const heddleVersion = (): string =>
  (requireFrom(import.meta.url)('heddle/package.json') as { readonly version: string }).version;

/** How many functions a process keeps for others. */
const KEPT = 1024;

export class Border {
  readonly #settings: BorderSettings;
  readonly #signer: Signer;
  readonly #receiver: Receiver;
  readonly #heddle = heddleVersion();
  /** The functions that this thread has sent, as long as they are as they were. */
  readonly #departed = new WeakMap<KeptFunction, { readonly blob: Blob; readonly sent: Departing }>();
  /** Those that have come, by their hash: the latest comes last. */
  readonly #kept = new Map<string, { readonly number: number; readonly parcel: Parcel }>();

  constructor(settings: BorderSettings) {
    const root = realPath(settings.root);
    this.#settings = { ...settings, root };
    this.#signer = signerOf(settings.key);
    const installed = new Installed(root, settings.versions);
    this.#receiver = { process: settings.process, root, installed, landed: new Map<string, Landed>() };
  }

  get heddle(): string {
    return this.#heddle;
  }

  /** @throws CaptureError for what cannot go to another machine, or is larger than `maxBytes`. */
  sealCall(fn: AnyFunction, args: readonly unknown[], said: Said): SealedCall {
    const moved = orForgetMarks(() => takeAllMarked(args), args);
    const { label, kept, values } = masked(() => captureCall(fn, args));
    refuseGifts(values!);
    // Arguments that are sent apart from their function are the only roots.
    const naming = kept
      ? (root: number) => `args[${root}]`
      : (root: number) => (root === 0 ? label : `args[${root - 1}]`);
    const known = kept && this.#depart(kept, label);
    const sent = depart(values!, this.#settings, { naming, kept: known?.blob });
    if (known) sent.packages.add(known.sent.packages.list());
    const sealed = this.#seal(sent, { ...said, kind: 'call', label, kept: known?.blob.hash }, label);
    detach(moved);
    return { ...sealed, label };
  }

  /** @throws CaptureError as `sealCall`. `name` is what messages call the value. */
  sealValue(value: unknown, name: string, said: Said & Pick<Header, 'kind'>): Sealed {
    const captured = masked(() => captureValue(value, name));
    return this.#seal(depart(captured, this.#settings, { naming: () => name }), said, name);
  }

  /** What a thread has given back: a value of the heap, or a parcel. `lenient`: it is an error, of which parts may be missing. */
  sealOutcome(packed: unknown, name: string, said: Said & Pick<Header, 'kind'>, lenient = false): Sealed {
    const options = { naming: () => name, lenient };
    if (!(packed instanceof Parcel) && (typeof packed !== 'object' || packed === null)) {
      const graph = { nodes: [], roots: [packed], capturedFrom: 0 } as unknown as Graph;
      return this.#seal(depart({ graph, codes: [], bytes: [] }, this.#settings, options), said, name);
    }
    if (!(packed instanceof Parcel)) return this.sealValue(packed, name, said);
    const packet = packetIn(packed);
    return this.#seal(depart(packet, this.#settings, options), said, name);
  }

  /** The contents of a function that cannot change, which go once. */
  #depart(kept: KeptFunction, label: string): { readonly blob: Blob; readonly sent: Departing } {
    let known = this.#departed.get(kept);
    if (known === undefined) {
      const sent = depart(kept.contents, this.#settings, { naming: () => label });
      const blob = blobOf(Buffer.concat(frame([toBytes(sent.graph), ...sent.bytes])), sent.need);
      known = { blob, sent };
      this.#departed.set(kept, known);
    }
    return known;
  }

  #seal(sent: Departing, said: Said & Pick<Header, 'kind'>, name: string): Sealed {
    const blobs = allOf(sent.need);
    const chunks = [toBytes(sent.graph), ...sent.bytes];
    const size = [...chunks, ...blobs.map(({ bytes }) => bytes)].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const { maxBytes, process: from } = this.#settings;
    if (size > maxBytes) {
      throw new CaptureError(
        `${name}: ${(size / 2 ** 20).toFixed(1)} MB would go over the engine, more than maxBytes, which is ${(maxBytes / 2 ** 20).toFixed(1)} MB. ` +
          'Pass where the data can be read instead, such as a path or URL, or raise { maxBytes } on both sides',
      );
    }
    const header: Header = {
      ...said,
      from,
      node: process.versions.node,
      heddle: this.#heddle,
      need: blobs.map(({ hash }) => hash),
      packages: sent.packages.list(),
    };
    return { bytes: seal(header, chunks, this.#signer), blobs };
  }

  /**
   * The header and the chunks of a message, whose packages are all here.
   * @throws Unsigned, PackageMismatch: nothing of it was read.
   */
  open(sealed: Uint8Array, expected: Expected): Opened {
    const { maxBytes } = this.#settings;
    if (sealed.byteLength > maxBytes + 2 ** 20) {
      throw new CaptureError(
        `a message about ${expected.subject} has ${sealed.byteLength} bytes, more than maxBytes here, which is ${maxBytes}: raise { maxBytes }`,
      );
    }
    const opened = openSealed(sealed, this.#signer, expected);
    const { heddle, packages } = opened.header;
    if (!isCompatible(heddle, this.#heddle, 'compatible')) {
      throw new PackageMismatch(
        `package 'heddle' is ${heddle} where the task was submitted and ${this.#heddle} at the worker: npm i heddle@${heddle}`,
      );
    }
    try {
      this.#receiver.installed.check(packages);
    } catch {
      // Somebody may have installed it meanwhile.
      this.#receiver.installed.forget();
      this.#receiver.installed.check(packages);
    }
    return opened;
  }

  /** The same message signed again, so that it is another one; and what it needs. */
  again(sealed: Uint8Array, subject: string): { readonly bytes: Buffer; readonly need: readonly string[] } {
    const { header, chunks } = openSealed(sealed, this.#signer, { kinds: ['call'], subject });
    const bytes = seal({ ...header, again: (header.again ?? 0) + 1 }, chunks, this.#signer);
    return { bytes, need: header.need };
  }

  /** The parcels of a call. `bytesOf` gives what the header says that it needs. */
  callOf({ header, chunks }: Opened, bytesOf: (hash: string) => Uint8Array): CallParcels {
    const kept = header.kept === undefined ? undefined : this.#keep(header.kept, header, bytesOf);
    const [head, ...bytes] = chunks;
    const graph = fromBytes(head!) as Graph;
    return { fn: kept?.parcel, values: this.#parcel(graph, bytes, header, bytesOf, 0, kept?.number) };
  }

  /** The parcel of a value, or the value as it is. With `beside`: of an object that has it as `value`, and these besides. */
  valueOf(
    { header, chunks: [head, ...bytes] }: Opened,
    bytesOf: (hash: string) => Uint8Array,
    beside?: Readonly<Record<string, number>>,
  ): unknown {
    const graph = fromBytes(head!) as Graph;
    const { nodes, roots } = graph;
    if (beside !== undefined) {
      const properties = Object.entries({ value: roots[0], ...beside }) as Property[];
      const index = nodes.push(['object', undefined, undefined, properties]) - 1;
      return this.#parcel({ nodes, roots: [[index]], capturedFrom: nodes.length }, bytes, header, bytesOf, 0);
    }
    return nodes.length === 0 ? roots[0] : this.#parcel(graph, bytes, header, bytesOf, 0);
  }

  #keep(hash: string, header: Header, bytesOf: (hash: string) => Uint8Array) {
    let kept = this.#kept.get(hash);
    if (kept === undefined) {
      const number = atomic.add(H_CLOSURES, 1) + 1;
      const bytes = bytesOf(hash);
      const [head, ...rest] = unframe(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))!;
      kept = { number, parcel: this.#parcel(fromBytes(head!) as Graph, rest, header, bytesOf, number) };
      const oldest = this.#kept.size >= KEPT ? this.#kept.keys().next().value : undefined;
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.delete(hash);
    this.#kept.set(hash, kept);
    return kept;
  }

  #parcel(
    graph: Graph,
    bytes: readonly Uint8Array[],
    header: Header,
    bytesOf: (hash: string) => Uint8Array,
    kept: number,
    keptAs?: number,
  ): Parcel {
    const arrived = arrive(graph, header, this.#receiver, bytesOf, keptAs);
    return parcelOf({ ...arrived, kept, bytes, handles: [], gifts: [] });
  }
}

/** These, and what they need themselves, each once. */
function allOf(blobs: readonly Blob[], found = new Map<string, Blob>()): Blob[] {
  for (const blob of blobs) {
    if (found.has(blob.hash)) continue;
    found.set(blob.hash, blob);
    allOf(blob.need, found);
  }
  return [...found.values()];
}

function refuseGifts({ gifts }: Captured): void {
  const [gift] = gifts;
  if (gift === undefined) return;
  throw new CaptureError(
    `${showPath(gift.path)} cannot go to another machine: it is a port or stream, whose other end is in this process. ` +
      'Read it here, and pass what it gives',
  );
}

/** A capture that is cut short would leave this thread's debugger on. */
function masked<T>(work: () => T): T {
  mask();
  try {
    return work();
  } finally {
    unmask();
  }
}

export type { DepartOptions };
