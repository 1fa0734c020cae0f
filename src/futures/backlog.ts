// The tasks of an executor that wait for a thread: a queue of any number of producers and consumers without locks, after Pedro Ramalhete's
// FAAArrayQueue, https://concurrencyfreaks.blogspot.com/2016/11/faaarrayqueue-mpmc-lock-free-queue-part.html, with one difference:
// consumers do not reserve a place. A thread can be killed at any instruction, and a task that it had reserved would be lost. Only the
// state of its future says that a task is taken.
//
//   executor   HEAD ──▶ segment {taken, filled, next, 124 places} ──▶ segment ◀── TAIL
//
//   a place    EMPTY    nobody has filled it     → a future   by the producer that has raised `filled` over it
//                                                → GONE       by a consumer that comes before that: the producer takes another place
//              a future waits, or is taken       → GONE       by the thread that has taken it, or finds that another has
//   taken      places below it are GONE; raised one at a time, by the thread that finds that the place is
//   filled     places below it are spoken for; may be greater than there are places
//   next       CLOSED when nobody needs it any more: a segment that somebody still looks at does not keep all later ones alive
//
// HEAD moves on when all places of a segment are GONE and there is a next; never beyond TAIL.

import { TRUE, UNDEFINED } from '../heap/types.js';
import { CELL, readWord, storeWord } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { addressOf, loadValue, SyncCell, syncHeader, TASK } from '../sync/cell.js';
import type { Future } from './future.js';

const TAKEN = 4;
const FILLED = 8;
const NEXT = 12;
const PLACES = 16;
const COUNT = 124;
const HEADER = syncHeader(TASK, 2, 1 + COUNT);

const EMPTY = UNDEFINED;
/** As they are read: `true`. */
const GONE = TRUE;
const CLOSED = TRUE;

export class Segment extends SyncCell {
  constructor() {
    super(HEADER);
  }
}

type AnyFuture = Future<unknown>;

/** The word that refers to a shared object, which this thread has pinned. */
const wordFor = (object: SyncCell): number => object[CELL]() << 2;

/** Two tagged words of the executor, HEAD and TAIL, by the byte address of the first. */
export class Backlog {
  readonly #head: number;
  readonly #tail: number;

  constructor(head: number) {
    this.#head = head;
    this.#tail = head + 4;
  }

  /** For a new executor. */
  open(): void {
    const segment = wordFor(new Segment());
    storeWord(this.#head >>> 2, segment);
    storeWord(this.#tail >>> 2, segment);
  }

  push(future: AnyFuture): void {
    const word = wordFor(future);
    for (;;) {
      const segment = addressOf(loadValue(this.#tail) as Segment);
      const place = atomic.load(segment + FILLED) < COUNT ? atomic.add(segment + FILLED, 1) : COUNT;
      if (place >= COUNT) this.#extend(segment);
      else if (atomic.compareExchange(segment + PLACES + place * 4, EMPTY, word) === EMPTY) return;
    }
  }

  /** The first future that `take` takes; undefined = none is left. `read` gives this thread's object for what is at an address. */
  shift<F extends AnyFuture>(
    take: (future: F) => boolean,
    read: (place: number) => unknown = loadValue,
  ): F | undefined {
    for (;;) {
      const head = loadValue(this.#head) as Segment;
      const segment = addressOf(head);
      const at = atomic.load(segment + TAKEN);
      if (at >= COUNT) {
        if (!this.#advance(segment)) return undefined;
        continue;
      }
      if (at >= atomic.load(segment + FILLED)) return undefined;
      const place = segment + PLACES + at * 4;
      const found = read(place);
      if (found === undefined) {
        atomic.compareExchange(place, EMPTY, GONE);
        continue;
      }
      const mine = found !== true && take(found as F);
      if (found !== true) atomic.store(place, GONE);
      atomic.compareExchange(segment + TAKEN, at, at + 1);
      if (mine) return found as F;
    }
  }

  /** How many wait; at least 1 if any do, and at least as many as the first segment has. Cancelled ones count. */
  get size(): number {
    for (;;) {
      const segment = addressOf(loadValue(this.#head) as Segment);
      const size = Math.min(COUNT, atomic.load(segment + FILLED)) - atomic.load(segment + TAKEN);
      if (size > 0 || atomic.load(segment + TAKEN) < COUNT) return Math.max(0, size);
      if (!this.#advance(segment)) return 0;
    }
  }

  /** The segment at the tail is full: puts one behind it, or moves the tail to it if there is one. */
  #extend(segment: number): void {
    let next = readWord((segment + NEXT) >>> 2);
    if (next === undefined) {
      next = new Segment();
      const word = wordFor(next as Segment);
      if (atomic.compareExchange(segment + NEXT, EMPTY, word) !== EMPTY) next = readWord((segment + NEXT) >>> 2);
    }
    if (next !== true) this.#moveTail(segment, next as Segment);
  }

  /** All of the segment at the head is gone: whether there was a next one, or somebody has moved on. */
  #advance(segment: number): boolean {
    const next = readWord((segment + NEXT) >>> 2);
    if (next === undefined) return false;
    if (next === true) return true;
    this.#moveTail(segment, next as Segment);
    const word = wordFor(next as Segment);
    if (atomic.compareExchange(this.#head, segment | 0, word) === (segment | 0)) atomic.store(segment + NEXT, CLOSED);
    return true;
  }

  #moveTail(from: number, to: Segment): void {
    atomic.compareExchange(this.#tail, from | 0, wordFor(to));
  }
}
