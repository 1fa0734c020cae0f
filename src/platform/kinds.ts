// What the engine says an object is, whatever its prototype claims.
import { types } from 'node:util';

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
