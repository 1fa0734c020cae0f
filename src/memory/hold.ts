// Keeping this thread's event loop alive while something is awaited that does not do so by itself.

/** Timers count in 32 bits; one that long only keeps the loop alive. */
const FOREVER = 2 ** 31 - 1;

/** The event loop stays alive until what this returns is called. */
export function holdLoop(): () => void {
  const timer = setInterval(() => {}, FOREVER);
  return () => clearInterval(timer);
}
