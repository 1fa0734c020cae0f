// A lock for many readers or one writer. It is two locks on one cell, `read` and `write`, each a shared object itself.
//
// Cell of an RWLock {header, write turn, asynchronous waiters, waiters, read turn, asynchronous waiters, waiters, writer, inside, next,
// roll…, the two sides}
//
//   roll        the readers (src/sync/roll.ts): an entry is a reader's hold itself
//   writer      FREE, READERS, or the mark of the writer that has the lock or is about to get it: from then on no reader enters, and it has
//               the lock when the roll is deserted
//   inside      mark of the writer that has the lock. inside = writer: it has it. inside ≠ writer: the writer waits for readers to leave
//   next        mark of a reader that is blocked and shall come before the next writer; 0 = none. A hint, set again by the one who still waits
//   turns       count what the other side has done: who fails to get the lock parks on the turn that it has read before it tried
//   waiters     how many may be parked on the turn, counted before that. Threads that are killed leave their counts: needless wake-ups
//
//   writer   next writer state
//   FREE     a mark    a writer: compare-exchange
//   a mark   FREE      it releases, or gives up while readers are in; or by a reader that finds it dead, and not inside
//            READERS   it releases or gives up, and a reader is blocked: no writer enters until one has, so that writers starve no reader
//            a mark    by a writer that finds it dead, and not inside
//   READERS  FREE      by a reader that has entered
//            a mark    by a writer that finds `next` to be nobody alive
//
// A reader enters its mark and then reads `writer`; a writer writes its mark to `writer` and then reads the roll (T. J. Dekker's way of
// exclusion; that readers keep out of each other's way by a table is from D. Dice and A. Kogan, "BRAVO — Biased Locking for Reader-Writer
// Locks", https://www.usenix.org/conference/atc19/presentation/dice). One of the two sees the other: then the reader steps back.
//
// A writer that is blocked holds new readers off, and one reader at least enters between two writers. A writer that waits on its event
// loop holds nobody off: its thread may be blocked by these same readers. Who holds off is noted by mark, so that the dead hold off
// nobody. Not reentrant: but a thread that reads may read again, also while a writer waits for it.

import { adopt } from '../heap/adopt.js';
import type { Page } from '../heap/pages.js';
import { goneText } from '../heap/plain.js';
import { INSPECT } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { type Wanted, wake } from '../memory/park.js';
import { Acquirable, LET_GO, TRY, WANTED } from './acquirable.js';
import type { AcquireOptions } from './arguments.js';
import {
  addressOf,
  isAdopting,
  loadValue,
  RWLOCK,
  RWLOCK_SIDE,
  refuseSubclass,
  SyncCell,
  storeValue,
  syncHeader,
} from './cell.js';
import { ThreadError } from './errors.js';
import { fateOf, NO_MARK_BIT, thisThread } from './owner.js';
import { enroll, isDead, isDeserted, isEnrolled, ROLL_WORDS, someoneIn, strike } from './roll.js';
import { attentive } from './safepoint.js';
import { addressText, entitle, type Named, nameIn, titleOf } from './titles.js';

const WRITE_TURN = 4;
const READ_TURN = 16;
/** From a turn to its count. */
const WAITERS = 8;
const WRITER = 28;
const INSIDE = 32;
const NEXT = 36;
const ROLL = 40;
const SIDES = ROLL + ROLL_WORDS * 4;
const HEADER = syncHeader(RWLOCK, 9 + ROLL_WORDS, 2);

/** Cell of a side {header, which, address of the lock, the lock}. The address is the lock's as long as the side keeps it alive. */
const WHICH = 4;
const ADDRESS = 8;
const LOCK = 12;
const SIDE_HEADER = syncHeader(RWLOCK_SIDE, 2, 1);
const READ = 0;
const WRITE = 1;

const FREE = 0;
const READERS = NO_MARK_BIT;

/** Whether the word is the mark of a thread that is over and was not inside. What it says is over too. */
const isForsaken = (lock: number, writer: number): boolean =>
  writer !== FREE && writer !== READERS && atomic.load(lock + INSIDE) !== writer && fateOf(writer) !== 'alive';

/** Wakes so many of those that wait for a turn. */
function wakeAt(turn: number, count: number): void {
  if (atomic.load(turn + WAITERS) === 0) return;
  atomic.add(turn, 1);
  wake(turn, count);
}

/** Enters as a reader if no writer is in the way. A thread that is in already stands in every writer's way, and enters in any case. */
function read(lock: number): boolean {
  enroll(lock + ROLL, thisThread.mark);
  return atomic.load(lock + WRITER) === FREE || readOrStepBack(lock);
}

function readOrStepBack(lock: number): boolean {
  for (;;) {
    const writer = atomic.load(lock + WRITER);
    if (writer === FREE) return true;
    if (writer === READERS) {
      atomic.compareExchange(lock + WRITER, READERS, FREE);
    } else if (isForsaken(lock, writer)) {
      if (atomic.compareExchange(lock + WRITER, writer, FREE) === writer) wakeAt(lock + READ_TURN, Infinity);
    } else {
      strike(lock + ROLL, thisThread.mark);
      afterReader(lock);
      return false;
    }
  }
}

/** A reader has left. */
function afterReader(lock: number): void {
  if (atomic.load(lock + WRITE_TURN + WAITERS) === 0) return;
  // A writer that waits shall hold off new readers now; or the one that does so already is among all that wait, and may go in.
  if (atomic.load(lock + WRITER) === FREE) wakeAt(lock + WRITE_TURN, 1);
  else if (isDeserted(lock + ROLL)) wakeAt(lock + WRITE_TURN, Infinity);
}

/** Whether a reader is alive that shall come before the next writer. */
function comesNext(lock: number): boolean {
  const next = atomic.load(lock + NEXT);
  return next !== 0 && fateOf(next) === 'alive';
}

/** Whether this thread's mark is the writer's now: no reader enters any more. */
function claim(lock: number): boolean {
  for (;;) {
    const writer = atomic.load(lock + WRITER);
    if (writer === READERS ? comesNext(lock) : writer !== FREE && !isForsaken(lock, writer)) return false;
    if (atomic.compareExchange(lock + WRITER, writer, thisThread.mark) === writer) return true;
  }
}

/** The writer's mark goes: those come next that were kept out. */
function unclaim(lock: number): void {
  const next = atomic.load(lock + NEXT);
  atomic.store(lock + WRITER, next === 0 ? FREE : READERS);
  wakeAt(lock + READ_TURN, Infinity);
  // The reader that is next may have given up meanwhile, and have seen that the writer was there.
  if (next === 0 || !comesNext(lock)) wakeAt(lock + WRITE_TURN, 1);
}

/** Enters as the writer that has claimed the lock, if no reader is left. */
function write(lock: number): boolean {
  if (!isDeserted(lock + ROLL)) return false;
  atomic.store(lock + INSIDE, thisThread.mark);
  return true;
}

abstract class Side extends Acquirable {
  /** The lock's byte address. */
  readonly #lock: number;

  protected constructor(which: number, lock: RWLock | undefined) {
    const fresh = !isAdopting();
    if (fresh && lock === undefined) throw new TypeError('a side belongs to an RWLock: new RWLock().read, or .write');
    super(SIDE_HEADER);
    const side = addressOf(this);
    if (fresh) {
      atomic.store(side + WHICH, which);
      atomic.store(side + ADDRESS, addressOf(lock!));
      storeValue(side + LOCK, lock, 'the lock');
    }
    this.#lock = atomic.load(side + ADDRESS) >>> 0;
    Object.preventExtensions(this);
  }

  /** @throws ReferenceError when the scope in which it was first touched has ended. */
  protected lockAddress(): number {
    addressOf(this);
    return this.#lock;
  }

  override release(): void {
    if (arguments.length > 0 || attentive()) Reflect.apply(super.release, this, arguments);
    else if (!this[LET_GO]()) throw this.notHeld();
  }

  /** @throws TypeError: it cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError(
      `${this[Symbol.toStringTag]} cannot be written as JSON: pass it to a thread as an argument, or capture it`,
    );
  }

  abstract get [Symbol.toStringTag](): string;

  override toString(): string {
    const state = this.locked() ? 'locked' : 'unlocked';
    return `<${state} ${this[Symbol.toStringTag]} of RWLock at 0x${this.lockAddress().toString(16)}>`;
  }
}

/**
 * What readers of an RWLock acquire: any number of threads hold it at once, and no writer meanwhile.
 *
 * @example
 * const lock = new RWLock();
 * lock.read.with(() => console.log('others may read too'));
 */
export class ReadLock extends Side {
  constructor(lock?: RWLock) {
    super(READ, lock);
  }

  /**
   * As `Lock.acquire`: waits while a writer holds the lock, or waits for it.
   *
   * @example
   * const { read } = new RWLock();
   * if (read.acquire({ timeout: 1000 })) read.release();
   */
  override acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    if (wait === true && timeout === undefined && arguments.length < 3 && !attentive()) {
      const lock = this.lockAddress();
      if (atomic.load(lock + WRITER) === FREE && read(lock)) return true;
    }
    return Reflect.apply(super.acquire, this, arguments);
  }

  /**
   * Whether a writer holds the lock, or waits and holds readers off.
   *
   * @throws TypeError for any argument.
   * @example
   * console.log(new RWLock().read.locked());
   */
  override locked(): boolean {
    if (arguments.length > 0) throw new TypeError(`locked() takes no arguments (${arguments.length} given)`);
    const writer = atomic.load(this.lockAddress() + WRITER);
    return writer !== FREE && writer !== READERS;
  }

  /** @internal */
  override [WANTED](timeout?: number): Wanted {
    const lock = this.lockAddress();
    const blocks = timeout !== undefined;
    const me = thisThread.mark;
    let waits = false;
    const attempt = (): number | undefined => {
      const turn = atomic.load(lock + READ_TURN);
      const writer = atomic.load(lock + WRITER);
      if (writer === FREE || writer === READERS || isForsaken(lock, writer)) {
        if (read(lock)) return undefined;
      } else if (blocks && isEnrolled(lock + ROLL, me)) {
        enroll(lock + ROLL, me);
        return undefined;
      } else if (timeout === Infinity && atomic.load(lock + INSIDE) === me) {
        throw new ThreadError(
          'read.acquire() would wait for this thread itself, which holds the write side: release that first',
        );
      }
      if (blocks && waits) atomic.compareExchange(lock + NEXT, 0, me);
      return turn;
    };
    return {
      word: lock + READ_TURN,
      attempt,
      describe: () => `read.acquire() of RWLock ${titleOf(lock)}`,
      holder: () => {
        const writer = atomic.load(lock + WRITER);
        return writer === READERS || isForsaken(lock, writer) ? 0 : writer;
      },
      owned: true,
      enter: () => {
        waits = true;
        atomic.add(lock + READ_TURN + WAITERS, 1);
      },
      leave: (got) => {
        atomic.add(lock + READ_TURN + WAITERS, -1);
        if (!blocks || atomic.compareExchange(lock + NEXT, me, 0) !== me || got) return;
        // Its turn has come and it does not take it.
        if (atomic.load(lock + WRITER) === READERS) wakeAt(lock + WRITE_TURN, 1);
      },
    };
  }

  /** @internal */
  override [TRY](): boolean {
    const lock = this.lockAddress();
    // A look first: to enter and step back would disturb the writer.
    return (atomic.load(lock + WRITER) === FREE && read(lock)) || super[TRY]();
  }

  /** @internal */
  override [LET_GO](): boolean {
    const lock = this.lockAddress();
    if (!strike(lock + ROLL, thisThread.mark)) return false;
    afterReader(lock);
    return true;
  }

  /** @internal */
  protected override notHeld(): Error {
    return new ThreadError('cannot release un-acquired lock: this thread does not hold the read side');
  }

  override get [Symbol.toStringTag](): string {
    return 'ReadLock';
  }
}

/**
 * What writers of an RWLock acquire: one thread holds it, and no reader meanwhile.
 *
 * @example
 * const lock = new RWLock();
 * lock.write.with(() => console.log('nobody else reads or writes'));
 */
export class WriteLock extends Side {
  constructor(lock?: RWLock) {
    super(WRITE, lock);
  }

  /**
   * As `Lock.acquire`: waits while anybody reads or writes.
   *
   * @example
   * const { write } = new RWLock();
   * if (write.acquire({ timeout: 1000 })) write.release();
   */
  override acquire(wait: boolean | number | AcquireOptions = true, timeout?: number): boolean {
    if (wait === true && timeout === undefined && arguments.length < 3 && !attentive()) {
      const lock = this.lockAddress();
      if (atomic.compareExchange(lock + WRITER, FREE, thisThread.mark) === FREE) {
        if (write(lock)) return true;
        unclaim(lock);
      }
    }
    return Reflect.apply(super.acquire, this, arguments);
  }

  /**
   * Whether a writer or a reader holds the lock.
   *
   * @throws TypeError for any argument.
   * @example
   * console.log(new RWLock().write.locked());
   */
  override locked(): boolean {
    if (arguments.length > 0) throw new TypeError(`locked() takes no arguments (${arguments.length} given)`);
    const lock = this.lockAddress();
    return atomic.load(lock + INSIDE) !== 0 || !isDeserted(lock + ROLL);
  }

  /** @internal */
  override [WANTED](timeout?: number): Wanted {
    const lock = this.lockAddress();
    const me = thisThread.mark;
    const blocks = timeout !== undefined;
    let waits = false;
    let claimed = false;
    const attempt = (): number | undefined => {
      const turn = atomic.load(lock + WRITE_TURN);
      // One that is over for the others, as the thread is, loses its claim.
      if (claimed && atomic.load(lock + WRITER) !== me) claimed = false;
      // Only a thread that is blocked claims it while others are in.
      const keeps = blocks && waits;
      if (keeps || isDeserted(lock + ROLL)) claimed ||= claim(lock);
      if (claimed && write(lock)) {
        claimed = false;
        return undefined;
      }
      if (timeout === Infinity && (atomic.load(lock + INSIDE) === me || isEnrolled(lock + ROLL, me))) {
        const held = atomic.load(lock + INSIDE) === me ? 'it' : 'the read side';
        throw new ThreadError(
          `write.acquire() would wait for this thread itself, which holds ${held}: release that first`,
        );
      }
      if (claimed && !keeps) {
        claimed = false;
        unclaim(lock);
      }
      return turn;
    };
    return {
      word: lock + WRITE_TURN,
      attempt,
      describe: () => `write.acquire() of RWLock ${titleOf(lock)}`,
      holder: () => holderFor(lock, me),
      owned: true,
      enter: () => {
        waits = true;
        atomic.add(lock + WRITE_TURN + WAITERS, 1);
      },
      leave: () => {
        atomic.add(lock + WRITE_TURN + WAITERS, -1);
        if (claimed) unclaim(lock);
        claimed = false;
      },
    };
  }

  /** @internal */
  override [TRY](): boolean {
    const lock = this.lockAddress();
    if (!isDeserted(lock + ROLL) || !claim(lock)) return false;
    if (write(lock)) return true;
    unclaim(lock);
    return false;
  }

  /** @internal */
  override [LET_GO](): boolean {
    const lock = this.lockAddress();
    if (atomic.load(lock + INSIDE) !== thisThread.mark) return false;
    atomic.store(lock + INSIDE, 0);
    unclaim(lock);
    return true;
  }

  /** @internal */
  protected override notHeld(): Error {
    return new ThreadError('cannot release un-acquired lock: this thread does not hold the write side');
  }

  override get [Symbol.toStringTag](): string {
    return 'WriteLock';
  }
}

/** Who a writer waits for: the writer that is inside; a reader, a dead one if there is; a writer that is before it. */
function holderFor(lock: number, me: number): number {
  const inside = atomic.load(lock + INSIDE);
  if (inside !== 0) return inside;
  const reader = someoneIn(lock + ROLL, isDead) || someoneIn(lock + ROLL, () => true);
  if (reader !== 0) return reader;
  const writer = atomic.load(lock + WRITER);
  return writer === READERS || writer === me || isForsaken(lock, writer) ? 0 : writer;
}

/**
 * Many threads may read, or one may write.
 *
 * @example
 * const lock = new RWLock();
 * const table = shared({ size: 1 });
 * console.log(lock.read.with(() => table.size));
 * lock.write.with(() => { table.size++; });
 */
export class RWLock extends SyncCell {
  #read: ReadLock | undefined;
  #write: WriteLock | undefined;

  constructor(...given: [options?: Named]) {
    const fresh = !isAdopting();
    if (fresh) refuseSubclass(new.target, RWLock);
    const name = fresh ? nameIn(given, 'RWLock') : undefined;
    super(HEADER);
    if (fresh) {
      const cell = addressOf(this);
      entitle(cell, name);
      storeValue(cell + SIDES, new ReadLock(this), 'the read side');
      storeValue(cell + SIDES + 4, new WriteLock(this), 'the write side');
    }
    Object.preventExtensions(this);
  }

  /** The side of readers: any number of them hold it at once, and no writer meanwhile. Has the methods of a lock. */
  get read(): ReadLock {
    const cell = addressOf(this);
    this.#read ??= loadValue(cell + SIDES) as ReadLock;
    return this.#read;
  }

  /** The side of writers: one holds it, and no reader meanwhile. Has the methods of a lock. */
  get write(): WriteLock {
    const cell = addressOf(this);
    this.#write ??= loadValue(cell + SIDES + 4) as WriteLock;
    return this.#write;
  }

  /** @throws TypeError: it cannot be copied, only passed to threads. */
  toJSON(): never {
    throw new TypeError('RWLock cannot be written as JSON: pass it to a thread as an argument, or capture it');
  }

  get [Symbol.toStringTag](): string {
    return 'RWLock';
  }

  override toString(): string {
    const lock = addressOf(this);
    const readers = isDeserted(lock + ROLL) ? 'free' : 'read';
    return `<RWLock ${addressText(lock)}: ${atomic.load(lock + INSIDE) === 0 ? readers : 'written'}>`;
  }

  [INSPECT](): string {
    return goneText(this) ?? this.toString();
  }
}

/** The object for the cell of a side. */
export const sideOf = (cell: number, page: Page): Side =>
  adopt<Side>(atomic.load(cell * 4 + WHICH) === READ ? ReadLock : WriteLock, cell, page);
