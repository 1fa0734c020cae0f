// What the steps of a walk hand to each other.
import type { Path } from '../values/paths.js';

/** A graph that the receiver keeps: its values can be referred to. */
export interface Kept {
  readonly id: number;
  /** Node of each object in it. */
  readonly index: ReadonlyMap<object, number>;
}

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
