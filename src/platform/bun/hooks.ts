// As ../hooks.ts, for Bun, whose loader has plugins.
import { readText } from '../files.js';
import type { Change } from '../hooks.js';
import { pathToFileURL } from '../modules.js';
import { noteLoader } from '../uninspected/flags.js';

export { type LoadedModule, useSourceMaps } from '../hooks.js';

interface Loaded {
  readonly contents: string;
  readonly loader: 'js' | 'ts';
}
interface Builder {
  onLoad(options: { filter: RegExp }, load: (file: { path: string }) => Loaded): void;
}
declare const Bun: {
  plugin(plugin: { name: string; setup(build: Builder): void }): void;
  readonly Transpiler: new (options: {
    loader: 'ts';
    trimUnusedImports: boolean;
  }) => { transformSync(text: string): string };
};

/** Modules of packages are left to Bun, which finds out what they are written in. */
const PROGRAMS_OWN = /^(?!.*[\\/]node_modules[\\/]).*\.m?[jt]s$/;

/** `elsewhere` lies beside the module that calls this. */
export function hookLoading(change: Change, elsewhere: string): void {
  noteLoader(new URL('./register.js', elsewhere).href);
  Bun.plugin({
    name: 'heddle',
    setup(build) {
      build.onLoad({ filter: PROGRAMS_OWN }, ({ path }) => {
        const written = readText(path) ?? '';
        const isTyped = path.endsWith('ts');
        const text = isTyped ? stripped(written) : written;
        const made = text === undefined ? undefined : change({ url: pathToFileURL(path).href, text, isModule: true });
        if (made !== undefined) return { contents: made, loader: 'js' };
        return { contents: written, loader: isTyped ? 'ts' : 'js' };
      });
    },
  });
}

/** A text of TypeScript without its types. Undefined where it cannot be read: then Bun says so when it runs it. */
export function stripped(text: string): string | undefined {
  try {
    return new Bun.Transpiler({ loader: 'ts', trimUnusedImports: true }).transformSync(text);
  } catch {
    return undefined;
  }
}
