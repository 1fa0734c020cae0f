// Errors on their way out of a task.

import { CaptureError } from '../closure/errors.js';
import { explainFrozen } from '../closure/in/frozen.js';
import { settle } from '../closure/text/stacks.js';
import { pack, packThrown } from '../parcel/parcel.js';
import { isError } from '../platform/kinds.js';
import { explainMissing } from '../runtime/missing.js';
import { settleStack } from '../runtime/report.js';

/** An error as it travels: without those of its parts that cannot; if nothing of it can, one that says what it was. */
export function packError(error: unknown): unknown {
  try {
    return packThrown(error, 'the error');
  } catch (cause) {
    return packBare(error) ?? pack(substituteFor(error, cause), 'the error');
  }
}

/** Of the same class, with what it says of itself, and nothing else. */
function packBare(error: unknown): unknown {
  try {
    if (!isError(error)) return undefined;
    const { name, message, stack, code } = error as NodeJS.ErrnoException;
    const bare = new Error(message);
    Object.setPrototypeOf(bare, Object.getPrototypeOf(error));
    if (bare.name !== name) Object.defineProperty(bare, 'name', { value: name, configurable: true, writable: true });
    // Its own would be that of this line.
    bare.stack = typeof stack === 'string' ? stack : `${name}: ${message}`;
    settle(bare);
    if (typeof code === 'string' || typeof code === 'number') (bare as NodeJS.ErrnoException).code = String(code);
    return packThrown(bare, 'the error');
  } catch {
    return undefined;
  }
}

function substituteFor(error: unknown, cause: unknown): Error {
  const why = cause instanceof CaptureError ? cause.message : describeBriefly(cause);
  const substitute = new CaptureError(`${describeBriefly(error)} was thrown, and cannot travel: ${why}`);
  // Its own would be that of this line.
  substitute.stack = String(substitute);
  try {
    if (isError(error) && typeof error.stack === 'string') substitute.stack = error.stack;
  } catch {
    // It is a revoked proxy.
  }
  settle(substitute);
  return substitute;
}

/** "RangeError: too many" */
export function describeBriefly(value: unknown): string {
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
  explainFrozen(error);
  explainMissing(error);
  try {
    if (!isError(error) || depth > DEPTH) return;
    settleStack(error);
    showHere(error.cause, depth + 1);
  } catch {
    // It is frozen, or its own getters throw: it is shown as it is.
  }
}
