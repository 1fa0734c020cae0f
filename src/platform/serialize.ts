// Structured clone to bytes and back, for what is kept in shared memory.

import { deserialize, serialize } from 'node:v8';

/** @throws DataCloneError for what cannot be cloned without a message: shared buffers, ports. */
export const toBytes = (value: unknown): Uint8Array => serialize(value);

/** The bytes may lie in shared memory, where nobody changes them meanwhile. */
export const fromBytes = (bytes: Uint8Array): unknown => deserialize(bytes);
