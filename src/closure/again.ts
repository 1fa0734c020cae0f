// Values that a thread makes again instead of getting a copy: module constants whose value a package has made, and that cannot be copied (a
// schema, a logger, a database). What travels is how the module makes them; a thread makes each once, as a worker's own file would.
import type { Inspected } from '../platform/inspector.js';
import type { CodeRecord, Node } from './graph.js';

/** How one declaration is made. It may declare several names: `const { a, b } = make()`. */
export interface Recipe {
  /** Names the declaration in the whole process. */
  readonly key: string;
  readonly file: string;
  /** Where the declaration stands in its file: what stands before it is made before it. */
  readonly order: number;
  /** Its module awaits something to make it. */
  readonly waits: boolean;
  /** The first makes the values, the others are statements that complete them. */
  readonly parts: readonly Part[];
}

export interface Part {
  /** A function without parameters. The first part's gives an object of the declared names and their values. */
  readonly record: CodeRecord;
  /** What its free variables are, in the record's order; undefined for what every thread has as a global. */
  readonly env: readonly (Ingredient | undefined)[];
}

export type Ingredient =
  /** `changing`: it can be another one at the next start. `again`: how it could be made, if it cannot be copied either. */
  | {
      readonly kind: 'value';
      readonly name: string;
      readonly read: (inspections: Map<object, Inspected>) => unknown;
      readonly changing: boolean;
      readonly again: (() => Made | string) | undefined;
      /** Of a module as a whole: the members that are used, if there is no other use, and how one could be made. */
      readonly members?: readonly string[];
      readonly member?: (name: string) => Made | string;
    }
  | { readonly kind: 'node'; readonly node: Node }
  /** Declared in a module, where nobody but the module can see its value. `late`: it is made after this one. */
  | { readonly kind: 'made'; readonly made: Made; readonly late: boolean };

/** One name of a declaration. */
export interface Made {
  readonly recipe: Recipe;
  readonly name: string;
}

const byValue = new WeakMap<object, Made>();

/** This thread's values, by the recipe that others make them with. */
const originals = new Map<string, WeakRef<object>>();

/** Whether anything is made again at all. */
let some = false;

const keyOf = (key: string, name: string): string => `${key} ${name}`;

/** From now on `value` is made again wherever it goes. */
export function makeAgain(value: object, made: Made): void {
  some = true;
  byValue.set(value, made);
  originals.set(keyOf(made.recipe.key, made.name), new WeakRef(value));
}

/** As `makeAgain`, for a package's export: several modules of the program can complete it, each in its own way. */
export function completeAgain(value: object, made: Made): void {
  const before = byValue.get(value);
  if (before?.recipe.key.includes(made.recipe.key)) return;
  if (!before) {
    makeAgain(value, made);
    return;
  }
  const { recipe } = before;
  const parts = [...recipe.parts, ...made.recipe.parts.slice(1)];
  makeAgain(value, { name: before.name, recipe: { ...recipe, key: `${recipe.key}+${made.recipe.key}`, parts } });
}

export const madeOf = (value: object): Made | undefined => (some ? byValue.get(value) : undefined);

/** What comes back to where it was made is that. */
export const originalOf = (key: string, name: string): object | undefined => originals.get(keyOf(key, name))?.deref();
