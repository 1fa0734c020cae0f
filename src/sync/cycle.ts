// The words of a barrier (src/threading/barrier.ts), and a thread's wait at one.
//
// Cell {header, state, asynchronous waiters, parties, resets, victim, ring…, roll…, action, timeout}
//
//   state    {17 bits: cycle, 1 bit: BROKEN, 1 bit: ACTING, 13 bits: how many have arrived}. Threads that have arrived, or cannot yet, park on it.
//              cycle, n           open: n < parties have arrived
//              cycle, ACTING, n   all have arrived, and the last runs the action; a thread that comes now waits until that is over
//              cycle, BROKEN      those that have arrived go on with an error, and so do those that come
//              cycle, both        it is being reset: those that have arrived go on with an error, and the next that comes completes the reset
//   victim   mark of the thread that died here and broke it, 0 = something else did. Written before BROKEN is.
//   resets   how many have been made;  ring: which cycles the last of them have ended, by number of reset. Written before the next
//            cycle is open. So a thread that finds its cycle over knows whether that was passed or reset; one that was not running while RING
//            resets were made takes it for reset.
//   roll     the threads that wait here (src/sync/roll.ts), entered before arriving
//
//   open, n             → open, n + 1         a thread arrives
//   open, parties - 1   → next cycle, open    the last arrives, and there is no action
//                       → ACTING              the last arrives, and there is one
//   ACTING              → next cycle, open    the action has returned
//   open, ACTING        → BROKEN              abort, a time-out, an action that throws, a thread in the roll that is found dead
//   open, n > 0         → BROKEN and ACTING   reset
//   BROKEN, or both     → next cycle, open    reset, when it has put the cycle in the ring; by the next thread that comes, if both are set
//
// A cycle's number comes again after 131,072 cycles: a thread that others leave behind, and that is not run while exactly so many pass,
// waits on. Arriving synchronizes with going on, of all parties.

import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { type Wanted, wake } from '../memory/park.js';
import { BARRIER, syncHeader } from './cell.js';
import { thisThread } from './owner.js';
import { enroll, isDead, ROLL_WORDS, someoneIn, strike, strikeDead } from './roll.js';
import { titleOf } from './titles.js';

export const STATE = 4;
export const PARTIES = 12;
const RESETS = 16;
export const VICTIM = 20;
const RING_START = 24;
const RING = 4;
const ROLL = RING_START + RING * 4;
export const ACTION = ROLL + ROLL_WORDS * 4;
export const TIMEOUT = ACTION + 4;
export const HEADER = syncHeader(BARRIER, 5 + RING + ROLL_WORDS, 2);

const ARRIVED_BITS = 13;
/** The most parties that a barrier can have. */
export const MOST = 2 ** ARRIVED_BITS - 1;
const ACTING = 1 << ARRIVED_BITS;
export const BROKEN = ACTING << 1;
export const RESETTING = ACTING | BROKEN;
const CYCLE = BROKEN << 1;

export const arrivedIn = (state: number): number => state & MOST;
const cycleOf = (state: number): number => state & -CYCLE;
/** The next cycle, with nobody there. */
const after = (state: number): number => (cycleOf(state) + CYCLE) | 0;

/** What has become of a thread's wait. */
type Fate = 'waits' | 'passed' | 'broken';

/** Breaks a cycle; false = it was over, or broken already. `victim` is the mark of the thread whose death is why. */
export function breakCycle(barrier: number, cycle: number, victim = 0): boolean {
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
export function pass(barrier: number, state: number): boolean {
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
    // A thread that was held up here must not write over what has come after.
    if (atomic.load(barrier + RESETS) !== number) continue;
    if (atomic.compareExchange(place, before, cycleOf(state)) !== before) continue;
    if (atomic.compareExchange(barrier + RESETS, number, (number + 1) | 0) === number) pass(barrier, state);
  }
}

/** Makes it as new. */
export function reset(barrier: number): void {
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

/** Breaks the cycle that is under way. */
export function abort(barrier: number): void {
  for (;;) {
    const state = atomic.load(barrier + STATE);
    if ((state & RESETTING) === RESETTING) mend(barrier, state);
    else if ((state & BROKEN) !== 0 || breakCycle(barrier, cycleOf(state))) return;
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
export class Visit implements Wanted {
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
  readonly #mark = thisThread.mark;

  constructor(barrier: number, acts: boolean) {
    this.word = barrier + STATE;
    this.#barrier = barrier;
    this.#acts = acts;
  }

  describe(): string {
    return `wait() at a barrier for ${V.I32[(this.#barrier + PARTIES) >>> 2]} threads, ${titleOf(this.#barrier)}`;
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
