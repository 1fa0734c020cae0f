// As ../runtime.ts, for Bun.

export const runtime = {
  name: 'Bun',
  transforming: 'bun --preload heddle/register, or preload = ["heddle/register"] in bunfig.toml',
  /** The engine tells nothing of functions. */
  mode: 'all',
} as const;
