// What is printed when a thread ends by an error that nobody caught.

import { explainFrozen } from '../closure/in/frozen.js';
import { isFrame, joinStack, placeIn, splitStack } from '../closure/text/frames.js';
import { isSettled, mapStack, settle, showFrame, showFrameByPath } from '../closure/text/stacks.js';
import { withFrames } from '../memory/frames.js';
import { slot as ownSlot } from '../memory/memory.js';
import { isError } from '../platform/kinds.js';
import { namesOwnFile } from '../platform/own.js';
import { inspect } from '../platform/process.js';
import { isExit } from '../sync/errors.js';
import { labelOf, nameOf } from '../sync/names.js';
import { print } from './console.js';
import { explainMissing } from './missing.js';
import { withShownStacks } from './shown.js';

/** Frames of the platform that called the program. */
const PLATFORM_FRAME = /^\s+at .*\bnode:(internal|events|vm|inspector|async_hooks)\b/;

/** Text of an error for people: source-mapped, without Heddle's and the platform's frames. */
export function describeError(error: unknown): string {
  try {
    const text = mapStack(withShownStacks(error, describeStackOf, inspect));
    // An error that has no frames is put into brackets, which tell people nothing.
    return isError(error) ? text.replace(/^\[(.*?)\](?= \{|$)/s, '$1') : text;
  } catch {
    // Parts of it throw when they are looked at.
    return mapStack(inspect(error));
  }
}

/** The stack of an error as its thread shows it to others: source-mapped, without Heddle's and the platform's frames. */
export function describeStack(stack: string, message = ''): string {
  const { header, lines } = splitStack(stack, message);
  return joinStack({ header, lines: programLines(lines.map(showFrame)) });
}

function describeStackOf(error: Error): string | undefined {
  const { stack, message } = error;
  if (typeof stack !== 'string') return undefined;
  if (!isSettled(error)) return describeStack(stack, String(message));
  const { header, lines } = splitStack(stack, String(message));
  return joinStack({ header, lines: programLines(lines) });
}

/** Gives an error the stack that others are to see. */
export function settleStack(error: Error): void {
  const stack = describeStackOf(error);
  const isSet = stack === undefined || Reflect.set(error, 'stack', stack);
  settle(error, isSet ? undefined : stack);
}

/** Frames of the platform, and that of an evaluation by another thread. */
const EVALUATION = /^\s+at <anonymous>:\d+:\d+$/;
const PLATFORM = /\bnode:|^\s+at <anonymous>:\d+:\d+$/;

/** Frames that a trace must have for the program's to be among them. */
const DEPTH = 40;

/** A trace of the caller, of so many frames. */
export function here(depth = DEPTH): Error {
  return withFrames(depth, () => new Error());
}

/** A frame of WebAssembly, or of a built-in function. */
const NAMELESS = /wasm:\/\/|<anonymous>\)?$/;

/** The frames of a trace that are the program's, as lines "    at work (/app/main.ts:12:3)". */
export function programFrames(trace: Error): string[] {
  try {
    return withoutOwn(splitStack(String(trace.stack)).lines)
      .filter((line) => isFrame(line) && !PLATFORM.test(line))
      .map(showFrameByPath);
  } catch {
    // The program has put something of its own in the place of stacks.
    return [];
  }
}

/** Where the program called this library, "/app/main.ts:12:3"; empty = it cannot be told. */
export function callSite(trace: Error): string {
  for (const frame of programFrames(trace)) {
    const place = placeIn(frame);
    if (place !== undefined) return `${place.file}:${place.line}:${place.column}`;
  }
  return '';
}

/** The functions of this library that the program has called, the innermost first: the last is what it called itself. */
export function ownCalls(trace: Error): string[] {
  const calls: string[] = [];
  for (const line of splitStack(String(trace.stack)).lines) {
    if (namesOwnFile(line)) calls.push(/^\s+at (?:async )?(.*) \(/.exec(line)?.[1] ?? '');
    else if (!NAMELESS.test(line)) break;
  }
  return calls;
}

/** Without the library's own frames, and without the kernel's and built-in functions' that it has called. */
function withoutOwn(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let ofOwn = false;
  for (const line of lines.toReversed()) {
    const isOwn = namesOwnFile(line);
    ofOwn = isOwn || (ofOwn && NAMELESS.test(line));
    if (!ofOwn) kept.push(line);
  }
  return kept.reverse();
}

/** Frames of a trace that are looked at to find out whose code was interrupted. */
const NEAR = 14;

/** Inside an evaluation by another thread: whether what it has interrupted is the library's own code. */
export function isInLibrary(): boolean {
  const { stack } = withFrames(NEAR, () => new Error());
  if (typeof stack !== 'string') return false;
  const lines = stack.split('\n');
  const innermost = lines[lines.findIndex((line) => EVALUATION.test(line)) + 1] ?? '';
  return namesOwnFile(innermost) || innermost.includes('wasm://');
}

/** Prints an error under a heading. Waits `patience` milliseconds at most to do so. Does not throw. */
export function report(heading: string, error: unknown, patience?: number): void {
  try {
    print(2, `${heading}\n${describeError(error)}\n`, patience);
  } catch {
    // Standard error cannot be written to. There is nobody left to tell, and the thread has to end all the same.
  }
}

/** Reports that what `label` names has ended by an error. */
export function reportUnhandled(label: string, error: unknown, patience?: number): void {
  report(`Unhandled exception in thread started by <${label}>`, error, patience);
}

/** Reports that a slot's thread has ended by an error: under its name, if it has one. */
export function reportThread(slot: number, error: unknown, patience?: number): void {
  const name = nameOf(slot);
  if (name === '') reportUnhandled(labelOf(slot), error, patience);
  else report(`Exception in thread ${name}:`, error, patience);
}

let how = (error: unknown): Promise<void> | void => {
  if (!isExit(error)) reportThread(ownSlot, error);
};

/** Tells that this thread ends by an error, SystemExit included; a promise when it takes turns of the event loop. Must not throw. */
export function tell(error: unknown): Promise<void> | void {
  explainFrozen(error);
  explainMissing(error);
  return how(error);
}

/** Layers above tell it otherwise for their threads. */
export function tellBy(other: typeof tell): void {
  how = other;
}

/** Without Heddle's frames, and those of the platform that called the program. */
function programLines(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let inFrames = false;
  for (const line of [...lines, '']) {
    const isIn = isFrame(line);
    if (inFrames && !isIn) while (PLATFORM_FRAME.test(kept.at(-1) ?? '')) kept.pop();
    inFrames = isIn;
    if (!isIn || !namesOwnFile(line)) kept.push(line);
  }
  kept.pop();
  return kept;
}
