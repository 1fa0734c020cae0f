// The kernel's operations on a ring (kernel/queues.ts), each as one step over the explorer's words, with one bug at a time where that is
// wanted. Without a bug they answer as the kernel does: queue_model.test.ts holds the two against each other.

import { k } from '#heddle/heap/kernel.js';
import {
  ABSENT,
  OTHER,
  Q_AGAIN,
  Q_CALLED,
  Q_CLOSED,
  Q_DONE,
  Q_FIRST,
  Q_FULL,
  Q_HEAD,
  Q_MAX,
  Q_NOT_EMPTY,
  Q_NOT_FULL,
  Q_SHUT,
  Q_TAIL,
  Q_TURN,
  Q_UNFINISHED,
  Q_WAITING,
  Q_WAKE,
} from '#heddle/heap/types.js';
import { numberOf } from '#heddle/heap/values.js';
import { R_ANSWER } from '#heddle/memory/layout.js';
import { own } from '#heddle/memory/self.js';
import { type Whole, type Words, whole } from './automaton.ts';

export type Bug =
  | 'a call does not change the word that is parked on'
  | 'who is called stays called'
  | 'who gives up stays counted'
  | 'who waits is not counted'
  | 'who has got something stays counted'
  | 'a take calls no putter'
  | 'shutdown does not change the words that are parked on';

/** Where the items of the ring are, from the cell on. */
const ITEMS = 0x1000;
const RING = 8;

/** Codes are smaller; above is the second answer. */
const SECOND = 1000;

export interface Step {
  readonly code: number;
  readonly second: number;
}

const itemAt = (cell: number, at: number): number => cell + ITEMS + 4 * (at & (RING - 1));

export class Model {
  readonly #bug: Bug | undefined;

  constructor(bug?: Bug) {
    this.#bug = bug;
  }

  #looksAgain({ read, write }: Words, side: number): void {
    if (this.#bug === 'who is called stays called') return;
    if (read(side + Q_CALLED) > 0) write(side + Q_CALLED, read(side + Q_CALLED) - 1);
  }

  #uncount({ read, write }: Words, side: number): void {
    write(side + Q_WAITING, read(side + Q_WAITING) - 1);
  }

  #toPark({ read, write }: Words, side: number, mode: number): number {
    if (mode === Q_FIRST && this.#bug !== 'who waits is not counted')
      write(side + Q_WAITING, read(side + Q_WAITING) + 1);
    return read(side + Q_TURN);
  }

  #call({ read, write }: Words, side: number): boolean {
    if (read(side + Q_WAITING) <= read(side + Q_CALLED)) return false;
    write(side + Q_CALLED, read(side + Q_CALLED) + 1);
    if (this.#bug !== 'a call does not change the word that is parked on')
      write(side + Q_TURN, read(side + Q_TURN) + 1);
    return true;
  }

  #count({ read }: Words, cell: number): number {
    return read(cell + Q_TAIL) - read(cell + Q_HEAD);
  }

  #isFull(words: Words, cell: number): boolean {
    const most = words.read(cell + Q_MAX);
    return most !== 0 && this.#count(words, cell) >= most;
  }

  put(words: Words, cell: number, item: number, mode: number): Step {
    const { read, write } = words;
    const side = cell + Q_NOT_FULL;
    const got = mode === Q_AGAIN && this.#bug !== 'who has got something stays counted';
    if (mode === Q_AGAIN) this.#looksAgain(words, side);
    if (read(cell + Q_CLOSED) !== 0) {
      if (mode === Q_AGAIN) this.#uncount(words, side);
      return { code: Q_SHUT, second: 0 };
    }
    if (this.#isFull(words, cell)) return { code: Q_FULL, second: this.#toPark(words, side, mode) };
    write(itemAt(cell, read(cell + Q_TAIL)), item);
    write(cell + Q_TAIL, read(cell + Q_TAIL) + 1);
    if (got) this.#uncount(words, side);
    write(cell + Q_UNFINISHED, read(cell + Q_UNFINISHED) + 1);
    return { code: this.#call(words, cell + Q_NOT_EMPTY) ? Q_WAKE : Q_DONE, second: 0 };
  }

  /** The code is the item, or a word that is negative. */
  get(words: Words, cell: number, mode: number): Step {
    const { read, write } = words;
    const side = cell + Q_NOT_EMPTY;
    if (mode === Q_AGAIN) this.#looksAgain(words, side);
    if (this.#count(words, cell) === 0) {
      if (read(cell + Q_CLOSED) === 0) return { code: -ABSENT, second: this.#toPark(words, side, mode) };
      if (mode === Q_AGAIN) this.#uncount(words, side);
      return { code: -OTHER, second: 0 };
    }
    const head = read(cell + Q_HEAD);
    write(cell + Q_HEAD, head + 1);
    if (mode === Q_AGAIN && this.#bug !== 'who has got something stays counted') this.#uncount(words, side);
    const calls = this.#bug !== 'a take calls no putter' && !this.#isFull(words, cell);
    return { code: read(itemAt(cell, head)), second: calls && this.#call(words, cell + Q_NOT_FULL) ? 1 : 0 };
  }

  leave(words: Words, cell: number, side: number): Step {
    this.#looksAgain(words, cell + side);
    if (this.#bug !== 'who gives up stays counted') this.#uncount(words, cell + side);
    const wanted = side === Q_NOT_EMPTY ? this.#count(words, cell) !== 0 : !this.#isFull(words, cell);
    return { code: wanted && this.#call(words, cell + side) ? Q_WAKE : Q_DONE, second: 0 };
  }

  shut({ read, write }: Words, cell: number, drain: boolean): Step {
    write(cell + Q_CLOSED, 1);
    if (drain) {
      write(cell + Q_UNFINISHED, Math.max(0, read(cell + Q_UNFINISHED) - (read(cell + Q_TAIL) - read(cell + Q_HEAD))));
      write(cell + Q_HEAD, read(cell + Q_TAIL));
    }
    if (this.#bug !== 'shutdown does not change the words that are parked on') {
      for (const side of [Q_NOT_EMPTY, Q_NOT_FULL]) write(cell + side + Q_TURN, read(cell + side + Q_TURN) + 1);
    }
    return { code: 0, second: 0 };
  }
}

const REAL = { ...k };

/** Runs `action` while the kernel's operations on queues are the model's. `most` is the limit of every queue. */
export function withModel<T>(model: Model, most: number, action: () => T): T {
  const step = (cell: number, name: number, argument: number, run: (words: Words) => Step): number => {
    const wholeStep: Whole = ({ read, write }) => {
      // The limit is written before anybody knows of the queue.
      const words: Words = { read: (at) => (at === cell + Q_MAX ? most : read(at)), write };
      const { code, second } = run(words);
      return code + (code < 0 ? -1 : 1) * second * SECOND;
    };
    const answer = whole(cell, name, argument, wholeStep);
    const size = Math.abs(answer);
    own[R_ANSWER >>> 2] = Math.floor(size / SECOND);
    return (size % SECOND) * Math.sign(answer);
  };
  Object.assign(k, {
    queuePut: (cell: number, item: number, mode: number) =>
      step(cell, 0, item, (words) => model.put(words, cell, item, mode)),
    queueGet: (cell: number, mode: number) => {
      const code = step(cell, 1, mode, (words) => model.get(words, cell, mode));
      return code < 0 ? numberOf(-code) : code;
    },
    queueLeave: (cell: number, side: number) => step(cell, 2, side, (words) => model.leave(words, cell, side)),
    queueShut: (cell: number, drain: number) => step(cell, 3, drain, (words) => model.shut(words, cell, drain !== 0)),
  });
  try {
    return action();
  } finally {
    Object.assign(k, REAL);
  }
}
