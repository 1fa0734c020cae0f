// The atomic step of `update`: a function of the program's makes the new value of the old one, outside of any lock, and the new one is
// stored if the old one is still there. Otherwise once more.

import { type Page, pages, SPARE } from './pages.js';
import { COMPARED } from './release.js';
import { pinnedValue, REFERENCES, wordIn } from './values.js';

/** Other threads cannot come in between so often; a function that changes the place itself does each time. */
const TRIES = 10_000;

/** A value, and the number that it was stored as; what it refers to stays pinned while `page` is held. */
export interface Stored {
  readonly value: unknown;
  readonly number: number;
  readonly page: Page | undefined;
}

/**
 * @param read what is there now.
 * @param make the new value, as the heap can hold it.
 * @param store stores it if what is there is still `before`; whether it was.
 * @param name which one was to be changed, for the error.
 */
export function replaceBy(
  read: () => Stored,
  make: (value: unknown) => unknown,
  store: (value: unknown, before: Stored) => boolean,
  name: () => string,
  what: 'entry' | 'element' | 'field',
): unknown {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = read();
    const value = make(before.value);
    const done = store(value, before);
    // Until here the old value was pinned, so that no other can have had its address.
    if (before.page !== undefined) before.page[SPARE] = undefined;
    if (done) return value;
  }
  throw new Error(
    `update() of ${name()} was tried ${TRIES} times, and each time the ${what} was changed meanwhile: does its function change the same ${what}?`,
  );
}

/**
 * The value of a number that was read, if this thread has pinned what it refers to; undefined if it has to be met first. `read` is done
 * again by the caller then.
 */
export function storedAs(number: number): Stored | undefined {
  const word = number >= REFERENCES && number < 2 * REFERENCES ? wordIn(number) | 0 : 1;
  // A number, or a constant.
  if (word === 0 || (word & 15) !== 0) return { value: pinnedValue(number), number, page: undefined };
  const page = pages[word >>> 12];
  const value: unknown = page?.[(word & 4095) >> 4];
  if (page === undefined || value === undefined) return undefined;
  // A text's pin goes by itself otherwise.
  page[SPARE] = COMPARED;
  return { value, number, page };
}
