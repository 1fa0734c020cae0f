// What stands before transformed code: the registry, made by the first module that runs, and the module's own stamper.
import { addMethods, addVariables, makeRegistry, REGISTRY } from '../closure/registry.js';

/** The name that transformed code calls. Nothing that a program has written is called so. */
export const STAMP = '__heddle__';

/** Stands for the module in which it runs: its file is told by the place where it was made. */
const HERE = 'typeof __filename==="string"?__filename:new globalThis.Error()';

const REGISTER = '__heddle_registry__';

/** The texts of the registry's functions, each on one line: they stand before the first line of a program, whose lines keep their numbers. */
const MAKE = `(${oneLine(makeRegistry.toString())})(${JSON.stringify(REGISTRY)})`;
const METHODS = `(${oneLine(addMethods.toString())})`;
const VARIABLES = `(${oneLine(addVariables.toString())})`;

/** The call of a function that was written where it is called, minified or not: a bundle may have this library in it, which names the registry too. */
const MADE = new RegExp(`\\}\\s*\\)?\\s*\\(\\s*["'\`]${REGISTRY.replaceAll('.', '\\.')}["'\`]`);

/** Whether a text was transformed before. */
export const isTransformed = (text: string): boolean => text.includes(REGISTRY) && MADE.test(text);

/** What code calls of its stamper, beside the stamper itself. */
export interface Uses {
  readonly methods: boolean;
  readonly variables: boolean;
}

export const usesIn = (text: string): Uses => ({
  methods: /__heddle__\s*\.\s*m\b/.test(text),
  variables: /__heddle__\s*\.\s*[vn]\b/.test(text),
});

/** Declares the stamper of a text that is one module. */
export const prelude = (isModule: boolean, top: string, uses: Uses): string =>
  preludeOfMany(isModule, uses) + preludeOfOne('', top, uses);

/** Declares the registry of a text that may hold several. */
export const preludeOfMany = (isModule: boolean, { methods, variables }: Uses): string =>
  `const ${REGISTER}=${MAKE},__heddle_where__=${isModule ? 'import.meta.url' : HERE}` +
  `${methods ? `,__heddle_methods__=${METHODS}` : ''}${variables ? `,__heddle_variables__=${VARIABLES}` : ''};`;

/** Declares the stamper of one of them. `name` tells it from the others. */
export function preludeOfOne(name: string, top: string, { methods, variables }: Uses): string {
  let made = `${REGISTER}.module(__heddle_where__,${top}${name === '' ? '' : `,${JSON.stringify(name)}`})`;
  if (methods) made = `__heddle_methods__(${REGISTER},${made})`;
  if (variables) made = `__heddle_variables__(${REGISTER},${made})`;
  return `const ${STAMP}=${made};`;
}

/** Without comments, of which they have only those that end a line. */
function oneLine(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '').replace(/\s*\n\s*/g, ' ');
}
