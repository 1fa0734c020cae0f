// What this package builds in the heap: an object whose state is words of a cell that all threads share, so that it can be a field of a
// shared object, captured, passed and returned, and is the same one everywhere.
//
// Cell {header, raw words…, tagged words…}: raw words are for atomics, tagged words hold any value and are traced by the collector.
// A subclass says which of these cells it is; each kind has a number here.

import { adopt, adopted, adopting } from '../heap/adopt.js';
import { allocatePinned, classOf, fresh } from '../heap/allocate.js';
import { goneError } from '../heap/errors.js';
import type { Page } from '../heap/pages.js';
import { release } from '../heap/release.js';
import {
  FIRST_QUEUE,
  K_SYNC,
  LAST_QUEUE,
  SHAPE_SHIFT,
  SYNC_MASK,
  SYNC_REFERENCES_SHIFT,
  SYNC_WORDS_SHIFT,
  UNDEFINED,
} from '../heap/types.js';
import { CELL, GONE, readHeld, readWord, sharable, storeWord, wordOf } from '../heap/values.js';
import { V } from '../memory/memory.js';
import { origins } from './titles.js';

/** Which object a cell is. 0 is the lock, which is built by hand (src/sync/lock.ts). */
export const LOCK = 0;
export const RLOCK = 1;
export const EVENT = 2;
export const SEMAPHORE = 3;
export const BOUNDED_SEMAPHORE = 4;
export const CONDITION = 5;
export const BARRIER = 6;
export const RWLOCK = 7;
export const WAITER = 8;
export const PARCEL = 9;
export const THREAD = 10;
export const QUEUE = FIRST_QUEUE;
export const LIFO_QUEUE = 12;
export const PRIORITY_QUEUE = 13;
export const SIMPLE_QUEUE = LAST_QUEUE;
export const FUTURE = 15;
export const EXECUTOR = 16;
export const TASK = 17;
export const RWLOCK_SIDE = 18;
export const TIMER = 19;
export const THREAD_LOCAL = 20;
export const KEYED = 21;
export const JOB = 22;

/** The header of a cell of a kind, with so many raw words and so many tagged words. */
export const syncHeader = (which: number, words: number, references: number): number =>
  K_SYNC | (which << SHAPE_SHIFT) | (words << SYNC_WORDS_SHIFT) | (references << SYNC_REFERENCES_SHIFT);

const makers: ((cell: number, page: Page) => object)[] = [];

/** Says how the wrapper of a kind of cell is made in a thread that meets one. */
export function defineSync(which: number, make: (cell: number, page: Page) => object): void {
  makers[which] = make;
}

/** The object for a cell of one of these kinds. */
export function syncObject(cell: number, page: Page, header: number): object {
  const which = (header >>> SHAPE_SHIFT) & SYNC_MASK;
  const make = makers[which];
  if (make === undefined) throw new Error(`the shared heap holds an object of the unknown kind ${which}`);
  return make(cell, page);
}

/** What only the class can tell of its objects. */
let inside!: { addressOf(object: SyncCell): number; isGone(object: SyncCell): boolean };

/** An object in a cell. A constructor checks its arguments first, and only if `isAdopting()` is false: then the cell is new. */
export abstract class SyncCell {
  /** Byte address; 0 = its scope has ended. */
  #cell: number;
  /** Keeps the cell pinned. */
  #page: Page | undefined;

  static {
    inside = {
      addressOf(object) {
        const cell = object.#cell;
        if (cell === 0) throw goneError();
        return cell;
      },
      isGone: (object) => object.#cell === 0,
    };
  }

  /** A cell with all words 0 and all tagged words undefined, or the one that is being adopted. */
  constructor(header: number) {
    if (adopting.cell !== 0) {
      this.#cell = adopting.cell * 4;
      this.#page = adopting.page;
      adopted();
      return;
    }
    const words = 1 + ((header >>> SYNC_WORDS_SHIFT) & SYNC_MASK) + ((header >>> SYNC_REFERENCES_SHIFT) & SYNC_MASK);
    const cell = allocatePinned(classOf(words * 4));
    this.#cell = cell * 4;
    this.#page = fresh.page;
    V.I32[cell] = header;
    this.#page[(cell & 1023) >> 2] = this;
    if (origins.made !== undefined) origins.made(cell * 4);
  }

  /** @internal */
  [CELL](gone?: boolean): number {
    if (!(#cell in this)) return 0;
    if (gone === true) {
      this.#cell = 0;
      this.#page = undefined;
    }
    return this.#cell === 0 ? GONE : this.#cell / 4;
  }
}

/** Byte address of an object's cell. @throws ReferenceError when the scope in which it was first touched has ended. */
export const { addressOf } = inside;

/** Whether it has. */
export const { isGone } = inside;

/**
 * As `addressOf`, for the methods of a class: those of another, called on an object by `call`, would take its words for their own.
 * @throws TypeError for an object that is of none of the kinds `first` to `last`.
 */
export function ownAddress(object: SyncCell, first: number, last = first): number {
  const cell = addressOf(object);
  const which = (V.I32[cell >>> 2]! >>> SHAPE_SHIFT) & SYNC_MASK;
  if (which < first || which > last)
    throw new TypeError(`a method was called on an object of another class: ${String(object)}`);
  return cell;
}

/** Whether the constructor that runs is for a cell that exists. */
export const isAdopting = (): boolean => adopting.cell !== 0;

/** Registers a class for its kind of cells. Its constructor takes no arguments then. */
export function defineSyncClass(which: number, Class: new (...args: never[]) => SyncCell): void {
  defineSync(which, (cell, page) => adopt(Class as new () => SyncCell, cell, page));
}

/** For classes that cannot be extended: an instance is of the class itself in every thread. */
export function refuseSubclass(given: unknown, Class: { readonly name: string }): void {
  if (given === Class) return;
  throw new TypeError(`${Class.name} cannot be extended: hold it in a field instead`);
}

/** The value in a tagged word, by its byte address. */
export const loadValue = (address: number): unknown => readWord(address >>> 2);

/** As `loadValue`, of a word that stays as it is while its cell is kept; see `readHeld`. */
export const loadHeld = (address: number): unknown => readHeld(address >>> 2);

/** Lets go of an object's pin at once. No program has seen the object, nor will; and it is used no more. */
export function discard(object: SyncCell): void {
  if (!isGone(object)) release(object, addressOf(object) >>> 2);
}

/**
 * Puts a value into a tagged word, where other threads see it at once; plain data becomes a shared copy.
 * @throws TypeError for what cannot be shared; `where` is what it says it was for.
 */
export function storeValue(address: number, value: unknown, where: string): void {
  const held = sharable(value, where);
  storeWord(address >>> 2, wordOf(held, where));
}

/** The same for an object of this package's, or undefined, with no questions asked. */
export function storeCell(address: number, object: SyncCell | undefined): void {
  storeWord(address >>> 2, object === undefined ? UNDEFINED : addressOf(object) | 0);
}
