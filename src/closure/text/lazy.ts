// Modules that a bundler has wrapped into a function which runs them when they are first asked for. That function assigns to variables of its own:
// whether the module has run, and what it exports. It is known by what it does, because a minifier calls its variables anything.

/** `() => (mod || cb((mod = { exports: {} }).exports, mod), mod.exports)`, or something like it, of esbuild, Rolldown and webpack: what is assigned. */
const COMMONJS = /(?<![\w$])([\w$]+)\s*=\s*\{\s*exports\s*:\s*\{\s*\}\s*\}/;
/** `() => (fn && (res = fn(fn = 0)), res)`, of the same for ES modules. */
const MODULE = /(?<![\w$])([\w$]+)\s*&&\s*\(\s*[\w$]+\s*=[^;]*\(\s*\1\s*=\s*0\s*\)/;
/** `function requireX() { if (hasRequiredX) return x; hasRequiredX = 1; … }` of Rollup, and what minifiers make of it. */
const ONCE =
  /\{\s*(?:if\s*\(([\w$]+)\)\s*return\s+[\w$.]+;\s*\1|return\s+([\w$]+)\s*\|\|\s*\(?\s*\(?\2)\s*=\s*(?:1|true)\b/;

/**
 * `function _extends() { return _extends = …; }` of Babel, `function (o) { ownKeys = Object.getOwnPropertyNames || …; }` of TypeScript: no module,
 * but a helper that makes itself when it is first called.
 */
const HELPER =
  /^function\s*(?:([\w$]+)\s*)?\([^)]*\)\s*\{\s*(?:return\s+\1\s*=[^=]|[\w$]+\s*=\s*Object\.getOwnPropertyNames\b)/;

/** Those of the first two kinds have no module in them. */
const LONGEST = 500;

export interface LazyModule {
  /** The variable with its exports, which is empty until it runs: a thread that is given none runs the module itself. */
  readonly exports: string | undefined;
}

/** What a function with this text wraps; undefined if it is no such function. */
export function lazyModule(text: string): LazyModule | undefined {
  if (text.length <= LONGEST) {
    const [, exports] = COMMONJS.exec(text) ?? [];
    if (exports !== undefined) return { exports };
    if (MODULE.test(text)) return { exports: undefined };
  }
  if (HELPER.test(text)) return { exports: undefined };
  // At its beginning.
  const found = ONCE.exec(text.slice(0, LONGEST));
  return found !== null && text.indexOf('{') === found.index ? { exports: undefined } : undefined;
}
