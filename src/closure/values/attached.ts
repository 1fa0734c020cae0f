// Objects of the platform that no bytes can carry, only its messages: a Blob, a key, a WebAssembly.Module. This file says which objects
// these are; src/heap/attachment.ts says how they travel.
import type { Inspected } from '../../platform/inspector.js';
import { isSharedArrayBuffer } from '../../platform/kinds.js';
import { type AnyFunction, kindOf } from './functions.js';

/** By the name of their class, or by their tag. */
const ATTACHED = new Set([
  'Blob',
  'TransferableBlob',
  'CryptoKey',
  'Module',
  'PublicKeyObject',
  'PrivateKeyObject',
  'SecretKeyObject',
  'InternalCryptoKey',
  'InternalX509Certificate',
  'X509Certificate',
  'BlockList',
  'SocketAddress',
  'InternalSocketAddress',
  'Histogram',
  'RecordableHistogram',
  'ELDHistogram',
  'IntervalHistogram',
]);

/** What an object's prototype says that it was made by. Classes of Node's own may stand behind the one that they say. */
export function classOf(value: object): AnyFunction | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  const made: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof made === 'function' ? (made as AnyFunction) : undefined;
}

/** The bytes that such an object holds outside of the engine's memory; undefined for any other object. */
export function attachedBytes(value: object, inspections: Map<object, Inspected> = new Map()): number | undefined {
  const owner = classOf(value);
  if (owner === undefined) return undefined;
  const { name } = owner;
  // Sharing is what a shared memory is for; an unshared one cannot be cloned.
  const isMemory = name === 'Memory' && isSharedArrayBuffer((value as { buffer?: unknown }).buffer);
  if (!isMemory && !ATTACHED.has(name)) return undefined;
  // A class of the program's may have any name.
  if (!/^(?:platform|obstacle)$/.test(kindOf(owner, inspections).kind)) return undefined;
  return value instanceof Blob ? Math.min(value.size, 2 ** 31 - 1) : 0;
}

/** Why the platform does not pass one, and what to do instead. */
export function explainAttached(value: object): { readonly what: string; readonly remedy: string | undefined } {
  const isBlob = value instanceof Blob;
  return {
    what: `${isBlob ? 'a Blob of a file' : `an object of class ${classOf(value)!.name}`} that Node cannot pass to another thread`,
    remedy: isBlob ? 'Pass the path, or its bytes: await blob.arrayBuffer()' : undefined,
  };
}
