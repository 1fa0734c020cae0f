// As ../runtime.ts, for Deno.

export const runtime = {
  name: 'Deno',
  transforming: 'deno run -A --preload npm:heddle/register',
  /** The engine tells nothing of functions. */
  mode: 'all',
} as const;
