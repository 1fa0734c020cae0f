// A number that all threads share, which they raise and wait for. Waits end with an error when what they wait for does not come: a
// test that would hang fails instead.

/** Milliseconds after which a wait has failed. Only a broken program comes near it. */
export const LIMIT = 30_000;

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
  const end = performance.now() + LIMIT;
  for (let now = value(count); now < goal; now = value(count)) {
    const left = end - performance.now();
    if (left <= 0) throw new Error(`${what} stands at ${now} instead of ${goal} after ${LIMIT} ms`);
    Atomics.wait(count, 0, now, left);
  }
}

/** Blocks until the condition holds: for what changes without telling anybody. */
export function becomes(condition: () => boolean, what: string): void {
  const idle = counter();
  const end = performance.now() + LIMIT;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${LIMIT} ms`);
    Atomics.wait(idle, 0, 0, 1);
  }
}

/** Blocks this thread for at most `most` milliseconds, by chance. */
export function nap(most: number): void {
  Atomics.wait(counter(), 0, 0, Math.random() * most);
}
