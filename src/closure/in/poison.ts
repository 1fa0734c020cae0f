// Stand-ins in a thread for values that did not travel. Any use of one throws an error that says what the value was.
//
// Limits: a binding's stand-in is an object, so `typeof`, comparisons and truth values do not throw. A property's stand-in throws
// whenever it is read.
import { CaptureError } from '../errors.js';
import { poisons } from '../rebuilt.js';

const TRAPS = [
  'apply',
  'construct',
  'defineProperty',
  'deleteProperty',
  'get',
  'getOwnPropertyDescriptor',
  'getPrototypeOf',
  'has',
  'isExtensible',
  'ownKeys',
  'preventExtensions',
  'set',
  'setPrototypeOf',
] as const;

/** For a variable, an element, or a superclass. */
export function poisonValue(text: string): object {
  const fail = (): never => {
    throw new CaptureError(text);
  };
  // A class can be both called and constructed, as far as a proxy is concerned; and Node shows a proxy's target when it prints one.
  const target = Object.assign(class {}, { [Symbol.for('nodejs.util.inspect.custom')]: () => `<${text}>` });
  const value = new Proxy(target, Object.fromEntries(TRAPS.map((trap) => [trap, fail])));
  poisons.set(value, text);
  return value;
}

/** For a property of an object that did travel. */
export function poisonProperty(text: string): PropertyDescriptor {
  const get = (): never => {
    throw new CaptureError(text);
  };
  poisons.set(get, text);
  return { get, set: get, enumerable: true, configurable: true };
}

/** Stands for the counters of a coverage tool: counts in a thread reach no report. */
export function sink(): object {
  const self: object = new Proxy(() => {}, {
    apply: () => self,
    get: (_target, key) => (key === Symbol.toPrimitive ? () => 0 : self),
    set: () => true,
  });
  return self;
}
