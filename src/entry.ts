// The first module of a worker, where the library is not joined.

import { boot } from './boot.js';

const role = boot();
if (role === 'thread') {
  // All of this library, before it takes work: a thread may meet any of it in the heap.
  await import('./index.js');
  const { serve } = await import('./runtime/worker.js');
  serve();
} else {
  const { help } = await import('./helper.js');
  help(role);
}
