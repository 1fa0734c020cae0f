// What all plugins take.
import type { Mode, TransformOptions } from './transform.js';

export interface PluginOptions {
  /** `auto` (default): every function of modules that import Heddle, and functions and classes at the top of all others. `all`: every function. */
  readonly mode?: Mode;
  /** Modules of the program, by their path; default: all JavaScript and TypeScript. */
  readonly include?: RegExp;
  /** Modules that are left alone; default: those in node_modules. */
  readonly exclude?: RegExp;
  /** Specifiers of Heddle, and of modules through which the program uses it; default: `heddle` and its entries. */
  readonly heddle?: RegExp;
}

const KEYS = ['mode', 'include', 'exclude', 'heddle'];
const INCLUDED = /\.[cm]?[jt]sx?(?:\?|$)/;
const EXCLUDED = /[\\/]node_modules[\\/]/;

export interface Chosen {
  readonly isIncluded: (id: string) => boolean;
  readonly transform: TransformOptions;
}

/** @throws TypeError for what is no option. */
export function chosen(options: PluginOptions = {}): Chosen {
  for (const key of Object.keys(options))
    if (!KEYS.includes(key))
      throw new TypeError(`'${key}' is no option of Heddle's plugin: it takes ${KEYS.join(', ')}`);
  const { mode = 'auto', include = INCLUDED, exclude = EXCLUDED, heddle } = options;
  if (mode !== 'auto' && mode !== 'all') throw new TypeError(`mode is 'auto' or 'all', not ${JSON.stringify(mode)}`);
  for (const [name, value] of Object.entries({ include, exclude, heddle }))
    if (value !== undefined && !(value instanceof RegExp))
      throw new TypeError(`${name} is a RegExp, not ${typeof value}`);
  const isIncluded = (id: string): boolean => !id.startsWith('\0') && include.test(id) && !exclude.test(id);
  return { isIncluded, transform: heddle ? { mode, heddle } : { mode } };
}
