// The thread as an object. Its state is a cell, so that any thread can hold it, ask it and join it; how it runs is src/runtime's.
//
// Cell {header, over, asynchronous joiners, mark, status, daemon, role, name}
//
//   over     NOT_OVER → OVER | OVER_DIED   by the one who counts the thread's end (src/sync/owner.ts); the main thread's by itself
//            (src/runtime/shutdown.ts). Threads that join park on it
//   mark     0 → the thread's mark         by the one who starts it
//   status   INITIAL → STARTED             by the one who starts it (compare-exchange)
//            STARTED → INITIAL             the same, when the start has failed
//   daemon   0 | 1; after the start it is constant
//   role     PLAIN | MAIN | DUMMY          constant
//   name     a string; any thread may change it
//
// The cell is kept alive by R_THREAD in the record of its slot while the thread runs.
//
// Until the start, only the thread that has made the object knows what it is to do, and what a program's class has added. These go with the
// start: the function as in start_new_thread(), or the whole object, if it is more than a Thread. In any other thread the object is a plain
// Thread.

import { COMPANY, type Company } from '../closure/out/company.js';
import { orForgetMarks, takeAllMarked, transfer } from '../closure/transfer.js';
import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { R_THREAD } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { blockUntil, type Wanted } from '../memory/park.js';
import { record } from '../memory/self.js';
import { startThread } from '../runtime/start.js';
import { identOf } from '../runtime/table.js';
import { eventually } from '../sync/acquirable.js';
import type { AcquireOptions } from '../sync/arguments.js';
import { addressOf, isAdopting, loadValue, SyncCell, storeValue, syncHeader, THREAD } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { setName } from '../sync/names.js';
import { endOf, fateOf, NOT_OVER, slotOf, THREAD_MARK, THREAD_OVER, thisThread } from '../sync/owner.js';
import { mask, poll, unmask } from '../sync/safepoint.js';
import { type Body, joinTimeout, settingsOf } from './arguments.js';

const STATUS = 16;
const DAEMON = 20;
const ROLE = 24;
const NAME = 28;

/** The raw and the tagged words of a Thread's cell; what extends Thread adds tagged words behind them. */
export const THREAD_WORDS = 6;
export const THREAD_REFERENCES = 1;
/** Byte offset of what comes behind. */
export const THREAD_END = NAME + 4;

const INITIAL = 0;
const STARTED = 1;

export const PLAIN = 0;
export const MAIN = 1;
export const DUMMY = 2;

/** Where a class says what the cells of its objects are. */
export const CELL_HEADER: unique symbol = Symbol('heddle.header');

/** How a thread is to be. */
export interface ThreadSettings {
  /** What it is called; none or empty = "Thread-N (function)". */
  readonly name?: string | undefined;
  /** Whether the process ends without waiting for it; none = as the thread that makes it. */
  readonly daemon?: boolean | undefined;
  /** Bytes of stack; 0 = the platform's default, none = what `stackSize()` says. */
  readonly stackSize?: number | undefined;
}

/** With the arguments of its function. */
export interface ThreadOptions<A extends readonly unknown[]> extends ThreadSettings {
  /** The function's arguments. */
  readonly args: A;
  readonly kwargs?: undefined;
}

/** With one last argument more: an object of named ones. */
export interface KeywordOptions<A extends readonly unknown[], K extends object> extends ThreadSettings {
  readonly args: A;
  readonly kwargs: K;
}

/** For a function that needs no arguments. */
export interface PlainOptions extends ThreadSettings {
  readonly args?: readonly [];
  readonly kwargs?: undefined;
}

/** Objects that this thread has made and not started: what they are to do is only here. */
const unstarted = new Set<Thread>();

/** The object that is being started. */
let traveller: Thread | undefined;

/** Gives the object its function in the thread that it has become. */
let adoptBody: (thread: Thread, body: Body) => void;

let makeOf!: (role: typeof PLAIN | typeof MAIN | typeof DUMMY, name: string) => Thread;

/**
 * A thread that can be started once. Any number of threads may wait for it. It runs its function, or the method `run` of a subclass: there,
 * `this` is a copy of the object which stands for the same thread. The function's return value is dropped: put results into a shared object, or
 * use the function `run` instead.
 *
 * Any thread can hold the object, and it can be in shared objects. Only the thread that has made it can start it.
 *
 * @example
 * const thread = new Thread((name: string) => console.log(name), { args: ['Ada'] });
 * thread.start();
 * thread.join();
 */
export class Thread<A extends readonly unknown[] = readonly unknown[], K extends object = object> extends SyncCell {
  /** @internal */
  static readonly [CELL_HEADER]: number = syncHeader(THREAD, THREAD_WORDS, THREAD_REFERENCES);

  /** What it is to do: where it was made until it is started, and where it runs until it has run. */
  #body: Body | undefined;
  #stackSize: number | undefined;

  /**
   * @param target what it runs; none = nothing, unless `run` is overridden.
   * @throws TypeError, RangeError for wrong options.
   */
  constructor(target?: (() => unknown) | null, options?: PlainOptions);
  constructor(target: (...args: A) => unknown, options: ThreadOptions<A>);
  constructor(target: (...args: [...A, K]) => unknown, options: KeywordOptions<A, K>);
  constructor(options: PlainOptions & { readonly target?: (() => unknown) | null | undefined });
  constructor(options: ThreadOptions<A> & { readonly target: (...args: A) => unknown });
  constructor(options: KeywordOptions<A, K> & { readonly target: (...args: [...A, K]) => unknown });
  constructor(...given: unknown[]) {
    if (isAdopting()) {
      super(0);
      return;
    }
    const [first, second] = given as [unknown, { args?: unknown; kwargs?: unknown } | undefined];
    const options = (second ?? first) as typeof second | null;
    const { body, name, daemon, stackSize } = orForgetMarks(
      () => settingsOf(given, daemonHere),
      options?.args,
      options?.kwargs,
    );
    super(new.target[CELL_HEADER]);
    const cell = addressOf(this);
    this.#body = body;
    this.#stackSize = stackSize;
    atomic.store(cell + DAEMON, daemon ? 1 : 0);
    storeValue(cell + NAME, name, 'the name of a thread');
    unstarted.add(this);
  }

  /**
   * Its function, or the method of a class that extends this one. Called in the thread; the thread ends with it.
   *
   * @example
   * class Greeter extends Thread {
   *   override run(): void { console.log('Hello'); }
   * }
   * new Greeter().start();
   */
  run(): unknown {
    const body = this.#body;
    this.#body = undefined;
    if (body?.target === undefined || body.target === null) return undefined;
    const { target, args, kwargs } = body;
    return (target as (...args: unknown[]) => unknown)(...args, ...(kwargs === undefined ? [] : [kwargs]));
  }

  /**
   * Starts it. It is alive when this returns.
   *
   * @throws ThreadError when it was started before, or made by another thread; "can't start new thread" when the platform refuses one, and
   * "can't create new thread at interpreter shutdown". TypeError for what cannot travel, naming what and why. It can be started again then.
   * @example
   * const thread = new Thread(() => console.log('in a thread'));
   * thread.start();
   */
  start(): void {
    if (arguments.length > 0) throw new TypeError(`start() takes no arguments (${arguments.length} given)`);
    const cell = addressOf(this);
    poll();
    if (!unstarted.has(this) && atomic.load(cell + STATUS) === INITIAL) {
      throw new ThreadError(
        `thread '${this.name}' was made by another thread, which has what it is to do: only that one can start it`,
      );
    }
    // Cut short by an interrupt it would be a thread that has been started and never ends.
    mask();
    try {
      if (atomic.compareExchange(cell + STATUS, INITIAL, STARTED) !== INITIAL) {
        throw new ThreadError('threads can only be started once');
      }
      this.#launch(cell);
    } finally {
      unmask();
    }
  }

  #launch(cell: number): void {
    const identity = { cell, name: this.name, keeps: !this.daemon, stackSize: this.#stackSize };
    try {
      if (isMore(this)) {
        traveller = this;
        const { target, args = [], kwargs } = this.#body ?? {};
        // They are a level deeper than a thread's arguments.
        transfer(args, takeAllMarked([...args, kwargs]));
        startThread(runThread, [this, target, args, kwargs], undefined, {
          ...identity,
          label: `${this.constructor.name}.run`,
          names: ['this', 'target', 'args', 'kwargs'],
        });
        keepWhole(this);
      } else {
        const { target, args = [], kwargs } = this.#body ?? {};
        startThread(target ?? idle, target ? args : [], target ? kwargs : undefined, identity);
      }
    } catch (error) {
      atomic.store(cell + THREAD_MARK, 0);
      atomic.store(cell + STATUS, INITIAL);
      if (error instanceof Error) Error.captureStackTrace(error, Thread.prototype.start);
      throw error;
    } finally {
      traveller = undefined;
    }
    this.#body = undefined;
    unstarted.delete(this);
  }

  /**
   * Waits until it has ended. The thread may be joined any number of times.
   *
   * @param timeout milliseconds to wait at most; 0 or less = only look, none = for ever.
   * @returns whether it has ended.
   * @throws ThreadError when it was not started, is the calling thread, or a dummy; DeadlockError when it can never end.
   * @throws KeyboardInterrupt in the main thread, as `Lock.acquire`.
   * @example
   * const thread = new Thread(() => console.log('in a thread'));
   * thread.start();
   * console.log(thread.join());
   */
  join(timeout?: number): boolean {
    if (arguments.length > 1) throw new TypeError(`join() takes at most 1 argument (${arguments.length} given)`);
    const limit = joinTimeout({ timeout });
    const wanted = this.#ending();
    poll();
    mask();
    let ended: boolean;
    try {
      ended = limit === 0 ? wanted.attempt() === undefined : blockUntil(wanted, limit);
    } finally {
      unmask();
    }
    poll();
    return ended;
  }

  /**
   * As `join`, without blocking this thread; the event loop stays alive meanwhile.
   *
   * @param options `timeout` in milliseconds; `signal` gives up when aborted.
   * @throws the signal's reason when it is aborted; else as `join`.
   * @example
   * const thread = new Thread(() => console.log('in a thread'));
   * thread.start();
   * console.log(await thread.joinAsync({ timeout: 60_000 }));
   */
  async joinAsync(options: AcquireOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    const timeout = joinTimeout(options);
    const wanted = this.#ending();
    return eventually(() => wanted, { ...options, timeout: timeout === Infinity ? undefined : timeout });
  }

  /** Whether it was started and has not ended. */
  get isAlive(): boolean {
    const cell = addressOf(this);
    return atomic.load(cell + STATUS) === STARTED && atomic.load(cell + THREAD_OVER) === NOT_OVER;
  }

  /** What `getIdent()` gives in it; undefined before it was started. It keeps it when it has ended, and a later thread may have the same. */
  get ident(): number | undefined {
    const of = atomic.load(addressOf(this) + THREAD_MARK);
    return of === 0 ? undefined : identOf(slotOf(of));
  }

  /** What it is called, for people: names need not differ. */
  get name(): string {
    return loadValue(addressOf(this) + NAME) as string;
  }

  set name(name: string) {
    const text = String(name);
    const cell = addressOf(this);
    storeValue(cell + NAME, text, 'the name of a thread');
    const of = atomic.load(cell + THREAD_MARK);
    // Its record tells reports; if it ends meanwhile, its successor is misnamed in them.
    if (of !== 0 && atomic.load(cell + ROLE) === PLAIN && fateOf(of) === 'alive') setName(slotOf(of), text);
  }

  /** Whether the process ends without waiting for it. */
  get daemon(): boolean {
    return atomic.load(addressOf(this) + DAEMON) !== 0;
  }

  /** @throws ThreadError when it was started. */
  set daemon(daemon: boolean) {
    const cell = addressOf(this);
    if (atomic.load(cell + STATUS) !== INITIAL) throw new ThreadError('cannot set daemon status of active thread');
    atomic.store(cell + DAEMON, daemon ? 1 : 0);
  }

  /** "<Thread(Thread-1 (work), started daemon 3)>" */
  override toString(): string {
    const { ident, daemon, name } = this;
    const status = ident === undefined ? 'initial' : this.isAlive ? 'started' : 'stopped';
    return `<${this.constructor.name}(${name}, ${status}${daemon ? ' daemon' : ''}${ident === undefined ? '' : ` ${ident}`})>`;
  }

  /** @internal */
  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }

  /** @internal */
  [COMPANY](): Company | undefined {
    // Only to the thread that it becomes.
    return traveller === this ? { base: Thread.prototype, constant: false } : undefined;
  }

  /** Its end, for those who wait. */
  #ending(): Wanted {
    const cell = addressOf(this);
    if (atomic.load(cell + STATUS) === INITIAL) throw new ThreadError('cannot join thread before it is started');
    const of = atomic.load(cell + THREAD_MARK);
    if (of === thisThread.mark) throw new ThreadError('cannot join current thread');
    if (atomic.load(cell + ROLE) === DUMMY) throw new ThreadError('cannot join a dummy thread');
    return endOf(
      cell,
      () => `join() of thread '${this.name}'`,
      () => atomic.load(cell + STATUS) === INITIAL,
    );
  }

  static {
    adoptBody = (thread, body) => {
      thread.#body = body;
    };
    makeOf = (role, name) => {
      const thread = new Thread(null, { name, daemon: role === DUMMY });
      const cell = addressOf(thread);
      unstarted.delete(thread);
      thread.#body = undefined;
      atomic.store(cell + ROLE, role);
      atomic.store(cell + THREAD_MARK, role === PLAIN ? 0 : thisThread.mark);
      atomic.store(cell + STATUS, STARTED);
      return thread;
    };
  }
}

/** The object of a thread that nobody starts by it: this one, or, if it is PLAIN, one that the caller starts. */
export const makeRunning = makeOf;

/** Whether a thread is one of the low-level module: its object is a dummy, if it has one. */
export const isDummy = (thread: Thread): boolean => atomic.load(addressOf(thread) + ROLE) === DUMMY;

/** Whether a thread that is made here is a daemon unless somebody says otherwise. */
function daemonHere(): boolean {
  const here = loadValue(record + R_THREAD);
  return here instanceof Thread ? here.daemon : slot !== 0;
}

/** Whether the object is more than what every thread makes of its cell. */
const isMore = (thread: Thread): boolean =>
  Object.getPrototypeOf(thread) !== Thread.prototype || Reflect.ownKeys(thread).length > 0;

/**
 * Objects that are more than their cell, while their thread runs: where they were started they stay what they are, also if only shared
 * objects refer to them.
 */
let whole = new Set<Thread>();
/** How many there may be before those that are over are looked for. */
let wholeLimit = 16;

function keepWhole(thread: Thread): void {
  whole.add(thread);
  if (whole.size < wholeLimit) return;
  whole = new Set([...whole].filter(isRunning));
  wholeLimit = Math.max(16, 2 * whole.size);
}

function isRunning(thread: Thread): boolean {
  try {
    return thread.isAlive;
  } catch {
    // Its scope has ended.
    return false;
  }
}

/** For a thread that has nothing to do. */
export function idle(): void {}

/** What a thread runs whose object is more than its cell. */
export function runThread(
  thread: Thread,
  target: Body['target'],
  args: readonly unknown[] = [],
  kwargs: object | undefined,
): unknown {
  adoptBody(thread, { target, args, kwargs });
  became = thread;
  return thread.run();
}

/** What the last thread of this worker was, with all that it had. */
let became: Thread | undefined;

/** Before the next one runs: to that it is what it is to others. */
export function leaveFormer(): undefined {
  if (became !== undefined) makePlain(became);
  became = undefined;
}

function makePlain(thread: Thread): void {
  for (const key of Reflect.ownKeys(thread)) Reflect.deleteProperty(thread, key);
  let prototype = Object.getPrototypeOf(thread) as object;
  while (!Object.hasOwn(Object(prototype.constructor), CELL_HEADER))
    prototype = Object.getPrototypeOf(prototype) as object;
  Reflect.setPrototypeOf(thread, prototype);
}
