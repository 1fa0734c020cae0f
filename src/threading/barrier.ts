// A barrier: threads wait at it until there are enough of them, then all go on, and it can be used again. After Python's
// `threading.Barrier`. It lies in this layer because its action travels as arguments do (src/data/parcel.ts).
//
// Cell {header, state, asynchronous waiters, parties, resets, victim, ring…, roll…, action, timeout}
//
//   state    {17 bits: cycle, 1 bit: BROKEN, 1 bit: ACTING, 13 bits: how many have arrived}. Who has arrived, or cannot yet, parks on it.
//              cycle, n           open: n < parties have arrived
//              cycle, ACTING, n   all have arrived, and the last runs the action; who comes now waits until that is over
//              cycle, BROKEN      who has arrived goes on with an error, and so does who comes
//              cycle, both        it is being reset: who has arrived goes on with an error, and who comes completes the reset
//   victim   mark of the thread that died here and broke it, 0 = something else did. Written before BROKEN is.
//   resets   how many have been made;  ring: which cycles the last of them have ended, by number of reset. Written before the next
//            cycle is open. So who finds its cycle over knows whether that was passed or reset; one that was not running while RING
//            resets were made takes it for reset.
//   roll     who waits here (src/sync/roll.ts), entered before arriving
//
//   open, n             → open, n + 1         a thread arrives
//   open, parties - 1   → next cycle, open    the last arrives, and there is no action
//                       → ACTING              the last arrives, and there is one
//   ACTING              → next cycle, open    the action has returned
//   open, ACTING        → BROKEN              abort, a time-out, an action that throws, a thread in the roll that is found dead
//   open, n > 0         → BROKEN and ACTING   reset
//   BROKEN, or both     → next cycle, open    reset, when it has put the cycle in the ring; by whoever comes, where both are set
//
// A cycle's number comes again after 131,072 cycles: a thread that others leave behind, and that is not run while exactly so many pass,
// waits on. Arriving synchronizes with going on, of all parties.

import { pack, unpack } from '../data/parcel.js';
import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { blockUntil, type Wanted, wake } from '../memory/park.js';
import { eventually } from '../sync/acquirable.js';
import { type AcquireOptions, timeoutOf, waitOptions, waitTimeout } from '../sync/arguments.js';
import {
  addressOf,
  BARRIER,
  defineSyncClass,
  isAdopting,
  loadValue,
  refuseSubclass,
  SyncCell,
  storeValue,
  syncHeader,
} from '../sync/cell.js';
import { BrokenBarrierError, ThreadError } from '../sync/errors.js';
import { isThenable } from '../sync/held.js';
import { describeOwner } from '../sync/names.js';
import { mark } from '../sync/owner.js';
import { enroll, isDead, ROLL_WORDS, someoneIn, strike, strikeDead } from '../sync/roll.js';
import { isGuarded, mask, noteAcquired, noteReleased, poll, unmask } from '../sync/safepoint.js';

const STATE = 4;
const PARTIES = 12;
const RESETS = 16;
const VICTIM = 20;
const RING_START = 24;
const RING = 4;
const ROLL = RING_START + RING * 4;
const ACTION = ROLL + ROLL_WORDS * 4;
const TIMEOUT = ACTION + 4;
const HEADER = syncHeader(BARRIER, 5 + RING + ROLL_WORDS, 2);

const ARRIVED_BITS = 13;
const MOST = 2 ** ARRIVED_BITS - 1;
const ACTING = 1 << ARRIVED_BITS;
const BROKEN = ACTING << 1;
const RESETTING = ACTING | BROKEN;
const CYCLE = BROKEN << 1;

const arrivedIn = (state: number): number => state & MOST;
const cycleOf = (state: number): number => state & -CYCLE;
/** The next cycle, with nobody there. */
const after = (state: number): number => (cycleOf(state) + CYCLE) | 0;

/** How to make a barrier. */
export interface BarrierOptions {
  /** Called by one of the threads when all have arrived, before they go on. What it returns is dropped. */
  action?: (() => unknown) | undefined;
  /** Milliseconds that `wait()` waits at most if it is not told otherwise; none = for ever. */
  timeout?: number | undefined;
}

/** What has become of a thread's wait. */
type Fate = 'waits' | 'passed' | 'broken';

/** Breaks a cycle; false = it was over, or broken already. `victim` is the mark of the thread whose death is why. */
function breakCycle(barrier: number, cycle: number, victim = 0): boolean {
  for (;;) {
    const state = atomic.load(barrier + STATE);
    if (cycleOf(state) !== cycle || (state & BROKEN) !== 0) return false;
    atomic.store(barrier + VICTIM, victim);
    if (atomic.compareExchange(barrier + STATE, state, cycle | BROKEN) !== state) continue;
    wake(barrier + STATE, Infinity);
    return true;
  }
}

/** Opens the next cycle, for those who have waited in this one to go on; false = somebody else has ended it. */
function pass(barrier: number, state: number): boolean {
  if (atomic.compareExchange(barrier + STATE, state, after(state)) !== state) return false;
  wake(barrier + STATE, Infinity);
  return true;
}

/** Ends a cycle that is broken or being reset, and opens the next. Any number of threads may be at it. */
function mend(barrier: number, state: number): void {
  while (atomic.load(barrier + STATE) === state) {
    const number = atomic.load(barrier + RESETS);
    const place = barrier + RING_START + (number & (RING - 1)) * 4;
    const before = atomic.load(place);
    // Whoever was held up here must not write over what has come after.
    if (atomic.load(barrier + RESETS) !== number) continue;
    if (atomic.compareExchange(place, before, cycleOf(state)) !== before) continue;
    if (atomic.compareExchange(barrier + RESETS, number, (number + 1) | 0) === number) pass(barrier, state);
  }
}

/** Whether a cycle that is over was reset. `since` is how many resets there were when it was not over. */
function wasReset(barrier: number, cycle: number, since: number): boolean {
  const resets = atomic.load(barrier + RESETS);
  let found = false;
  for (let number = since; number !== resets && ((resets - number) | 0) <= RING; number = (number + 1) | 0) {
    found ||= atomic.load(barrier + RING_START + (number & (RING - 1)) * 4) === cycle;
  }
  // Those after them may have been written over it.
  return found || ((atomic.load(barrier + RESETS) - since) | 0) > RING;
}

/** One thread's wait, as something to wait for: its attempt arrives, and after that looks whether the cycle is over. */
class Visit implements Wanted {
  readonly word: number;
  /** How many had arrived before; -1 = it has not. */
  index = -1;
  /** The state in which this thread was the last to arrive, so that it must run the action; 0 = it must not. */
  acting = 0;
  fate: Fate = 'waits';
  /** In its cycle, or where it could not arrive. */
  cycle = 0;
  #resets = 0;
  readonly #barrier: number;
  readonly #acts: boolean;
  readonly #mark = mark;

  constructor(barrier: number, acts: boolean) {
    this.word = barrier + STATE;
    this.#barrier = barrier;
    this.#acts = acts;
  }

  describe(): string {
    return `wait() at a barrier for ${V.I32[(this.#barrier + PARTIES) >>> 2]} threads, 0x${this.#barrier.toString(16)}`;
  }

  attempt(): number | undefined {
    return this.index < 0 ? this.#arrive() : this.#look();
  }

  #arrive(): number | undefined {
    const barrier = this.#barrier;
    const last = V.I32[(barrier + PARTIES) >>> 2]! - 1;
    enroll(barrier + ROLL, this.#mark);
    for (;;) {
      this.#resets = atomic.load(barrier + RESETS);
      const state = atomic.load(barrier + STATE);
      this.cycle = cycleOf(state);
      if ((state & RESETTING) === RESETTING) {
        mend(barrier, state);
        continue;
      }
      if ((state & (BROKEN | ACTING)) !== 0) {
        strike(barrier + ROLL, this.#mark);
        if ((state & BROKEN) === 0) return this.#victim(state) ? this.#arrive() : state;
        this.fate = 'broken';
        return undefined;
      }
      const arrived = arrivedIn(state);
      if (arrived === last) {
        if (this.#victim(state)) continue;
        if (!this.#acts) {
          if (!pass(barrier, state)) continue;
          this.fate = 'passed';
        } else {
          const acting = (state + 1) | ACTING;
          if (atomic.compareExchange(barrier + STATE, state, acting) !== state) continue;
          this.acting = acting;
        }
        this.index = last;
        return undefined;
      }
      if (atomic.compareExchange(barrier + STATE, state, state + 1) === state) {
        this.index = arrived;
        return state + 1;
      }
    }
  }

  #look(): number | undefined {
    const state = atomic.load(this.word);
    this.settle(state);
    if (this.fate !== 'waits') return undefined;
    // It was woken for nothing, or time has passed.
    if (this.#victim(state)) return this.#look();
    return state;
  }

  /** Breaks the cycle if somebody has died in it; whether that was so. */
  #victim(state: number): boolean {
    const victim = someoneIn(this.#barrier + ROLL, isDead);
    if (victim === 0) return false;
    breakCycle(this.#barrier, cycleOf(state), victim);
    return true;
  }

  /** Notes what has become of the cycle. */
  settle(state = atomic.load(this.word)): void {
    if (cycleOf(state) !== this.cycle) {
      this.fate = wasReset(this.#barrier, this.cycle, this.#resets) ? 'broken' : 'passed';
    } else if ((state & BROKEN) !== 0) {
      this.fate = 'broken';
    }
  }

  /** This thread leaves before its time: the others will never be enough. */
  desert(): void {
    if (this.index < 0) {
      this.fate = 'broken';
      return;
    }
    breakCycle(this.#barrier, this.cycle);
    this.settle();
  }

  /** It is over: out of the roll. */
  end(): void {
    if (this.index >= 0) strike(this.#barrier + ROLL, this.#mark);
  }
}

/** Threads wait at it until there are enough of them, then all go on. */
export class Barrier extends SyncCell {
  /** This thread's copy. */
  #action: (() => unknown) | undefined;

  /**
   * @param parties how many threads go on together.
   * @throws RangeError when `parties` is below 1; TypeError for wrong arguments, and when the action cannot travel to other threads.
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    const fresh = !isAdopting();
    let packed: unknown;
    if (fresh) {
      refuseSubclass(new.target, Barrier);
      checkParties(parties);
      checkOptions(options);
      packed = pack(options.action, 'action');
    }
    super(HEADER);
    if (fresh) {
      const barrier = addressOf(this);
      V.I32[(barrier + PARTIES) >>> 2] = parties;
      storeValue(barrier + ACTION, packed, 'action');
      storeValue(barrier + TIMEOUT, options.timeout, 'timeout');
      this.#action = options.action;
    }
    Object.preventExtensions(this);
  }

  /** How many threads go on together. */
  get parties(): number {
    return V.I32[(addressOf(this) + PARTIES) >>> 2]!;
  }

  /** How many threads wait at it right now. */
  get nWaiting(): number {
    return arrivedIn(atomic.load(addressOf(this) + STATE));
  }

  /** Whether it is broken: until `reset()`, `wait()` throws. */
  get broken(): boolean {
    return (atomic.load(addressOf(this) + STATE) & RESETTING) === BROKEN;
  }

  /**
   * Waits until as many threads are here as the barrier is for. The last to come runs the action, if there is one, and then all go on. If
   * it throws, this thread throws that, and the others BrokenBarrierError.
   *
   * @param timeout milliseconds to wait at most, 0 or less: not at all; none = the barrier's. When they have passed, the barrier is broken,
   * for all.
   * @returns a number from 0 to parties - 1, another one in each of the threads that go on.
   * @throws BrokenBarrierError when it is or gets broken, or is reset, and when a thread dies that waits at it.
   */
  wait(timeout?: number): number {
    if (arguments.length > 1) throw new TypeError(`wait() takes at most 1 argument (${arguments.length} given)`);
    const limit = waitTimeout(timeout ?? this.#timeout());
    const visit = this.#visit();
    poll();
    mask();
    let got: boolean;
    try {
      got = limit > 0 ? blockUntil(visit, limit) : visit.attempt() === undefined;
    } catch (error) {
      visit.desert();
      visit.end();
      throw error;
    } finally {
      unmask();
    }
    const index = this.#goOn(visit, got);
    poll();
    return index;
  }

  /**
   * As `wait`, without blocking this thread.
   *
   * @param options `timeout` as for `wait`; `signal` gives up when aborted, which breaks the barrier: the others would wait for one too few.
   * @throws the signal's reason when it is aborted.
   */
  async waitAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<number> {
    timeoutOf(waitOptions(options));
    const timeout = options.timeout ?? this.#timeout();
    const visit = this.#visit();
    let got: boolean;
    try {
      got = await eventually(() => visit, waitOptions({ ...options, timeout }));
    } catch (error) {
      if (visit.index >= 0) visit.desert();
      visit.end();
      throw error;
    }
    return this.#goOn(visit, got);
  }

  /**
   * Makes it as new, with nobody there: who waits gets BrokenBarrierError. While the action runs nobody does any more, and nothing is done.
   */
  reset(): void {
    const barrier = addressOf(this);
    strikeDead(barrier + ROLL);
    for (;;) {
      const state = atomic.load(barrier + STATE);
      if ((state & BROKEN) !== 0) {
        mend(barrier, state);
        return;
      }
      if ((state & ACTING) !== 0 || arrivedIn(state) === 0) return;
      const resetting = cycleOf(state) | RESETTING;
      if (atomic.compareExchange(barrier + STATE, state, resetting) !== state) continue;
      mend(barrier, resetting);
      return;
    }
  }

  /** Breaks it: who waits, and who comes until `reset()`, gets BrokenBarrierError. */
  abort(): void {
    const barrier = addressOf(this);
    for (;;) {
      const state = atomic.load(barrier + STATE);
      if ((state & RESETTING) === RESETTING) mend(barrier, state);
      else if ((state & BROKEN) !== 0 || breakCycle(barrier, cycleOf(state))) return;
    }
  }

  #timeout(): number | undefined {
    return loadValue(addressOf(this) + TIMEOUT) as number | undefined;
  }

  #visit(): Visit {
    const barrier = addressOf(this);
    return new Visit(barrier, loadValue(barrier + ACTION) !== undefined);
  }

  /** After the wait: runs the action if this thread is to, and gives its number. */
  #goOn(visit: Visit, got: boolean): number {
    if (!got) visit.desert();
    try {
      if (visit.acting !== 0) this.#act(visit);
    } finally {
      visit.end();
    }
    if (visit.fate === 'passed') return visit.index;
    throw new BrokenBarrierError(
      got ? whyBroken(addressOf(this)) : 'the barrier is broken: the time to wait at it has passed; reset() mends it',
    );
  }

  #act(visit: Visit): void {
    const barrier = addressOf(this);
    const guarded = isGuarded();
    // What an interrupt cuts short will not be finished.
    if (guarded) {
      noteAcquired(this, () => {
        breakCycle(barrier, visit.cycle);
        visit.end();
      });
    }
    try {
      this.#loadAction()();
    } catch (error) {
      breakCycle(barrier, visit.cycle);
      throw error;
    } finally {
      if (guarded) noteReleased(this);
    }
    if (pass(barrier, visit.acting)) visit.fate = 'passed';
    else visit.settle();
  }

  #loadAction(): () => unknown {
    if (this.#action !== undefined) return this.#action;
    const action = unpack(loadValue(addressOf(this) + ACTION));
    if (isThenable(action)) {
      action.then(
        (loaded) => {
          this.#action = loaded as () => unknown;
        },
        () => {},
      );
      throw new ThreadError(
        "the barrier's action needs modules that this thread has not imported yet: import them in the thread's function before it waits",
      );
    }
    this.#action = action as () => unknown;
    return this.#action;
  }

  /** @throws TypeError: it cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError("cannot pickle 'Barrier' object: pass it to a thread as an argument, or capture it");
  }

  get [Symbol.toStringTag](): string {
    return 'Barrier';
  }

  override toString(): string {
    const state = this.broken ? 'broken' : `waiters=${this.nWaiting}/${this.parties}`;
    return `<Barrier at 0x${addressOf(this).toString(16)}: ${state}>`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

defineSyncClass(BARRIER, Barrier as unknown as new () => Barrier);

function whyBroken(barrier: number): string {
  const victim = atomic.load(barrier + VICTIM);
  if (victim !== 0) return `the barrier is broken: ${describeOwner(victim)}, died waiting at it; reset() mends it`;
  return 'the barrier is broken: by abort() or reset(), by an action that threw, or by a thread that waited too long; reset() mends it';
}

function checkParties(parties: unknown): void {
  if (typeof parties !== 'number' || !Number.isInteger(parties)) {
    throw new TypeError(
      `parties must be an integer, not ${parties === null ? 'null' : typeof parties === 'number' ? parties : typeof parties}`,
    );
  }
  if (parties < 1) throw new RangeError(`parties must be >= 1, not ${parties}`);
  if (parties > MOST) throw new RangeError(`parties must be at most ${MOST}, not ${parties}`);
}

function checkOptions(options: unknown): asserts options is BarrierOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { action: () => …, timeout: 100 }, not ${String(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'action' && key !== 'timeout')
      throw new TypeError(`unknown option '${key}': known are action, timeout`);
  }
  const { action, timeout } = options as BarrierOptions;
  if (action !== undefined && typeof action !== 'function') {
    throw new TypeError(`action must be a function, not ${action === null ? 'null' : typeof action}`);
  }
  waitTimeout(timeout);
}
