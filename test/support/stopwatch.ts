// Whether something took about as long as it should. Not less is for any clock to say; not much more depends on what else the machine does.

import { waitedForCores } from './activity.ts';

export interface Stopwatch {
  /** Milliseconds that have passed. */
  passed(): number;
  /** The same without the time for which threads of this process were ready to run and had no core. */
  onFreeCores(): number;
}

export function stopwatch(): Stopwatch {
  const start = performance.now();
  const waited = waitedForCores();
  const passed = (): number => performance.now() - start;
  return { passed, onFreeCores: () => passed() - Math.max(0, waitedForCores() - waited) };
}

/** Whether a wait with this time-out has taken about as long. */
export function isAbout(watch: Stopwatch, timeout: number): boolean {
  return watch.passed() >= 0.6 * timeout && watch.onFreeCores() <= 10 * timeout;
}
