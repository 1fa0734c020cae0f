// Errors on their way out of a task.

import { pack } from '../data/parcel.js';

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
