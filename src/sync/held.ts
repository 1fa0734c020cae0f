// Holding a lock for a scope or a call. Plain, without shared memory behind it, so that the locks of `dummy_thread` can have it too.

/** What `hold()` returns: releases the lock when disposed of, once. */
export interface HeldLock extends Disposable {
  /** Releases the lock before the scope ends. A second call does nothing. */
  release(): void;
}

/** For a lock that was acquired just now. */
export function heldLock(lock: { release(): void }): HeldLock {
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    lock.release();
  };
  return { release, [Symbol.dispose]: release };
}

/** Whether somebody who gets this value should wait for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
