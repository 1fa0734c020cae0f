// The encoder's face for the files that encode one kind of value each. The walk itself is in encode.ts.
import type { Inspected } from '../../platform/inspector.js';
import type { Export } from '../exports.js';
import type { Node, Property, Ref, Slot } from '../graph.js';
import type { Path, Reason } from '../values/paths.js';
import type { WellKnown } from '../values/wellknown.js';
import type { Detours } from './detours.js';
import type { Luggage } from './luggage.js';

/** A graph that the receiver keeps: its values can be referred to. */
export interface Kept {
  readonly id: number;
  /** Node of each object in it. */
  readonly index: ReadonlyMap<object, number>;
}

/** A value that waits for its node to be filled. */
export interface Pending {
  readonly value: object;
  readonly index: number;
  readonly path: Path;
  /** Passed as an argument, or the function of the start itself: what cannot travel stops the start. */
  readonly passed: boolean;
  readonly part: Part;
}

/** What is not reached in any other way than through an error never stops the error. */
export type Part =
  /** 'data': what cannot travel is left out. 'captured', by one of the error's functions: it says so when that is called. */
  'data' | 'captured' | undefined;

export interface Encoder extends Luggage {
  readonly nodes: Node[];
  readonly inspections: Map<object, Inspected>;
  /** What must be as it was if the graph is to be used again: numbers of own keys, and values of members. */
  readonly counted: [owner: object, keys: number][];
  readonly read: [owner: object, name: string, value: unknown][];
  /** What was captured can change from one start to the next. */
  changing: boolean;
  /** Index of every object and symbol that has a node. */
  readonly seen: Map<unknown, number>;
  /** Nodes of modules of which only some members travel. */
  readonly partial: Map<object, number>;
  readonly detours: Detours;

  /** The slot for a value: itself, or a reference to a node that will be filled in its turn. */
  slot(value: unknown, path: Path): Slot;
  /** A node of its own, for `value` if there is one. */
  add(node: Node, value?: unknown): Ref;
  /** A property key; undefined for a unique symbol. */
  key(key: PropertyKey | undefined): Slot;
  properties(value: object, keys: readonly PropertyKey[], path: Path, implied?: number): Property[];
  /** Undefined where it is the usual one. */
  prototypeOf(value: object, usual: object, path: Path): Slot;
  /** Adds properties and integrity to a node whose payload is there. */
  finish(index: number, value: object, path: Path, keys?: PropertyKey[]): void;
  /** The node for what every thread has by a name, or can import. */
  byName(name: WellKnown | Export): Node;
  /** The node stands for something that stays behind; if it was passed, nothing starts. */
  leave(pending: Pending, reason: Reason): void;
  /** A node for something that has no value of its own. */
  poison(path: Path, reason: Reason): Ref;
  /** What `make` makes slots for are parts of an error. */
  asParts<T>(make: () => T): T;
}
