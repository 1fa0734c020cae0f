// What threads may do with one mutex, for two and for three of them. Every scenario is explored with our mutex and with each of the
// copies that have a bug.

import type { Context, Program } from './automaton.ts';
import type { Plan } from './machine.ts';
import type { MutexUnderTest } from './mutex_under_test.ts';

export interface Scenario {
  readonly name: string;
  readonly plan: (mutex: MutexUnderTest) => Plan;
  /** None = all interleavings. */
  readonly preemptions?: number;
}

const LOCK = 0x8000_0000;
const TIMEOUT = 5;

/** The critical section, entered and left, and the release. */
function section(context: Context, mutex: MutexUnderTest): void {
  context.enter(LOCK);
  context.leave(LOCK);
  release(context, mutex);
}

function release(context: Context, mutex: MutexUnderTest): void {
  const held = mutex.release(LOCK);
  context.released(held);
  context.check(held, 'release() says that the lock was free');
}

/** As `Lock.acquire()` and `release()`. */
function blocking(context: Context, mutex: MutexUnderTest): void {
  const acquired = mutex.tryAcquire(LOCK) || mutex.acquireBlocking(LOCK, Infinity);
  context.check(acquired, 'acquire() without a time-out has given up');
  section(context, mutex);
}

/** As `Lock.acquire({ timeout })`. */
function timed(context: Context, mutex: MutexUnderTest): void {
  const start = context.clock();
  if (mutex.tryAcquire(LOCK) || mutex.acquireBlocking(LOCK, TIMEOUT)) section(context, mutex);
  else context.check(context.clock() - start >= TIMEOUT, 'acquire() has given up before its time');
}

/** As `Lock.acquire(false)`. */
function trying(context: Context, mutex: MutexUnderTest): void {
  if (mutex.tryAcquire(LOCK)) section(context, mutex);
}

/** As `Lock.acquireAsync()`, with a signal that may abort it at any turn of the event loop. */
function eventual(
  context: Context,
  mutex: MutexUnderTest,
  { timeout = Infinity, aborts = false }: { timeout?: number; aborts?: boolean } = {},
): void {
  if (mutex.tryAcquire(LOCK)) {
    section(context, mutex);
    return;
  }
  const start = context.clock();
  let aborted = false;
  let calls = 0;
  const pending = mutex.acquireEventually(LOCK, timeout, (acquired) => {
    context.check(!aborted, 'acquireAsync() has reported after the abort');
    context.check(++calls === 1, 'acquireAsync() has reported twice');
    if (acquired) section(context, mutex);
    else context.check(context.clock() - start >= timeout, 'acquireAsync() has given up before its time');
  });
  if (aborts) {
    context.abort('abort', () => {
      aborted = calls === 0;
      pending.cancel();
    });
  }
}

type Use = (context: Context, mutex: MutexUnderTest) => void;

const abortable: Use = (context, mutex) => eventual(context, mutex, { aborts: true });
const timedEventual: Use = (context, mutex) => eventual(context, mutex, { timeout: TIMEOUT });

/** Begins to wait in its event loop, and then blocks on the same lock, so that the event loop stands still. */
const eventualThenBlocking: Use = (context, mutex) => {
  eventual(context, mutex);
  blocking(context, mutex);
};

/** Aborts, if it comes to that, before it blocks: the waiter that was given up is in the queue and cannot be run. */
const abortedThenBlocking: Use = (context, mutex) => {
  eventual(context, mutex, { aborts: true });
  context.task('acquire again', () => blocking(context, mutex));
};

const twice: Use = (context, mutex) => {
  blocking(context, mutex);
  blocking(context, mutex);
};

const both =
  (first: Use, second: Use): Use =>
  (context, mutex) => {
    first(context, mutex);
    second(context, mutex);
  };

interface Extras {
  readonly spurious?: number;
  readonly lulls?: number;
  readonly held?: boolean;
}

/** One thread for each use: A, B, C. */
function scenario(name: string, uses: readonly Use[], extras: Extras = {}, preemptions?: number): Scenario {
  const plan = (mutex: MutexUnderTest): Plan => ({
    threads: uses.map((use, index) => ({ name: 'ABC'[index]!, program: programOf(use, mutex) })),
    locks: [LOCK],
    ...extras,
  });
  return { name, plan, ...(preemptions !== undefined && { preemptions }) };
}

function programOf(use: Use, mutex: MutexUnderTest): Program {
  return (context) => use(context, mutex);
}

export const twoThreads: readonly Scenario[] = [
  scenario('acquire and release, twice each', [twice, twice], { spurious: 1 }),
  scenario('acquire, and try', [twice, both(trying, trying)]),
  scenario('acquire, and acquire with a time-out', [twice, both(timed, timed)], { spurious: 1, lulls: 1 }),
  scenario('both with time-outs', [timed, timed], { spurious: 2, lulls: 2 }),
  scenario('acquire, and acquire asynchronously', [twice, both(eventual, eventual)], { spurious: 1 }),
  scenario('acquire, and acquire asynchronously with a time-out', [twice, timedEventual], { spurious: 1, lulls: 1 }),
  scenario('acquire, and an asynchronous acquire that may be aborted', [twice, abortable], { spurious: 1 }),
  scenario('both asynchronously, both may be aborted', [abortable, abortable]),
  scenario('asynchronously, then blocked on the same lock', [twice, eventualThenBlocking], { spurious: 1 }),
  scenario('asynchronously, perhaps aborted, then again', [twice, abortedThenBlocking], { spurious: 1 }),
  scenario('one releases what another waits for', [blocking, (context, mutex) => release(context, mutex)], {
    held: true,
    spurious: 1,
  }),
];

export const threeThreads: readonly Scenario[] = [
  scenario('three acquire and release', [blocking, blocking, blocking]),
  scenario('two acquire, one with a time-out', [blocking, blocking, timed]),
  scenario('two acquire, one asynchronously', [blocking, blocking, eventual]),
  scenario('two acquire, one asynchronously and may be aborted', [blocking, blocking, abortable]),
  scenario('one acquires, two asynchronously, one may be aborted', [blocking, eventual, abortable]),
  scenario('one with a time-out, one that may be aborted, one waits', [blocking, timed, abortable]),
  scenario('asynchronously, then blocked, beside two others', [blocking, blocking, eventualThenBlocking], {}, 5),
  scenario('asynchronously with a time-out, beside two others', [blocking, blocking, timedEventual]),
  scenario('one releases what two wait for', [blocking, abortable, (context, mutex) => release(context, mutex)], {
    held: true,
  }),
];

/** In the following scenarios B may die at any step; then the supervisor wakes the lock, as it does for all that B had pinned. */
const VICTIM = 1;

function death(name: string, uses: readonly Use[], extras: Extras = {}, preemptions?: number): Scenario {
  const living = scenario(name, uses, extras, preemptions);
  const plan = (mutex: MutexUnderTest): Plan => {
    const { threads, ...rest } = living.plan(mutex);
    const mortals = threads.map((thread, index) => ({ ...thread, mortal: index === VICTIM }));
    const supervisor = { name: 'supervisor', program: () => mutex.passOn(LOCK), buries: VICTIM };
    return { ...rest, threads: [...mortals, supervisor] };
  };
  return { ...living, plan };
}

export const deaths: readonly Scenario[] = [
  death('one of two dies', [twice, twice], { spurious: 1 }),
  death('one dies, the other waits asynchronously', [eventual, twice]),
  death('one dies that waits asynchronously and is blocked', [twice, eventualThenBlocking]),
  death('one dies that has aborted', [twice, abortedThenBlocking]),
  death('one of three dies', [blocking, blocking, blocking]),
  death('one dies in a wait with a time-out, beside two others', [blocking, timed, blocking]),
];
