// The place where a task was submitted. It is cheap to take a stack, but not to make its text. So the stack stays, as an object, in the thread that
// submitted the task, and its text is made when it is read. In that thread an error of the task has both stacks.

import type { SharedArray } from '../heap/array.js';
import { atomic } from '../memory/atomics.js';
import { withFrames } from '../memory/frames.js';
import { isError } from '../platform/kinds.js';
import { describeStack } from '../runtime/report.js';

export interface Site {
  readonly stack?: string;
  /** Its text in the shared heap, once it was written there. */
  place?: SharedArray<unknown>;
}

/** Frames of the program that are kept. Each costs about half a microsecond, so of tasks that follow each other closely it is one. */
const DEPTH = 8;
const CLOSE_DEPTH = 1;
/** Milliseconds within which a task follows closely. */
const CLOSE = 1;
/** The same function so many times, closely, is submitted by a loop: the others come from where the last one did. */
const LOOP = 16;

let last: { fn: unknown; at: number; times: number; site: Site } = { fn: undefined, at: -Infinity, times: 0, site: {} };

/** Where a task is submitted, without the frames down to `above`. */
export function siteOf(fn: unknown, above: (...args: never[]) => unknown): Site {
  const now = atomic.now();
  const close = now - last.at < CLOSE;
  if (close && last.fn === fn && last.times >= LOOP) {
    last.at = now;
    return last.site;
  }
  const site: Site = {};
  withFrames(close ? CLOSE_DEPTH : DEPTH, () => Error.captureStackTrace(site, above));
  last = { fn, at: now, times: close && last.fn === fn ? last.times + 1 : 0, site };
  return site;
}

/** The submitter's frames, as text for people; empty if there are none. */
export function framesOf(site: Site | undefined): string {
  const stack = site?.stack;
  // The first line names the object that has the stack.
  return typeof stack === 'string' ? describeStack(stack.slice(stack.indexOf('\n') + 1)) : '';
}

/** Puts the submitter's frames under those of the thread. */
export function addSite(error: unknown, site: Site | undefined): void {
  if (site === undefined || !isError(error) || typeof error.stack !== 'string') return;
  const frames = framesOf(site);
  if (frames === '' || !Object.isExtensible(error)) return;
  error.stack = `${error.stack}\n    --- submitted from ---\n${frames}`;
}
