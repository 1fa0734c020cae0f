// Rolldown's plugin is Rollup's. Plugins see modules as they were written, so types are taken away here, by Rolldown itself.
import { heddle as forRollup, type Plugin, type PluginOptions } from './rollup.js';

export type { PluginOptions };

interface Utils {
  transformSync(file: string, text: string, options: object): { code: string; map?: object; errors: unknown[] };
}

type RolldownPlugin = Omit<Plugin, 'transform'> & {
  transform(
    code: string,
    id: string,
  ): Promise<(NonNullable<ReturnType<Plugin['transform']>> & { moduleType: 'js' }) | null>;
};

/** As Rollup's `heddle()`. */
export function heddle(options?: PluginOptions): RolldownPlugin {
  const plugin = forRollup(options);
  return {
    ...plugin,
    async transform(code, id) {
      const path = id.replace(/\?.*$/, '');
      if (!/\.[cm]?tsx?$|\.jsx$/.test(path)) return asScript(plugin.transform(code, id));
      const utils = 'rolldown/utils';
      const { transformSync } = (await import(utils)) as Utils;
      const plain = transformSync(path, code, { sourcemap: true });
      // Rolldown will say what is wrong with it.
      if (plain.errors.length > 0) return null;
      return asScript(plugin.transform(plain.code, id, plain.map));
    },
  };
}

const asScript = (changed: ReturnType<Plugin['transform']>) => changed && { ...changed, moduleType: 'js' as const };

export default heddle;
