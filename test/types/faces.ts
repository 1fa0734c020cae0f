// What the types promise. This file is compiled, not run: every line marked as an error must be one.

import {
  type allocateLock,
  Barrier,
  BoundedSemaphore,
  Condition,
  type Event,
  LifoQueue,
  type Lock,
  PriorityQueue,
  Queue,
  RLock,
  RWLock,
  Semaphore,
  SimpleQueue,
  startNewThread,
  transfer,
} from 'heddle';
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

export async function builtOnLocks(lock: Lock, event: Event): Promise<void> {
  const condition = new Condition(new RLock());
  new Condition(lock);
  new Condition();
  const text: string | undefined = condition.waitFor(() => text as string | undefined, 10);
  const count: number = await condition.waitForAsync(() => 1, { signal: AbortSignal.timeout(1) });
  same<ReturnType<typeof condition.waitAsync>, Promise<boolean>>();
  condition.acquire({ timeout: count });
  condition.acquire(true, 100);
  condition.notify(3);
  const set: boolean = event.wait(100);
  await event.waitAsync({ timeout: Number(set) });
  using held = condition.hold();
  held.release();

  // @ts-expect-error an event is no lock
  new Condition(event);
  // @ts-expect-error it takes no arguments
  new RLock(1);
  // @ts-expect-error a time-out is a number
  event.wait({ timeout: 5 });
  // @ts-expect-error a predicate is a function
  condition.waitFor(true);
  // @ts-expect-error a condition is acquired as its lock is
  condition.acquire('yes');
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

export async function queues(signal?: AbortSignal, maxSize?: number): Promise<void> {
  // What may be missing may be undefined.
  await new Queue<number>({ maxSize }).getAsync({ signal, timeout: maxSize });
  const numbers = new Queue<number>({ maxSize: 10 });
  same<ReturnType<typeof numbers.get>, number>();
  same<Awaited<ReturnType<typeof numbers.getAsync>>, number>();
  for (const item of numbers) same<typeof item, number>();
  for await (const item of numbers) same<typeof item, number>();
  numbers.put(1, { timeout: 5 });
  // @ts-expect-error an item of another type
  numbers.put('a');
  // @ts-expect-error no options object
  new Queue(10);
  // @ts-expect-error a priority of a queue that has none
  numbers.put(1, { priority: 1 });
  const jobs = new PriorityQueue<[number, string]>();
  jobs.put([1, 'a']);
  jobs.put([1, 'a'], { priority: 2 });
  same<ReturnType<typeof jobs.get>, [number, string]>();
  // @ts-expect-error a priority without an order
  jobs.put([1, 'a'], { priority: {} });
  const texts: Queue<string> = new LifoQueue<string>();
  texts.putNowait('a');
  const simple = new SimpleQueue<Uint8Array>();
  simple.put(transfer(new Uint8Array(1)));
  // @ts-expect-error a simple queue has no tasks
  simple.taskDone();
  // @ts-expect-error nor a limit
  new SimpleQueue({ maxSize: 1 });
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
