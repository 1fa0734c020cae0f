// The decoder's face for the files that make one kind of value each. The table itself is in decode.ts.
import type { AgainPayload, CodeRecord, Node, Property, Slot } from '../graph.js';

export interface Decoder {
  /** The value of a slot, maybe still empty. */
  value(slot: Slot): unknown;
  /** Gives the value of a slot to `take`: at once, unless the thread must make it first. */
  whenMade(slot: Slot, take: (value: unknown) => void): void;
  /** Work for when everything that is needed exists. */
  later(fill: () => void): void;
  /** Fills all that is there. A fill may add others, or need some to be done. */
  settle(): void;
  /** Makes what functions wait for: all, or what its module makes before `next`. */
  makeEarlier(next: AgainPayload | undefined): void;
  define(target: object, properties: readonly Property[]): void;
  metaFor(record: CodeRecord): object | undefined;
  /** Nodes of those that are each thread's own; undefined = none is. */
  threadsOwn(slots: readonly Slot[]): (Node | undefined)[] | undefined;
}
