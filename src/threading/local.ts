// A value of each thread's own. The object itself is a cell, the same in all threads; the values are the threads' own JavaScript values.
//
// Cell {header, init}
//
//   init   how a thread's first value is made, captured; constant
//
// A function that captures the object brings `init` along, with the modules that it needs. A thread keeps its value until it ends or gives it up, even
// if nothing in the thread refers to the object any more: other threads may bring it back. If a thread has first met the object inside a
// `scope()`, it keeps the value only there.

import { COMPANY, type Company } from '../closure/out/company.js';
import { R_STATE } from '../memory/layout.js';
import { own } from '../memory/self.js';
import { pack, unpack } from '../parcel/parcel.js';
import { LEFTOVER } from '../runtime/table.js';
import { isAdopting, loadValue, ownAddress, SyncCell, storeValue, syncHeader, THREAD_LOCAL } from '../sync/cell.js';
import { ThreadError } from '../sync/errors.js';
import { isThenable } from '../sync/held.js';
import { describe } from './arguments.js';

const INIT = 4;
const HEADER = syncHeader(THREAD_LOCAL, 0, 1);

/** What this thread has, and what a thread that has ended here goes on with on its event loop. */
let values = new Map<object, unknown>();
let leftovers = new Map<object, unknown>();

const table = (): Map<object, unknown> => (own[R_STATE >>> 2] === LEFTOVER ? leftovers : values);

/** How many values this thread has; for tests. */
export const localCount = (): number => values.size;

/**
 * A variable that has its own value in every thread. Python's `threading.local()` has attributes; here they are the fields of the value:
 * `new ThreadLocal(() => ({ requests: 0 }))`, then `local.value.requests++`.
 *
 * It can be captured, passed, and held by shared objects. A class may extend it, to add methods; an object that a thread finds in a shared
 * object only, and has not captured or been given, is a plain ThreadLocal there.
 *
 * @example
 * const cache = new ThreadLocal(() => new Map<string, number>());
 * cache.value.set('mine', 1);
 */
export class ThreadLocal<T, A extends readonly unknown[] = []> extends SyncCell {
  /**
   * How a thread's first value is made. Undefined in a thread that has not captured this object.
   * @internal
   */
  declare readonly init: (() => T) | undefined;

  /**
   * @param init makes a thread's value when the thread first reads it, once in each; if it throws, the next read tries again. It travels
   * as an argument does. Without it the first value is undefined.
   * @param args what `init` is called with.
   * @throws TypeError when `init` is no function, or cannot travel.
   */
  constructor(init?: (...args: A) => T, ...args: A) {
    if (isAdopting()) {
      super(HEADER);
      return;
    }
    if (init !== undefined && typeof init !== 'function') {
      throw new TypeError(
        `Initialization arguments are not supported: give a function that makes a thread's first value, not ${describe(init)}`,
      );
    }
    const bound =
      init === undefined || args.length === 0 ? init : (init as () => T).bind(undefined, ...(args as unknown as []));
    const packed = pack(bound, 'init');
    super(HEADER);
    storeValue(ownAddress(this, THREAD_LOCAL) + INIT, packed, 'init');
    this.#have(bound as (() => T) | undefined);
  }

  /** The calling thread's value. */
  get value(): T {
    const here = table();
    if (!here.has(this)) here.set(this, this.#make());
    return here.get(this) as T;
  }

  set value(value: T) {
    ownAddress(this, THREAD_LOCAL);
    table().set(this, value);
  }

  /**
   * Forgets the calling thread's value: the next read makes it again. Whether there was one.
   *
   * @example
   * const cache = new ThreadLocal(() => new Map<string, number>());
   * cache.value.set('mine', 1);
   * console.log(cache.delete(), cache.value.size);
   */
  delete(): boolean {
    return table().delete(this);
  }

  /** @internal */
  [COMPANY](): Company {
    this.#initial();
    return { base: ThreadLocal.prototype, constant: Object.getPrototypeOf(this) === ThreadLocal.prototype };
  }

  #make(): T | undefined {
    const init = this.#initial();
    if (isThenable(init)) {
      throw new ThreadError(
        'the first value of this ThreadLocal is made with modules that this thread has not loaded: let its function capture the ThreadLocal',
      );
    }
    return init?.();
  }

  /** A promise when it needs modules first: then it is there later. */
  #initial(): (() => T) | undefined | Promise<() => T> {
    if (Object.hasOwn(this, 'init')) return this.init;
    const init = unpack(loadValue(ownAddress(this, THREAD_LOCAL) + INIT)) as (() => T) | Promise<() => T> | undefined;
    if (isThenable(init)) {
      // If it fails, the next read tries again, and says so.
      (init as Promise<() => T>).then(
        (made) => this.#have(made),
        () => {},
      );
    } else this.#have(init);
    return init;
  }

  #have(init: (() => T) | undefined): void {
    Object.defineProperty(this, 'init', { value: init, configurable: true });
  }
}

/** The thread on this worker ends. */
export function forgetLocals(): void {
  values = new Map();
  leftovers = new Map();
}
