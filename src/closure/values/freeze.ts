// Makes captured data read-only, so that a write throws. Otherwise the write would be lost with the thread's copy.
//
// Limits: elements of typed arrays, the bytes of buffers, `lastIndex` of regular expressions and the parts of a URL stay writable,
// since the language cannot freeze them; and `Map.prototype.set.call(map)` gets around what is done to a map here.
import { isDate, isMap, isSet } from '../../platform/kinds.js';

const MAP_WRITES = ['set', 'delete', 'clear'];
const SET_WRITES = ['add', 'delete', 'clear'];
const DATE_WRITES = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

const refusals = new Map<string, PropertyDescriptor>();

const methods = new WeakSet<object>();

/** Whether a method is one of those that stand in the way of writes: it does not belong to the value, and does not travel on with it. */
export const isWriteRefusal = (method: unknown): boolean => typeof method === 'function' && methods.has(method);

function refusal(kind: string, method: string): PropertyDescriptor {
  const name = `${kind}.${method}`;
  let found = refusals.get(name);
  if (!found) {
    const value = (): never => {
      throw new TypeError(
        `cannot ${method} on a captured ${kind}: a thread has its own copy of what is captured, so the change would be lost. ` +
          'Put data that is changed together into shared(), pass it as an argument for a copy that can be changed, or use a ThreadLocal',
      );
    };
    methods.add(value);
    found = { value, writable: false, enumerable: false, configurable: false };
    refusals.set(name, found);
  }
  return found;
}

const frozen = new WeakSet<object>();

/** Whether it can be changed where it comes from, and was made read-only here. */
export const wasFrozenHere = (value: unknown): value is object =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && frozen.has(value);

/** `already`: the program has frozen it itself. */
export function freeze(value: object, already = false): void {
  if (ArrayBuffer.isView(value)) return;
  if (!already) frozen.add(value);
  if (Object.isExtensible(value)) {
    if (isMap(value)) for (const method of MAP_WRITES) Object.defineProperty(value, method, refusal('Map', method));
    else if (isSet(value))
      for (const method of SET_WRITES) Object.defineProperty(value, method, refusal('Set', method));
    else if (isDate(value))
      for (const method of DATE_WRITES) Object.defineProperty(value, method, refusal('Date', method));
  }
  Object.freeze(value);
}
