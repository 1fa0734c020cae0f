// Waiting on one side of a queue, for an item or for room.

import { Q_AGAIN, Q_FIRST, Q_MAX, Q_NOT_EMPTY } from '../heap/types.js';
import { V } from '../memory/memory.js';
import type { Wanted } from '../memory/park.js';
import { titleOf } from '../sync/titles.js';
import { leave, sizeOf, turn } from './cell.js';

/** Looks before a thread parks: longer ones have cost more than they brought where cores are busy. */
const LOOKS = 50;

/**
 * Waiting on one side of a queue. This thread is counted there from the first attempt that fails to one that does not, or to `giveUp`. The attempt
 * holds the queue's object: the program may not.
 */
export class Turn implements Wanted {
  readonly word: number;
  readonly #cell: number;
  readonly #side: number;
  readonly #attempt: (mode: number) => unknown;
  readonly #waits: unknown;
  #mode: number = Q_FIRST;
  /** What the last attempt has come to. */
  outcome: unknown;

  /** `waits` is the answer that says to wait. */
  constructor(cell: number, side: number, attempt: (mode: number) => unknown, waits: unknown) {
    this.#cell = cell;
    this.#side = side;
    this.#attempt = attempt;
    this.#waits = waits;
    this.word = cell + side;
  }

  attempt(): number | undefined {
    this.outcome = this.#attempt(this.#mode);
    if (this.outcome !== this.#waits) {
      this.#mode = Q_FIRST;
      return undefined;
    }
    this.#mode = Q_AGAIN;
    return turn();
  }

  describe(): string {
    return `${this.#side === Q_NOT_EMPTY ? 'get' : 'put'}() of queue ${titleOf(this.#cell)}`;
  }

  /**
   * A short look whether it comes to anything before the thread parks: the thread that brings it may be at work on another core, and to
   * park and be woken costs more than to wait for it.
   */
  watch(): void {
    for (let looks = 0; looks < LOOKS && !this.#mayGo(); looks++);
  }

  #mayGo(): boolean {
    const cell = this.#cell;
    const size = sizeOf(cell);
    return this.#side === Q_NOT_EMPTY ? size !== 0 : size < V.I32[(cell + Q_MAX) >>> 2]!;
  }

  giveUp(): void {
    if (this.#mode === Q_FIRST) return;
    this.#mode = Q_FIRST;
    leave(this.#cell, this.#side);
  }
}
