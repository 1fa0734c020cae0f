// How long a test waits until it says that something hangs. It does not go by the clock, since on a busy machine everything takes ten times
// as long, or a hundred. What is waited for hangs when its process rests, with no thread that runs or could if a core were free; or when
// the process has worked for so long that it must be going round in circles.

import { type Activity, ownActivity } from './activity.ts';

/** Milliseconds of rest after which a process hangs. */
const REST = 30_000;

/** The same where rest cannot be told from a wait for a core. */
const REST_UNSEEN = 600_000;

/** Milliseconds of processor time after which a process goes round in circles. No test has use for a tenth of it. */
const WORK = 300_000;

/** A process that has less than this share of one core does next to nothing. */
const LITTLE = 0.05;

/** Milliseconds from one look to the next. */
export const LOOK = 500;

/** Most of the time between two looks that counts as rest. */
const MOST = 10_000;

export interface Limits {
  readonly rest?: number;
  readonly work?: number;
}

/** The patience with one wait: ask it every LOOK milliseconds or so. */
export class Patience {
  readonly #look: () => Activity;
  readonly #rest: number;
  readonly #work: number;
  #time = performance.now();
  /** Processor time at the first look, and at the last. */
  #first: number | undefined;
  #last = 0;
  #rested = 0;

  /** @param look Tells what the process does; without it, the process that waits. */
  constructor(look: () => Activity = ownActivity, { rest = REST, work = WORK }: Limits = {}) {
    this.#look = look;
    this.#rest = process.platform === 'linux' ? rest : Math.max(rest, REST_UNSEEN);
    this.#work = work;
  }

  /** Why the wait should end; undefined while there is hope. */
  verdict(): string | undefined {
    const passed = performance.now() - this.#time;
    if (passed < LOOK) return undefined;
    const { cpu = 0, able } = this.#look();
    this.#first ??= cpu;
    const used = cpu - this.#last;
    this.#time += passed;
    this.#last = cpu;
    // A watcher that has not looked for so long has waited for a core itself, or the machine has slept.
    const step = Math.min(passed, MOST);
    this.#rested = able || used > LITTLE * passed ? Math.max(0, this.#rested - step) : this.#rested + step;
    if (this.#rested >= this.#rest) return `nothing has run for ${Math.round(this.#rest / 1000)} s`;
    const worked = cpu - this.#first;
    if (worked >= this.#work) return `it has used ${Math.round(worked / 1000)} s of processor time`;
    return undefined;
  }
}
