// The loader for webpack and Rspack, which their plugin puts behind all others; and for Turbopack, which has no plugins.
import { chosen, type PluginOptions } from './options.js';
import { transform, transformModule } from './transform.js';

interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): PluginOptions & { joined?: boolean };
  callback(error: Error | null, code?: string, map?: unknown): void;
}

export default function load(this: LoaderContext, code: string, map: unknown): void {
  const { joined = false, ...options } = this.getOptions();
  const { isIncluded, transform: given } = chosen(options);
  const id = this.resourcePath;
  const before = typeof map === 'string' || (typeof map === 'object' && map !== null) ? (map as object) : undefined;
  const changed = isIncluded(id)
    ? (joined ? transformModule : transform)(code, { ...given, id, map: before })
    : undefined;
  if (changed) this.callback(null, changed.code, JSON.parse(changed.map.toString()));
  else this.callback(null, code, map);
}
