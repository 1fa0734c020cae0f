// As ../hooks.ts, for Deno, whose hooks get what it has made of TypeScript, and are not told what a module is written in.
import * as nodeModule from 'node:module';
import { type Change, type Context, changed, type Result } from '../hooks.js';
import { noteLoader } from '../uninspected/flags.js';

export { type LoadedModule, stripped, useSourceMaps } from '../hooks.js';

interface Hosts {
  registerHooks(hooks: {
    load(url: string, context: Context, next: (url: string, context: Context) => Result): Result;
  }): void;
}

const SCRIPT = /\.([cm]?)[jt]sx?$/;

/** `elsewhere` lies beside the module that calls this. */
export function hookLoading(change: Change, elsewhere: string): void {
  noteLoader(new URL('./register.js', elsewhere).href);
  (nodeModule as unknown as Hosts).registerHooks({
    load(url, context, next) {
      const result = next(url, context);
      const [, kind] = SCRIPT.exec(url) ?? [];
      if (kind === undefined || result.format) return changed(url, result, change);
      return changed(url, { ...result, format: kind === 'c' ? 'commonjs' : 'module' }, change);
    },
  });
}
