// Waiting for something that a word of the shared memory shows: the loop around the futex, for a thread that parks and for one that stays
// on its event loop. The thing that is waited for says how to get it (`attempt`), and which word to watch meanwhile.
//
//   blockUntil   attempt → park on the word while it is as expected → attempt → …
//   awaitLater   the same from the event loop. Such a waiter cannot act on a wake-up before its thread returns to its event loop, and
//                one that was given up stays in the engine's queue. So the word behind the one that is watched counts them: while there
//                are any, the waker wakes all (`wake`); otherwise the wake-up could be lost on one that cannot use it. A thread that
//                dies leaves its count behind: that costs needless wake-ups and nothing else.
//
// Nobody parks for longer than `patience.slice` without looking again: a wake-up that a killed thread has swallowed costs that time and no
// more. Layers above say what else is to be done about a wait: `WaitCare`.

import { atomic } from './atomics.js';
import { hooks } from './hooks.js';
import { PAGE_SHIFT, R_ATTENTION, R_WAITS } from './layout.js';
import { record, recordOf } from './self.js';

/** What is waited for. */
export interface Wanted {
  /** Byte address of the word to park on; the word behind it counts asynchronous waiters. */
  readonly word: number;
  /** Tries to get it: undefined = got. Else what the word must still be for the thread to park: it was so when the attempt failed. */
  attempt(): number | undefined;
  /** For people: "acquire() of a semaphore". */
  describe(): string;
  /** Mark of the thread that must let go of it (src/sync/owner.ts); 0 = nobody in particular. */
  holder?(): number;
  /** Whether nobody but the holder can let go of it. */
  readonly owned?: boolean;
  /** Told before the attempt after which it parks for the first time: for those who would rather not wake nobody, and count who waits. */
  enter?(): void;
  /** Told when a wait that `enter` was told of is over, and whether it was got. Not if the thread is killed. */
  leave?(got: boolean): void;
  /** Whether the thread has nothing to do until then, such as an executor's: it neither holds up a deadlock report nor is ended by one. */
  readonly idle?: boolean;
}

/** Of R_ATTENTION: what the thread runs was cancelled, so it is to give up waiting. The other bits are in src/sync/safepoint.ts. */
export const GIVE_UP = 4;

/** Byte offset from a word to the count of its asynchronous waiters. */
export const ASYNC = 4;

/** How many asynchronous waits there are on words of each page: what lies there is in use, although no call on the stack shows it. */
const awaited = new Map<number, number>();

/** Whether a wait of this thread's event loop will look at words of a page, by its index. */
export const isAwaited = (page: number): boolean => awaited.has(page);

/** Words that this thread is blocked on, the innermost last. */
const blockedOn: number[] = [];

/** A guarded function is cut short: what this returns forgets the waits inside it. */
export function saveWaits(): () => void {
  const { length } = blockedOn;
  return () => {
    blockedOn.length = length;
  };
}

/** Words of the waits that this thread is in the midst of. */
export const wordsInUse = (): readonly number[] => blockedOn;

/** One more, or less, asynchronous waiter. */
function count(word: number, change: 1 | -1): void {
  atomic.add(word + ASYNC, change);
  const page = word >>> PAGE_SHIFT;
  const waits = (awaited.get(page) ?? 0) + change;
  if (waits === 0) awaited.delete(page);
  else awaited.set(page, waits);
}

/** How an asynchronous wait is looked after. */
export interface Attendance {
  /** It is about to try once more. May throw what then ends it. */
  retry(): void;
  /** It is over. */
  leave(): void;
}

const NOBODY: Attendance = { retry() {}, leave() {} };

/** What is done about a thread's waits besides waiting. src/wiring.ts says by whom; until then nothing is. */
export interface WaitCare {
  /** A wait begins. May throw instead. */
  begin(wanted: Wanted): void;
  /** A wait has lasted for one more slice, and an attempt has failed since. `forever` = it has no time-out. May throw what then ends it. */
  look(wanted: Wanted, forever: boolean): void;
  /** A thread is about to park; how often it has been in this wait. Throws nothing. */
  relieve(looks: number): void;
  /** A wait that `look` has seen is about to try once more. May throw what then ends it. */
  heed(): void;
  /** A wait that `look` has seen is over. */
  leave(): void;
  /** The thread is to give up waiting: GIVE_UP says so. Throws what ends the wait, or takes the bit off. */
  giveUp(): void;
  /** An asynchronous wait begins. `fail` ends it. */
  attend(wanted: Wanted, forever: boolean, fail: (error: unknown) => void): Attendance;
}

let care: WaitCare = {
  begin() {},
  look() {},
  relieve() {},
  heed() {},
  leave() {},
  giveUp() {},
  attend: () => NOBODY,
};

/** From now on these look after this thread's waits. Returns those before, to be put back. */
export function careForWaits(by: Partial<WaitCare>): WaitCare {
  const before = care;
  care = { ...before, ...by };
  return before;
}

/** How long a thread waits before it looks around, in milliseconds. */
export const patience = { slice: 250 };

/** What this thread is parked on right now, for reports from between two instructions. */
export const parking = {
  on: undefined as Wanted | undefined,
  /** It has no time-out. */
  forever: false,
};

/** A call was cut short in which this thread was parked. */
export function saveParking(): () => void {
  const { on, forever } = parking;
  return () => {
    parking.on = on;
    parking.forever = forever;
  };
}

/**
 * Blocks this thread until the attempt succeeds (true), or `timeout` milliseconds have passed (false). `firm` says that the program must
 * have it, also when what the thread runs was cancelled.
 * @throws what `WaitCare.look` throws: it will never succeed; and what its `giveUp` throws.
 */
export function blockUntil(wanted: Wanted, timeout: number, firm = false): boolean {
  const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
  const { word } = wanted;
  // Noted for reports of who waits for what.
  const outer = atomic.load(record + R_WAITS);
  atomic.store(record + R_WAITS, word);
  let begun = false;
  let entered = false;
  let got = false;
  let late = false;
  let seen = false;
  let parked = false;
  let looks = 0;
  try {
    for (;;) {
      if (seen) care.heed();
      const expected = wanted.attempt();
      if (expected === undefined) {
        got = true;
        return true;
      }
      if (!begun) {
        begun = true;
        blockedOn.push(word);
        hooks.waiting(wanted, false);
        care.begin(wanted);
        if (wanted.enter !== undefined) {
          wanted.enter();
          entered = true;
          continue;
        }
      }
      const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
      if (remaining <= 0) return false;
      if (late) {
        seen = true;
        care.look(wanted, timeout === Infinity);
      }
      if (!firm && (atomic.load(record + R_ATTENTION) & GIVE_UP) !== 0) care.giveUp();
      care.relieve(looks++);
      parked = true;
      parking.on = wanted;
      parking.forever = timeout === Infinity;
      late = atomic.wait(word, expected, Math.min(remaining, patience.slice)) === 'timed-out';
      parking.on = undefined;
    }
  } catch (error) {
    // It may have been woken, and does not use it.
    if (parked) wake(word, 1);
    throw error;
  } finally {
    if (begun) {
      blockedOn.pop();
      hooks.waited(wanted, got, false);
    }
    if (seen) care.leave();
    if (entered) wanted.leave?.(got);
    atomic.store(record + R_WAITS, outer);
  }
}

/** A wait under way; see `awaitLater`. */
export interface Pending {
  /** Gives up. `done` is not called any more. No effect once it has been. */
  cancel(): void;
}

/**
 * As `blockUntil`, but returns at once and reports through `done`: from the event loop, or before it returns if it is quick. An error is
 * one that `blockUntil` would throw. `abortable` says that the wait can be given up, so that it is not one for ever.
 */
export function awaitLater(
  wanted: Wanted,
  timeout: number,
  done: (got: boolean, error?: unknown) => void,
  abortable = false,
): Pending {
  const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
  const { word } = wanted;
  let over = false;
  let waits = false;
  let abandon = () => {};
  let attendance = NOBODY;
  const end = (got: boolean): void => {
    over = true;
    if (waits) hooks.waited(wanted, got, true);
  };
  const finish = (got: boolean, error?: unknown): void => {
    end(got);
    count(word, -1);
    attendance.leave();
    wanted.leave?.(got);
    done(got, error);
  };
  const cancel = (): void => {
    if (over) return;
    end(false);
    abandon();
    attendance.leave();
    wanted.leave?.(false);
  };
  const fail = (error: unknown): void => {
    cancel();
    done(false, error);
  };
  const step = (): void => {
    // Cancelled: it has left the engine's queue only now.
    if (over) {
      count(word, -1);
      return;
    }
    let expected: number | undefined;
    try {
      attendance.retry();
      expected = wanted.attempt();
    } catch (error) {
      finish(false, error);
      // It may have been woken, and does not use it.
      wake(word, 1);
      return;
    }
    if (expected === undefined) {
      finish(true);
      return;
    }
    const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
    if (remaining <= 0) {
      finish(false);
      return;
    }
    const waiting = atomic.waitAsync(word, expected, Math.min(remaining, patience.slice), step);
    abandon = () => waiting.abandon();
  };
  // Counted before the first look at the word: a thread that wakes without our being there has seen the count.
  count(word, 1);
  wanted.enter?.();
  step();
  if (!over) {
    waits = true;
    hooks.waiting(wanted, true);
    try {
      care.begin(wanted);
      attendance = care.attend(wanted, timeout === Infinity && !abortable, fail);
    } catch (error) {
      fail(error);
    }
  }
  return { cancel };
}

/** Wakes at most `count` of those that wait on a word, those that wait longest first; all if there are any on event loops. */
export function wake(word: number, count: number): void {
  atomic.notify(word, atomic.load(word + ASYNC) > 0 ? Infinity : count);
}

/** The thread of a slot looks again at the word that it waits on, and so do all that wait there: there is something else for it to see. */
export function rouse(slot: number): void {
  const word = atomic.load(recordOf(slot) + R_WAITS);
  if (word !== 0) wake(word, Infinity);
}
