// As ../runtime.ts, for Deno.

export const runtime = {
  name: 'Deno',
  transforming: 'deno run -A --import heddle/register',
} as const;
