// How a thread of an executor waits for tasks: the part of worker.ts in which it has none.

import { releasePages } from '../heap/allocate.js';
import { tidyUp } from '../heap/tidy.js';
import { atomic } from '../memory/atomics.js';
import { awaitLater, blockUntil, type Wanted } from '../memory/park.js';
import { soon } from '../platform/loop.js';
import { loopLoad } from '../runtime/load.js';
import { LIVING, phase } from '../runtime/shutdown.js';
import { LOOKING, PARKED, RESERVE, RESTING } from './crew.js';
import { tellQuiet } from './exit.js';
import type { Future } from './future.js';
import {
  backlogOf,
  beginLook,
  crewOf,
  hasRoom,
  isClosed,
  type Pool,
  passOn,
  roomOf,
  signalOf,
  takeTask,
} from './pool.js';
import { Spin } from './spin.js';

/** Milliseconds of idleness after which the event loop gets a turn: one that came at once would hold up the next task. At the process's
 * end it comes at once. */
const REST = 20;
/** Milliseconds of idleness after which garbage is collected. */
const TIDY_AFTER = 200;
/** And after which the thread ends. */
const IDLE_LIMIT = 5_000;

/** Waiting for tasks. */
export class Idler {
  readonly #executor: Pool;
  readonly #index: number;
  readonly #baseline: number;
  /** A task, or to be told to leave. */
  readonly #task: Wanted;
  /** That fewer run than may, or to be told to leave. */
  readonly #room: Wanted;
  readonly #spin = new Spin();
  /** The state in which it is parked. */
  #parked = PARKED;
  /** What the wait was for. */
  found: Future<unknown> | undefined;
  /** Whether tasks were run since the event loop had a turn. */
  stirred = false;

  constructor(executor: Pool, index: number, baseline: number) {
    this.#executor = executor;
    this.#index = index;
    this.#baseline = baseline;
    const room = roomOf(executor);
    this.#task = {
      word: signalOf(executor),
      attempt: () => this.#attempt(),
      describe: () => 'a task',
      idle: true,
    };
    this.#room = {
      word: room,
      attempt: () => {
        const seen = atomic.load(room);
        return hasRoom(executor) || this.#isToLeave() ? undefined : seen;
      },
      describe: () => 'a task',
      idle: true,
    };
  }

  /** Whether there is something to do within a moment. */
  spin(): boolean {
    const backlog = backlogOf(this.#executor);
    return this.#spin.until(() => backlog.size > 0);
  }

  /** Waits until there is a task, or this thread is to look around: true. False: to leave. A promise only if it takes long. */
  wait(crowded: boolean): boolean | Promise<boolean> {
    const wanted = crowded ? this.#room : this.#task;
    if (this.stirred && (crowded || phase() !== LIVING))
      return this.#waitLong(wanted, crowded ? RESERVE : PARKED, false);
    const got = this.stirred
      ? this.#park(wanted, RESTING, REST)
      : this.#park(wanted, crowded ? RESERVE : PARKED, TIDY_AFTER);
    return got === true ? this.#resume() : this.#waitLong(wanted, crowded ? RESERVE : PARKED, got);
  }

  async #waitLong(wanted: Wanted, state: number, first: boolean | Promise<boolean>): Promise<boolean> {
    if (await first) return this.#resume();
    if (this.stirred) {
      this.stirred = false;
      await turn();
      if (await this.#park(wanted, state, TIDY_AFTER)) return this.#resume();
    }
    releasePages();
    tidyUp();
    // Finalizers run in the turns between.
    await turn();
    await turn();
    return (await this.#park(wanted, state, IDLE_LIMIT)) && this.#resume();
  }

  #resume(): boolean {
    this.#setState(LOOKING);
    return this.found !== undefined || !this.#isToLeave();
  }

  #park(wanted: Wanted, state: number, limit: number): boolean | Promise<boolean> {
    this.#parked = state;
    this.#setState(state);
    tellQuiet();
    if (loopLoad() <= this.#baseline) return blockUntil(wanted, limit);
    // Tasks have left timers or handles, which are to run.
    return new Promise((resolve) => void awaitLater(wanted, limit, resolve));
  }

  #attempt(): number | undefined {
    const seen = beginLook(this.#executor);
    if (backlogOf(this.#executor).size > 0) {
      // Said first: who sees nothing waiting must see that something runs.
      this.#setState(LOOKING);
      this.found = takeTask(this.#executor);
      if (this.found !== undefined) {
        passOn(this.#executor);
        return undefined;
      }
      this.#setState(this.#parked);
    }
    return this.#isToLeave() || (this.#parked === RESTING && phase() !== LIVING) ? undefined : seen;
  }

  #isToLeave(): boolean {
    return isClosed(this.#executor) && backlogOf(this.#executor).size === 0;
  }

  #setState(state: number): void {
    crewOf(this.#executor).setState(this.#index, state);
  }
}

/** Gives the event loop a turn. */
export const turn = (): Promise<void> => new Promise((resolve) => void soon(resolve));
