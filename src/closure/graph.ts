// The wire format: how a graph of values looks on its way. Everything here can be structured-cloned.
//
// A graph is a table of nodes. A slot is a primitive itself, or a reference to a node: an array of one index. Nodes refer to each
// other by slots, so cycles and shared objects keep their shape, however deep.

/** Index of a node, boxed so that it cannot be mistaken for a number. */
export type Ref = readonly [index: number];
export type Slot = string | number | bigint | boolean | null | undefined | Ref;

export const isRef = (slot: Slot): slot is Ref => typeof slot === 'object' && slot !== null;

/** Attributes of a property that differ from those of a plain assignment. */
export const READ_ONLY = 1;
export const HIDDEN = 2;
export const FIXED = 4;

/** A data property (2 or 3 entries) or an accessor (4). Keys are strings, or references to symbols. */
export type Property =
  | [key: Slot, value: Slot]
  | [key: Slot, value: Slot, flags: number]
  | [key: Slot, get: Slot, set: Slot, flags: number];

/** Order matters: each implies those before. */
export const EXTENSIBLE = 0;
export const NOT_EXTENSIBLE = 1;
export const SEALED = 2;
export const FROZEN = 3;
/** A package's own, which the receiver does not freeze although it was captured. */
export const WRITABLE = 4;

/** A symbol that is found on a sample of a class. */
export interface SampleSymbol {
  readonly sample: string;
  readonly described: string;
}

export type Payloads = {
  /** Cloned by the platform: flat data. */
  raw: unknown;
  /** An ArrayBuffer: which of the attachments has its bytes, and how long it may become if it is resizable. */
  bytes: { at: number; limit?: number | undefined };
  object: undefined;
  array: Slot[];
  map: Slot[];
  set: Slot[];
  date: number;
  regexp: { source: string; flags: string; lastIndex: number };
  boxed: Slot;
  error: ErrorPayload;
  /** Without a length it is as long as its buffer, which can be resized. */
  view: { type: string; buffer: Slot; offset: number; length: number | undefined };
  /** A Buffer without the pool that it lies in: which of the attachments has its bytes. */
  buffer: number;
  arguments: Slot[];
  symbol: { registered: string } | { wellKnown: string } | SampleSymbol;
  url: string;
  params: string;
  /** An object of the platform's that is made again (remake.ts): Headers, Intl.NumberFormat. `data` is flat, or cloned with the node. */
  remade: { as: string; data: readonly unknown[]; values: Slot[] };
  /** A path from globalThis: ['Array', 'prototype']. */
  global: string[];
  builtin: { module: string; path: string[] };
  /**
   * An export of an ES module; '*' is the namespace. `specifier` is resolved from `base`. `after`: what the program imports of the
   * package, when that is another module, which may complete this one.
   */
  import: { base: string; specifier: string; name: string; after?: readonly Entry[] };
  /** `module.exports` of a CommonJS file, or one of its properties. */
  require: { file: string; name: string | undefined };
  /** The `require` function, the `module` object, `import()` or `import.meta` of a file. */
  requireFunction: string;
  moduleObject: { file: string; exports: Slot };
  importFunction: string;
  importMeta: string;
  /** A shared object: the address of its cell. */
  shared: number;
  /** The class of a struct. */
  struct: { name: string; fields: string; source: string; methods: Slot };
  /** A function that travels by source. */
  function: FunctionPayload;
  /** What a function of transformed code calls for the closures that it makes: its module, under a name that all threads know. */
  stamper: { id: string; file: string };
  /** A variable in its box: shared, with its record, or with a copy of its value. */
  variable: { name: string; shared: Slot } | { name: string; own: Slot };
  bound: { target: Slot; self: Slot; args: Slot[] };
  /** The object that a function made by itself for its `prototype`. */
  prototype: Slot;
  /** A method that must be taken from the object it was written in, for the sake of `super` or private names. */
  member: { home: Slot; key: Slot; part: 'value' | 'get' | 'set' };
  /** A node of a closure that the receiver keeps. */
  cached: { closure: number; index: number };
  /** A module's constant that the receiver makes by itself, once. */
  again: AgainPayload;
  /** Takes everything and gives nothing: stands for the counters of a coverage tool. */
  sink: undefined;
  /** What stayed behind. The receiver throws this when it is used. */
  poison: string;
  /** A part of an error that cannot travel, and why: the receiver's error does not have it. */
  absent: string;
};

export interface ErrorPayload {
  /** Undefined where the error has none of its own, or has it as a property. */
  readonly message: string | undefined;
  /** Undefined where it has none. */
  readonly stack: string | undefined;
  /** What it is called if its class cannot be had. */
  readonly name: string;
  /** Its prototype and those above it: the first that can be had is the copy's. Undefined = Error.prototype. */
  readonly bases?: Slot[];
  /** It is made by a class of the platform's. */
  readonly made?: { readonly type: string; readonly args: unknown[] };
  /** It is an error by its prototype alone. */
  readonly like?: boolean;
}

export interface Entry {
  readonly base: string;
  readonly specifier: string;
}

export interface FunctionPayload {
  readonly code: string;
  /** Identity where the function was first captured: coming home, it is that function again. */
  readonly origin: string;
  /** Values of the code's free variables, in its order. A hole is left to the receiver's global object. */
  env: Slot[];
  name: string;
  /** What a class extends: evaluated by the sender, so that it is not evaluated twice. */
  heritage?: Slot;
  /** Computed keys of a class, in the code's order; undefined where the member is no longer there. */
  keys?: Slot[];
  /** What `super` of a method looks in. */
  home?: Slot;
  /** Why what it takes from the function around it stayed behind, in the order of its code's `outer`. */
  outer?: string[];
  /** The `this` that it takes from there, if that is known. */
  self?: Slot;
  /** Changes to the prototype object that the function's own text does not make. */
  prototype?: { proto?: Slot; properties: Property[] };
  /** Values of static private fields, in the code's order. */
  privates?: Slot[];
}

/** See `again.ts`. */
export interface AgainPayload {
  readonly key: string;
  readonly name: string;
  readonly file: string;
  readonly order: number;
  /** Making it takes a promise: it is made before anything is rebuilt that uses it. */
  readonly waits: boolean;
  readonly parts: { code: string; env: Slot[]; late: number[] }[];
}

export type Tag = keyof Payloads;

/** `proto` is undefined where the tag's usual prototype is meant, and `properties` where there are none. */
export type Node<T extends Tag = Tag> = {
  [K in T]: [tag: K, payload: Payloads[K], proto?: Slot, properties?: Property[] | undefined, integrity?: number];
}[T];

/** Data that belongs to the node; by-reference nodes and functions' prototypes are nobody's to freeze. */
export const FREEZABLE: ReadonlySet<string> = new Set([
  'raw',
  'object',
  'array',
  'map',
  'set',
  'date',
  'boxed',
  'error',
  'arguments',
  'function',
  'bound',
]);

export interface Graph {
  readonly nodes: Node[];
  readonly roots: Slot[];
  /** Nodes from here on were captured, not passed: the receiver freezes them. */
  readonly capturedFrom: number;
}

/** Roles of the letters in a code record. */
export const BIND = 0;
export const META = 1;
export const HERITAGE = 2;
export const PRIVATES = 3;
export const INDEX = 4;
export const VALUE = 5;
/** From here on, computed keys. */
export const KEYS = 6;

/** All that the receiver needs to make functions of one text. Sent to a thread once. */
export interface CodeRecord {
  readonly id: string;
  /** Text of the function, of the same length as written up to its last brace. */
  readonly text: string;
  readonly form: 'expression' | 'method' | 'class';
  readonly strict: boolean;
  /** URL or path as stacks show it, and the zero-based position of the text in it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Id of the file's source map, if it has one. */
  readonly map: string | undefined;
  readonly free: readonly string[];
  /** Indexes in `free` that a class needs while it is being evaluated: in computed keys of its fields. */
  readonly eager: readonly number[];
  /** One-letter names that do not occur in the text, for the wrapper around it, and then for computed keys. */
  readonly letters: string;
  /** What it takes from the function around it: 'this', 'arguments', 'super'. */
  readonly outer: readonly string[];
  readonly dynamicImport: boolean;
  readonly importMeta: boolean;
  /** Static private fields of a class. */
  readonly privates: readonly string[];
}

/** A source map: named by a comment at the end of the file, by the comment given here, or here itself. */
export interface MapRecord {
  /** The same in all threads, and of digits and a dot: it is part of the names of scripts. */
  readonly id: string;
  /** The generated file, as stacks show it. */
  readonly file: string;
  readonly payload: unknown;
  /** Of code from another machine: the file there, which stacks show instead of `file`. It has no payload if the texts are the same. */
  readonly shown?: string;
}

/** What a graph needs besides its nodes. */
export interface Attachments {
  readonly codes: readonly CodeRecord[];
  readonly maps: readonly MapRecord[];
  /** Bytes that nodes refer to by their place here. */
  readonly bytes: readonly Uint8Array[];
}

/** What was captured, as its receiver gets it: maps are in place, bytes are its own. */
export interface Packet {
  /** The number under which its receiver keeps the function that it brings; 0 = it is kept by nobody. */
  readonly kept: number;
  readonly graph: Graph;
  readonly bytes: readonly Uint8Array<ArrayBuffer>[];
  /** The code that its nodes name: known to this thread as long as the packet is there, or a function that was made of it. */
  readonly codes: readonly CodeRecord[];
}
