// A logical thread of the explorer: a program over the library, made into an automaton by re-execution.
//
// Where a thread stands is the list of answers that its calls of the facade have got so far, since its program is deterministic. To
// find what it does next, the program runs from its start with those answers fed to it; its next call of the facade is noted, and a
// private exception takes it off the stack. Standpoints form a tree, and each is computed once, however many interleavings lead to it.
//
// A thread is its main program first, then its event loop: callbacks of `waitAsync` and tasks, each run as a whole at a turn that the
// explorer picks.

import { type Atomic, atomic, type WaitOutcome } from '#heddle/memory/atomics.js';

/** A call of the facade that others could see, or a claim of the program's that the machine checks. */
export interface Request {
  readonly operation: keyof Atomic | Claim | 'whole';
  readonly address: number;
  readonly first: number;
  readonly second: number;
  /** What waits: a callback of the event loop, or the thread itself. */
  readonly callback: number;
  /** What one step of the kernel does, if it is that: 'whole'. */
  readonly whole?: Whole | undefined;
}

/** Words, as a step of the kernel reads and writes them. */
export interface Words {
  read(address: number): number;
  write(address: number, value: number): void;
}

/** An operation of the kernel on many words, as one step. Returns its answer. */
export type Whole = (words: Words) => number;

/** The waiter of a blocked thread is no callback. */
export const BLOCKED = -1;

/** What a program says about itself, see `Context`. */
export type Claim = 'enter' | 'leave' | 'took' | 'clock';

/** A turn of the event loop: a callback of `waitAsync` with its outcome, or a task. */
export interface Turn {
  readonly callback: number;
  readonly outcome: WaitOutcome | 'task';
}

/** What a call returned (a store: the old value, for the accounts below), or what the event loop did. */
export type Answer = number | WaitOutcome | Turn;

/** A task that waits for its turn. An optional one, such as an abort, may come at any turn, but nothing may depend on it. */
export interface Task {
  readonly callback: number;
  readonly name: string;
  readonly optional: boolean;
}

/** What a program may do beside calling the library. */
export interface Context {
  /** Says that this thread has taken the lock and is in its critical section, where nobody else may be. */
  enter(word: number): void;
  /** Leaves the critical section; the release comes next. */
  leave(word: number): void;
  /** Says that this thread has taken the lock, without a critical section: somebody else will release it. */
  took(word: number): void;
  /** Says what `release` answered. */
  released(answer: boolean): void;
  check(condition: boolean, rule: string): void;
  /** The virtual clock. */
  clock(): number;
  /** Something that the event loop will do at one of its next turns. */
  task(name: string, run: () => void): void;
  /** As `task`, for what may come at any turn or so late that it changes nothing. */
  abort(name: string, run: () => void): void;
}

export type Program = (context: Context) => void;

/** Where a thread stands. */
export interface Standpoint {
  readonly id: number;
  readonly before: Standpoint | undefined;
  readonly answer: Answer | undefined;
  /** What it asks for next; undefined = it is in its event loop. */
  readonly request: Request | undefined;
  readonly tasks: readonly Task[];
  /** Callbacks of waits that were given up. */
  readonly abandoned: ReadonlySet<number>;
  /** A rule that the program found broken. */
  readonly failure: string | undefined;
  readonly next: Map<string, Standpoint>;
}

/** Takes a program off the stack. */
const SUSPEND = Symbol('suspend');

interface Callback {
  readonly name: string;
  readonly kind: 'wait' | 'task' | 'abort';
  readonly run: (outcome: WaitOutcome) => void;
}

/** One execution of a program from its start. */
class Run {
  readonly #answers: readonly Answer[];
  readonly #locks: readonly number[];
  #cursor = 0;
  #pending: Request | undefined;
  readonly #callbacks: Callback[] = [];
  readonly #done = new Set<number>();
  readonly abandoned = new Set<number>();
  failure: string | undefined;
  /** How often this thread took a lock and how often it said so, and the same for releases: equal whenever it returns. */
  #taken = 0;
  #claimed = 0;
  #freed = 0;
  #released = 0;

  constructor(answers: readonly Answer[], locks: readonly number[]) {
    this.#answers = answers;
    this.#locks = locks;
  }

  get request(): Request | undefined {
    return this.#pending;
  }

  get tasks(): Task[] {
    return this.#callbacks.flatMap(({ name, kind }, callback) =>
      kind === 'wait' || this.#done.has(callback) ? [] : [{ callback, name, optional: kind === 'abort' }],
    );
  }

  execute(program: Program): void {
    try {
      program(this.#context());
      this.#checkClaims();
      while (this.#cursor < this.#answers.length) {
        const { callback, outcome } = this.#answers[this.#cursor++] as Turn;
        this.#done.add(callback);
        this.#callbacks[callback]!.run(outcome as WaitOutcome);
        this.#checkClaims();
      }
    } catch (error) {
      if (error !== SUSPEND) this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  ask(operation: Request['operation'], address = 0, first = 0, second = 0, callback = BLOCKED, whole?: Whole): Answer {
    if (this.#pending === undefined && this.#cursor < this.#answers.length) {
      const answer = this.#answers[this.#cursor++]!;
      if (this.#locks.includes(address)) this.#account(operation, first, second, answer);
      return answer;
    }
    // While the exception passes through, `finally` blocks of the library may call again: they did not really run.
    this.#pending ??= { operation, address, first, second, callback, whole };
    throw SUSPEND;
  }

  waitAsync(address: number, expected: number, timeout: number, run: Callback['run']): () => void {
    const callback = this.#callbacks.push({ name: 'wait', kind: 'wait', run }) - 1;
    this.ask('waitAsync', address, expected, timeout, callback);
    return () => this.abandoned.add(callback);
  }

  #account(operation: Request['operation'], first: number, second: number, old: Answer): void {
    let wrote = old;
    if (operation === 'exchange' || operation === 'store') wrote = first;
    else if (operation === 'compareExchange' && old === first) wrote = second;
    if (old === 0 && wrote !== 0) this.#taken++;
    if (old !== 0 && wrote === 0) this.#freed++;
  }

  #checkClaims(): void {
    if (this.#taken !== this.#claimed)
      throw new Error(`took a lock ${this.#taken} times, but said so ${this.#claimed}`);
    if (this.#freed !== this.#released) {
      throw new Error(`freed a lock ${this.#freed} times, but said so ${this.#released}`);
    }
  }

  #context(): Context {
    return {
      enter: (word) => {
        this.#claimed++;
        this.ask('enter', word);
      },
      leave: (word) => void this.ask('leave', word),
      took: (word) => {
        this.#claimed++;
        this.ask('took', word);
      },
      released: (answer) => {
        if (answer) this.#released++;
      },
      check(condition, rule) {
        if (!condition) throw new Error(rule);
      },
      clock: () => this.ask('clock') as number,
      task: (name, run) => void this.#callbacks.push({ name, kind: 'task', run }),
      abort: (name, run) => void this.#callbacks.push({ name, kind: 'abort', run }),
    };
  }
}

export class Automaton {
  readonly name: string;
  readonly start: Standpoint;
  readonly #program: Program;
  readonly #locks: readonly number[];
  #count = 0;

  /** `locks` are the words of mutexes. */
  constructor(name: string, program: Program, locks: readonly number[]) {
    this.name = name;
    this.#program = program;
    this.#locks = locks;
    this.start = this.#stand(undefined, undefined);
  }

  /** Where a thread stands after an answer. */
  after(point: Standpoint, answer: Answer): Standpoint {
    const label = typeof answer === 'object' ? `${answer.callback}:${answer.outcome}` : String(answer);
    let next = point.next.get(label);
    if (next === undefined) {
      next = this.#stand(point, answer);
      point.next.set(label, next);
    }
    return next;
  }

  /** How many standpoints are known. */
  get size(): number {
    return this.#count;
  }

  #stand(before: Standpoint | undefined, answer: Answer | undefined): Standpoint {
    const answers: Answer[] = [];
    if (answer !== undefined) answers.push(answer);
    for (let point = before; point?.answer !== undefined; point = point.before) answers.push(point.answer);
    const run = new Run(answers.reverse(), this.#locks);
    withFacade(run, () => run.execute(this.#program));
    const { request, tasks, abandoned, failure } = run;
    return { id: this.#count++, before, answer, request, tasks, abandoned, failure, next: new Map() };
  }
}

const real: Atomic = { ...atomic };

let running: Run | undefined;

/** Takes a step of the kernel in the thread that runs; `first` and `second` are for traces. */
export function whole(address: number, first: number, second: number, action: Whole): number {
  return running!.ask('whole', address, first, second, BLOCKED, action) as number;
}

/** Runs `action` while every call of the facade goes to `run`. */
function withFacade(run: Run, action: () => void): void {
  const facade: Atomic = {
    load: (address) => run.ask('load', address) as number,
    store: (address, value) => void run.ask('store', address, value),
    exchange: (address, value) => run.ask('exchange', address, value) as number,
    compareExchange: (address, expected, value) => run.ask('compareExchange', address, expected, value) as number,
    add: (address, delta) => run.ask('add', address, delta) as number,
    or: (address, bits) => run.ask('or', address, bits) as number,
    and: (address, bits) => run.ask('and', address, bits) as number,
    wait: (address, expected, timeout) => run.ask('wait', address, expected, timeout) as WaitOutcome,
    waitAsync: (address, expected, timeout, done) => ({ abandon: run.waitAsync(address, expected, timeout, done) }),
    notify: (address, count) => run.ask('notify', address, count) as number,
    now: () => run.ask('now') as number,
  };
  Object.assign(atomic, facade);
  running = run;
  try {
    action();
  } finally {
    Object.assign(atomic, real);
  }
}
