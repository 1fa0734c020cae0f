// Walks through all interleavings of a plan, and judges every state.
//
// Interleavings that lead to the same state (memory, queue, and all answers that each thread has got) go on together: the walk visits
// states, once each, and adds up how many schedules run through them. So most plans need no bound at all. Where one is given, it is
// on preemptions: how often a thread is left although it could go on (Musuvathi and Qadeer, "Iterative Context Bounding for
// Systematic Testing of Multithreaded Programs", https://doi.org/10.1145/1250734.1250785). A violation is
// looked for again with bounds from 0 upwards, so that the interleaving that is shown has the fewest switches.

import { FREE } from '#heddle/memory/mutex.js';
import { type Action, Machine, type Plan, type State, Violation } from './machine.ts';
import { trace } from './trace.ts';

export interface Exploration {
  readonly states: number;
  /** Schedules from the start to an end. A float: they can be more than 2**53. */
  readonly schedules: number;
  /** Actions in the longest. */
  readonly longest: number;
  /** The rule that is broken and an interleaving that breaks it, if one was found. */
  readonly violation: { readonly rule: string; readonly trace: string } | undefined;
}

/** The thread that ran last, at the start. */
const NOBODY = -1;

/** Actions that no schedule of a terminating plan comes near. */
const ENDLESS = 300;

/** From the word of a lock to the count of its asynchronous waiters. */
const ASYNC = 4;

/** Explores all interleavings, or those with at most so many preemptions. */
export function explore(plan: Plan, preemptions = Infinity): Exploration {
  const exploration = new Walk(plan, preemptions).explore();
  if (exploration.violation === undefined) return exploration;
  // The same again with as few switches as will do, for the reader.
  for (let bound = 0; bound < preemptions; bound++) {
    const simpler = new Walk(plan, bound).explore();
    if (simpler.violation !== undefined) return simpler;
  }
  return exploration;
}

class Walk {
  readonly #machine: Machine;
  readonly #bound: number;
  /** How many schedules lead from each known state to an end. */
  readonly #seen = new Map<string, number>();
  readonly #path: Action[] = [];
  #longest = 0;

  constructor(plan: Plan, bound: number) {
    this.#machine = new Machine(plan);
    this.#bound = bound;
  }

  explore(): Exploration {
    try {
      const schedules = this.#visit(this.#machine.initial(), NOBODY, 0);
      return { states: this.#seen.size, schedules, longest: this.#longest, violation: undefined };
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const violation = { rule: error.message, trace: trace(this.#machine.plan, this.#path) };
      return { states: this.#seen.size, schedules: 0, longest: this.#longest, violation };
    }
  }

  /** `last` is the thread that ran last, `used` how many preemptions there were. */
  #visit(state: State, last: number, used: number): number {
    const key = this.#bound === Infinity ? this.#machine.key(state) : `${this.#machine.key(state)}#${last},${used}`;
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    if (this.#path.length > ENDLESS) throw new Violation(`no end after ${ENDLESS} actions`);
    const actions = this.#machine.actions(state);
    judge(this.#machine, state, actions);
    this.#longest = Math.max(this.#longest, this.#path.length);
    let schedules = 0;
    let next = 0;
    for (const action of actions) {
      const runs = action.kind === 'step' || action.kind === 'turn' ? action.thread : last;
      const cost = runs !== last && this.#machine.canRun(state, last) ? 1 : 0;
      if (used + cost > this.#bound) continue;
      next++;
      this.#path.push(action);
      schedules += this.#visit(this.#machine.apply(state, action), runs, used + cost);
      this.#path.pop();
    }
    if (next === 0) schedules = 1;
    this.#seen.set(key, schedules);
    return schedules;
  }
}

/** Throws when the state breaks a rule. */
function judge(machine: Machine, state: State, actions: readonly Action[]): void {
  if (actions.some((action) => mustHappen(state, action))) return;
  const { locks } = machine.plan;
  // Nobody can run. Who waits now waits for somebody's release, or for its time-out: not for a lock that is free.
  for (const lock of locks) {
    const [waiter] = machine.waitersOf(state, lock);
    if (waiter !== undefined && machine.read(state, lock) === FREE) {
      throw new Violation(
        `lost wake-up: ${nameOf(machine, waiter)} waits for the lock, which is free, and nobody can run`,
      );
    }
  }
  if (actions.some(({ kind }) => kind === 'time-out' || kind === 'turn' || kind === 'slice')) return;
  // This is the end. Only a lock that a dead thread held may stay locked and keep others waiting.
  const died = state.lives.includes('dead');
  const read = (address: number) => machine.read(state, address);
  if (died && machine.plan.excused?.(read)) return;
  const isOrphan = (lock: number) => state.lives[state.owners[locks.indexOf(lock)]!] === 'dead';
  machine.threads.forEach((_, thread) => {
    if (machine.isDone(state, thread)) return;
    if (locks.some((lock) => isOrphan(lock) && machine.waitersOf(state, lock).includes(thread))) return;
    throw new Violation(`deadlock: ${nameOf(machine, thread)} waits for ever`);
  });
  for (const lock of locks) {
    const word = machine.read(state, lock);
    if (word !== FREE && !isOrphan(lock)) throw new Violation(`the lock is ${word} when all is done`);
    const waiters = machine.read(state, lock + ASYNC);
    if (waiters !== 0 && !died) throw new Violation(`${waiters} asynchronous waiters are counted when all is done`);
  }
  const verdict = machine.plan.verdict?.(read, died);
  if (verdict !== undefined) throw new Violation(verdict);
}

/** Whether the action will happen if nothing else does. */
function mustHappen(state: State, action: Action): boolean {
  if (action.kind === 'step') return true;
  if (action.kind !== 'turn') return false;
  const { tasks } = state.points[action.thread]!;
  return !tasks.some((task) => task.callback === action.callback && task.optional);
}

function nameOf(machine: Machine, thread: number): string {
  return machine.threads[thread]!.name;
}
