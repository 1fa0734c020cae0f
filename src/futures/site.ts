// Where a task was submitted. Engines take a stack cheaply and make text of it only when somebody reads it, so it stays in the thread
// that submitted, as an object; whoever gets the error in that thread sees both stacks.

import { describeStack } from '../runtime/report.js';

export interface Site {
  readonly stack?: string;
}

/** Frames of the program that are kept. */
const DEPTH = 8;

/** Where this is called from, without the frames down to `above`. */
export function siteOf(above: (...args: never[]) => unknown): Site {
  const site: Site = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(site, above);
  Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/** Puts the submitter's frames under those of the thread. */
export function addSite(error: unknown, site: Site | undefined): void {
  if (site === undefined || !(error instanceof Error) || typeof error.stack !== 'string') return;
  const { stack } = site;
  if (typeof stack !== 'string') return;
  // The first line names the object that has the stack.
  const frames = describeStack(stack.slice(stack.indexOf('\n') + 1));
  if (frames === '' || !Object.isExtensible(error)) return;
  error.stack = `${error.stack}\n    --- submitted from ---\n${frames}`;
}
