// Where in the program something was done: the frames of the program, as a text that all threads can read.

import { withFrames } from '../memory/frames.js';
import { programFrames } from '../runtime/report.js';
import { numberOf } from './texts.js';

/** The library's own frames are among them. */
const DEPTH = 24;

/** Numbers of stacks that were seen before, as the engine writes them. */
const known = new Map<string, number>();
const KEPT = 5_000;

/** The number of the text of the frames here, below a first line; 0 = there is no room for one. */
export function siteHere(first = ''): number {
  const trace = withFrames(DEPTH, () => new Error());
  const stack = `${first}\n${String(trace.stack)}`;
  const found = known.get(stack);
  if (found !== undefined) return found;
  const made = numberOf([first, ...programFrames(trace)].join('\n'));
  if (known.size >= KEPT) known.clear();
  known.set(stack, made);
  return made;
}
