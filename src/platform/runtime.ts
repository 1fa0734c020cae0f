// Which runtime this is: what errors call it, and how a program is run in it with the transform.

export const runtime = {
  name: 'Node',
  /** What loads a program through the transform. */
  transforming: 'node --import heddle/register',
} as const;
