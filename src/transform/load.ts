// The transform of what a loader loads: a program's own modules, one at a time.
import type { LoadedModule } from '../platform/hooks.js';
import { mapComment } from './comments.js';
import { type Mode, type TransformOptions, transform } from './transform.js';

/** A module's text as it is to run, with its source map; undefined where nothing is to be changed. */
export function loaded({ url, text }: LoadedModule): string | undefined {
  return isProgramsOwn(url) ? transformed(url, text, { mode: modeGiven() }) : undefined;
}

const modeGiven = (): Mode => (process.env['HEDDLE_TRANSFORM'] === 'all' ? 'all' : 'auto');

/** A text with its source map in it. */
export function transformed(url: string, text: string, options: TransformOptions): string | undefined {
  const before = mapComment(text);
  const made = transform(before.text, { ...options, id: url, map: before.map });
  if (made === undefined) return undefined;
  const map = Buffer.from(made.map.toString()).toString('base64');
  return `${made.code}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
}

const OWN = new URL('../', import.meta.url).href;

const isProgramsOwn = (url: string): boolean =>
  url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN);
