// Classes of structs travel by definition: the receiver defines the struct too, with the program's class that has its methods, or has it
// already. What a definition is, src/data/struct.ts knows.
import type { AnyFunction } from './functions.js';

export interface StructParts {
  readonly name: string;
  /** As text, with their types. */
  readonly fields: string;
  /** Text of the program's class as it was written; empty if there is none. */
  readonly source: string;
  readonly methods: AnyFunction | undefined;
}

/** What src/data/struct.ts knows of structs. src/wiring.ts puts it in. */
export interface Structs {
  /** Undefined for a function that is no struct's class. */
  partsOf(fn: object): StructParts | undefined;
  define(parts: StructParts): object;
}

let structs: Structs = {
  partsOf: () => undefined,
  define: ({ name }) => {
    throw new Error(`struct ${name} cannot be defined in this thread`);
  },
};

export function travelAs(how: Structs): void {
  structs = how;
}

export const structPartsOf = (fn: object): StructParts | undefined => structs.partsOf(fn);
export const defineFromParts = (parts: StructParts): object => structs.define(parts);
