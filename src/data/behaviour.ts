// What the program's class means for a struct: how its instances are made, and its methods.

import { analyse } from '../closure/text/analyse.js';
import type { AnyFunction } from '../closure/values/functions.js';
import { isPlainPrototype } from '../heap/copy.js';
import { describe } from '../heap/errors.js';
import type { Behaviour as ShapeBehaviour } from '../heap/shapes.js';

export type Behaviour = ShapeBehaviour;

/** What the text of a class says that matters here. */
interface Text {
  readonly hasConstructor: boolean;
  readonly hasFields: boolean;
  readonly isDerived: boolean;
}

/** Records under construction, for the constructors of structs that theirs call with `super()`. */
const stages: object[] = [];

/** A call was cut short: the constructors inside it will not go on. */
export function saveStages(): () => void {
  const depth = stages.length;
  return () => {
    stages.length = depth;
  };
}

/** How new instances of a struct are filled. `names` are its fields in order. */
export function behaviourOf(
  name: string,
  names: readonly string[],
  methods: AnyFunction | undefined,
): Omit<Behaviour, 'initial'> {
  const text =
    methods === undefined ? { hasConstructor: false, hasFields: false, isDerived: false } : readText(name, methods);
  const runs = text.hasConstructor || text.hasFields;
  return {
    always: runs,
    initialise(record, args) {
      if (runs) construct(name, names, record, methods!, text, args);
      if (!text.hasConstructor) assign(name, names, record, args);
    },
    admit(target) {
      if (stages.length > 0) return;
      const called = typeof target === 'function' ? target.name || 'a class' : describe(target);
      throw new TypeError(
        `${called} extends struct ${name} without being one: use struct(name, fields, class extends ${name} { … })`,
      );
    },
    staged: () => stages.at(-1)!,
  };
}

/** What may be a constructor, a private name or a field: most classes have none, and need no parser to know it. */
const SUSPICIOUS = /\bconstructor\b|#|(?:^|[{};\n])\s*[\w$]+\s*(?:=[^=>]|;|\})/;

function readText(name: string, methods: AnyFunction): Text {
  const text = Function.prototype.toString.call(methods);
  const { shape } = SUSPICIOUS.test(text) ? analyse(text) : { shape: undefined };
  if (shape?.hasPrivateInstances === true) {
    throw new TypeError(
      `the class of struct ${name} has private fields (#), which belong to one thread: make them fields of the struct`,
    );
  }
  return {
    hasConstructor: shape?.hasConstructor === true,
    hasFields: shape?.hasFields === true,
    isDerived: Object.getPrototypeOf(methods) !== Function.prototype,
  };
}

/** Runs the class's own constructor and field initialisers, and takes over what they have set. */
function construct(
  name: string,
  names: readonly string[],
  record: object,
  methods: AnyFunction,
  text: Text,
  args: ArrayLike<unknown>,
): void {
  const given = text.hasConstructor ? Array.from(args) : [];
  if (!text.isDerived) {
    // It sets its fields on an object with its methods, which is then read.
    takeOver(name, names, Reflect.construct(methods as never, given, stagingFor(methods)) as object, record, false);
    return;
  }
  stages.push(record);
  try {
    // Its `super()` gives it the record itself.
    Reflect.construct(methods as never, given);
  } finally {
    stages.pop();
  }
  takeOver(name, names, record, record, true);
}

function takeOver(name: string, names: readonly string[], from: object, record: object, own: boolean): void {
  for (const key of Object.keys(from)) {
    const value = (from as Record<string, unknown>)[key];
    if (own) delete (from as Record<string, unknown>)[key];
    // What TypeScript declares without a value is a field that is undefined.
    if (value === undefined) continue;
    if (!names.includes(key)) throw unknownField(name, names, key);
    (record as Record<string, unknown>)[key] = value;
  }
}

const stagings = new WeakMap<AnyFunction, AnyFunction>();

/** A class with the same methods, whose instances are plain objects. */
function stagingFor(methods: AnyFunction): AnyFunction {
  let staging = stagings.get(methods);
  if (staging === undefined) {
    staging = class {} as unknown as AnyFunction;
    const { constructor: _, ...own } = Object.getOwnPropertyDescriptors(
      (methods as unknown as { prototype: object }).prototype,
    );
    Object.defineProperties((staging as unknown as { prototype: object }).prototype, own as PropertyDescriptorMap);
    stagings.set(methods, staging);
  }
  return staging;
}

/** By field names if it is one plain object with such keys, by position otherwise. */
function assign(name: string, names: readonly string[], record: object, args: ArrayLike<unknown>): void {
  if (args.length === 0) return;
  const values = record as Record<string, unknown>;
  const first = args[0];
  if (args.length === 1 && isPlain(first)) {
    const keys = Object.keys(first);
    // One field alone may be meant to be that object.
    if (keys.every((key) => names.includes(key))) {
      for (const key of keys) values[key] = first[key];
      return;
    }
    if (names.length !== 1) throw unknownField(name, names, keys.find((key) => !names.includes(key))!);
  }
  if (args.length > names.length) {
    throw new TypeError(
      `struct ${name} has ${names.length} fields, and ${args.length} values were given: ${names.join(', ')}`,
    );
  }
  for (let at = 0; at < args.length; at++) values[names[at]!] = args[at];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isPlainPrototype(prototype);
}

function unknownField(name: string, names: readonly string[], key: string): TypeError {
  return new TypeError(`struct ${name} has no field '${key}': its fields are ${names.join(', ')}`);
}

/** Gives a struct's class the methods, getters and statics of the program's. */
export function copyMethods(
  name: string,
  Class: AnyFunction | (new (...args: unknown[]) => object),
  methods: AnyFunction,
  names: readonly string[],
): void {
  const { prototype } = methods as unknown as { prototype: object };
  const target = (Class as unknown as { prototype: object }).prototype;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor') continue;
    if (typeof key === 'string' && names.includes(key))
      throw new TypeError(`struct ${name} has a field '${key}', and its class a method of that name`);
    Object.defineProperty(target, key, Object.getOwnPropertyDescriptor(prototype, key)!);
  }
  const base = Object.getPrototypeOf(prototype) as object;
  if (base !== Object.prototype) Object.setPrototypeOf(target, base);
  // Statics, also those of what it extends.
  Object.setPrototypeOf(Class, methods);
}
