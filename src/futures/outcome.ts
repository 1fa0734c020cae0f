// Errors on their way out of a task.

import { pack } from '../data/parcel.js';
import { describeStack } from '../runtime/report.js';

/** An error as it travels; if it cannot, one that says what it was. */
export function packError(error: unknown): unknown {
  try {
    return pack(error, 'the error');
  } catch (cause) {
    const substitute = new Error(`${describeBriefly(error)} (it cannot travel: ${describeBriefly(cause)})`);
    if (error instanceof Error && typeof error.stack === 'string') substitute.stack = error.stack;
    return pack(substitute, 'the error');
  }
}

function describeBriefly(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'an error that throws when it is looked at';
  }
}

/** Causes that are looked at. */
const DEPTH = 8;

/** The stack of an error, and of its causes, as others are to see it. */
export function showHere(error: unknown, depth = 0): void {
  if (!(error instanceof Error) || depth > DEPTH) return;
  try {
    if (typeof error.stack === 'string') error.stack = describeStack(error.stack);
    showHere(error.cause, depth + 1);
  } catch {
    // It is frozen, or its own getters throw: it is shown as it is.
  }
}
