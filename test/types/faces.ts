// What the types promise. This file is compiled, not run: every line marked as an error must be one.

import { type allocateLock, Barrier, BoundedSemaphore, type Lock, RWLock, Semaphore, startNewThread } from 'heddle';
import type * as underscored from 'heddle/_thread';
import * as dummy from 'heddle/dummy_thread';
import * as thread from 'heddle/thread';

/** Fails to compile unless both types are the same. */
function same<A, B>(..._proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}

export function starts(): void {
  same<ReturnType<typeof startNewThread>, number>();
  startNewThread(() => {}, []);
  startNewThread((n: number, text: string) => n + text.length, [1, 'a']);
  startNewThread((n: number, text?: string) => n + (text?.length ?? 0), [1]);
  startNewThread((...numbers: number[]) => numbers.length, [1, 2, 3]);
  startNewThread(async (n: number) => n, [1]);
  startNewThread((n: number, { by }: { by: number }) => n * by, [1], { by: 2 });
  startNewThread(thread.exit, []);

  // @ts-expect-error an argument of the wrong type
  startNewThread((n: number) => n, ['a']);
  // @ts-expect-error an argument too few
  startNewThread((n: number, text: string) => n + text.length, [1]);
  // @ts-expect-error an argument too many
  startNewThread((n: number) => n, [1, 2]);
  // @ts-expect-error the arguments are no array
  startNewThread((n: number) => n, 1);
  // @ts-expect-error kwargs of the wrong type
  startNewThread((n: number, { by }: { by: number }) => n * by, [1], { by: 'a' });
  // @ts-expect-error not a function
  startNewThread(42, []);
  // @ts-expect-error no arguments given
  startNewThread(() => {});
}

export async function locks(lock: Lock): Promise<void> {
  same<ReturnType<typeof allocateLock>, Lock>();
  same<ReturnType<typeof thread.allocate_lock>, Lock>();
  same<thread.LockType, Lock>();
  lock.acquire();
  lock.acquire(0);
  lock.acquire(true, 100);
  lock.acquire({ timeout: 100 });
  const sum: number = lock.with(() => 1 + 1);
  const later: Promise<string> = lock.with(async () => String(sum));
  await later;
  using held = lock.hold();
  held.release();
  using eventually = await lock.holdAsync({ signal: AbortSignal.timeout(1) });
  eventually.release();

  // @ts-expect-error a text is no wait flag
  lock.acquire('yes');
  // @ts-expect-error null is no wait flag
  lock.acquire(null);
  // @ts-expect-error the name is timeout
  lock.acquire({ timeOut: 100 });
  // @ts-expect-error the type takes no arguments
  new thread.LockType(true);
}

export function faces(): void {
  same<typeof underscored, typeof thread>();
  // One can be imported in place of the other.
  same<keyof typeof dummy, keyof typeof thread>();
  same<ReturnType<typeof dummy.start_new_thread>, undefined>();
  dummy.start_new_thread((n: number, text: string) => n + text.length, [1, 'a']);
  dummy.start_new_thread((n: number, { by }: { by: number }) => n * by, [1], { by: 2 });

  // @ts-expect-error an argument of the wrong type
  dummy.start_new_thread((n: number) => n, ['a']);
}

export async function synchronisation(): Promise<void> {
  const semaphore: Semaphore = new BoundedSemaphore(2);
  same<ReturnType<typeof semaphore.acquire>, boolean>();
  semaphore.release(2);
  same<number, typeof semaphore.value>();
  const text: string = new Semaphore().with(() => 'a');
  // @ts-expect-error the value is not to be set
  semaphore.value = 1;

  const barrier = new Barrier(2, { action: () => 1, timeout: 10 });
  same<ReturnType<typeof barrier.wait>, number>();
  same<ReturnType<typeof barrier.waitAsync>, Promise<number>>();
  // @ts-expect-error parties are missing
  new Barrier();
  // @ts-expect-error the action takes nothing
  new Barrier(2, { action: (n: number) => n });

  const { read, write } = new RWLock();
  const length: number = read.with(() => text.length);
  using(write.hold());
  using(await read.holdAsync());
  // @ts-expect-error it takes no arguments
  new RWLock(length);
}

function using(_held: Disposable): void {}
