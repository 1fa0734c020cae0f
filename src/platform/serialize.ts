// Structured clone to text and back, for what is kept in shared memory.

import { deserialize, serialize } from 'node:v8';

/** @throws DataCloneError for what cannot be cloned without a message: shared buffers, ports. */
export function toText(value: unknown): string {
  return serialize(value).toString('latin1');
}

export function fromText(text: string): unknown {
  return deserialize(Buffer.from(text, 'latin1'));
}
