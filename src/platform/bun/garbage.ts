// As ../garbage.ts, for Bun.

declare const Bun: { gc(synchronous: boolean): void };

/** Collects this thread's garbage. Finalizers run at the next turn of its event loop. */
export function collectGarbage(): void {
  Bun.gc(true);
}
