// As ../kinds.ts, for Deno, which does not know what is external.

// biome-ignore lint/performance/noReExportAll: all of it, but for what is below
export * from '../kinds.js';

/** Not known. */
export const isExternal = (_value: unknown): boolean => false;
