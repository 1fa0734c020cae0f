// The mutex as scenarios see it: ours, or a copy with a bug.

import * as ours from '#heddle/memory/mutex.js';

export type MutexUnderTest = Pick<
  typeof ours,
  'tryAcquire' | 'acquireBlocking' | 'acquireEventually' | 'release' | 'passOn'
>;

export const mutex: MutexUnderTest = ours;
