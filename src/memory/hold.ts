// Keeping this thread's event loop alive while something is awaited that does not do so by itself. One timer for all that is awaited.

/** Timers count in 32 bits; one that long only keeps the loop alive. */
const FOREVER = 2 ** 31 - 1;

interface Timer {
  ref(): void;
  unref(): void;
}

let holds = 0;
let counted = true;
let timer: ReturnType<typeof setInterval> | undefined;

/** The event loop stays alive until what this returns is called. */
export function holdLoop(): () => void {
  holds++;
  if (timer === undefined) {
    timer = setInterval(() => {}, FOREVER);
    if (!counted) countHolds(false);
  }
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    if (--holds > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Whether the holds count: without them the loop ends when nothing else keeps it alive, which is how one finds out whether that is so. */
export function countHolds(count: boolean): void {
  counted = count;
  const own = timer as unknown as Timer | undefined;
  if (count) own?.ref();
  else own?.unref();
}

/** How many hold the loop. */
export const holdCount = (): number => holds;

/** How many of the platform's timers that keep the loop alive are ours. */
export const holdTimers = (): number => (timer !== undefined && counted ? 1 : 0);
