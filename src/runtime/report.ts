// What is printed when a thread ends by an error that nobody caught.

import { mapStack } from '../closure/stacks.js';
import { inspect } from '../platform/process.js';
import { print } from './console.js';

/** Where Heddle's own code lies, as stacks show it. */
const OWN = new URL('..', import.meta.url);
const OWN_FRAMES = [OWN.href, decodeURI(OWN.pathname)];

const FRAME = /^\s+(at |\.\.\. \d+ lines? matching cause stack trace)/;
const PLATFORM_FRAME = /^\s+(at .*\bnode:(internal|events|vm|inspector)\b|\.\.\. )/;

/** Text of an error for people: source-mapped, without Heddle's and the platform's frames. */
export function describeError(error: unknown): string {
  return withoutOwnFrames(mapStack(inspect(error)));
}

/** The stack of an error as its thread shows it to others: source-mapped, without Heddle's and the platform's frames. */
export function describeStack(stack: string): string {
  return withoutOwnFrames(mapStack(stack));
}

/** Prints that the thread which ran `label` has ended by an error. Waits `patience` milliseconds at most to do so. Does not throw. */
export function reportUnhandled(label: string, error: unknown, patience?: number): void {
  try {
    print(2, `Unhandled exception in thread started by <${label}>\n${describeError(error)}\n`, patience);
  } catch {
    // Standard error cannot be written to. There is nobody left to tell, and the thread has to end all the same.
  }
}

/** Drops Heddle's frames, and those of the platform that called the program. */
function withoutOwnFrames(text: string): string {
  const kept: string[] = [];
  let inStack = false;
  // What is printed behind the last frame of a stack opens the error's own properties.
  let opening = '';
  for (const line of [...text.split('\n'), '']) {
    if (FRAME.test(line)) {
      inStack = true;
      if (line.endsWith(' {')) opening = ' {';
      if (!OWN_FRAMES.some((place) => line.includes(place))) kept.push(line.replace(/ \{$/, ''));
      continue;
    }
    if (inStack) {
      while (PLATFORM_FRAME.test(kept.at(-1) ?? '')) kept.pop();
      kept.push(`${kept.pop() ?? ''}${opening}`);
    }
    inStack = false;
    opening = '';
    kept.push(line);
  }
  kept.pop();
  return kept.join('\n');
}
