// The transform of what a loader loads: a program's own modules, one at a time. What of a module's exports are boxes is found in its text,
// by those who import it.
import { readText } from '../platform/files.js';
import { type LoadedModule, stripped } from '../platform/hooks.js';
import { fileURLToPath } from '../platform/modules.js';
import { runtime } from '../platform/runtime.js';
import { mapComment } from './comments.js';
import { boxesOfModule, type Mode, type TransformOptions, transform } from './transform.js';

/** A module's text as it is to run, with its source map; undefined where nothing is to be changed. */
export function loaded({ url, text }: LoadedModule): string | undefined {
  return isProgramsOwn(url) ? transformed(url, text, { mode: modeGiven() }, isProgramsOwn) : undefined;
}

function modeGiven(): Mode {
  const mode = process.env['HEDDLE_TRANSFORM'];
  return mode === 'all' || mode === 'auto' ? mode : runtime.mode;
}

/** A text with its source map in it. `isOwn` says which modules are transformed. */
export function transformed(
  url: string,
  text: string,
  options: TransformOptions,
  isOwn: (url: string) => boolean,
): string | undefined {
  const before = mapComment(text);
  const boxesOf = (specifier: string): ReadonlySet<string> => boxesAt(url, specifier, options, isOwn);
  const made = transform(before.text, { ...options, id: url, map: before.map, boxesOf });
  if (made === undefined) return undefined;
  const map = Buffer.from(made.map.toString()).toString('base64');
  return `${made.code}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
}

const NONE: ReadonlySet<string> = new Set();
const known = new Map<string, ReadonlySet<string>>();

/** Names that a module exports as boxes. Only what a module itself has as a file is looked at: packages are not transformed. */
function boxesAt(
  base: string,
  specifier: string,
  options: TransformOptions,
  isOwn: (url: string) => boolean,
): ReadonlySet<string> {
  if (!specifier.startsWith('.')) return NONE;
  const exact = new URL(specifier, base).href;
  // Loaders find a module of TypeScript under the name of what is made of it.
  for (const url of [exact, exact.replace(/\.([cm]?)js$/, '.$1ts')]) {
    if (!isOwn(url)) continue;
    const found = known.get(url);
    if (found !== undefined) return found;
    const written = readText(fileURLToPath(url.replace(/[?#].*$/, '')));
    if (written === undefined) continue;
    // Modules may import each other in a circle.
    known.set(url, NONE);
    const text = MAY_EXPORT.test(written) ? plain(url, written) : undefined;
    const boxesOf = (inner: string): ReadonlySet<string> => boxesAt(url, inner, options, isOwn);
    const boxes = text === undefined ? NONE : boxesOfModule(text, { ...options, boxesOf });
    known.set(url, boxes);
    return boxes;
  }
  return NONE;
}

const MAY_EXPORT = /\bexport\s*(?:let|var|\{|\*)/;

const plain = (url: string, text: string): string | undefined =>
  /\.[cm]?ts(?:\?|$)/.test(url) ? stripped(text) : text;

const OWN = new URL('../', import.meta.url).href;

const isProgramsOwn = (url: string): boolean =>
  url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN);
