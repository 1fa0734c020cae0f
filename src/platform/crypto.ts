// Hashes, signatures and names that nobody else has.

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomUUID,
  sign as signWith,
  timingSafeEqual,
  verify as verifyWith,
} from 'node:crypto';

export { type KeyObject, randomUUID };

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest();
}

/** In a time that does not tell where they differ. */
export const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.byteLength === other.byteLength && timingSafeEqual(one, other);

/** PEM, or a key of the platform's. @throws Error of the platform's for what is no such key. */
export const privateKeyOf = (key: string | KeyObject): KeyObject =>
  typeof key === 'string' ? createPrivateKey(key) : key;
export const publicKeyOf = (key: string | KeyObject): KeyObject =>
  typeof key === 'string' ? createPublicKey(key) : key.type === 'private' ? createPublicKey(key) : key;

export const signBytes = (key: KeyObject, bytes: Uint8Array): Uint8Array => signWith(null, bytes, key);
export const verifyBytes = (key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean =>
  verifyWith(null, bytes, key, signature);
