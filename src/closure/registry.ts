// What transformed code calls: one registry for each realm, under a symbol. The transform (src/transform) puts the text of `makeRegistry` into
// what it makes, so transformed code needs no import; this library uses the same one if code has made it already, and makes it otherwise.
// So both must agree in all versions that can meet in one process: FORMAT says so.
//
//   __heddle__ = registry.module(where, top)      once for each module: a stamper
//   __heddle__(fn, environment)                   beside each closure; gives fn
//   __heddle__.m(object, name, environment, …)    the same for methods of an object literal
//   __heddle__.v(name, value)                     a variable that can be shared, in its box: reads and writes of it are of `.v`
//   __heddle__.v(name, value, mirror)             … which calls `mirror` with each value that this thread gives it
//   __heddle__.n(box)                             a box of its own for the next round of a loop
//
//   environment   () => [site, a, b, [c]]         the variables of the functions around; those in the inner array are assigned to
//                 site                            if there are none
//   top           p => { p([f, g], 1); p(a); … }  the variables at the top of the module, in the order in which they are initialised:
//                                                 so if one throws, those before it are known; an array has what cannot throw. 1 a function or class that is written
//                                                 there, 2 it is assigned to, 3 an import
//
// Programs get the text of the functions below, of the last two only if they use them.
//
// A stamp is a private field that a constructor puts on the function which its parent has returned: no property that a program could see,
// and far cheaper than an entry in a WeakMap.

/** Where transformed code and this library find each other. */
export const REGISTRY = 'heddle.transform.1';

export type Environment = number | (() => readonly unknown[]);
export type Top = (tell: (value: unknown, kind?: number) => void) => void;

/** One module as it runs. */
export interface StampedModule {
  /** The URL or path of the file, or an error made there. */
  readonly where: string | Error;
  readonly top: Top | undefined;
  /** For this library. */
  known?: unknown;
}

export interface Stamper {
  <T extends object>(fn: T, environment: Environment): T;
  m<T extends object>(object: T, ...stamps: (string | Environment)[]): T;
  v(name: string, value: unknown, mirror?: (value: unknown) => void): Variable;
  n(variable: Variable): Variable;
}

/** A variable. It is this thread's own until a function that uses it first travels. */
export interface Variable {
  readonly name: string;
  v: unknown;
  own: unknown;
  shared: { v: unknown } | undefined;
}

export interface Registry {
  /** A module, in the place of an earlier one of that file; `name` tells those of one file apart. */
  module(where: string | Error, top?: Top, name?: string): Stamper;
  readonly modules: Map<string, StampedModule>;
  /** Without an environment it is a stamper. */
  stampOf(fn: object): readonly [Environment | undefined, StampedModule] | undefined;
  /** Texts that a loader has made, by the URL of the module. */
  texts?: Map<string, string>;
  /** Made when the first module needs it. */
  Variable?: new (
    name: string,
    value: unknown,
    mirror?: (value: unknown) => void,
  ) => Variable;
  /** Turns what the heap says of a value that it cannot hold into what a program is to read. Set by this library. */
  refuse?: (variable: Variable, error: unknown) => unknown;
}

/** The registry of this realm, in a function that needs nothing from outside. */
export function makeRegistry(key: string): Registry {
  // A module may have things of its own under the names of the language's.
  const realm = globalThis;
  const place = realm.Symbol.for(key);
  const made = (realm as { [place]?: Registry })[place];
  if (made) return made;
  class Same {
    constructor(given: object) {
      // biome-ignore lint/correctness/noConstructorReturn: this is how a private field gets onto an object that is there already
      return given;
    }
  }
  class Stamp extends Same {
    #environment: Environment | undefined;
    #module: StampedModule;
    constructor(fn: object, environment: Environment | undefined, module: StampedModule) {
      super(fn);
      this.#environment = environment;
      this.#module = module;
    }
    static of(fn: object): [Environment | undefined, StampedModule] | undefined {
      return #environment in fn ? [fn.#environment, fn.#module] : undefined;
    }
  }
  const registry: Registry = {
    modules: new realm.Map(),
    stampOf: Stamp.of,
    module(where, top, name = '') {
      const module = { where, top };
      const stamp = ((fn: object, environment: Environment) => new Stamp(fn, environment, module)) as Stamper;
      new Stamp(stamp, undefined, module);
      if (top) registry.modules.set(name + (typeof where === 'string' ? where : where.stack), module);
      return stamp;
    },
  };
  realm.Object.defineProperty(realm, place, { value: registry });
  return registry;
}

/** Gives a stamper `m`. */
export function addMethods(registry: Registry, stamp: Stamper): Stamper {
  stamp.m = (object, ...stamps) => {
    for (let at = 0; at < stamps.length; at += 2) {
      const [, part, name] = /^([gs]et )?(.*)$/s.exec(stamps[at] as string)!;
      const found = globalThis.Object.getOwnPropertyDescriptor(object, name!);
      const method: unknown = part === undefined ? found?.value : part === 'get ' ? found?.get : found?.set;
      if (typeof method === 'function' && !registry.stampOf(method)) stamp(method, stamps[at + 1] as Environment);
    }
    return object;
  };
  return stamp;
}

/** Gives a stamper `v` and `n`. */
export function addVariables(registry: Registry, stamp: Stamper): Stamper {
  registry.Variable ??= class implements Variable {
    readonly name: string;
    own: unknown;
    shared: { v: unknown } | undefined;
    readonly mirror: ((value: unknown) => void) | undefined;
    constructor(name: string, value: unknown, mirror?: (value: unknown) => void) {
      this.name = name;
      this.own = value;
      this.shared = undefined;
      this.mirror = mirror;
      mirror?.(value);
    }
    get v(): unknown {
      return this.shared === undefined ? this.own : this.shared.v;
    }
    set v(value: unknown) {
      if (this.shared === undefined) this.own = value;
      else {
        try {
          this.shared.v = value;
        } catch (error) {
          throw registry.refuse ? registry.refuse(this, error) : error;
        }
      }
      if (this.mirror !== undefined) this.mirror(value);
    }
  };
  const { Variable } = registry;
  stamp.v = (name, value, mirror) => new Variable(name, value, mirror);
  stamp.n = (variable) => new Variable(variable.name, variable.v);
  return stamp;
}

let found: Registry | undefined;

/** This realm's. */
export function registry(): Registry {
  found ??= makeRegistry(REGISTRY);
  return found;
}

/** This realm's, if transformed code has made it. */
export function registryIfAny(): Registry | undefined {
  found ??= (globalThis as Record<symbol, unknown>)[Symbol.for(REGISTRY)] as Registry | undefined;
  return found;
}

/** A stamper with all that transformed code may call. */
export const fullStamper = (where: string): Stamper =>
  addVariables(registry(), addMethods(registry(), registry().module(where)));

/** The class of boxes. */
export function variableClass(): NonNullable<Registry['Variable']> {
  fullStamper('');
  return registry().Variable!;
}

/** The module of a stamper; undefined for any other function. */
export function moduleOf(fn: object): StampedModule | undefined {
  const stamp = registryIfAny()?.stampOf(fn);
  return stamp !== undefined && stamp[0] === undefined ? stamp[1] : undefined;
}
