// The machine that logical threads run on: sequentially consistent words, one queue of waiters for each word, a virtual clock. It says
// what can happen next in a state, and makes it happen.
//
// Time passes only when it matters: a wait with a time-out may run out at any moment, which moves the clock to its deadline.

import { defineHeapKinds } from '#heddle/heap/classes.js';
import type { WaitOutcome } from '#heddle/memory/atomics.js';
import { RECORD_SIZE } from '#heddle/memory/layout.js';
import { FREE, HELD } from '#heddle/memory/mutex.js';
import { patience } from '#heddle/memory/park.js';
import { record, recordOf } from '#heddle/memory/self.js';
import { defineSyncKinds } from '#heddle/sync/classes.js';
import { type Answer, Automaton, BLOCKED, type Program, type Request, type Standpoint } from './automaton.ts';

export interface ThreadPlan {
  readonly name: string;
  readonly program: Program;
  /** May be killed at any step, but not between two turns of its event loop; or only while it is parked. */
  readonly mortal?: boolean | 'parked';
  /** Starts when the thread with this index has been killed, and not before. */
  readonly buries?: number;
}

export interface Plan {
  readonly threads: readonly ThreadPlan[];
  /** Other words that do not start at 0, or whose names traces shall show. */
  readonly words?: readonly { readonly address: number; readonly name?: string; readonly value?: number }[];
  /** A rule that the end breaks, if it does; `died` says that a thread was killed. */
  readonly verdict?: (read: (address: number) => number, died: boolean) => string | undefined;
  /** Whether threads may wait for ever, because a thread was killed that had what they wait for. */
  readonly excused?: (read: (address: number) => number) => boolean;
  /** Words of mutexes; each is followed by its count of asynchronous waiters. */
  readonly locks: readonly number[];
  /** Whether the locks are held at the start, by somebody who has gone. */
  readonly held?: boolean;
  /** Words that nobody writes: to load one is no step that others could see. */
  readonly fixed?: ReadonlySet<number>;
  /** How many waits may end for no reason. */
  readonly spurious?: number;
  /** How often a long time may pass while nobody waits. */
  readonly lulls?: number;
  /** How often, after a death and when nothing else can happen, those that wait look again because a slice of their patience is over. */
  readonly slices?: number;
}

/** One thing that can happen. */
export type Action =
  | { readonly kind: 'step'; readonly thread: number }
  | {
      readonly kind: 'turn';
      readonly thread: number;
      readonly callback: number;
      readonly outcome: WaitOutcome | 'task';
    }
  | { readonly kind: 'time-out'; readonly thread: number; readonly callback: number }
  | { readonly kind: 'spurious'; readonly thread: number }
  | { readonly kind: 'slice' }
  | { readonly kind: 'kill'; readonly thread: number }
  | { readonly kind: 'lull' };

/** Told of each step before it is taken, for traces; what it returns is told the answer, undefined = the thread is blocked. */
export type Log = (thread: number, request: Request) => (answer: Answer | undefined) => void;

// A thread that looks around from time to time would find a wake-up that was lost.
patience.slice = Infinity;

// What the programs under test have.
defineHeapKinds();
defineSyncKinds();

const NOBODY = -1;
const LULL = 1000;

/** Steps that one thread may take without a look at the others. More is a loop without an end. */
const RUNAWAY = 1000;

interface Waiter {
  readonly address: number;
  readonly thread: number;
  readonly callback: number;
  readonly deadline: number;
}

interface Ready {
  readonly thread: number;
  readonly callback: number;
  readonly outcome: WaitOutcome;
}

export type Life = 'running' | 'blocked' | 'dead';

export interface State {
  readonly points: Standpoint[];
  readonly lives: Life[];
  /** By index of the word, see `#index`. */
  readonly words: number[];
  /** First in, first out, for all words. */
  queue: readonly Waiter[];
  ready: readonly Ready[];
  clock: number;
  spurious: number;
  lulls: number;
  slices: number;
  /** For each lock: who is in its critical section, and who took its word last. */
  readonly inside: number[];
  readonly owners: number[];
}

/** A broken rule. */
export class Violation extends Error {}

export class Machine {
  readonly plan: Plan;
  readonly threads: readonly Automaton[];
  readonly #indices = new Map<number, number>();
  log: Log = () => () => {};

  constructor(plan: Plan) {
    this.plan = plan;
    this.threads = plan.threads.map(({ name, program }) => new Automaton(name, program, plan.locks));
    for (const lock of plan.locks) this.#index(lock);
    for (const { address } of plan.words ?? []) this.#index(address);
  }

  initial(): State {
    const state: State = {
      points: this.threads.map((thread) => thread.start),
      lives: this.threads.map(() => 'running'),
      words: [
        ...this.plan.locks.map(() => (this.plan.held ? HELD : FREE)),
        ...(this.plan.words ?? []).map(({ value = 0 }) => value),
      ],
      queue: [],
      ready: [],
      clock: 0,
      spurious: this.plan.spurious ?? 0,
      lulls: this.plan.lulls ?? 0,
      slices: this.plan.slices ?? 0,
      inside: this.plan.locks.map(() => NOBODY),
      owners: this.plan.locks.map(() => NOBODY),
    };
    for (const thread of this.threads.keys()) this.#settle(state, thread);
    return state;
  }

  /** What can happen next. */
  actions(state: State): Action[] {
    const actions: Action[] = [];
    state.lives.forEach((life, thread) => {
      if (!this.#started(state, thread) || life === 'dead') return;
      const { request, tasks } = state.points[thread]!;
      if (life === 'blocked') {
        if (state.spurious > 0) actions.push({ kind: 'spurious', thread });
      } else if (request !== undefined) {
        actions.push({ kind: 'step', thread });
      } else {
        for (const { thread: of, callback, outcome } of state.ready) {
          if (of === thread) actions.push({ kind: 'turn', thread, callback, outcome });
        }
        for (const { callback } of tasks) actions.push({ kind: 'turn', thread, callback, outcome: 'task' });
      }
      const mortal = this.plan.threads[thread]?.mortal;
      if (request !== undefined && mortal && (mortal === true || life === 'blocked')) {
        actions.push({ kind: 'kill', thread });
      }
    });
    for (const { thread, callback, deadline } of state.queue) {
      if (deadline < Infinity) actions.push({ kind: 'time-out', thread, callback });
    }
    if (state.lulls > 0 && actions.length > 0) actions.push({ kind: 'lull' });
    if (actions.length === 0 && state.slices > 0 && state.lives.includes('dead') && state.lives.includes('blocked')) {
      actions.push({ kind: 'slice' });
    }
    return actions;
  }

  /** The state after an action. */
  apply(before: State, action: Action): State {
    const state: State = {
      ...before,
      points: before.points.slice(),
      lives: before.lives.slice(),
      words: before.words.slice(),
      inside: before.inside.slice(),
      owners: before.owners.slice(),
    };
    switch (action.kind) {
      case 'step':
        this.#step(state, action.thread);
        break;
      case 'turn':
        state.ready = state.ready.filter((it) => it.thread !== action.thread || it.callback !== action.callback);
        this.#advance(state, action.thread, action);
        break;
      case 'time-out':
        this.#timeOut(state, action.thread, action.callback);
        break;
      case 'spurious':
        state.spurious--;
        state.queue = state.queue.filter((it) => it.thread !== action.thread || it.callback !== BLOCKED);
        this.#unblock(state, action.thread, 'ok');
        break;
      case 'slice':
        state.slices--;
        state.queue = state.queue.filter(({ callback }) => callback !== BLOCKED);
        state.lives.forEach((life, thread) => {
          if (life === 'blocked') this.#unblock(state, thread, 'timed-out');
        });
        break;
      case 'kill':
        state.lives[action.thread] = 'dead';
        state.queue = state.queue.filter(({ thread }) => thread !== action.thread);
        state.ready = state.ready.filter(({ thread }) => thread !== action.thread);
        state.inside.forEach((thread, lock) => {
          if (thread === action.thread) state.inside[lock] = NOBODY;
        });
        break;
      case 'lull':
        state.lulls--;
        state.clock += LULL;
        break;
    }
    return state;
  }

  /** Whether the thread could take a step of its program, so that running another instead is a preemption. */
  canRun(state: State, thread: number): boolean {
    return (
      state.lives[thread] === 'running' && state.points[thread]?.request !== undefined && this.#started(state, thread)
    );
  }

  /** Whether a thread waits for the lock with somebody interested in the outcome. */
  waitersOf(state: State, lock: number): number[] {
    return state.queue
      .filter(({ address, thread, callback }) => address === lock && !state.points[thread]!.abandoned.has(callback))
      .map(({ thread }) => thread);
  }

  /** Whether the thread has nothing left to do but, perhaps, optional tasks. */
  isDone(state: State, thread: number): boolean {
    if (state.lives[thread] === 'dead' || !this.#started(state, thread)) return true;
    const { request, tasks, abandoned } = state.points[thread]!;
    return (
      state.lives[thread] === 'running' &&
      request === undefined &&
      tasks.every(({ optional }) => optional) &&
      !state.ready.some((it) => it.thread === thread) &&
      !state.queue.some((it) => it.thread === thread && !abandoned.has(it.callback))
    );
  }

  read(state: State, address: number): number {
    return state.words[this.#index(address)] ?? 0;
  }

  /** Tells states apart. */
  key(state: State): string {
    const { points, lives, words, queue, ready, clock, spurious, lulls, slices, inside, owners } = state;
    let key = '';
    for (const { id } of points) key += `${id},`;
    for (const life of lives) key += life[0];
    key += `${words}|${clock},${spurious},${lulls},${slices},${inside},${owners}`;
    for (const { address, thread, callback, deadline } of queue) key += `|${address},${thread},${callback},${deadline}`;
    for (const { thread, callback, outcome } of ready) key += `/${thread},${callback},${outcome}`;
    return key;
  }

  /** A gravedigger has work as soon as its thread is dead. */
  #started(state: State, thread: number): boolean {
    const buries = this.plan.threads[thread]?.buries;
    return buries === undefined || state.lives[buries] === 'dead';
  }

  /** Takes the next step of the thread's program. */
  #step(state: State, thread: number): void {
    const request = state.points[thread]!.request!;
    const answer = this.#perform(state, thread, request);
    if (answer === undefined) state.lives[thread] = 'blocked';
    else this.#advance(state, thread, answer);
  }

  #advance(state: State, thread: number, answer: Answer): void {
    this.#move(state, thread, answer);
    this.#settle(state, thread);
  }

  #move(state: State, thread: number, answer: Answer): void {
    const point = this.threads[thread]!.after(state.points[thread]!, answer);
    state.points[thread] = point;
    if (point.failure !== undefined) throw new Violation(`${this.threads[thread]!.name}: ${point.failure}`);
  }

  /** Takes the steps that no other thread can see or influence, so that they need no interleaving. */
  #settle(state: State, thread: number): void {
    for (let steps = 0; steps <= RUNAWAY; steps++) {
      const point = state.points[thread]!;
      if (state.lives[thread] !== 'running' || !this.#isPrivate(point)) return;
      if (steps === RUNAWAY) throw new Violation(`${this.threads[thread]!.name} spins without an end`);
      this.#move(state, thread, this.#perform(state, thread, point.request!)!);
    }
  }

  #perform(state: State, thread: number, request: Request): Answer | undefined {
    const answered = this.log(thread, request);
    const answer = this.#execute(state, thread, request);
    answered(answer);
    return answer;
  }

  /** What the facade's call does; undefined = the thread is blocked. */
  #execute(state: State, thread: number, request: Request): Answer | undefined {
    const { operation, address, first, second, callback } = request;
    const index = this.#index(isOwnRecord(address) ? address - record + recordOf(thread + 1) : address);
    const old = state.words[index] ?? 0;
    switch (operation) {
      case 'load':
        return old;
      case 'store':
      case 'exchange':
        return this.#write(state, thread, index, old, first);
      case 'compareExchange':
        return old === first ? this.#write(state, thread, index, old, second) : old;
      case 'add':
        return this.#write(state, thread, index, old, old + first);
      case 'or':
        return this.#write(state, thread, index, old, old | first);
      case 'and':
        return this.#write(state, thread, index, old, old & first);
      case 'now':
      case 'clock':
        return state.clock;
      case 'wait':
        if (old !== first) return 'not-equal';
        state.queue = [...state.queue, { address, thread, callback, deadline: state.clock + second }];
        return undefined;
      case 'waitAsync':
        if (old !== first) state.ready = [...state.ready, { thread, callback, outcome: 'not-equal' }];
        else state.queue = [...state.queue, { address, thread, callback, deadline: state.clock + second }];
        return 0;
      case 'notify':
        return this.#notify(state, address, first);
      case 'whole':
        return request.whole!({
          read: (at) => state.words[this.#index(at)] ?? 0,
          write: (at, value) => {
            state.words[this.#index(at)] = value;
          },
        });
      case 'took':
      case 'enter':
      case 'leave':
        return this.#claim(state, thread, operation, address);
    }
  }

  #write(state: State, thread: number, index: number, old: number, value: number): number {
    // Words hold 32 bits with a sign; addresses of the upper half come back negative.
    while (state.words.length < index) state.words.push(0);
    state.words[index] = value | 0;
    if (index < state.owners.length && old === FREE && value !== FREE) state.owners[index] = thread;
    if (index < state.owners.length && value === FREE) state.owners[index] = NOBODY;
    return old;
  }

  #notify(state: State, address: number, count: number): number {
    const woken = state.queue.filter((it) => it.address === address).slice(0, count);
    state.queue = state.queue.filter((waiter) => !woken.includes(waiter));
    for (const { thread, callback } of woken) this.#wake(state, thread, callback, 'ok');
    return woken.length;
  }

  #timeOut(state: State, thread: number, callback: number): void {
    const waiter = state.queue.find((it) => it.thread === thread && it.callback === callback)!;
    state.queue = state.queue.filter((it) => it !== waiter);
    state.clock = Math.max(state.clock, waiter.deadline);
    this.#wake(state, thread, callback, 'timed-out');
  }

  #wake(state: State, thread: number, callback: number, outcome: WaitOutcome): void {
    if (callback === BLOCKED) this.#unblock(state, thread, outcome);
    else state.ready = [...state.ready, { thread, callback, outcome }];
  }

  #unblock(state: State, thread: number, outcome: WaitOutcome): void {
    state.lives[thread] = 'running';
    this.#advance(state, thread, outcome);
  }

  #claim(state: State, thread: number, claim: 'enter' | 'took' | 'leave', word: number): number {
    const lock = this.#index(word);
    const name = this.threads[thread]!.name;
    const inside = state.inside[lock]!;
    if (claim === 'leave') {
      if (inside !== thread) throw new Violation(`${name} leaves a critical section that is not its own`);
      state.inside[lock] = NOBODY;
      return 0;
    }
    if (inside !== NOBODY) {
      throw new Violation(`${name} has acquired the lock while ${this.threads[inside]!.name} is inside`);
    }
    if (this.read(state, word) === FREE) throw new Violation(`${name} says that it holds the lock, but it is free`);
    if (state.owners[lock] !== thread)
      throw new Violation(`${name} says that it holds the lock, but somebody else took it`);
    if (claim === 'enter') state.inside[lock] = thread;
    return 0;
  }

  /** Whether no other thread can see or influence the next step. */
  #isPrivate({ request, before }: Standpoint): boolean {
    if (request === undefined) return false;
    const { operation, address } = request;
    if (operation === 'enter' || operation === 'took' || operation === 'clock') return true;
    // A loop that loads a word until it changes: to load it later is the same as to load it again.
    if (operation === 'load' && before?.request?.operation === 'load' && before.request.address === address)
      return true;
    return isOwnRecord(address) || this.plan.fixed?.has(address) === true;
  }

  /** Words are numbered as they are met; the locks are the first. */
  #index(address: number): number {
    let index = this.#indices.get(address);
    if (index === undefined) {
      index = this.#indices.size;
      this.#indices.set(address, index);
    }
    return index;
  }
}

/** The library knows one record, its thread's. Logical threads have those of the slots from 1 on. */
function isOwnRecord(address: number): boolean {
  return address >= record && address < record + RECORD_SIZE;
}
