// What the files of this library are called, in URLs and in stacks. Joined, they are scripts with names that say no place: a bundler may have
// put them anywhere.

import { fileURLToPath } from 'node:url';
import { joined } from './joined.js';

/** The names of all of them begin with it. Where the library is not joined: the folder that its modules lie in. */
const NAMES = joined === undefined ? new URL('..', import.meta.url).href : 'heddle:';

const PLACES = joined === undefined ? [NAMES, fileURLToPath(NAMES)] : undefined;

export const isOwnName = (url: string): boolean => url.startsWith(NAMES);

/** Of files that stand on the library, and have places: what their URLs and paths begin with. */
const upper: string[] = [];

/** From now on frames of files whose URLs begin like this are the library's own. */
export function noteOwnFiles(url: string): void {
  upper.push(url, fileURLToPath(url));
}

/** Whether a line of a stack is a frame of this library's code. */
export const namesOwnFile = (line: string): boolean =>
  (PLACES === undefined ? /\bheddle:\w+\.js:\d/.test(line) : PLACES.some((place) => line.includes(place))) ||
  upper.some((place) => line.includes(place));
