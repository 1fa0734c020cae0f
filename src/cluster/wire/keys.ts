// The key of a cluster: one secret for all, whose signatures everybody can make; or a pair, where each signs with its own private key and
// accepts what was signed with one of the public keys that it knows.

import {
  hmac,
  type KeyObject,
  privateKeyOf,
  publicKeyOf,
  sameBytes,
  signBytes,
  verifyBytes,
} from '../../platform/crypto.js';

/** An ed25519 pair: PEM texts or key objects. */
export interface KeyPair {
  /** What this process signs with. */
  readonly privateKey: string | KeyObject;
  /** Whose signatures it accepts. */
  readonly publicKey: string | KeyObject | readonly (string | KeyObject)[];
}

/** Bytes or a text (its UTF-8 bytes) that all members have, or a pair. There is no default. */
export type ClusterKey = string | Uint8Array | KeyPair;

export interface Signer {
  /** Bytes of a signature. */
  readonly length: number;
  sign(bytes: Uint8Array): Uint8Array;
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean;
}

const HMAC_LENGTH = 32;
const ED25519_LENGTH = 64;

/** A key as it goes to the threads of this process: key objects are texts then. */
export type PlainKey = Uint8Array | { readonly privateKey: string; readonly publicKey: readonly string[] };

/** @throws TypeError for what is no key. The key itself is in no message. */
export function plainKey(key: ClusterKey | undefined): PlainKey {
  if (typeof key === 'string' || key instanceof Uint8Array) {
    const bytes = typeof key === 'string' ? Buffer.from(key) : Uint8Array.from(key);
    if (bytes.length === 0) throw new TypeError(`the key is empty: ${MAKE_ONE}`);
    return new Uint8Array(bytes);
  }
  if (typeof key !== 'object' || key === null) throw new TypeError(`a cluster needs a key: ${MAKE_ONE}`);
  const { privateKey, publicKey } = key;
  if (privateKey === undefined || publicKey === undefined) {
    throw new TypeError(
      `a pair of keys is { privateKey, publicKey }: what this process signs with, and whose signatures it accepts`,
    );
  }
  const publics = Array.isArray(publicKey) ? publicKey : [publicKey];
  return {
    privateKey: text(privateKeyOf(privateKey), 'pkcs8', 'privateKey'),
    publicKey: publics.map((each: string | KeyObject) => text(publicKeyOf(each), 'spki', 'publicKey')),
  };
}

const MAKE_ONE =
  "give { key }, which all members of the cluster have: some 32 random bytes, such as those of require('crypto').randomBytes(32), or a pair " +
  'of ed25519 keys';

function text(key: KeyObject, type: 'pkcs8' | 'spki', name: string): string {
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new TypeError(
      `${name} is a key of the kind ${key.asymmetricKeyType ?? key.type}: make a pair with crypto.generateKeyPairSync('ed25519')`,
    );
  }
  return key.export({ type, format: 'pem' } as { type: 'spki'; format: 'pem' }).toString();
}

export function signerOf(key: PlainKey): Signer {
  if (key instanceof Uint8Array) {
    return {
      length: HMAC_LENGTH,
      sign: (bytes) => hmac(key, bytes),
      verifies: (bytes, signature) => sameBytes(hmac(key, bytes), signature),
    };
  }
  const own = privateKeyOf(key.privateKey);
  const accepted = key.publicKey.map(publicKeyOf);
  return {
    length: ED25519_LENGTH,
    sign: (bytes) => signBytes(own, bytes),
    verifies: (bytes, signature) => accepted.some((each) => verifyBytes(each, bytes, signature)),
  };
}
