// Sealed bytes: what goes over the engine. Nothing of them is read before the signature has been looked at, but the lengths that say where
// it is.
//
//   "HDL1" · length of the header · header, JSON · number of chunks · length of each · chunks · signature of all that
//
// The header says what the message is: its kind, and its subject, which is the id of a task or the name of a variable. So a message that was
// put in another's place is refused, as one that was changed is.

import { Unsigned } from '../errors.js';
import type { Signer } from './keys.js';

export type Kind = 'call' | 'result' | 'error' | 'value' | 'progress';

/** A package of which a message uses something, where it was made. */
export interface PackageUse {
  readonly name: string;
  readonly version: string;
  /** Its folder under the root. */
  readonly at: string;
  /** Files of it that are imported as such, under that folder. */
  readonly files: readonly string[];
}

export interface Header {
  readonly kind: Kind;
  /** The id of the task, or the name of what it is the value of. */
  readonly subject: string;
  /** The process that has made it. */
  readonly from: string;
  readonly node: string;
  readonly heddle: string;
  /** Milliseconds since 1970 after which it counts for nothing; none = never. */
  readonly until?: number | undefined;
  /** Hashes of what it needs besides: code, source maps. */
  readonly need: readonly string[];
  /** Hash of the function, if the receiver is to keep that. */
  readonly kept?: string | undefined;
  readonly packages: readonly PackageUse[];
  /** Of a call: "function work at /app.ts:12:7". */
  readonly label?: string | undefined;
  /** Of a call: how often it may be begun again when a worker has died. */
  readonly retries?: number | undefined;
  /** Of a call: what it prints is wanted. */
  readonly logs?: boolean | undefined;
  /** Of a call: milliseconds for which a worker has it without renewing that. */
  readonly lease?: number | undefined;
  /** Of a call: milliseconds for which its outcome is kept. */
  readonly keep?: number | undefined;
  /** How often it was signed again, because the engine has lost it. */
  readonly again?: number | undefined;
  /** Of an outcome: which attempt it is of, and whose. */
  readonly attempt?: number | undefined;
  readonly worker?: string | undefined;
}

export interface Opened {
  readonly header: Header;
  /** No two messages have the same. */
  readonly signature: string;
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

const MAGIC = 0x48444c31;

/** Chunks with their number and lengths before them. */
export function frame(chunks: readonly Uint8Array[]): Uint8Array[] {
  const lengths = Buffer.alloc(4 + chunks.length * 4);
  lengths.writeUInt32BE(chunks.length, 0);
  for (const [at, chunk] of chunks.entries()) lengths.writeUInt32BE(chunk.byteLength, 4 + at * 4);
  return [lengths, ...chunks];
}

/** The opposite; copies, so that each can become a buffer of its own. Undefined if the lengths do not fit. */
export function unframe(bytes: Buffer): Uint8Array<ArrayBuffer>[] | undefined {
  if (bytes.length < 4) return undefined;
  const count = bytes.readUInt32BE(0);
  let at = 4 + count * 4;
  if (at > bytes.length) return undefined;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < count; index++) {
    const end = at + bytes.readUInt32BE(4 + index * 4);
    if (end > bytes.length) return undefined;
    chunks.push(Uint8Array.prototype.slice.call(bytes, at, end) as Uint8Array<ArrayBuffer>);
    at = end;
  }
  return at === bytes.length ? chunks : undefined;
}

export function seal(header: Header, chunks: readonly Uint8Array[], signer: Signer): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeUInt32BE(MAGIC, 0);
  start.writeUInt32BE(head.length, 4);
  const signed = Buffer.concat([start, head, ...frame(chunks)]);
  return Buffer.concat([signed, signer.sign(signed)]);
}

/** What a message must be: one of these kinds, about this. */
export interface Expected {
  readonly kinds: readonly Kind[];
  readonly subject: string;
}

/**
 * The header and chunks of sealed bytes.
 * @throws Unsigned if they do not carry the key's signature, are about something else, or have expired.
 */
export function openSealed(sealed: Uint8Array, signer: Signer, expected: Expected, now = Date.now()): Opened {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const end = bytes.length - signer.length;
  if (end < 8 || !signer.verifies(bytes.subarray(0, end), bytes.subarray(end))) {
    throw new Unsigned(
      `a message about ${expected.subject} does not carry the signature of this cluster's key: nothing of it was read. ` +
        'It was changed, or its sender has another key: give all members the same { key }',
    );
  }
  const length = bytes.readUInt32BE(4);
  if (bytes.readUInt32BE(0) !== MAGIC || 8 + length > end) throw unreadable(expected);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Header;
  const chunks = unframe(bytes.subarray(8 + length, end));
  if (chunks === undefined) throw unreadable(expected);
  if (header.subject !== expected.subject || !expected.kinds.includes(header.kind)) {
    throw new Unsigned(
      `a ${header.kind} about ${header.subject} was put in the place of a ${expected.kinds.join(' or ')} about ${expected.subject}: ` +
        'nothing of it was read. Somebody has changed what the engine stores',
    );
  }
  if (header.until !== undefined && now > header.until) {
    throw new Unsigned(
      `the ${header.kind} about ${header.subject} has expired ${now - header.until} ms ago: nothing of it was read. ` +
        'Submit it again, and look whether the clocks of the machines agree',
    );
  }
  return { header, chunks, signature: bytes.toString('base64', end) };
}

const unreadable = ({ subject }: Expected): Unsigned =>
  new Unsigned(
    `a message about ${subject} is signed, but in a form that this version of Heddle does not know: nothing of it was read`,
  );
