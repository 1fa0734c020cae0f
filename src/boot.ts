// The first thing in every worker of Heddle's: it takes its seat, so that the modules that load next find the shared memory.

import { SEAT } from './memory/seat.js';
import { type Role, workerBoot } from './platform/worker.js';

/** Says what the worker is for. Nothing that uses the shared memory may be loaded before. */
export function boot(): Role {
  const { role, seat } = workerBoot();
  Object.defineProperty(globalThis, SEAT, { value: seat });
  return role;
}
