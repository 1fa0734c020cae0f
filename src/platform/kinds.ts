// What the engine says an object is, whatever its prototype claims.
import { types } from 'node:util';
import { standIn } from './outside.js';

export const {
  isArgumentsObject,
  isAnyArrayBuffer,
  isAsyncFunction,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isExternal,
  isGeneratorFunction,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isWeakMap,
  isWeakSet,
} = types;

/**
 * What an own property holds, without running a getter of anybody's. Where intrinsics are frozen (--frozen-intrinsics), the platform has made
 * getters of their members, which carry the value.
 */
export function ownValue(holder: object, key: PropertyKey): unknown {
  const found = Object.getOwnPropertyDescriptor(holder, key);
  if (found?.get === undefined || found.configurable || !Object.isFrozen(holder)) return found?.value;
  return Object.getOwnPropertyDescriptor(found.get, 'value')?.value;
}

/** Whether an object is a Proxy that the program has made. */
export const isProgramProxy = (value: object): boolean => types.isProxy(value) && standIn(value) === undefined;

/** Whether a value is an error, also one of another context's. */
export const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);
