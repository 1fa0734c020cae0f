// What objects and their properties allow.
import { EXTENSIBLE, FIXED, FROZEN, HIDDEN, NOT_EXTENSIBLE, READ_ONLY, SEALED } from './graph.js';

export function flagsOf({ writable, enumerable, configurable }: PropertyDescriptor): number {
  return (writable === false ? READ_ONLY : 0) | (enumerable ? 0 : HIDDEN) | (configurable ? 0 : FIXED);
}

/** What an object's integrity says of all its properties. */
export const impliedFlags = (integrity: number): number =>
  integrity === FROZEN ? READ_ONLY | FIXED : integrity === SEALED ? FIXED : 0;

export function integrityOf(value: object): number {
  if (Object.isExtensible(value)) return EXTENSIBLE;
  if (Object.isFrozen(value)) return FROZEN;
  return Object.isSealed(value) ? SEALED : NOT_EXTENSIBLE;
}

export const isIndex = (key: string): boolean => /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < 2 ** 32 - 1;
