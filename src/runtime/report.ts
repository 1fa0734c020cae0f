// What is printed when a thread ends by an error that nobody caught.

import { mapStack } from '../closure/stacks.js';
import { inspect } from '../platform/process.js';
import { print } from './console.js';

/** Where Heddle's own code lies, as stacks show it. */
const OWN = new URL('..', import.meta.url);
const OWN_FRAMES = [OWN.href, decodeURI(OWN.pathname)];

/** Text of an error for people: source-mapped, without Heddle's and the platform's frames. */
export function describeError(error: unknown): string {
  return withoutOwnFrames(mapStack(inspect(error)));
}

/** Prints that the thread which ran `label` has ended by an error. */
export function reportUnhandled(label: string, error: unknown, patience?: number): void {
  print(2, `Unhandled exception in thread started by <${label}>\n${describeError(error)}\n`, patience);
}

function withoutOwnFrames(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !isOwn(line))
    .join('\n');
}

function isOwn(frame: string): boolean {
  return OWN_FRAMES.some((place) => frame.includes(place)) || /\(?node:internal\//.test(frame);
}
