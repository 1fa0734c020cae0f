// Errors on their way out of a task.

import { pack, packCopy } from '../data/parcel.js';
import { describeStack } from '../runtime/report.js';

/** An error as it travels: without those of its properties that cannot; if that is not all, one that says what it was. */
export function packError(error: unknown): unknown {
  try {
    return pack(error, 'the error');
  } catch (cause) {
    const reduced = error instanceof Error ? packReduced(error) : undefined;
    if (reduced !== undefined) return reduced;
    const substitute = new Error(`${describeBriefly(error)} (it cannot travel: ${describeBriefly(cause)})`);
    if (error instanceof Error && typeof error.stack === 'string') substitute.stack = error.stack;
    return pack(substitute, 'the error');
  }
}

/** Of the same class, with the properties that can travel. */
function packReduced(error: Error): unknown {
  try {
    const reduced = new Error(error.message);
    Object.setPrototypeOf(reduced, Object.getPrototypeOf(error));
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
      // The stack is an accessor of the engine's in some versions, and each error's own.
      if (name !== 'stack' && (!('value' in property) || travels(property.value)))
        Object.defineProperty(reduced, name, property);
    }
    if (typeof error.stack === 'string') reduced.stack = error.stack;
    return pack(reduced, 'the error');
  } catch {
    return undefined;
  }
}

function travels(value: unknown): boolean {
  try {
    packCopy(value, 'a property');
    return true;
  } catch {
    return false;
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
