// Hooks of the host's loader: what a module's text becomes before it runs. In this thread where the host has such hooks (Node 22.15, 23.5 and
// later), else in the thread of its loader.
import * as nodeModule from 'node:module';

/** A module as it was loaded, in JavaScript. */
export interface LoadedModule {
  readonly url: string;
  readonly text: string;
  readonly isModule: boolean;
}

/** Gives the text that is to run; undefined = as it is. */
export type Change = (module: LoadedModule) => string | undefined;

export interface Result {
  format?: string | null | undefined;
  source?: string | ArrayBuffer | NodeJS.TypedArray | null | undefined;
  shortCircuit?: boolean;
}
export interface Context {
  readonly format?: string | null | undefined;
}

type Strip = (text: string, options?: { mode: 'strip' }) => string;

interface Hosts {
  registerHooks?: (hooks: {
    load(url: string, context: Context, next: (url: string, context: Context) => Result): Result;
  }) => void;
  register: (specifier: string) => void;
  stripTypeScriptTypes?: Strip;
}
const host = nodeModule as unknown as Hosts;

/** `elsewhere`: the URL of a module that exports `load`, made by `loadBy`, for hosts whose hooks live in a thread of their own. */
export function hookLoading(change: Change, elsewhere: string): void {
  if (host.registerHooks)
    host.registerHooks({ load: (url, context, next) => changed(url, next(url, context), change) });
  else host.register(elsewhere);
}

/** A hook for the loader's own thread. */
export const loadBy =
  (change: Change) =>
  async (url: string, context: Context, next: (url: string, context: Context) => Promise<Result>): Promise<Result> =>
    changed(url, await next(url, context), change);

const JAVASCRIPT = /^(module|commonjs)(-typescript)?$/;

export function changed(url: string, result: Result, change: Change): Result {
  const [, kind, typed] = JAVASCRIPT.exec(result.format ?? '') ?? [];
  if (kind === undefined || result.source === undefined || result.source === null) return result;
  const given = typeof result.source === 'string' ? result.source : new TextDecoder().decode(result.source);
  const text = typed === undefined ? given : stripped(given);
  const made = text === undefined ? undefined : change({ url, text, isModule: kind === 'module' });
  return made === undefined ? result : { ...result, format: kind, source: made };
}

/** A text of TypeScript without its types. Undefined where the host cannot, or the text has syntax that must be compiled: then the host says so when it runs it. */
export function stripped(text: string): string | undefined {
  const { emitWarning } = process;
  // Node warns that this is new.
  process.emitWarning = () => {};
  try {
    return host.stripTypeScriptTypes?.(text, { mode: 'strip' });
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** From now on stacks show positions as the source maps of modules have them. */
export function useSourceMaps(): void {
  process.setSourceMapsEnabled(true);
}
