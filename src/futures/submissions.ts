// Where this thread's futures were submitted, by their numbers: a table with a place for each number that can be, in blocks that are there as
// long as something is in them. A map of as many would be grown and hashed for every task.

import type { Site } from './site.js';

const BLOCK_SHIFT = 8;
const BLOCK = 1 << BLOCK_SHIFT;

interface Block {
  readonly sites: (Site | undefined)[];
  /** Addresses of the states of the futures. */
  readonly words: Uint32Array;
  live: number;
}

/** So many are kept before it is looked which of them are of no use any more. */
const LEAST = 1024;

export class Submissions {
  readonly #blocks: (Block | undefined)[] = [];
  readonly #isWanted: (word: number, count: number) => boolean;
  /** The block that was written to last. It stays when it is empty: the next is likely to go there. */
  #newest = 0;
  #enough = LEAST;
  #size = 0;

  /** @param isWanted whether anybody may still ask for the site of a future, by the address of its state and its count. */
  constructor(isWanted: (word: number, count: number) => boolean) {
    this.#isWanted = isWanted;
  }

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  set(count: number, word: number, site: Site): void {
    const block = this.#blockOf(count);
    const at = count & (BLOCK - 1);
    if (block.sites[at] === undefined) {
      block.live++;
      this.#size++;
    }
    block.sites[at] = site;
    block.words[at] = word;
    if (this.#size > this.#enough) this.#prune();
  }

  /** What is known of a future, which is of no use any more. */
  take(count: number): Site | undefined {
    const index = count >>> BLOCK_SHIFT;
    const block = this.#blocks[index];
    const at = count & (BLOCK - 1);
    const site = block?.sites[at];
    if (block === undefined || site === undefined) return undefined;
    block.sites[at] = undefined;
    this.#size--;
    if (--block.live === 0 && index !== this.#newest) this.#blocks[index] = undefined;
    return site;
  }

  #blockOf(count: number): Block {
    const index = count >>> BLOCK_SHIFT;
    const known = this.#blocks[index];
    if (known !== undefined && index === this.#newest) return known;
    const before = this.#blocks[this.#newest];
    const spare = before?.live === 0 ? before : undefined;
    if (spare !== undefined) this.#blocks[this.#newest] = undefined;
    this.#newest = index;
    // Without holes, also where it begins in the middle.
    while (this.#blocks.length < index) this.#blocks.push(undefined);
    const block = known ?? spare ?? { sites: new Array(BLOCK).fill(undefined), words: new Uint32Array(BLOCK), live: 0 };
    this.#blocks[index] = block;
    return block;
  }

  #prune(): void {
    for (const [index, block] of this.#blocks.entries()) {
      if (block === undefined) continue;
      for (let at = 0; at < BLOCK && block.live > 0; at++) {
        const count = index * BLOCK + at;
        if (block.sites[at] !== undefined && !this.#isWanted(block.words[at]!, count)) this.take(count);
      }
    }
    this.#enough = Math.max(LEAST, this.#size * 2);
  }
}
