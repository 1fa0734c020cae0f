// Files of the program as they are called on another machine: they lie in the same place under its root. They need not exist there, since code
// goes by value; what it imports is looked for from there.

import { below, join } from '../../platform/folders.js';
import { asPath, asUrl } from '../../platform/modules.js';

/** Where a file lies under the root, and whether its name was a URL. */
export interface Place {
  readonly at: string;
  readonly url: boolean;
}

const OUTSIDE = 'outside/';

export function placeOf(root: string, file: string): Place {
  const path = asPath(file);
  const url = file.startsWith('file:');
  if (path === undefined) return { at: file, url: false };
  return { at: below(root, path) ?? OUTSIDE + path.replace(/^.*[\\/]/, ''), url };
}

export function fileAt(root: string, { at, url }: Place): string {
  if (/^[a-z][a-z+.-]+:/i.test(at) || at === '') return at;
  const path = join(root, at);
  return url ? asUrl(path) : path;
}
