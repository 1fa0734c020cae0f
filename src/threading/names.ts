// Names of threads that were given none.

import { atomic } from '../memory/atomics.js';
import { H_THREAD_NAMES } from '../memory/layout.js';

/** "Thread-3": one count for the whole process, whatever the kind. */
export const nextName = (kind: 'Thread' | 'Dummy'): string => `${kind}-${atomic.add(H_THREAD_NAMES, 1) + 1}`;
