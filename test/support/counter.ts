// A number that all threads share, which they raise and wait for. Waits end with an error when what they wait for does not come: a
// test that would hang fails instead. How long that takes is up to patience.ts.

import { LOOK, Patience } from './patience.ts';

/**
 * Milliseconds for a time-out that a call has to have and that must not run out. It is no limit: the watcher of the process ends it long
 * before, if it hangs.
 */
export const NEVER = 3_600_000;

export type Counter = Int32Array<SharedArrayBuffer>;

export function counter(): Counter {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Returns the new value. */
export function raise(count: Counter): number {
  const value = Atomics.add(count, 0, 1) + 1;
  Atomics.notify(count, 0);
  return value;
}

export function value(count: Counter): number {
  return Atomics.load(count, 0);
}

/** Blocks until the counter is at least `goal`. */
export function reaches(count: Counter, goal: number, what = 'the counter'): void {
  let patience: Patience | undefined;
  for (let now = value(count); now < goal; now = value(count)) {
    if (Atomics.wait(count, 0, now, LOOK) !== 'timed-out') continue;
    patience ??= new Patience();
    const verdict = patience.verdict();
    if (verdict !== undefined) throw new Error(`${what} stands at ${now} instead of ${goal}, and ${verdict}`);
  }
}

/** Milliseconds between two looks at a condition: first often, later seldom, so that a thread that only looks is seen to rest. */
const pause = (looks: number): number => (looks < 500 ? 1 : 50);

/** Blocks until the condition holds: for what changes without telling anybody. */
export function becomes(condition: () => boolean, what: string): void {
  const idle = counter();
  let patience: Patience | undefined;
  for (let looks = 0; !condition(); looks++) {
    Atomics.wait(idle, 0, 0, pause(looks));
    patience ??= new Patience();
    const verdict = patience.verdict();
    if (verdict !== undefined) throw new Error(`${what} did not come, and ${verdict}`);
  }
}

/** Takes turns of the event loop until the condition holds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  let patience: Patience | undefined;
  for (let turns = 0; !condition(); turns++) {
    await new Promise((resolve) => (turns < 500 ? setImmediate(resolve) : setTimeout(resolve, pause(turns))));
    patience ??= new Patience();
    const verdict = patience.verdict();
    if (verdict !== undefined) throw new Error(`${what} did not come, and ${verdict}`);
  }
}

/** Blocks this thread for at most `most` milliseconds, by chance. */
export function nap(most: number): void {
  Atomics.wait(counter(), 0, 0, Math.random() * most);
}
