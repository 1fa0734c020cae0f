// The first module of every thread's worker.

import { boot } from './boot.js';

boot();
// All of this library, before it takes work: a thread may meet any of it in the heap.
await import('./index.js');
const { serve } = await import('./runtime/worker.js');
serve();
