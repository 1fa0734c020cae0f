// As ../loop.ts, for Bun, which does not tell what keeps an event loop alive: it is only known when nothing does any more.

export { onLoopDry, soon, whenLoopDry } from '../loop.js';

/** Not known. */
export const activeResources = (): number => Number.NaN;
