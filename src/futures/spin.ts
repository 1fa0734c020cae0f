// Looking for something for a moment before parking. Where a core is free for it, what comes within that moment is seen in a microsecond; to
// be woken takes ten. Where there is none it keeps others from running, so after each time in vain it is left out for twice as many times.

import { atomic } from '../memory/atomics.js';

/** Milliseconds to look. */
const SPIN = 0.02;
/** So many times it is left out at most. */
const SPIN_LESS = 64;

export class Spin {
  /** How many times it is left out now, and how many it will be. */
  #skipped = 0;
  #left = 0;

  /** Whether it came within a moment. */
  until(isThere: () => boolean): boolean {
    if (this.#left-- > 0) return false;
    for (const end = atomic.now() + SPIN; atomic.now() < end; ) {
      if (!isThere()) continue;
      this.#skipped = 0;
      return true;
    }
    this.#skipped = Math.min(SPIN_LESS, this.#skipped * 2 + 1);
    this.#left = this.#skipped;
    return false;
  }
}
