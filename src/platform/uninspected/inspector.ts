// As ../inspector.ts, where no inspector of the engine's answers before the call returns: what a function captured is only known of
// functions that the transform has stamped, and others travel if their text is all that they need.
import type { Inspected } from '../inspector.js';

export type { Inspected, Location, Scope } from '../inspector.js';

/** The code by which Node says that it has no inspector. */
const NO_INSPECTOR = 'ERR_INSPECTOR_NOT_AVAILABLE';

function refuse(): never {
  throw Object.assign(new Error('this runtime has no inspector that a program can ask'), { code: NO_INSPECTOR });
}

export const inspectorCalls = (): number => 0;

/** Throws what Node throws when it has no inspector. */
export const inspect = (_subject: object): Inspected => refuse();

export const scriptUrl = (_scriptId: string): string => refuse();

export const scriptUrls = (): Iterable<string> => [];

export const scriptSource = (_scriptId: string): string => refuse();

export const scriptOf = (_url: string): string | undefined => undefined;

export function leave(): void {}
