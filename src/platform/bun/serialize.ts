// As ../serialize.ts, for Bun, whose clones do not begin with the byte by which Node's are told from text.

import * as node from '../serialize.js';

const CLONE = 0xff;

export function toBytes(value: unknown): Uint8Array {
  const clone = node.toBytes(value);
  const bytes = new Uint8Array(clone.length + 1);
  bytes[0] = CLONE;
  bytes.set(clone, 1);
  return bytes;
}

export const fromBytes = (bytes: Uint8Array): unknown => node.fromBytes(bytes.subarray(1));
