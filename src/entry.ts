// The first module of every worker of Heddle's: takes its seat, so that the shared memory is found by whatever loads next, then
// loads what the worker is for.

import { SEAT } from './memory/seat.js';
import { workerBoot } from './platform/worker.js';

const boot = workerBoot();
Object.defineProperty(globalThis, SEAT, { value: boot.seat });

if (boot.role === 'thread') {
  // All of this library, before it takes work: a thread may meet any of it in the heap.
  await import('./index.js');
  await import('./runtime/worker.js');
} else if (boot.role === 'supervisor') await import('./runtime/supervise.js');
else if (boot.role === 'collector') await import('./runtime/collector.js');
else if (boot.role === 'sigint') await import('./runtime/sigint-worker.js');
else await import('./runtime/quit.js');
