// Which runtime this is: what errors call it, and how a program is run in it with the transform.

export const runtime = {
  name: 'Node',
  /** What loads a program through the transform. */
  transforming: 'node --import heddle/register',
  /** Which functions the loader looks after, if nobody says: the engine tells of the others what they have captured. */
  mode: 'auto',
} as const;
