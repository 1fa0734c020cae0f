// The first thing in every worker of Heddle's: it takes its seat, so that the modules that load next find the shared memory.

import { SEAT } from './memory/seat.js';
import { takeScript } from './platform/joined.js';
import { workerBoot } from './platform/worker.js';

/** Says what the worker is for. Nothing that uses the shared memory may be loaded before. */
export function boot(): string {
  const { role, seat, script } = workerBoot();
  Object.defineProperty(globalThis, SEAT, { value: seat });
  takeScript(script);
  return role;
}
