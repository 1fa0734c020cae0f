// The plugin for Rollup, Rolldown and Vite: modules are changed one by one, and what was joined of them when nothing unused is left in it.
import { transformChunk } from './chunk.js';
import { chosen, type PluginOptions } from './options.js';
import { type SourceMap, transform, transformModule } from './transform.js';

export type { PluginOptions };

interface Changed {
  code: string;
  map: SourceMap;
}

/** The hooks that Rollup, Rolldown and Vite call. */
export interface Plugin {
  name: string;
  enforce: 'post';
  configResolved(config: { command: string }): void;
  /** `map`: of the code, if it is not what the bundler has given. */
  transform(code: string, id: string, map?: object): Changed | null;
  renderChunk(
    this: { warn?: (message: string) => void } | undefined,
    code: string,
    chunk: { fileName: string },
  ): Changed | null;
}

/**
 * Lets functions of the built program go to threads without the engine's inspector, and shares variables that they assign to. Stands before
 * plugins that minify.
 * @throws TypeError for what is no option.
 * @example
 * export default { plugins: [heddle()] };
 */
export function heddle(options?: PluginOptions): Plugin {
  const { isIncluded, transform: given } = chosen(options);
  // A development server joins nothing.
  let isServed = false;
  return {
    name: 'heddle',
    enforce: 'post',
    configResolved({ command }) {
      isServed = command === 'serve';
    },
    transform(code, id, map) {
      if (!isIncluded(id)) return null;
      return (
        (isServed ? transform : transformModule)(code, {
          ...given,
          id,
          map: map && 'mappings' in map ? map : undefined,
        }) ?? null
      );
    },
    renderChunk(code, { fileName }) {
      const changed = transformChunk(code, { ...given, id: fileName });
      if (!changed) return null;
      for (const warning of changed.warnings) this?.warn?.(warning);
      return { code: changed.code, map: changed.map };
    },
  };
}

export default heddle;
