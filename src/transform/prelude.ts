// What stands before transformed code: the registry, made by the first module that runs, and the module's own stamper.
import { makeRegistry, REGISTRY } from '../closure/registry.js';

/** The name that transformed code calls. Nothing that a program has written is called so. */
export const STAMP = '__heddle__';

/** Stands for the module in which it runs: its file is told by the place where it was made. */
const HERE = 'typeof __filename==="string"?__filename:new globalThis.Error()';

const REGISTER = '__heddle_registry__';

/** The text of the registry, on one line: it stands before the first line of a program, whose lines keep their numbers. */
const MAKE = `(${oneLine(makeRegistry.toString())})(${JSON.stringify(REGISTRY)})`;

/** Whether a text was transformed before. */
export const isTransformed = (text: string): boolean => text.includes(REGISTRY);

/** Declares the stamper of a text that is one module. */
export const prelude = (isModule: boolean, top: string): string =>
  `const ${STAMP}=${MAKE}.module(${isModule ? 'import.meta.url' : HERE},${top});`;

/** Declares the registry of a text that holds several. */
export const preludeOfMany = (isModule: boolean): string =>
  `const ${REGISTER}=${MAKE},__heddle_where__=${isModule ? 'import.meta.url' : HERE};`;

/** Declares the stamper of one of them. `name` tells it from the others. */
export const preludeOfOne = (name: string, top: string): string =>
  `const ${STAMP}=${REGISTER}.module(__heddle_where__,${top},${JSON.stringify(name)});`;

/** Without comments, of which `makeRegistry` has only those that end a line. */
function oneLine(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '').replace(/\s*\n\s*/g, ' ');
}
