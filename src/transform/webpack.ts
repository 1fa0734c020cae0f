// The plugin for webpack and Rspack.
import { transformChunk } from './chunk.js';
import { chosen, type PluginOptions } from './options.js';

export type { PluginOptions };

interface Source {
  source(): string | Buffer;
  sourceAndMap(): { source: string | Buffer; map: unknown };
}
interface Sources {
  RawSource: new (text: string) => Source;
  SourceMapSource: new (text: string, name: string, map: unknown) => Source;
}
interface Compilation {
  readonly warnings: unknown[];
  readonly hooks: {
    readonly processAssets: {
      tap(options: { name: string; stage: number }, hook: (assets: Record<string, Source>) => void): void;
    };
  };
  updateAsset(name: string, source: Source): void;
}
interface Compiler {
  readonly options: { devtool?: string | false | undefined; module: { rules: unknown[] } };
  readonly hooks: { readonly thisCompilation: { tap(name: string, hook: (compilation: Compilation) => void): void } };
  readonly webpack: { readonly sources: Sources };
}

/** Before the minimizer (400), and behind what the bundler itself adds. */
const STAGE = 390;

/**
 * Lets functions of the built program go to threads without the engine's inspector, and shares variables that they assign to.
 * @example
 * export default { plugins: [new HeddlePlugin()] };
 */
export class HeddlePlugin {
  readonly #options: PluginOptions;

  /** @throws TypeError for what is no option. */
  constructor(options: PluginOptions = {}) {
    chosen(options);
    this.#options = options;
  }

  apply(compiler: Compiler): void {
    const { transform: given } = chosen(this.#options);
    // Modules stay texts in the text of the chunk.
    const joined = !String(compiler.options.devtool || '').includes('eval');
    compiler.options.module.rules.push({
      test: /\.[cm]?[jt]sx?$/,
      exclude: this.#options.exclude ?? /[\\/]node_modules[\\/]/,
      enforce: 'post',
      use: [{ loader: LOADER, options: { ...this.#options, joined } }],
    });
    if (!joined) return;
    compiler.hooks.thisCompilation.tap('heddle', (compilation) => {
      compilation.hooks.processAssets.tap({ name: 'heddle', stage: STAGE }, (assets) => {
        for (const [name, asset] of Object.entries(assets)) {
          if (!/\.[cm]?js(?:\?|$)/.test(name)) continue;
          const { source, map } = asset.sourceAndMap();
          const before = map ? (map as object) : undefined;
          const changed = transformChunk(String(source), { ...given, id: name, map: before });
          if (!changed) continue;
          for (const warning of changed.warnings) compilation.warnings.push(new Error(`${name}: ${warning}`));
          const { RawSource, SourceMapSource } = compiler.webpack.sources;
          const made = before
            ? new SourceMapSource(changed.code, name, JSON.parse(changed.map.toString()))
            : new RawSource(changed.code);
          compilation.updateAsset(name, made);
        }
      });
    });
  }
}

const LOADER = decodeURIComponent(new URL('./loader.js', import.meta.url).pathname);

export default HeddlePlugin;
